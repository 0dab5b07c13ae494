"""Does this text keep the parts of the agreed wording 口径 that must not be lost?

A short form for a small platform may leave out much, but no condition marked 必须保留 (clause C16).
"""

import re
from collections.abc import Iterable

from kb.analysis import fold

_IGNORED = re.compile(r"[\s,.;:!?、。，；：！？“”\"'‘’()（）《》〈〉\[\]【】·—…~-]+")


def missing_parts(text: str, must_keep: Iterable[str]) -> tuple[str, ...]:
    """Return the parts that ``text`` does not hold, in their order.

    Width, traditional characters, spaces and punctuation do not count; every other character does.
    """
    whole = _bare(text)
    return tuple(part for part in must_keep if _bare(part) not in whole)


def keeps(text: str, must_keep: Iterable[str]) -> bool:
    """Say whether ``text`` holds every part that must be kept."""
    return not missing_parts(text, must_keep)


def _bare(text: str) -> str:
    return _IGNORED.sub("", fold(text))
