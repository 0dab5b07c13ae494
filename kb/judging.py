"""How good is the comparison of replies with entries on labelled pairs? `huiying evaluate consistency`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kb.consistency import differences


def measure(rows: Iterable[Mapping[str, Any]], timer: Callable[[], float] | None = None) -> dict[str, Any]:
    """Precision and recall over pairs ``{"entry", "reply", "verdict": "same"|"differs"}``.

    Optional in a pair: ``basis`` and ``must_keep`` of the entry, ``what`` (the kind that differs, a value of
    `kb.facts.Fact`): recall is told by kind, and whether the right kind was named. ``timer`` gives seconds;
    with it the result has ``ms_per_item``.
    """
    counted: Counter[str] = Counter()
    of_kind: Counter[str] = Counter()
    found_of_kind: Counter[str] = Counter()
    spent: list[float] = []
    for row in rows:
        began = timer() if timer else 0.0
        found = differences(
            row["reply"], row["entry"], basis=row.get("basis", ()), must_keep=row.get("must_keep", ())
        )
        spent.append(((timer() if timer else 0.0) - began) * 1000)
        differs, kind = row["verdict"] == "differs", row.get("what", "")
        counted[f"{differs}:{bool(found)}"] += 1
        if differs and kind:
            of_kind[kind] += 1
            found_of_kind[kind] += bool(found)
            counted["named"] += any(one.kind == kind for one in found)
    right, missed, invented = counted["True:True"], counted["True:False"], counted["False:True"]
    return {
        "count": len(spent),
        "differing": right + missed,
        "precision": _share(right, right + invented),
        "recall": _share(right, right + missed),
        "false_alarms": invented,
        "missed": missed,
        "kind_named": _share(counted["named"], right),
        "recall_by_kind": {kind: _share(found_of_kind[kind], of_kind[kind]) for kind in sorted(of_kind)},
        **({"ms_per_item": _percentiles(spent)} if timer else {}),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
        for name, percent in (("p50", 50), ("p95", 95))
    }
