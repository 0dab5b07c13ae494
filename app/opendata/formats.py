"""How is a row written as CSV or as a JSON line? One way for every data set.

CSV: RFC 4180, UTF-8, CR LF; a cell that a spreadsheet would run as a formula gets an apostrophe in front.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.calendar.workdays import SHANGHAI

BOM = "\ufeff"
"""Tells Excel that a file is UTF-8."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV injection)."""

Value = str | int | float | bool | date | datetime | None
Row = Mapping[str, Any]


def plain(value: Any) -> Any:
    """A value as JSON has it: instants ISO 8601 with +08:00 to the second, dates ISO, others unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def safe_cell(value: Any) -> str:
    """A value as a CSV cell; empty for None, true/false for booleans, never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(plain(value)).replace("\x00", "")
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(columns: Sequence[str], rows: Iterable[Row], *, bom: bool = False) -> Iterator[str]:
    """The lines of a CSV file, header first."""
    yield (BOM if bom else "") + csv_line(columns)
    for row in rows:
        yield csv_line([safe_cell(row[name]) for name in columns])


def csv_line(cells: Sequence[str]) -> str:
    """One line of RFC 4180 with its CR LF."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def json_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """One JSON object a line, keys in the order of the columns."""
    for row in rows:
        yield json_line({name: plain(row[name]) for name in columns})


def json_line(item: Row) -> str:
    """One object and its line end; characters stay readable."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n"


def as_object(columns: Sequence[str], row: Row) -> dict[str, Any]:
    """A row as a JSON object."""
    return {name: plain(row[name]) for name in columns}
