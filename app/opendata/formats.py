"""How is a row written as CSV or as a JSON line? One way for every data set.

CSV: RFC 4180, UTF-8, CR LF; a cell that a spreadsheet would run as a formula gets an apostrophe in front.
"""

import csv
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
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return f"'{text}" if text.startswith(FORMULA) else text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(plain(value))


class _Returned:
    """What `csv.writer` writes into: hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Sequence[str], rows: Iterable[Row], *, bom: bool = False) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180, CR LF), header first."""
    writer: Any = csv.writer(_Returned(), lineterminator="\r\n")
    yield (BOM if bom else "") + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([safe_cell(row[name]) for name in columns])


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
