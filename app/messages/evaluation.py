"""How well are repeats and abuse judged on a labelled set? Measures of `huiying evaluate repeats` and `abuse`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.base.errors import Invalid
from app.departments.evaluation import milliseconds

_DIGITS = re.compile(r"\d+")


def of_abuse(
    rows: Iterable[Mapping[str, Any]], judge: Callable[[str], Any], clock: Callable[[], float]
) -> dict[str, Any]:
    """`precision`, `recall`, `flagged_share`; None where there is nothing to divide by.

    ``judge`` gives something with ``flagged``; ``clock`` gives seconds. Raises `Invalid` for an empty file
    and for a label that is neither 0 nor 1.
    """
    counted: Counter[tuple[bool, bool]] = Counter()
    seconds = []
    for row in rows:
        if row["label"] not in (0, 1):
            raise Invalid("label 只能是 1（辱骂）或 0（不是）")
        begun = clock()
        flagged = judge(str(row["text"])).flagged
        seconds.append(clock() - begun)
        counted[bool(row["label"]), flagged] += 1
    total = sum(counted.values())
    if not total:
        raise Invalid("文件里没有一行可以评估")
    hits, flagged = counted[True, True], counted[True, True] + counted[False, True]
    return {
        "messages": total,
        "abusive": hits + counted[True, False],
        "precision": _share(hits, flagged),
        "recall": _share(hits, hits + counted[True, False]),
        "flagged_share": _share(flagged, total),
        "ms_per_item": milliseconds(seconds),
    }


def of_repeats(
    rows: Sequence[Mapping[str, Any]],
    group: Callable[[Sequence[str]], Sequence[int]],
    clock: Callable[[], float],
) -> dict[str, Any]:
    """`pairwise` and `b_cubed`, each precision, recall, f1, of ``group`` on messages in the order of ``at``.

    A message whose ``group`` is null is on its own. Time is measured over all of them. Raises `Invalid`
    for an empty file.
    """
    if not rows:
        raise Invalid("文件里没有一行可以评估")
    ordered = sorted(rows, key=lambda row: _moment(str(row.get("at") or "")))
    begun = clock()
    judged = group([str(row["text"]) for row in ordered])
    each = (clock() - begun) / len(ordered)
    true = [
        f"own {at}" if row.get("group") is None else f"group {row['group']}" for at, row in enumerate(ordered)
    ]
    both = Counter(zip(true, judged, strict=True))
    of_true, of_judged = Counter(true), Counter(judged)
    found, stated, real = _pairs(both), _pairs(of_judged), _pairs(of_true)
    shares = [(count, of_judged[label], of_true[name]) for (name, label), count in both.items()]
    precision = sum(count * count / size for count, size, _ in shares) / len(ordered)
    recall = sum(count * count / size for count, _, size in shares) / len(ordered)
    return {
        "messages": len(ordered),
        "groups": sum(size > 1 for size in of_judged.values()),
        "pairwise": _measures(found / stated if stated else 0.0, found / real if real else 0.0),
        "b_cubed": _measures(precision, recall),
        "ms_per_item": milliseconds([each]),
    }


def _moment(written: str) -> tuple[int, ...]:
    """A time in any of the usual ways of writing (2026/1/5 9:05, 2026-01-05T09:05) as numbers that sort."""
    return tuple(int(digits) for digits in _DIGITS.findall(written))


def _pairs(sizes: Mapping[Any, int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


def _measures(precision: float, recall: float) -> dict[str, float]:
    both = precision + recall
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
