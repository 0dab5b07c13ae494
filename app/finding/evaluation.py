"""How good is the search on labelled questions? The measures of `huiying evaluate answers`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIRST = 10
"""Hits looked at for each question."""

Search = Callable[[str, frozenset[str]], Sequence[tuple[str, bool]]]
"""(text, ids to leave out) → (id, whether we are sure enough to speak of an answer), best first."""


@dataclass
class _Tally:
    asked: int = 0  # questions that the base answers
    first: int = 0
    in_five: int = 0
    reciprocal: float = 0.0
    answered: int = 0
    right: int = 0
    unanswerable: int = 0  # empty lists and traps
    misled: int = 0
    milliseconds: list[float] = field(default_factory=list)


def measure(
    rows: Iterable[Mapping[str, Any]], search: Search, timer: Callable[[], float] | None = None
) -> dict[str, Any]:
    """The measures of the contract; one without a case is left out. Shares lie between 0 and 1.

    recall@k: share of answerable questions with a right entry among the first k; mrr@10 by the first
    right one. answered_share and precision_when_answered: at the shipped threshold, over those.
    false_answer_rate: nothing answers it and it was answered, or the answer is the trap's. ``timer``
    gives seconds; with it the result has ``ms_per_item``.
    """
    tally = _Tally()
    for row in rows:
        began = timer() if timer else 0.0
        hits = search(row["text"], frozenset([row["self"]] if row.get("self") else ()))[:FIRST]
        tally.milliseconds.append(((timer() if timer else 0.0) - began) * 1000)
        if row.get("relevant"):
            _count_answerable(tally, set(row["relevant"]), hits)
        else:
            _count_unanswerable(tally, row.get("not_relevant"), hits)
    result: dict[str, Any] = {
        "count": len(tally.milliseconds),
        "answerable": tally.asked,
        "unanswerable": tally.unanswerable,
        **_share("recall@1", tally.first, tally.asked),
        **_share("recall@5", tally.in_five, tally.asked),
        **_share("mrr@10", tally.reciprocal, tally.asked),
        **_share("answered_share", tally.answered, tally.asked),
        **_share("precision_when_answered", tally.right, tally.answered),
        **_share("false_answer_rate", tally.misled, tally.unanswerable),
    }
    if timer:
        result["ms_per_item"] = {
            "p50": _percentile(tally.milliseconds, 50),
            "p95": _percentile(tally.milliseconds, 95),
        }
    return result


def _count_answerable(tally: _Tally, relevant: set[str], hits: Sequence[tuple[str, bool]]) -> None:
    places = [place for place, (key, _) in enumerate(hits, 1) if key in relevant]
    best = places[0] if places else None
    tally.asked += 1
    tally.first += best == 1
    tally.in_five += best is not None and best <= 5
    tally.reciprocal += 1 / best if best else 0.0
    if hits and hits[0][1]:
        tally.answered += 1
        tally.right += best == 1


def _count_unanswerable(tally: _Tally, traps: Sequence[str] | None, hits: Sequence[tuple[str, bool]]) -> None:
    tally.unanswerable += 1
    if hits and hits[0][1]:
        tally.misled += traps is None or hits[0][0] in traps


def _share(name: str, part: float, whole: int) -> dict[str, float]:
    return {name: round(part / whole, 4)} if whole else {}


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values) or [0.0]
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
