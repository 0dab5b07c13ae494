"""Which department is responsible for this matter, and why? Category × place × keywords.

A suggestion with its reason in words; a person decides. A row's category counts most, then the words
it names, then the place. A word that several departments claim tells less about each of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

CATEGORY_POINTS = 50
PLACE_POINTS = 15
POINTS_A_CHARACTER = 6
MOST_KEYWORD_POINTS = 45
SHOWN_KEYWORDS = 3


class Row(Protocol):
    """One row of the responsibility table."""

    id: int
    category: str
    place: str
    keywords: list[str]
    department_id: int
    handler_id: int | None
    reason: str
    version: int


@dataclass(frozen=True)
class Match:
    """One department that could be responsible. ``score`` is 0 to 110; ``reason`` is shown to people."""

    department_id: int
    handler_id: int | None
    score: int
    reason: str
    row_id: int
    row_version: int


def match(
    text: str,
    rows: Iterable[Row],
    *,
    category: str = "",
    place: str = "",
    names: Mapping[int, str] | None = None,
) -> list[Match]:
    """The departments that could be responsible, best first, each once, by its best row.

    ``category`` and ``place`` as read from the message (empty: not known); ``names`` of departments make
    the reason readable. A row for another place than the known one does not count; where the place is
    not known, one named in ``text`` does.
    """
    table = list(rows)
    claimed = _claims(table)
    best: dict[int, Match] = {}
    for row in table:
        found = _judge(row, text, category, place, claimed, (names or {}).get(row.department_id, ""))
        if found and (row.department_id not in best or found.score > best[row.department_id].score):
            best[row.department_id] = found
    return sorted(best.values(), key=lambda one: (-one.score, one.row_id))


def is_clear(matches: Sequence[Match]) -> bool:
    """Whether the first is far enough ahead to be proposed as the one: half as much again as the second."""
    if not matches or matches[0].score < CATEGORY_POINTS:
        return False
    return len(matches) == 1 or matches[0].score >= 1.5 * matches[1].score


def _claims(table: Sequence[Row]) -> Counter[str]:
    """How many departments name each keyword."""
    return Counter(word for word, _ in {(word, row.department_id) for row in table for word in row.keywords})


def _judge(row: Row, text: str, category: str, place: str, claimed: Counter[str], name: str) -> Match | None:
    """This row's points for the message, and the sentence that explains them; None where it says nothing."""
    is_here = bool(row.place) and (row.place == place if place else row.place in text)
    if row.place and place and not is_here:
        return None
    of_category = bool(row.category) and row.category == category
    words = _longest_first(word for word in row.keywords if word in text)
    points = min(MOST_KEYWORD_POINTS, sum(POINTS_A_CHARACTER * len(word) / claimed[word] for word in words))
    if not of_category and not words:
        return None
    score = round(CATEGORY_POINTS * of_category + PLACE_POINTS * is_here + points)
    reason = _sentence(row, of_category, is_here, words, name)
    return Match(row.department_id, row.handler_id, score, reason, row.id, row.version)


def _longest_first(words: Iterable[str]) -> list[str]:
    """Words that were found, without those that are only a part of a longer one."""
    kept: list[str] = []
    for word in sorted(words, key=len, reverse=True):
        if not any(word in longer for longer in kept):
            kept.append(word)
    return kept


def _sentence(row: Row, of_category: bool, is_here: bool, words: Sequence[str], name: str) -> str:
    parts = []
    if of_category:
        parts.append(f"“{row.category}”归{name}管" if name else f"类别是“{row.category}”")
    if words:
        parts.append("提到" + "".join(f"“{word}”" for word in words[:SHOWN_KEYWORDS]))
    if is_here:
        parts.append(f"地点在{row.place}")
    if row.reason:
        parts.append(row.reason)
    return "；".join(parts)
