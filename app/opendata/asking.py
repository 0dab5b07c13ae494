"""Which rows and which fields does a reader ask for, in which order, and where does the next page begin?

Like the `$select`, `$order` and `$limit` of SODA (dev.socrata.com), but the order is always total (the key
comes last) and pages go by keyset cursors: nothing is skipped or told twice while rows come and go.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.base.errors import Invalid
from app.opendata.datasets import Dataset
from app.opendata.fields import Column

USUAL, MOST = 100, 1_000
"""Rows of a page."""
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte", "in")
_MOST_VALUES = 50
_LONGEST = 200

# None sorts before everything, on every database: as the least value of its type.
LEAST: Mapping[str, Any] = {
    "string": "",
    "integer": -(2**31),
    "number": -1e12,
    "boolean": -1,
    "date": date(1, 1, 1),
    "datetime": datetime(1, 1, 2, tzinfo=UTC),
}


@dataclass(frozen=True)
class Condition:
    """``field`` compared with ``values`` (one, but for ``in``); an empty text asks for what is empty."""

    column: Column
    comparison: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    """One step of the order."""

    column: Column
    descending: bool = False


@dataclass(frozen=True)
class Question:
    """What was asked. ``after``: the values of the last row of the page before, one for each step."""

    dataset: Dataset
    select: tuple[str, ...]
    where: tuple[Condition, ...]
    order: tuple[Order, ...]
    limit: int
    after: tuple[Any, ...] | None


def read(dataset: Dataset, asked: Mapping[str, str], given: frozenset[str] = frozenset()) -> Question:
    """The question in an address. ``given``: columns that are worked out and can be shown, not asked about.

    Raises `Invalid` naming the parameter for whatever means nothing: a typing error must not give all rows.
    """
    select = _select(dataset, asked.get("$select", ""))
    order = _order(dataset, asked.get("$order", ""), given)
    where = tuple(
        _condition(dataset, name, text, given) for name, text in asked.items() if not name.startswith("$")
    )
    unknown = [name for name in asked if name.startswith("$") and name not in _WORDS]
    if unknown:
        raise Invalid(f"没有 {unknown[0][:40]}。可以用 {'、'.join(_WORDS)}", field=unknown[0][:40])
    after = _after(dataset, order, asked.get("$cursor", ""))
    return Question(dataset, select, where, order, _limit(asked.get("$limit", "")), after)


_WORDS = ("$select", "$order", "$limit", "$cursor")


def _column(dataset: Dataset, name: str, field: str, given: frozenset[str] = frozenset()) -> Column:
    found = dataset.column(name)
    if found is None:
        raise Invalid(f"没有 {name[:40]} 这个字段。字段列在 /data/{dataset.name}", field=field)
    if name in given or (found.long and field != "$select"):
        raise Invalid(f"{name} 只能取，不能用来筛选或排序", field=field)
    return found


def _select(dataset: Dataset, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if dataset.column(name) is None:
            raise Invalid(f"没有 {name[:40]} 这个字段。字段列在 /data/{dataset.name}", field="$select")
    return names or dataset.names


def _order(dataset: Dataset, text: str, given: frozenset[str]) -> tuple[Order, ...]:
    steps = []
    for part in text.split(","):
        if name := part.strip():
            steps.append(
                Order(_column(dataset, name.removeprefix("-"), "$order", given), name.startswith("-"))
            )
    if len(steps) > 3:
        raise Invalid("最多按三个字段排序", field="$order")
    key = next(column for column in dataset.columns if column.name == dataset.key)
    if all(step.column is not key for step in steps):
        steps.append(Order(key))
    return tuple(steps)


def _condition(dataset: Dataset, name: str, text: str, given: frozenset[str]) -> Condition:
    field, _, comparison = name.partition(".")
    comparison = comparison or "eq"
    column = _column(dataset, field, name[:60], given)
    if comparison not in COMPARISONS:
        raise Invalid(f"比较只有 {'、'.join(COMPARISONS)}", field=name[:60])
    parts = text.split(",") if comparison == "in" else [text]
    if len(parts) > _MOST_VALUES or any(len(part) > _LONGEST for part in parts):
        raise Invalid(f"一次最多 {_MOST_VALUES} 个值，每个最多 {_LONGEST} 字", field=name[:60])
    return Condition(column, comparison, tuple(value_of(column, part, name[:60]) for part in parts))


def value_of(column: Column, text: str, field: str) -> Any:
    """A value of the column's type as an address writes it; the least value for an empty text."""
    if "\x00" in text:
        raise Invalid("值里有无法使用的字符", field=field)
    if text == "":
        return LEAST[column.type]
    try:
        return _READERS[column.type](text)
    except (ValueError, OverflowError):
        raise Invalid(f"{field} 要写成 {column.example or column.type} 这样", field=field) from None


def _boolean(text: str) -> int:
    """false 0, true 1: unlike truth values, numbers can be put in order on every database."""
    if text not in _TRUTHS.values():
        raise ValueError(text)
    return int(text == "true")


_TRUTHS: Mapping[int, str] = {0: "false", 1: "true"}


def _integer(text: str) -> int:
    if not text.isascii() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    found = float(text)
    if not -1e12 < found < 1e12:
        raise ValueError(text)
    return found


def _instant(text: str) -> datetime:
    """An instant with its zone; a + that came as a blank is a + again."""
    found = datetime.fromisoformat(text.replace(" ", "+"))
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": _instant,
}


def _limit(text: str) -> int:
    if not text:
        return USUAL
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MOST):
        raise Invalid(f"$limit 是 1 到 {MOST} 的整数", field="$limit")
    return int(text)


# ------------------------------------------------------------------ cursors


def cursor(question: Question, row: Mapping[str, Any]) -> str:
    """The opaque place after ``row`` in this order."""
    values = [_written(step.column, sortable(step.column, row[step.column.name])) for step in question.order]
    told = json.dumps([_signature(question.dataset, question.order), *values], ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _signature(dataset: Dataset, order: tuple[Order, ...]) -> str:
    return f"{dataset.name}:" + ",".join(f"{'-' * step.descending}{step.column.name}" for step in order)


def _after(dataset: Dataset, order: tuple[Order, ...], text: str) -> tuple[Any, ...] | None:
    if not text:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        signature, *values = json.loads(raw)
        if signature != _signature(dataset, order) or len(values) != len(order):
            raise ValueError(signature)
        texts = [value if isinstance(value, str) else _refuse() for value in values]
        return tuple(
            value_of(step.column, value, "$cursor") for step, value in zip(order, texts, strict=True)
        )
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise Invalid("这个 $cursor 不对。请用上一页返回的 next，排序也不要变", field="$cursor") from None


def _refuse() -> str:
    raise ValueError("no text")


def _written(column: Column, value: Any) -> str:
    """A value as `value_of` reads it back."""
    if column.type == "boolean":
        return _TRUTHS.get(value, "")
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


# ------------------------------------------------------------------ answering from rows in memory


def sortable(column: Column, value: Any) -> Any:
    """A value as it is compared: the least one for None and for the "<5" of small figures."""
    if value is None or (column.type in {"integer", "number"} and isinstance(value, str)):
        return LEAST[column.type]
    return int(value) if isinstance(value, bool) else value


def _fits(condition: Condition, row: Mapping[str, Any]) -> bool:
    value = sortable(condition.column, row[condition.column.name])
    return _COMPARED[condition.comparison](value, condition.values)


_COMPARED: Mapping[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "eq": lambda value, asked: bool(value == asked[0]),
    "ne": lambda value, asked: bool(value != asked[0]),
    "lt": lambda value, asked: bool(value < asked[0]),
    "lte": lambda value, asked: bool(value <= asked[0]),
    "gt": lambda value, asked: bool(value > asked[0]),
    "gte": lambda value, asked: bool(value >= asked[0]),
    "in": lambda value, asked: value in asked,
}


def _comes_after(question: Question, row: Mapping[str, Any]) -> bool:
    for step, last in zip(question.order, question.after or (), strict=True):
        value = sortable(step.column, row[step.column.name])
        if value != last:
            return bool(value < last) if step.descending else bool(value > last)
    return False


def answer(question: Question, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The page and one row more where there is one; for the sets that are small enough to read whole."""
    found = [row for row in rows if all(_fits(condition, row) for condition in question.where)]
    if question.after is not None:
        found = [row for row in found if _comes_after(question, row)]
    for step in reversed(question.order):
        found.sort(key=lambda row, by=step: sortable(by.column, row[by.column.name]), reverse=step.descending)  # type: ignore[misc]
    return found[: question.limit + 1]
