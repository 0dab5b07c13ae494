"""Which entries are asked nearly the same question? For comparing the library with itself."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kb.analysis import bigrams, canonical, fold

ALIKE = 0.7
"""Weighted share of pairs of characters that two questions have in common (cosine) to be compared."""
_COMMON = 0.05
"""Pairs that more than this share of the questions hold find nobody (at least 200 questions may)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry and the ways its question is asked."""

    id: int
    questions: Sequence[str]


def pairs(
    entries: Sequence[Asked], *, alike: float = ALIKE, only: int | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs of ids whose questions are nearly the same, each once; ``only``: pairs with this one.

    Time grows with the questions that share a rare pair of characters, not with the square of the library.
    """
    bags = [(entry.id, _bag(question)) for entry in entries for question in entry.questions]
    rare = Counter(pair for _, bag in bags for pair in bag)
    most = max(200, int(len(bags) * _COMMON))
    weights = {pair: math.log1p(len(bags) / times) for pair, times in rare.items()}
    lengths = [math.sqrt(sum(weights[pair] ** 2 for pair in bag)) for _, bag in bags]
    holders: dict[str, list[int]] = defaultdict(list)
    for place, (_, bag) in enumerate(bags):
        for pair in bag:
            holders[pair].append(place)
    found: set[tuple[int, int]] = set()
    for place, (own, bag) in enumerate(bags):
        if only is not None and own != only:
            continue
        shared: dict[int, float] = defaultdict(float)
        for pair in bag:
            if rare[pair] <= most:
                for other in holders[pair]:
                    shared[other] += weights[pair] ** 2
        for other, sum_ in shared.items():
            its = bags[other][0]
            near = lengths[place] and lengths[other] and sum_ / (lengths[place] * lengths[other]) >= alike
            if its != own and near:
                found.add((min(own, its), max(own, its)))
    yield from sorted(found)


def _bag(question: str) -> frozenset[str]:
    return frozenset(bigrams("".join(c for c in canonical(fold(question)) if c.isalnum())))


def most_alike(question: str, entries: Iterable[Asked]) -> list[int]:
    """Ids of the entries that are asked nearly the same as ``question``."""
    asked = [Asked(-1, (question,)), *entries]
    return [right for left, right in pairs(asked, only=-1) if left == -1]
