"""How well are categories judged on a labelled set? Measures of `huiying evaluate routing`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from app.base.errors import Invalid
from app.departments.learned import TextModel
from app.departments.training import Figures, macro_f1


def measure(
    rows: Iterable[Mapping[str, Any]], model: TextModel, figures: Figures, clock: Callable[[], float]
) -> dict[str, Any]:
    """`macro_f1`, `accuracy`, `top2`, and with the threshold that was fixed on the training set
    `auto_share_at_95_precision` and `auto_precision`; ``clock`` gives seconds.

    Raises `Invalid` where there is nothing to judge.
    """
    true, first, second, above, seconds = [], [], [], [], []
    for row in rows:
        begun = clock()
        judged = model.judge(str(row["text"]))
        seconds.append(clock() - begun)
        true.append(str(row["label"]))
        first.append(judged.label)
        second.append(judged.second)
        above.append(judged.margin >= figures.threshold)
    if not true:
        raise Invalid("测试文件里没有一行可以评估")
    right = [one == other for one, other in zip(true, first, strict=True)]
    among_two = [one in pair for one, *pair in zip(true, first, second, strict=True)]
    assigned = [good for good, sure in zip(right, above, strict=True) if sure]
    number = {label: at for at, label in enumerate(sorted({*true, *first}))}
    return {
        "messages": len(true),
        "macro_f1": round(macro_f1(_numbers(true, number), _numbers(first, number), len(number)), 4),
        "accuracy": _share(right),
        "top2": _share(among_two),
        "auto_share_at_95_precision": _share(above),
        "auto_precision": _share(assigned) if assigned else None,
        "ms_per_item": milliseconds(seconds),
    }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile of the times, in milliseconds."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def _numbers(labels: Sequence[str], number: Mapping[str, int]) -> Any:
    return np.array([number[label] for label in labels], dtype=np.intp)


def _share(found: Sequence[bool]) -> float:
    return round(sum(found) / len(found), 4)
