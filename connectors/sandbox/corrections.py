"""What does the national correction system give an office? An export as untidy as the real ones: files to try
the import with, in class and in tests.

Source: practice only (the system has no public interface); every trap below was met in real exports of such systems.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

SHANGHAI = ZoneInfo("Asia/Shanghai")
EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001  in nobody's zone
HEADER = ("留言编号*", "网站名称", "网站标识码（10 位）", "问题类型", "问题网页", "问 题 描 述")
PERSON, TIMES = ("联系人", "联系方式"), ("提交时间：", "办理时限")
SITE, SITE_CODE = "云泽市政府网", "4403000004"
FAULTS_FOUND = (
    ("内容无法访问", "办事指南打不开，一直在转圈"),
    ("错别字", "标题里“居住证”写成“居住正”"),
    ("信息不更新", "最新的一条还是去年的"),
    ("咨询留言不回复", "留言两个月没有人答复"),
    ("页面太慢", "首页要一分钟才打开"),
)

Cell = object


@dataclass(frozen=True)
class Export:
    """A file, and what a faithful import makes of it: so many messages, so many rows said to be unreadable."""

    file_name: str
    data: bytes
    messages: int
    unreadable: int = 0


# fmt: off
CODES: Sequence[Callable[[], Cell]] = (
    lambda: SITE_CODE,
    lambda: float(SITE_CODE),  # what Excel makes of ten digits
    lambda: int(SITE_CODE),
    lambda: f"{SITE_CODE}.0",
)
TIMES_WRITTEN: Sequence[Callable[[datetime], Cell]] = (
    lambda at: at,
    lambda at: (at - EXCEL_DAY_0) / timedelta(days=1),  # a serial number, its format lost
    lambda at: f"{at:%Y/%m/%d %H:%M:%S}",
    lambda at: f"{at.year}年{at.month}月{at.day}日 {at.hour}时{at.minute}分{at.second}秒",
)
# fmt: on
UNREADABLE: Sequence[tuple[int, Cell]] = (
    (5, '="没有"&"结果"'),
    (2, "4.403E+09"),
    (9 - 1, "前天下午"),
    (5, None),
)
"""Place in the row, and what makes the whole row unreadable: a formula without its result, digits that are lost,
a time that is none, nothing said."""


def export(how: str, count: int, now: datetime, unreadable: int = 0) -> Export:
    """So many items in the way of `WAYS`, the newest at ``now`` (UTC), and so many rows that cannot be read
    (in workbooks). Raises KeyError for another way."""
    local = now.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
    return WAYS[how](count, local, unreadable)


def _row(number: int, now: datetime) -> list[Cell]:
    kind, words = FAULTS_FOUND[number % len(FAULTS_FOUND)]
    at = now - timedelta(minutes=7 * number)
    return [
        f"ZC{now:%Y%m%d}{number:04}", SITE, CODES[number % len(CODES)](), kind,
        f"https://www.yunze.example/{number}.html", f"{words}（第 {number} 处）",
        "赵先生" if number % 3 else None, float(13_800_000_000 + number) if number % 2 else "zhao@example.com",
        TIMES_WRITTEN[number % len(TIMES_WRITTEN)](at), (at + timedelta(days=3)).date(),
    ]  # fmt: skip


def _workbook(count: int, now: datetime, unreadable: int) -> Export:
    """Titles above, a header of two lines merged both ways, an empty row, a hidden sheet, remarks."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["“我为政府网站找错”留言导出"])
    sheet.append([*HEADER, "来信人", None, "时间", None])
    sheet.append([None] * len(HEADER) + [*PERSON, *TIMES])
    for area in ("A1:J1", "G2:H2", "I2:J2", *(f"{column}2:{column}3" for column in "ABCDEF")):
        sheet.merge_cells(area)
    for number in range(count):
        sheet.append(_row(number, now))
        sheet.append([]) if number == 1 else None
    for number in range(unreadable):
        row, (place, value) = _row(count + number, now), UNREADABLE[number % len(UNREADABLE)]
        sheet.append([*row[:place], value, *row[place + 1 :]])
    hidden = book.create_sheet("上月")
    hidden.append([*HEADER, *PERSON, *TIMES])
    hidden.append(_row(9_999, now))
    hidden.sheet_state = "hidden"
    book.create_sheet("填写说明").append(["本表由系统导出"])
    out = io.BytesIO()
    book.save(out)
    return Export("找错导出.xlsx", out.getvalue(), count, unreadable)


def _text(encoding: str) -> Callable[[int, datetime, int], Export]:
    def made(count: int, now: datetime, unreadable: int) -> Export:
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([*HEADER, *PERSON, *TIMES])
        writer.writerows(_row(number, now) for number in range(count))
        return Export("找错导出.csv", out.getvalue().encode(encoding), count)

    return made


WAYS: Mapping[str, Callable[[int, datetime, int], Export]] = {
    "xlsx": _workbook,
    "csv": _text("utf-8"),
    "csv-bom": _text("utf-8-sig"),
    "csv-gb18030": _text("gb18030"),
}
"""In which form the export comes."""
