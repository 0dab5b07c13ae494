"""Which small figures may not be shown, and which others would give them away?

Counts of 1 to 4 are "<5" (primary). Where a total and all its other parts are shown, the one that is hidden
is their difference: so another one is left out (secondary), until no hidden count can be worked out exactly
by anybody who adds and subtracts along the lines of the tables (Willenborg & de Waal, Elements of
Statistical Disclosure Control, ch. 4; GB/T 42460-2023).
"""

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SMALLEST = 5
"""Counts from 1 to 4 are shown as "<5" in public: so small a group may point at a person (reliability §2.4)."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One sum that a reader can check: the total is the sum of the parts."""

    total: Hashable
    parts: tuple[Hashable, ...]


@dataclass(frozen=True)
class Hidden:
    """What may not be shown: ``small`` as "<5", ``beside`` not at all."""

    small: frozenset[Hashable]
    beside: frozenset[Hashable]


def hidden(
    values: Mapping[Any, int], lines: Iterable[Line], countable: Collection[Hashable] = frozenset()
) -> Hidden:
    """Which of ``values`` to hide, given every line in which they stand.

    ``countable``: what readers can count for themselves in the other data (what is published): it cannot
    shield anything, and need not be shielded.
    """
    small: set[Hashable] = {key for key, value in values.items() if 0 < value < SMALLEST}
    beside: set[Hashable] = set()
    for together in _connected(lines):
        secret = {key for line in together for key in (line.total, *line.parts) if key in small} - set(
            countable
        )
        if secret:
            beside |= _shields(values, together, secret, {*small, *countable})
    return Hidden(frozenset(small), frozenset(beside))


def _connected(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines in groups that share no cell: what is hidden in one says nothing about another."""
    found: list[tuple[set[Hashable], list[Line]]] = []
    for line in lines:
        cells, together = {line.total, *line.parts}, [line]
        apart = []
        for known, others in found:
            if known.isdisjoint(cells):
                apart.append((known, others))
            else:
                cells, together = cells | known, others + together
        found = [*apart, (cells, together)]
    return [together for _, together in found]


def _shields(
    values: Mapping[Any, int], lines: list[Line], secret: set[Hashable], gone: set[Hashable]
) -> set[Hashable]:
    """What to leave out so that none of ``secret`` can be worked out; ``gone`` are no candidates."""
    values = {key: values[key] for line in lines for key in (line.total, *line.parts)}
    beside: set[Hashable] = set()
    while exposed := (exact := exactly_known(values, lines, secret, beside)) & secret:
        # Also beside what was left out in vain: it shields nothing while it can be worked out itself.
        vain = exact - secret
        chosen = {_beside({key, *vain}, values, lines, gone | beside) for key in sorted(exposed, key=str)} - {
            None
        }
        if not chosen:
            break
        beside |= chosen
    # What turned out to shield nothing is shown after all, totals and large counts first.
    for key in sorted(beside, key=lambda key: (-values[key], str(key))):
        if not exactly_known(values, lines, secret, beside - {key}) & secret:
            beside.discard(key)
    return beside


def exactly_known(
    values: Mapping[Any, int], lines: Iterable[Line], small: Iterable[Hashable], beside: Iterable[Hashable]
) -> set[Hashable]:
    """The hidden counts of which only one value is possible for a reader who knows all the rest.

    Bounds are drawn tighter along every line until nothing moves.
    """
    spans: dict[Hashable, Span] = {key: (value, value) for key, value in values.items()}
    spans |= dict.fromkeys(beside, (0, math.inf))
    spans |= dict.fromkeys(small, (1, SMALLEST - 1))
    unknown = {*small, *beside}
    known_lines = list(lines)
    of: dict[Hashable, set[int]] = {key: set() for key in unknown}
    for place, line in enumerate(known_lines):
        for key in (line.total, *line.parts):
            if key in of:
                of[key].add(place)
    waiting = set().union(*of.values())
    while waiting:
        place = waiting.pop()
        for key in _tighten(spans, known_lines[place], unknown):
            waiting |= of[key] - {place}
    return {key for key in unknown if spans[key][0] == spans[key][1]}


def _tighten(spans: dict[Hashable, Span], line: Line, unknown: set[Hashable]) -> list[Hashable]:
    """Use one sum until it says no more; which cells became tighter."""
    moved: list[Hashable] = []
    while True:
        low, high = sum(spans[key][0] for key in line.parts), sum(spans[key][1] for key in line.parts)
        now = [line.total] if line.total in unknown and _narrow(spans, line.total, low, high) else []
        total_low, total_high = spans[line.total]
        for key in line.parts:
            if key in unknown:
                own_low, own_high = spans[key]
                others_high = high - own_high if math.isfinite(own_high) else _others(spans, line, key)
                if _narrow(spans, key, total_low - others_high, total_high - (low - own_low)):
                    now.append(key)
        if not now:
            return moved
        moved += now


def _others(spans: Mapping[Hashable, Span], line: Line, key: Hashable) -> float:
    return sum(spans[other][1] for other in line.parts if other != key)


def _narrow(spans: dict[Hashable, Span], key: Hashable, low: float, high: float) -> bool:
    before = spans[key]
    spans[key] = (max(before[0], low), min(before[1], high))
    return spans[key] != before


def _beside(
    known: set[Hashable], values: Mapping[Any, int], lines: Iterable[Line], gone: set[Hashable]
) -> Hashable | None:
    """The count to leave out: the smallest shown part of a line with one that is ``known``; totals last."""
    candidates = [
        (other == line.total, values[other] == 0, values[other], str(other), other)
        for line in lines
        if known & {line.total, *line.parts}
        for other in (line.total, *line.parts)
        if other not in gone
    ]
    return min(candidates, key=lambda found: found[:4])[4] if candidates else None
