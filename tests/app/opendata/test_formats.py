"""How is a row written as CSV or as a JSON line?"""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.opendata.formats import BOM, as_object, csv_lines, json_lines, safe_cell


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (15, "15"),
        (-3, "-3"),
        (97.1, "97.1"),
        (date(2026, 10, 9), "2026-10-09"),
        # Friday 9 October 2026, 10:42 in Shanghai
        (datetime(2026, 10, 9, 2, 42, tzinfo=UTC), "2026-10-09T10:42:00+08:00"),
        ("租房没有合同", "租房没有合同"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+86 电话", "'+86 电话"),
        ("-1 楼", "'-1 楼"),
        ("@云泽发布", "'@云泽发布"),
        ("\t缩进", "'\t缩进"),
        ("\r换行", "'\r换行"),
        ("一+一=二", "一+一=二"),
    ],
)
def test_a_cell(value: object, written: str) -> None:
    assert safe_cell(value) == written


def test_a_file_is_rfc_4180_with_cr_lf_and_quotes() -> None:
    lines = list(csv_lines(["number", "message"], [{"number": "1", "message": '他说"好",\n第二行'}]))
    assert lines == ["number,message\r\n", '1,"他说""好"",\n第二行"\r\n']


def test_the_excel_variant_begins_with_the_mark_of_utf_8() -> None:
    (head,) = csv_lines(["number"], [], bom=True)
    assert head == f"{BOM}number\r\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_whatever_people_write_comes_back_from_both_files(rows: list[tuple[str, str]]) -> None:
    given_rows = [{"a": first, "b": second} for first, second in rows]
    read = list(csv.reader(io.StringIO("".join(csv_lines(["a", "b"], given_rows)), newline="")))[1:]
    assert [
        [text.removeprefix("'") if text != first else text for text, first in zip(row, pair, strict=True)]
        for row, pair in zip(read, rows, strict=True)
    ] == [list(pair) for pair in rows]
    lines = "".join(json_lines(["a", "b"], given_rows)).splitlines() if not rows else None
    if lines is None:
        text = "".join(json_lines(["a", "b"], given_rows))
        assert [json.loads(line) for line in text.split("\n")[:-1]] == given_rows


def test_an_object_keeps_the_order_of_the_columns() -> None:
    assert list(as_object(["b", "a"], {"a": 1, "b": date(2026, 10, 9), "c": "not asked for"})) == ["b", "a"]
