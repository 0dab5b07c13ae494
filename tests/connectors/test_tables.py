"""Which messages are in a file as offices really have them? (pitfall 31)"""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors.contract import ImportRow
from connectors.corrections.connector import CorrectionsConnector
from connectors.errors import UnreadableFile
from connectors.hotline.connector import HotlineConnector
from connectors.tables import CellError, read_instant

HEADER = ["留言编号", "网站标识码", "问题网页", "问题描述", "提交时间"]


def a_workbook(fill: Callable[[Any, Any], None]) -> bytes:
    """An .xlsx file, filled by a function of the book and its first sheet."""
    book = Workbook()
    fill(book, book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of(data: bytes, name: str = "找错.xlsx") -> list[ImportRow]:
    return CorrectionsConnector().rows(name, data)


def test_a_file_as_it_comes_from_excel() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.append([])
        sheet.append(["云泽市“我为政府网站找错”留言表"])
        sheet.merge_cells("A2:E2")
        sheet.append(["（导出时间 2026-11-20）"])
        sheet.append(["留言编号*", "网站标识码（10 位）", "问题网页", "问 题 描 述", "提交时间："])
        sheet.append(
            [
                2026112001,
                4403000004.0,
                "https://www.yunze.example/a",
                "电话打不通",
                datetime(2026, 11, 20, 9, 31, 2),  # noqa: DTZ001  Excel knows no zones
            ]
        )
        sheet.append(["A-2", "bm14000002", None, "错别字", 46346.396551])
        sheet.append([None, None, None, None, None])
        sheet.append(["A-3", "4403000004", None, "没有更新", date(2026, 11, 19)])

    first, second, third = rows_of(a_workbook(fill))
    assert (first.number, second.number, third.number) == (5, 6, 8)
    assert first.message and second.message and third.message
    assert first.message.external_id == "no:2026112001"
    assert first.message.site_code == "4403000004"
    assert first.message.sent_at == datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)
    assert second.message.sent_at == datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)
    assert third.message.sent_at == datetime(2026, 11, 18, 16, tzinfo=UTC)
    assert "只有日期" in third.notes[0]


@pytest.mark.parametrize(
    ("lower", "rows"),
    [
        (["", "", "联系人", "联系电话", "提交时间"], 1),  # not merged downwards
        (["编号", "内容", "姓名", "邮编", "留言时间"], 1),  # a column nobody knows among them
        (["A-0", "电话打不通", "联系人", "13800000002", "2026-11-20 08:00"], 2),  # a row, with a strange name
    ],
)
def test_a_header_may_have_two_lines(lower: list[str], rows: int) -> None:
    upper = ["留言编号", "问题描述", "来信人", "", "时间"]
    data = ["A-1", "错别字", "赵先生", "13800000001", "2026-11-20 09:00"]
    text = "\n".join(",".join(line) for line in (upper, lower, data)) + "\n"
    found = rows_of(text.encode(), "a.csv")
    assert len(found) == rows
    assert (found[-1].message is not None) and found[-1].message.external_id == "no:A-1"
    if rows == 1:
        assert found[0].message and found[0].message.name == "赵先生"
        assert found[0].message.sent_at == datetime(2026, 11, 20, 1, tzinfo=UTC)


def test_hidden_sheets_stay_out_and_are_named() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(["A-1", "", "", "电话打不通", "2026-11-20 09:00"])
        hidden = book.create_sheet("旧数据")
        hidden.append(HEADER)
        hidden.append(["B-1", "", "", "不应导入", "2026-11-20 09:00"])
        hidden.sheet_state = "hidden"
        book.create_sheet("填写说明").append(["请按要求填写"])

    (row,) = rows_of(a_workbook(fill))
    assert row.message and row.message.external_id == "no:A-1"
    assert "旧数据" in row.notes[0]


def test_formulas_without_a_saved_result_are_an_error_in_words() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(["A-1", "", "", '="电话"&"打不通"', "2026-11-20 09:00"])
        sheet.append(["A-2", "", "", '=HYPERLINK("http://x.example")', "2026-11-20 09:00"])
        sheet.append(["A-3", "", "", "好的一行", "2026-11-20 09:00"])

    first, second, third = rows_of(a_workbook(fill))
    assert first.error and "公式" in first.error and second.error
    assert third.message is not None


def test_a_cell_merged_downwards_counts_for_each_of_its_rows() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.append(HEADER)
        sheet.append(["A-1", "4403000004", "", "第一处", "2026-11-20 09:00"])
        sheet.append(["A-2", None, "", "第二处", "2026-11-20 09:00"])
        sheet.merge_cells("B2:B3")

    assert [row.message.site_code for row in rows_of(a_workbook(fill)) if row.message] == ["4403000004"] * 2


def test_two_sheets_with_headers_are_both_read_and_repeats_found_across_them() -> None:
    def fill(book: Any, sheet: Any) -> None:
        for target in (sheet, book.create_sheet("十一月")):
            target.append(HEADER)
            target.append(["A-1", "", "", "电话打不通", "2026-11-20 09:00"])
        target.append(["A-2", "", "", "错别字", "2026-11-20 09:00"])

    rows = rows_of(a_workbook(fill))
    assert [row.error for row in rows] == [None, "与第 2 行重复，未导入。", None]


CSV = "留言编号,问题描述,提交时间\nA-1,路灯坏了，𠮷祥路,2026-11-20 09:00\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_files_are_read_in_every_encoding_offices_use(encoding: str) -> None:
    (row,) = rows_of(CSV.replace("坏了，", "坏了 ").encode(encoding), "a.csv")
    assert row.message and row.message.text == "路灯坏了 𠮷祥路"


def test_the_same_row_without_a_number_has_the_same_key_in_every_file() -> None:
    line = "问题描述,网站标识码,提交时间\n路灯坏了,4403000004,{}\n"
    keys = {
        row.message.external_id
        for written in ("2026-11-20 09:00", "2026年11月20日 9时0分", "2026/11/20 09:00:00")
        for row in rows_of(line.format(written).encode(), "a.csv")
        if row.message
    }
    assert len(keys) == 1 and keys.pop().startswith("row:")


# fmt: off
INSTANTS = [
    ("2026/3/5",                       (2026, 3, 4, 16, 0),  False),
    ("2026年3月5日",                   (2026, 3, 4, 16, 0),  False),
    ("20260305",                       (2026, 3, 4, 16, 0),  False),
    ("2026-03-05 14:30",               (2026, 3, 5, 6, 30),  True),
    ("2026-03-05T14:30:00+08:00",      (2026, 3, 5, 6, 30),  True),
    ("2026-03-05T06:30:00Z",           (2026, 3, 5, 6, 30),  True),
    ("2026年3月5日 14时30分",          (2026, 3, 5, 6, 30),  True),
    ("2026年3月5日下午2点30分",        (2026, 3, 5, 6, 30),  True),
    ("２０２６－０３－０５　１４：３０", (2026, 3, 5, 6, 30),  True),
    ("2026.3.5 0:00",                  (2026, 3, 4, 16, 0),  True),
    (46086,                            (2026, 3, 4, 16, 0),  False),
    (46086.604166666664,               (2026, 3, 5, 6, 30),  True),
    ("46086.604166666664",             (2026, 3, 5, 6, 30),  True),
    (datetime(2026, 3, 5, 14, 30),     (2026, 3, 5, 6, 30),  True),  # noqa: DTZ001
    (date(2026, 3, 5),                 (2026, 3, 4, 16, 0),  False),
]
# fmt: on


@pytest.mark.parametrize(("value", "expected", "has_time"), INSTANTS, ids=str)
def test_pitfall_31_a_time_is_beijing_time_however_it_is_written(
    value: object, expected: tuple[int, ...], has_time: bool
) -> None:
    assert read_instant(value) == (datetime(*expected, tzinfo=UTC), has_time)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "昨天",
        "2026-02-30",
        "2026-13-01",
        "3月5日",
        "2026" + " " * 20_000 + "x",
        "12345",
        5,
        -1,
        1e9,
        float("nan"),
        "2026-03-05 25:00",
        True,
    ],
)
def test_pitfall_31_what_is_no_time_is_said_in_words(value: object) -> None:
    with pytest.raises(CellError, match=r"[。]$"):
        read_instant(value)


@pytest.mark.parametrize(
    ("consent", "public"),
    [("是", True), ("公开", True), ("", True), ("否", False), ("不公开", False), ("待定", False)],
)
def test_a_consent_nobody_can_read_is_none(consent: str, public: bool) -> None:
    data = f"工单编号,诉求内容,是否公开\nY1,路灯不亮,{consent}\n".encode()
    (row,) = HotlineConnector().rows("a.csv", data)
    assert row.message and row.message.public_consent is public


def _zip(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


# fmt: off
UNREADABLE = {
    "nothing":            (b"",                                        "a.csv", "no header"),
    "a picture":          (b"\x89PNG\r\n\x1a\n" + bytes(100),          "a.xlsx", "not text"),
    "old Excel":          (b"\xd0\xcf\x11\xe0" + bytes(600),           "a.xls", "old Excel"),
    "a zip":              (_zip(readme=b"x"),                          "a.xlsx", "not xlsx"),
    "half a zip":         (a_workbook(lambda _, s: s.append(HEADER))[:700], "a.xlsx", "not xlsx"),
    "a zip bomb":         (_zip(a=bytes(210 * 1024 * 1024)),           "a.xlsx", "too large"),
    "an empty workbook":  (a_workbook(lambda _, s: None),              "a.xlsx", "empty"),
    "only a header":      (",".join(HEADER).encode(),                  "a.csv", "no rows"),
    "no header":          (b"a,b\n1,2\n",                              "a.csv", "no header"),
    "too many rows":      (("问题描述,网址\n" + "x,\n" * 20_100).encode(), "a.csv", "too many rows"),
    "too large":          (b"x" * (10 * 1024 * 1024 + 1),              "a.csv", "too large"),
    "not JSON lines":     (b'{"a": 1}\n[1]\n',                         "a.jsonl", "not JSON lines"),
    "unreadable bytes":   (b"\xff\xff\xff\x00\x81",                    "a.csv", "not text"),
}
# fmt: on


@pytest.mark.parametrize(("data", "name", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_imported_says_why_in_chinese(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(UnreadableFile) as problem:
        rows_of(data, name)
    assert problem.value.reason == reason
    assert problem.value.message_zh.endswith("。")


@settings(max_examples=150)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx", "a.jsonl"]), st.booleans())
def test_no_bytes_make_an_import_fail_in_another_way(data: bytes, name: str, is_table: bool) -> None:
    head = ",".join(HEADER).encode() + b"\n" if is_table else b""
    try:
        assert rows_of(head + data, name)
    except UnreadableFile as problem:
        assert problem.message_zh


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.none(),
                st.integers(),
                st.floats(),
                st.booleans(),
                st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
            ),
            min_size=5,
            max_size=5,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_row_with_content_gets_its_entry(cells: list[list[Any]]) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.append(HEADER)
        for row in cells:
            sheet.append([None if isinstance(c, float) and abs(c) in (float("inf"),) else c for c in row])

    try:
        rows = rows_of(a_workbook(fill))
    except (UnreadableFile, ValueError):
        return
    for row in rows:
        assert (row.message is None) != (row.error is None)
