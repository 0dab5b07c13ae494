"""`huiying cases|arrivals|import`: everything that is there, one line each, without gaps."""

from pathlib import Path

import pytest

from app.cases import service
from app.cases.transitions import Status
from app.messages import service as messages
from tests.app.commands.huiying import Huiying
from tests.conftest import NOW, TheOffice
from tests.factories import LETTER, a_case

COLUMNS = [
    "number",
    "status",
    "platform",
    "department",
    "message_type",
    "received_at",
    "due_at",
    "title",
    "text",
]
FILE = "工单编号,诉求内容,受理时间\nYZ1,柳荫社区停水三天了,2026-10-08 09:00\nYZ2,,2026-10-08 09:00\n"


@pytest.fixture
def huiying(sqlite_office: TheOffice, tmp_path: Path) -> Huiying:
    return Huiying(sqlite_office.db.url, tmp_path / "data")


def test_every_case_is_listed_once_in_one_shape(huiying: Huiying, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        cases = [a_case(session, sqlite_office, sender=f"o{number}") for number in range(3)]
        cases.append(a_case(session, sqlite_office, status=Status.ASSIGNED, sender="oX"))
    rows = huiying("cases", "list", "--json").rows
    assert [list(row) for row in rows] == [COLUMNS] * 4
    assert [row["number"] for row in rows] == [case.number for case in cases]
    assert (rows[3]["status"], rows[3]["department"]) == ("assigned", "公安局户政科")
    assert (rows[0]["received_at"], rows[0]["due_at"]) == (
        "2026-10-09T10:42:00+08:00",
        "2026-10-16T00:00:00+08:00",
    )
    (only,) = huiying("cases", "list", "--status", "assigned", "--json").rows
    assert only["number"] == cases[3].number
    assert huiying("cases", "list").out.count("\n") == 4


def test_one_case_is_shown_with_how_its_deadline_was_worked_out(
    huiying: Huiying, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
    (row,) = huiying("cases", "show", case.number.lower(), "--json").rows
    assert (row["text"], row["provisional"], row["routing"]["category"]) == (LETTER, False, "居住证")
    assert [day["counts"] for day in row["days"]][:3] == [False, True, False]
    assert "居住证" in huiying("cases", "show", case.number).out
    assert "20261009-AAAAAA" in huiying.refused("cases", "show", "20261009-AAAAAA")


def test_an_empty_office_lists_nothing_and_is_content(huiying: Huiying) -> None:
    for words in (("cases", "list"), ("arrivals", "list")):
        done = huiying(*words, "--json")
        assert (done.status, done.out, done.err) == (0, "", "")


def test_what_came_in_is_listed_with_the_name_of_its_error(
    huiying: Huiying, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        messages.keep_arrival(session, NOW, sqlite_office.accounts["wechat"], "1", b"<xml>13900000138")
    service.take_in_arrivals(sqlite_office.db, NOW)
    done = huiying("arrivals", "list", "--json")
    (row,) = done.rows
    assert (row["platform"], row["state"], row["error"]) == ("wechat", "failed", "PayloadError")
    assert "13900000138" not in done.out
    assert huiying("arrivals", "list", "--state", "read", "--json").rows == []


def test_a_file_is_brought_in_once_and_each_row_reported(
    huiying: Huiying, sqlite_office: TheOffice, tmp_path: Path
) -> None:
    file, key = tmp_path / "工单.csv", sqlite_office.accounts["hotline"].key
    file.write_text(FILE, "utf-8")
    first = huiying("import", "messages", file, "--account", key, "--json")
    again = huiying("import", "messages", file, "--account", key, "--json")
    assert [row["outcome"] for row in first.rows] == ["added", "refused"]
    assert [row["outcome"] for row in again.rows] == ["known", "refused"]
    assert [set(row) for row in first.rows] == [{"row", "outcome", "words", "number", "notes"}] * 2
    assert "以前已有 1 行" in huiying("import", "messages", file, "--account", key).out
    assert len(huiying("cases", "list", "--json").rows) == 1


def test_a_file_for_nobody_or_of_another_kind_is_refused(
    huiying: Huiying, sqlite_office: TheOffice, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_text("姓名,年龄\n张三,9", "utf-8")
    key = sqlite_office.accounts["hotline"].key
    assert "账号" in huiying.refused("import", "messages", file, "--account", "nobody")
    assert huiying.refused("import", "messages", file, "--account", key)
    assert huiying("import", "messages", tmp_path / "none.csv", "--account", key).status == 2
