"""Does this text keep the parts of the agreed wording 口径 that must not be lost?

A short form for a small platform may leave out much, but no condition marked 必须保留 (clause C16).
"""

import re
from collections.abc import Iterable

from kb.analysis import fold

_DASH = re.compile(r"[—–~-]+")
_WITHIN_NUMBERS = re.compile(r"(?<=\d)[.:\-](?=\d)")
_IGNORED = re.compile(r"[\s,.;:!?、。，；：！？“”\"'‘’()（）《》〈〉\[\]【】·—…~-]+")
_CLOSING = re.compile(r"^(?:感谢|谢谢|再次感谢|特此|此复|祝|欢迎|如有|若有|如您|如果您还)")
_KEPT = str.maketrans(".:-", "\ue000\ue001\ue002")


def missing_parts(text: str, must_keep: Iterable[str]) -> tuple[str, ...]:
    """Return the parts that ``text`` does not hold, in their order.

    Width, traditional characters, spaces and punctuation do not count; every other character does, and so
    does what stands within a number: 15 万元 does not keep 1.5 万元.
    """
    whole = _bare(text)
    return tuple(part for part in must_keep if _bare(part) not in whole)


def with_parts(text: str, parts: Iterable[str]) -> str:
    """Return ``text`` with ``parts`` in a sentence of their own, before the words it closes with (感谢您的来信).

    The parts stand as they were agreed, so that nothing is missing in what comes back.
    """
    added = "；".join(part.strip().rstrip("。；;") for part in parts)
    if not added:
        return text
    lines = text.rstrip().split("\n")
    place = len(lines)
    while place > 1 and (not lines[place - 1].strip() or _CLOSING.match(lines[place - 1].strip())):
        place -= 1
    return "\n".join([*lines[:place], f"请注意：{added}。", *lines[place:]]).lstrip("\n")


def _bare(text: str) -> str:
    folded = _WITHIN_NUMBERS.sub(lambda found: found[0].translate(_KEPT), _DASH.sub("-", fold(text)))
    return _IGNORED.sub("", folded)
