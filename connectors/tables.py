"""Which messages are in a file that people exported? Tables as offices really have them.

.xlsx, .csv (UTF-8 with or without BOM, UTF-16 with BOM, GB18030) and .jsonl; title rows above the header,
headers in many words, dates as serial numbers or text, codes that Excel made into floats, formulas,
hidden sheets. Every row with content gets its entry: a message, or an error in words.
"""

import csv
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.contract import ImportRow, IncomingMessage
from connectors.errors import UnreadableFile
from connectors.labels import blocks

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_ROWS = 20_000
MAX_CELL = 20_000
HEADER_WITHIN = 15
"""Rows among which the header is looked for: above it there may be titles and remarks."""

MAX_CELLS = 3_000_000
NOT_A_WORKBOOK = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # what the XML parser raises
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    OSError,
)
"""All that openpyxl lets through when a file is not what it says."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
NOTHING = {"", "无", "/", "-", "—", "--", "null", "None"}


@dataclass(frozen=True)
class Column:
    """One thing a row can say. ``headers`` are the words offices use for it; ``kind`` is how it is read:
    text, code (never a float), instant, deadline (a bare date means its end), url, yes_no."""

    name: str
    headers: tuple[str, ...]
    kind: str = "text"
    required: bool = False


@dataclass(frozen=True)
class Row:
    """A row as read: texts and instants (UTC) by the column's name, and what was noticed."""

    number: int
    texts: Mapping[str, str]
    instants: Mapping[str, datetime]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RawTable:
    """A sheet as it is in the file. ``formulas``: (row, column) of cells that hold one."""

    rows: list[tuple[int, list[object]]]
    formulas: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = ()
    epoch: datetime = datetime(1899, 12, 30)  # noqa: DTZ001  Excel's day 0, in nobody's zone


class CellError(Exception):
    """A cell that cannot be read; the text is Chinese and for the report."""


def import_rows(
    file_name: str,
    data: bytes,
    columns: Sequence[Column],
    to_message: Callable[[Row], IncomingMessage],
) -> list[ImportRow]:
    """Read a file into one ImportRow per row with content. Raises UnreadableFile.

    A text without a table is read as items of "label: value" lines, as people copy them off a notice.
    """
    return _import_tables(_tables(file_name, data, columns), columns, to_message)


def import_object(
    item: Mapping[str, object], columns: Sequence[Column], to_message: Callable[[Row], IncomingMessage]
) -> ImportRow:
    """One item of a feed as a row: its names are those of the columns, or the words offices use for them.

    Raises UnreadableFile where it names none of the columns.
    """
    table = RawTable([(0, list(item)), (1, [_flat(value) for value in item.values()])])
    return _import_tables([table], columns, to_message)[0]


def import_grid(
    rows: Sequence[Sequence[str]], columns: Sequence[Column], to_message: Callable[[Row], IncomingMessage]
) -> list[ImportRow]:
    """The rows of a table out of a page or a mail. Raises UnreadableFile where it is no such table."""
    numbered: list[tuple[int, list[object]]] = [(at, list(row)) for at, row in enumerate(rows, start=1)]
    return _import_tables([RawTable(numbered)], columns, to_message)


def _import_tables(
    tables: Sequence[RawTable], columns: Sequence[Column], to_message: Callable[[Row], IncomingMessage]
) -> list[ImportRow]:
    headers = [_find_header(table, columns) for table in tables]
    if not any(headers):
        wanted = "、".join(f"“{column.headers[0]}”" for column in columns if column.required)
        raise UnreadableFile("no header", f"没有找到表头。表头至少要有{wanted}一列和另外一列。")
    result: list[ImportRow] = []
    seen: dict[str, int] = {}
    for table, header in zip(tables, headers, strict=True):
        if header is not None:  # a sheet of explanations has none
            result += _import_table(table, header, columns, to_message, seen)
    if not result:
        raise UnreadableFile("no rows", "文件里没有可以导入的数据行。")
    return result


def _import_table(
    table: RawTable,
    header: "Header",
    columns: Sequence[Column],
    to_message: Callable[[Row], IncomingMessage],
    seen: dict[str, int],
) -> list[ImportRow]:
    header_at, places = header
    result = []
    for number, values in table.rows[header_at + 1 :]:
        if not any(_shown(value) for value in values):
            continue
        entry = _import_row(number, values, table, places, columns, to_message)
        if entry.message is not None:
            key = entry.message.external_id
            if key in seen:
                entry = replace(entry, message=None, error=f"与第 {seen[key]} 行重复，未导入。")
            seen.setdefault(key, number)
        result.append(entry)
    if result and table.notes:
        result[0] = replace(result[0], notes=table.notes + result[0].notes)
    return result


def _import_row(
    number: int,
    values: list[object],
    table: RawTable,
    places: Mapping[str, int],
    columns: Sequence[Column],
    to_message: Callable[[Row], IncomingMessage],
) -> ImportRow:
    """One row, or the reasons why it is none."""
    reading = _Reading(table.epoch)
    for column in columns:
        place = places.get(column.name)
        value = values[place] if place is not None and place < len(values) else None
        reading.take(column, value, (number, place) in table.formulas)
    if reading.errors:
        return ImportRow(number, None, "".join(reading.errors), tuple(reading.notes))
    row = Row(number, reading.texts, reading.instants, tuple(reading.notes))
    return ImportRow(number, to_message(row), None, row.notes)


@dataclass
class _Reading:
    """The cells of one row, while they are being read."""

    epoch: datetime
    texts: dict[str, str] = field(default_factory=dict)
    instants: dict[str, datetime] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def take(self, column: Column, value: object, is_formula: bool) -> None:
        """Read one cell by its column's kind."""
        label = column.headers[0]
        if is_formula and value is None:
            self.errors.append(f"“{label}”是公式，文件里没有它的结果，请粘贴为数值后重新导出。")
            return
        if is_formula:
            self.notes.append(f"“{label}”是公式，取它保存时的结果。")
        try:
            text = self._read(column, value)
        except CellError as problem:
            self.errors.append(f"“{label}”{problem}")
            return
        if text:
            self.texts[column.name] = text
        elif column.required:
            self.errors.append(f"没有填写“{label}”。")

    def _read(self, column: Column, value: object) -> str:
        if column.kind in ("instant", "deadline"):
            return self._read_instant(column, value)
        text = _shown(value)
        if text in NOTHING:
            return ""
        if len(text) > MAX_CELL:
            raise CellError(f"超过 {MAX_CELL} 字，请拆分或缩短。")
        if column.kind == "code":
            return _code(text)
        if column.kind == "yes_no":
            return self._read_yes_no(column, text)
        if column.kind == "url" and not re.fullmatch(r"https?://[^\s<>\"']{3,2000}", text):
            self.notes.append(f"“{column.headers[0]}”不是网址，已作为文字保留。")
        return text

    def _read_instant(self, column: Column, value: object) -> str:
        if _shown(value) in NOTHING:
            return ""
        moment, has_time = read_instant(value, self.epoch)
        if not has_time and column.kind == "deadline":
            moment += timedelta(days=1, seconds=-1)
        elif not has_time:
            self.notes.append(f"“{column.headers[0]}”只有日期，没有时刻，按当天零点计。")
        self.instants[column.name] = moment
        return moment.isoformat()

    def _read_yes_no(self, column: Column, text: str) -> str:
        """What is neither yes nor no counts as no: these columns ask for a consent."""
        word = text.strip().lower()
        if word not in YES | NO:
            self.notes.append(f"“{column.headers[0]}”看不懂，按“否”处理。")
        return "是" if word in YES else "否"


# ---------------------------------------------------------------- cells


def read_instant(value: object, epoch: datetime = RawTable.epoch) -> tuple[datetime, bool]:
    """A cell as an instant (UTC), and whether it named a time of day. Written times are Beijing time.

    Takes dates and times of Excel, serial numbers, and texts such as 2026/3/5, 2026-03-05 14:30:00,
    2026年3月5日 14时30分, 20260305, 2026-03-05T14:30:00+08:00. Raises CellError.
    """
    if isinstance(value, datetime):
        return _utc(value), value.time() != time()
    if isinstance(value, date):
        return _utc(datetime.combine(value, time())), False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_serial(float(value), epoch)
    text = unicodedata.normalize("NFKC", _shown(value)).strip()
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _from_serial(float(text), epoch)
    return _from_text(text)


MAX_WRITTEN = 40
WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(上午|下午)?\s*(\d{1,2})\s*[:时点]\s*(\d{1,2})?\s*[:分]?\s*(\d{1,2})?(?:\.\d+)?\s*秒?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)


def _from_text(text: str) -> tuple[datetime, bool]:
    # No written time is longer; the pattern would take its time over a long run of spaces.
    found = WRITTEN.fullmatch(text) if len(text) <= MAX_WRITTEN else None
    if found is None or re.fullmatch(r"\d{5,7}", text):
        raise CellError("的时间看不懂，请写成 2026-03-05 14:30。")
    year, month, day, half, hour, minute, second, zone = found.groups()
    hours = int(hour or 0) + (12 if half == "下午" and int(hour or 0) < 12 else 0)
    try:
        moment = datetime(  # noqa: DTZ001  the zone follows
            int(year), int(month), int(day), hours, int(minute or 0), int(second or 0)
        )
    except ValueError:
        raise CellError("不是日历上的日子，请核对。") from None
    if zone:
        offset = timedelta() if zone == "Z" else _offset(zone)
        return (moment - offset).replace(tzinfo=UTC), hour is not None
    return _utc(moment), hour is not None


def _offset(zone: str) -> timedelta:
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def _from_serial(days: float, epoch: datetime) -> tuple[datetime, bool]:
    """Excel's count of days; a plausible one lies between 2000 and 2100."""
    if not 36526 - 1462 <= days <= 73415:
        raise CellError("的时间看不懂，请写成 2026-03-05 14:30。")
    return _utc(epoch + timedelta(seconds=round(days * 86400))), days != int(days)


def _utc(local: datetime) -> datetime:
    aware = local if local.tzinfo else local.replace(tzinfo=SHANGHAI)
    return aware.astimezone(UTC)


def _code(text: str) -> str:
    """Numbers of things: 4403000004.0 is 4403000004; 4.4E+09 has lost its end and is an error."""
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        raise CellError("被 Excel 改成了科学计数法，请把该列设为文本后重新导出。")
    return re.sub(r"\.0+$", "", text) if re.fullmatch(r"\d+\.0+", text) else text


def _shown(value: object) -> str:
    """A cell as a person sees it; half an answer of Excel (#REF! …) counts as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).replace("\r\n", "\n").replace("\x00", "").strip(" \t\n\r\u3000\ufeff")
    return "" if re.fullmatch(r"#(REF|N/A|VALUE|NAME|DIV/0|NULL|NUM)[!?]?", text) else text


YES = frozenset({"是", "同意", "公开", "同意公开", "可以", "y", "yes", "true", "1"})
NO = frozenset({"否", "不", "不同意", "不公开", "不同意公开", "n", "no", "false", "0"})


# ---------------------------------------------------------------- header


Header = tuple[int, dict[str, int]]
"""Index of the header row, and column name → place."""


def _find_header(table: RawTable, columns: Sequence[Column]) -> Header | None:
    """The header names all that is required and two things at least; rows above it are titles.

    It may have several lines: 联系人 and 联系方式 below one cell 来信人 that was merged over both.
    """
    required = {column.name for column in columns if column.required}
    for index, (_, values) in enumerate(table.rows[:HEADER_WITHIN]):
        places = _places(values, columns)
        if required <= set(places) and len(places) >= 2:
            return _whole_header(table, index, places, columns)
    return None


def _whole_header(table: RawTable, index: int, places: dict[str, int], columns: Sequence[Column]) -> Header:
    """The header with the lines below it that are made of words of headers too; the lowest line wins."""
    upper = {_word(_shown(value)) for value in table.rows[index][1]}
    known = {_word(header) for column in columns for header in (*column.headers, column.name)}
    for below, (_, values) in enumerate(table.rows[index + 1 : HEADER_WITHIN], start=index + 1):
        words = {_word(_shown(value)) for value in values} - {""}
        if len(words & known) < (1 if words <= known | upper else 2):
            break
        index, places = below, {**places, **_places(values, columns)}
    return index, places


def _places(values: Sequence[object], columns: Sequence[Column]) -> dict[str, int]:
    """Where each column stands. The first word in ``headers`` that is there wins, then the leftmost."""
    words = [_word(_shown(value)) for value in values]
    places: dict[str, int] = {}
    for column in columns:
        for header in (*column.headers, column.name):
            if _word(header) in words:
                places.setdefault(column.name, words.index(_word(header)))
    return places


def _word(header: str) -> str:
    """A header without what people decorate it with: spaces, stars, colons, remarks in brackets."""
    plain = unicodedata.normalize("NFKC", header).lower()
    return re.sub(r"\([^)]{0,40}\)|[\s*::,、_\-]", "", plain)[:40]


# ---------------------------------------------------------------- files


def _tables(file_name: str, data: bytes, columns: Sequence[Column] = ()) -> list[RawTable]:
    """The tables in a file, told by what is in it rather than by its name. ``columns`` are those whose
    labels a text without a table may be written with."""
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile("too large", "文件超过 10 MB，请分成几个文件。")
    if data[:4] == OLD_EXCEL:
        words = "这是旧版 .xls 文件或加了密码的文件，请在 Excel 或 WPS 中另存为不加密的 .xlsx 后再导入。"
        raise UnreadableFile("old Excel", words)
    if data[:2] == b"PK":
        return _from_workbook(data)
    text = _decoded(data)
    if file_name.lower().endswith((".jsonl", ".ndjson")):
        return [_from_lines(text)]
    return [_from_words(text, columns)]


def _from_words(text: str, columns: Sequence[Column]) -> RawTable:
    """A table if it has a header; else what is written with labels."""
    try:
        table = _from_csv(text)
    except UnreadableFile:
        if found := _from_labels(text, columns):
            return found
        raise
    has_header = not columns or _find_header(table, columns) is not None
    return table if has_header else _from_labels(text, columns) or table


def _from_labels(text: str, columns: Sequence[Column]) -> RawTable | None:
    """Items written as "label: value" lines; None where the text is a table or no such text."""
    labels = {_word(header): column.name for column in columns for header in column.headers}
    multiline = {column.name for column in columns if column.kind == "text"}
    wanted = {column.name for column in columns if column.required}
    found = blocks(text, lambda label: labels.get(_word(label)), multiline, wanted)
    _refuse_many(found)
    if not found:
        return None
    names = [column.name for column in columns]
    rows: list[tuple[int, list[object]]] = [(0, list(names))]
    rows += [(number, [item.get(name) for name in names]) for number, item in found]
    return RawTable(rows)


def _from_workbook(data: bytes) -> list[RawTable]:
    _refuse_bombs(data)
    try:
        values = load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
        formulas = load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except NOT_A_WORKBOOK:
        raise UnreadableFile("not xlsx", "文件打不开，请确认是 .xlsx 表格。") from None
    visible = [sheet for sheet in values.worksheets if sheet.sheet_state == "visible"]
    hidden = [sheet.title for sheet in values.worksheets if sheet.sheet_state != "visible"]
    notes = tuple(f"工作表“{title}”是隐藏的，没有导入。" for title in hidden)
    tables = []
    for sheet in visible:
        if (sheet.max_row or 0) * (sheet.max_column or 0) > MAX_CELLS:
            raise UnreadableFile("too large", f"工作表“{sheet.title}”范围过大，请删除多余的空白行和列。")
        rows = _filled_rows(sheet)
        if not rows:
            continue
        _refuse_many(rows)
        cells_with_formula = frozenset(
            (cell.row, cell.column - 1)
            for row in formulas[sheet.title].iter_rows()
            for cell in row
            if cell.data_type == "f" and cell.row is not None and cell.column is not None
        )
        tables.append(RawTable(rows, cells_with_formula, notes, values.epoch))
        notes = ()
    if not tables:
        raise UnreadableFile("empty", "文件里没有内容，或工作表都是隐藏的。")
    return tables


def _filled_rows(sheet: Any) -> list[tuple[int, list[object]]]:
    """Rows with content, numbered as in the sheet. A cell merged downwards counts for each of its rows."""
    grid: list[list[object]] = [list(cells) for cells in sheet.iter_rows(values_only=True)]
    for area in sheet.merged_cells.ranges:
        for row in range(area.min_row, min(area.max_row, len(grid))):
            grid[row][area.min_col - 1] = grid[area.min_row - 1][area.min_col - 1]
    numbered = enumerate(grid, start=1)
    return [(number, cells) for number, cells in numbered if any(_shown(cell) for cell in cells)]


def _refuse_bombs(data: bytes) -> None:
    """A small file that unpacks to something huge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise UnreadableFile("not xlsx", "文件打不开，请确认是 .xlsx 表格。") from None
    if len(entries) > 2000 or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise UnreadableFile("too large", "文件展开后过大，请只保留需要导入的工作表。")


def _refuse_many(rows: Sequence[object]) -> None:
    if len(rows) > MAX_ROWS + HEADER_WITHIN:
        raise UnreadableFile("too many rows", f"一次最多导入 {MAX_ROWS} 行，请分成几个文件。")


def _decoded(data: bytes) -> str:
    """UTF-8 if it is UTF-8, else what Chinese Windows writes."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableFile("not text", "文件不是 .xlsx 或文本表格，或文字编码不认识。")


def _from_csv(text: str) -> RawTable:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;，", key=first.count) if first else ","
    try:
        rows: list[tuple[int, list[object]]] = [
            (number, list(cells))
            for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1)
        ]
    except csv.Error:
        raise UnreadableFile("not csv", "表格格式有误，请另存为 .xlsx 后再导入。") from None
    _refuse_many(rows)
    return RawTable(rows)


def _from_lines(text: str) -> RawTable:
    """One JSON object a line; its names are the header."""
    items: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            items.append((number, _json_object(number, line)))
    names = list(dict.fromkeys(name for _, item in items for name in item))
    _refuse_many(items)
    rows: list[tuple[int, list[object]]] = [(0, list(names))]
    rows += [(number, [_flat(item.get(name)) for name in names]) for number, item in items]
    return RawTable(rows)


def _json_object(number: int, line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        raise UnreadableFile("not JSON lines", f"第 {number} 行不是一个 JSON 对象。")
    return item


def _flat(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def read_records(
    file_name: str, data: bytes, is_heading: Callable[[str], bool]
) -> list[tuple[int, dict[str, object]]]:
    """The rows of any table as (row number in the file, cells by heading). Raises UnreadableFile.

    The first row with two known headings is the header. Cells keep their type; a cell with a formula
    comes as "=", since its result may be out of date; lists in JSON lines stay lists.
    """
    if file_name.lower().endswith((".jsonl", ".ndjson")) and data[:2] != b"PK":
        text = _decoded(data)
        lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
        _refuse_many(lines)
        return [(number, _json_object(number, line)) for number, line in lines]
    records: list[tuple[int, dict[str, object]]] = []
    for table in _tables(file_name, data):
        records += _records(table, is_heading)
    if not records:
        raise UnreadableFile(
            "no header", "没有找到表头和数据行。表头至少要有两个认识的列名，如“问题”“答复口径”。"
        )
    return records


def _records(table: RawTable, is_heading: Callable[[str], bool]) -> list[tuple[int, dict[str, object]]]:
    for at, (_, header) in enumerate(table.rows[:HEADER_WITHIN]):
        names = [_shown(cell) for cell in header]
        if sum(map(is_heading, names)) < 2:
            continue
        return [
            (
                number,
                {
                    name: "=" if (number, place) in table.formulas else cell
                    for place, (name, cell) in enumerate(zip(names, cells, strict=False))
                    if name
                },
            )
            for number, cells in table.rows[at + 1 :]
        ]
    return []


def some(texts: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the named texts that are there."""
    return {name: texts[name] for name in names if texts.get(name)}
