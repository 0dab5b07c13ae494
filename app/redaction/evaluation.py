"""How much of what is labelled was hidden, and how much else? The measures of `huiying evaluate redaction`.

An address counts where it names a street, road, village, building or number. A span counts as hidden
when no character of it stands in the public text where it stood (a district that the replacement names
again, 〔…区门牌地址〕, is a generalisation and not a leak).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.base.errors import Invalid
from app.redaction.masking import Redaction

DETAILED_ADDRESS = re.compile(
    r"路(?!易)|街(?!道)|巷|村|庄|屯|栋|幢|楼(?!兰)|单元|(?<![公议天作验])室|号(?!线|镇)|大道|国道|大厦|小区|花园|公寓|广场|胡同|[0-9]"
)


def measure(
    rows: Iterable[Mapping[str, Any]],
    redact: Callable[[str, str], Redaction],
    timer: Callable[[], float] | None = None,
) -> dict[str, Any]:
    """The measures of the contract for labelled ``rows``.

    ``redact`` takes a text and who speaks. ``timer`` gives seconds; with it the result has
    ``ms_per_item``. Shares are between 0 and 1; a measure without a case is left out. Raises `Invalid`, naming
    the row, for a place that is not in its text.
    """
    tally: Counter[tuple[str, str, str]] = Counter()
    characters: Counter[str] = Counter()
    milliseconds: list[float] = []
    for number, row in enumerate(rows, 1):
        _check(row, number)
        began = timer() if timer else 0.0
        redaction = redact(row["text"], row.get("by", "citizen"))
        milliseconds.append(((timer() if timer else 0.0) - began) * 1000)
        _count(row, redaction, tally, characters)
    result = {
        "count": len(milliseconds),
        "recall": _shares(tally, "masked", "type"),
        "recall_or_flagged": _shares(tally, "masked_or_flagged", "type"),
        "by_form": _shares(tally, "masked", "form"),
        **_share("masked_elsewhere", characters["masked"], characters["all"]),
        **_share("public_kept", tally["kept", "public", ""], tally["all", "public", ""]),
    }
    if timer:
        result["ms_per_item"] = {"p50": _percentile(milliseconds, 50), "p95": _percentile(milliseconds, 95)}
    return result


def _check(row: Mapping[str, Any], number: int) -> None:
    """Refuse a row whose labels do not lie in its text."""
    text = row.get("text")
    if not isinstance(text, str):
        raise Invalid(f"第 {number} 行的 text 应当是一段文字", field="text")
    if row.get("by", "citizen") not in SPEAKERS:
        raise Invalid(f"第 {number} 行的 by 应当是 citizen 或 office", field="by")
    for field, length in (("spans", 3), ("public", 2)):
        for label in row.get(field) or ():
            is_label = isinstance(label, list | tuple) and len(label) >= length
            if not (is_label and all(type(place) is int for place in label[:2])):
                raise Invalid(f"第 {number} 行的 {field} 应当是“起、止”的列表，例如 [3, 14]", field=field)
            start, end = label[:2]
            if not 0 <= start < end <= len(text):
                raise Invalid(
                    f"第 {number} 行标注的位置 {start}–{end} 不在文字里：文字共 {len(text)} 字。请核对标注",
                    field=field,
                )


SPEAKERS = ("citizen", "office")


def _count(
    row: Mapping[str, Any],
    redaction: Redaction,
    tally: "Counter[tuple[str, str, str]]",
    characters: "Counter[str]",
) -> None:
    """Add one row to the tallies."""
    masked = bytearray(len(row["text"]))
    for hit in redaction.masked:
        masked[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
    for start, end, kind in row.get("spans", ()):
        if kind == "address" and not DETAILED_ADDRESS.search(row["text"][start:end]):
            continue
        is_masked = all(masked[start:end])
        for group, name in (("type", kind), ("form", row.get("form", ""))):
            tally["all", group, name] += 1
            tally["masked", group, name] += is_masked
            tally["masked_or_flagged", group, name] += is_masked or bool(redaction.flags)
    for start, end, *_ in row.get("public", ()):
        tally["all", "public", ""] += 1
        tally["kept", "public", ""] += not any(masked[start:end])
    if "spans" in row:
        inside = bytearray(len(masked))
        for start, end, _ in row["spans"]:
            inside[start:end] = b"\x01" * (end - start)
        outside = [mark for mark, labelled in zip(masked, inside, strict=True) if not labelled]
        characters["all"] += len(outside)
        characters["masked"] += sum(outside)


def _shares(tally: "Counter[tuple[str, str, str]]", what: str, group: str) -> dict[str, float]:
    names = sorted(name for all_, group_, name in tally if (all_, group_) == ("all", group) and name)
    return {name: round(tally[what, group, name] / tally["all", group, name], 4) for name in names}


def _share(name: str, part: int, whole: int) -> dict[str, float]:
    return {name: round(part / whole, 4)} if whole else {}


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values) or [0.0]
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
