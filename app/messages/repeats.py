"""Is this the same matter again? Likeness of two messages by shared character pairs, explained."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz

LIKELY = 0.5
_SHORT = 6


@dataclass(frozen=True)
class Likeness:
    """How alike (0 … 1) and, in words, why."""

    case_id: int
    share: float
    why: str


def _pairs(text: str) -> set[str]:
    kept = [character for character in text if character.isalnum()]
    return {first + second for first, second in itertools.pairwise(kept)}


def likeness(one: str, other: str) -> float:
    """Between 0 and 1: shared character pairs (Dice), or the longer run where one text is short."""
    pairs_one, pairs_other = _pairs(one), _pairs(other)
    if not pairs_one or not pairs_other:
        return 0.0
    dice = 2 * len(pairs_one & pairs_other) / (len(pairs_one) + len(pairs_other))
    if min(len(one), len(other)) < _SHORT:
        return dice
    return max(dice, fuzz.token_set_ratio(one, other) / 100 * dice)


def likely_repeats(
    text: str, place: str, others: Iterable[tuple[int, str, str]], *, limit: int = 5
) -> list[Likeness]:
    """Which of ``others`` (case id, text, place) are probably the same matter, most alike first.

    The same words about another place are another matter: two named places that differ rule it out.
    """
    found = []
    for case_id, other, other_place in others:
        if place and other_place and place != other_place:
            continue
        share = likeness(text, other)
        if share >= LIKELY:
            why = f"用词相近{'，同在' + place if place and place == other_place else ''}"
            found.append(Likeness(case_id, share, why))
    return sorted(found, key=lambda row: (-row.share, row.case_id))[:limit]
