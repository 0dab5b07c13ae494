"""How is a pattern of numbers read: in which writing, with what between the digits, and when is it worth a look?

Every pattern is of bounded length, so that the time grows with the text and not faster. Patterns read
the digit layer of `folding`; between two digits up to two separators of any kind are let through.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain
from typing import NamedTuple

from app.redaction.folding import LOOK_ALIKES, Folded
from app.redaction.found import Found, Kind
from app.redaction.vocabulary import listed


class Rule(NamedTuple):
    """A way of finding numbers, and the characters of which a text must have one to be read by it at all."""

    find: Callable[[Folded], Iterator[Found]]
    needs: frozenset[str]


def by(rules: Iterable[Rule], folded: Folded) -> Iterator[Found]:
    """What the rules find, in their order; a text without what a rule needs costs it nothing."""
    letters = frozenset(folded.plain) | frozenset(folded.digits)
    for rule in rules:
        if not letters.isdisjoint(rule.needs):
            yield from rule.find(folded)


FIGURES = "0123456789"
S = r"[\W_]{0,2}+"
"""Up to two separators between two digits; \\W holds punctuation, spaces, emoji and line breaks."""
NOT_IN_NUMBER = r"(?<![0-9])"
END = r"(?![0-9])"

PROVINCES = listed(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)


def is_date(value: str) -> bool:
    """Eight digits that name a day between 1900 and 2099."""
    if not (value.isdigit() and "1900" <= value[:4] < "2100"):
        return False
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:])).year > 0
    except ValueError:
        return False


def digits_of(folded: Folded, start: int, end: int) -> str:
    return NO_FIGURE.sub("", folded.digits[start:end])


NO_FIGURE = re.compile(r"[^0-9Xx]")


def matches(
    pattern: re.Pattern[str],
    kind: Kind,
    cue: str,
    accept: Callable[[str, Folded, int, int], bool] | None = None,
) -> Rule:
    """A rule: every match whose digits are believed, as written and with 汉字 and look-alikes as digits."""

    def rule(folded: Folded) -> Iterator[Found]:
        layers = dict.fromkeys((folded.plain, folded.digits))
        for match in chain.from_iterable(map(pattern.finditer, layers)):
            value = digits_of(folded, match.start(), match.end())
            if _is_mostly_digits(folded, match, value) and (
                accept is None or accept(value, folded, match.start(), match.end())
            ):
                yield Found(match.start(), match.end(), kind, cue)

    return Rule(rule, frozenset(FIGURES))


def plain_matches(
    pattern: re.Pattern[str],
    kind: Kind,
    cue: str,
    accept: Callable[[str], bool] | None = None,
    *,
    spoken: bool = False,
    needs: str = FIGURES,
) -> Rule:
    """A rule: every match as written, or the named part of it that is the value.

    ``spoken``: also with 汉字 read as digits. ``needs``: characters of which the text must have one.
    """

    def rule(folded: Folded) -> Iterator[Found]:
        layers = dict.fromkeys((folded.plain, folded.digits) if spoken else (folded.plain,))
        for match in chain.from_iterable(map(pattern.finditer, layers)):
            group = next((name for name, value in match.groupdict().items() if value), 0)
            if accept is None or accept(match[group]):
                yield Found(*match.span(group), kind, cue)

    return Rule(rule, frozenset(needs))


def _is_mostly_digits(folded: Folded, match: re.Match[str], value: str) -> bool:
    """Look-alikes (O, l, 两) may stand among digits, not replace them."""
    written = folded.plain[match.start() : match.end()]
    return len(DOUBTFUL.findall(written)) * 5 <= len(value) * 3


DOUBTFUL = re.compile(f"[{re.escape(''.join(sorted(LOOK_ALIKES)))}]")


def has_digits(least: int) -> Callable[[str], bool]:
    """A test: at least so many digits."""

    def test(value: str) -> bool:
        return sum(map(str.isdigit, value)) >= least

    return test
