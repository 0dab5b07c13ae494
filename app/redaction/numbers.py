"""Which characters give a person away by a number, and which numbers are everybody's?

What a number is stands in `telephones`, `papers`, `accounts`, `plates` and `fragments`; here it is decided in
which order they are asked and what stays readable.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.redaction.accounts import ACCOUNTS, MACHINES, MAIL, QQ_NUMBERS
from app.redaction.folding import Folded
from app.redaction.found import Found as Found
from app.redaction.found import Kind as Kind
from app.redaction.fragments import CITIZENS_RULES
from app.redaction.papers import CARDS, IDENTITY, LONGEST, PAPERS
from app.redaction.plates import PLATES
from app.redaction.reading import Rule, by, digits_of
from app.redaction.respelling import respell
from app.redaction.telephones import AFTER_CUE, HALF_HIDDEN, PUBLIC, TELEPHONES

CITIZEN_CUE = re.compile(
    r"(?:身份证[^。；！\n]{0,34}|(?:信访人|反映人|投诉人|举报人|来信人|来访人|申请人|诉求人)\W[^。；！\n]{0,20}"
    r"|(?:您|你|其|本人)的?(?:联系|家庭)?(?:电话|方式)\W{0,3})$"
)
"""In an office's text a landline after one of these is the citizen's."""

RULES: tuple[Rule, ...] = (
    *MAIL, IDENTITY, HALF_HIDDEN, *CARDS, *TELEPHONES, QQ_NUMBERS, *AFTER_CUE, *ACCOUNTS, *PLATES, *PAPERS, *MACHINES,
    LONGEST, PUBLIC,
)  # fmt: skip
"""The order decides who names a span: the most certain first."""


def numbers(folded: Folded, *, by_office: bool, public: frozenset[str]) -> Iterator[Found]:
    """Every number or account that points to a person, and the office's own ones as public.

    ``public`` holds the exact digits of numbers that stay (the office's published phones).
    """
    for found in by(RULES, folded):
        yield _judged(found, folded, by_office, public)
    if not by_office:
        yield from (replace(found, is_odd=True) for found in by(CITIZENS_RULES, folded))
    again = respell(folded)
    if again is None:
        return
    for found in by(RULES if by_office else (*RULES, *CITIZENS_RULES), again):
        judged = _judged(found, again, by_office, public)
        if not judged.is_public:
            start, end = _embraced(folded.plain, *again.original(found.start, found.end))
            yield replace(judged, start=start, end=end, is_odd=True)


def _embraced(plain: str, start: int, end: int) -> tuple[int, int]:
    """With the bracket before and behind, where each digit stands in brackets."""
    pair = plain[max(0, start - 1) : start] + plain[end : end + 1]
    is_held = pair in BRACKETS and pair[1] in plain[start:end]
    return (start - 1, end + 1) if is_held else (start, end)


BRACKETS = frozenset({"[]", "【】", "()", "<>", "{}", "''", '""', "“”", "「」", "《》", "||"})


def _judged(found: Found, folded: Folded, by_office: bool, public: frozenset[str]) -> Found:
    """Public when its digits are listed, or when an office names a landline as its own."""
    value = digits_of(folded, found.start, found.end)
    listed = found.kind in {Kind.PHONE, Kind.EMAIL} and (
        value in public or folded.plain[found.start : found.end] in public
    )
    before = folded.plain[max(0, found.start - 40) : found.start]
    is_own = by_office and found.cue in OFFICE_NUMBERS and not CITIZEN_CUE.search(before)
    if not (listed or is_own or found.is_public):
        start, end = _embraced(folded.plain, found.start, found.end)
        return replace(found, start=start, end=end)
    return Found(found.start, found.end, found.kind, found.cue, is_public=True)


OFFICE_NUMBERS = frozenset({"座机号码", "电话提示词后的号码"})
