"""Under which name does a person sign in? Pinyin of the name; a name once given is never given again."""

import re
import unicodedata
from collections.abc import Container

from kb.sounds import syllables

PATTERN = r"[^\W\d_][\w.-]{1,31}"
"""Letters (also Chinese), digits and . _ -; begins with a letter; 2 to 32 characters."""

_FALLBACK = "staff"


def plain(text: str) -> str:
    """What was typed as a sign-in name, in the one form in which names are kept and compared."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_allowed(sign_in: str) -> bool:
    """Whether ``sign_in`` (already plain) may be a sign-in name."""
    return re.fullmatch(PATTERN, sign_in) is not None


def proposal(name: str, taken: Container[str]) -> str:
    """A free sign-in name for ``name``: 陈晓 → chenxiao, and chenxiao2 when that is taken."""
    letters = re.sub(r"[^a-z0-9]", "", "".join(syllables(plain(name))).lower())[:28]
    stem = letters if is_allowed(letters) else _FALLBACK
    number = 1
    while (found := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return found
