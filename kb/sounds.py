"""How is it pronounced? Pinyin syllable by syllable, as each character most often sounds.

Touches the environment: pypinyin reads its 47,000 phrases (43 MB, over a second) unless told not to, and
both users here, sign-in names and homophones, compare sounds that come from this one place.
"""

import os
from functools import lru_cache

os.environ["PYPINYIN_NO_PHRASES"] = "true"

from pypinyin import lazy_pinyin


@lru_cache(maxsize=200_000)
def syllables(text: str) -> tuple[str, ...]:
    """The sounds of ``text`` without tones: 陈晓 → ("chen", "xiao"). What is no Chinese stays as it is."""
    return tuple(lazy_pinyin(text))
