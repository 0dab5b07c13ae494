"""The roster and the office's own settings, as the people who keep them use them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.conftest import TheOffice

SignedIn = Callable[[str], FlaskClient]


@pytest.mark.clause("C27")
def test_the_duty_leader_fills_a_gap_and_the_person_takes_over(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    leader = signed_in("值班长老徐")
    assert "无人" in leader.get("/desk/duty").get_data(as_text=True)
    clerk = sqlite_office.people["小陈"].id
    shift = {
        "staff_id": clerk,
        "duty": "reading",
        "starts_at": "2026-10-09T08:30",
        "ends_at": "2026-10-09T18:00",
    }
    assert leader.post("/desk/duty", data=shift).status_code == 303
    page = signed_in("小陈")
    assert "在班" in page.get("/desk/duty").get_data(as_text=True)
    assert page.post("/desk/duty/1/take", data={"note": "供暖咨询增多"}).status_code == 303
    assert "供暖咨询增多" in page.get("/desk/duty").get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"staff_id": ""}, "请选值班的人"),
        ({"starts_at": "tomorrow"}, "请选日期和时间"),
        ({"ends_at": "2026-10-09T08:00"}, "没有"),
        ({"duty": "sleeping"}, "读网"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_in_words(
    signed_in: SignedIn, sqlite_office: TheOffice, change: dict[str, str], words: str
) -> None:
    form = {
        "staff_id": sqlite_office.people["小陈"].id,
        "duty": "reading",
        "starts_at": "2026-10-09T08:30",
        "ends_at": "2026-10-09T18:00",
        **change,
    }
    answer = signed_in("值班长老徐").post("/desk/duty", data=form)
    assert answer.status_code == 400
    if words != "没有":
        assert words in answer.get_data(as_text=True)


def test_a_clerk_does_not_arrange_the_roster(signed_in: SignedIn) -> None:
    assert signed_in("小陈").post("/desk/duty", data={}).status_code == 403


def test_the_office_can_be_renamed_and_its_limits_changed(signed_in: SignedIn) -> None:
    admin = signed_in("系统管理员")
    form = {"name": "云泽市政务办", "place": "云泽市", "profile": "shenyang"}
    assert admin.post("/desk/office", data=form).status_code == 303
    assert "云泽市政务办" in admin.get("/desk/office").get_data(as_text=True)
    assert admin.post("/desk/office", data={**form, "profile": "none"}).status_code == 400
    assert admin.post("/desk/office", data={**form, "name": " "}).status_code == 400


def shift_of(browser: FlaskClient, staff_id: int, start: str, end: str, duty: str = "reading") -> None:
    form = {"staff_id": staff_id, "duty": duty, "starts_at": start, "ends_at": end}
    assert browser.post("/desk/duty", data=form).status_code == 303


@pytest.mark.clause("C27")
def test_a_shift_is_handed_over_and_stood_in_for(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    leader, lin, chen = signed_in("值班长老徐"), signed_in("小林"), signed_in("小陈")
    numbers = {name: sqlite_office.people[name].id for name in ("小陈", "小林")}
    shift_of(leader, numbers["小林"], "2026-10-09T02:00", "2026-10-09T10:00")
    shift_of(leader, numbers["小陈"], "2026-10-09T10:00", "2026-10-09T18:00")
    assert lin.post("/desk/duty/1/leave", data={"note": "两件等微信窗口"}).status_code == 303
    page = chen.get("/desk/duty").text
    assert "上一班交代" in page
    assert "两件等微信窗口" in page
    asked = {"shift_id": 2, "to_id": numbers["小林"], "reason": "去开会"}
    assert chen.post("/desk/duty/substitutes", data=asked).status_code == 303
    assert chen.post("/desk/duty/substitutes", data=asked).status_code == 409
    assert "小陈请您替班" in lin.get("/desk/duty").text
    assert lin.post("/desk/duty/substitutes/1", data={"agrees": "yes"}).status_code == 303
    assert "我在读网班" in lin.get("/desk/duty").text
    assert "小陈请小林替班，同意" in leader.get("/desk/duty").text
    assert chen.post("/desk/duty/substitutes/1", data={"agrees": "yes"}).status_code == 404


def test_a_week_is_copied_from_the_page(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    leader = signed_in("值班长老徐")
    shift_of(leader, sqlite_office.people["小陈"].id, "2026-10-09T08:00", "2026-10-09T18:00")
    assert leader.post("/desk/duty/copy", data={"monday": "2026-10-05"}).status_code == 303
    assert "照抄了 1 个班" in leader.get("/desk/duty").text
    assert leader.post("/desk/duty/copy", data={"monday": "x"}).status_code == 400
    assert signed_in("小陈").post("/desk/duty/copy", data={"monday": "2026-10-05"}).status_code == 403
