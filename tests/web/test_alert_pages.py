"""Alerts, their papers and where notices go outside, as the duty leader and the administrator use them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from app.alerts import service
from app.alerts.models import Alert, AlertPaper
from app.notices.models import NoticeTarget
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

SignedIn = Callable[[str], FlaskClient]
PARTS = {"facts": "小区门口起火", "judgement": "<b>有多人转发</b>", "measures": "消防到场"}


@pytest.fixture
def number(sqlite_office: TheOffice) -> str:
    """The case whose letter raised one alert."""
    with sqlite_office.db.writing() as session:
        found = a_case(session, sqlite_office, text="小区门口着火了，快来人").number
    with sqlite_office.db.writing() as session:
        service.scan_new_cases(session, NOW)
    return found


@pytest.mark.clause("A22", "B18", "D16")
def test_a_major_alert_from_the_warning_to_the_acknowledged_report(
    signed_in: SignedIn, sqlite_office: TheOffice, number: str
) -> None:
    leader = signed_in("值班长老徐")
    assert number in leader.get("/desk/alerts?view=warned").text
    lin = sqlite_office.people["小林"].id
    judged = {"level": "major", "responsible_id": lin, "note": "已有多人转发"}
    assert leader.post("/desk/alerts/1/assess", data=judged).status_code == 303
    assert "前上报" in leader.get("/desk/alerts/1").text
    assert "1 条舆情是重大的，还没有上报" in leader.get("/desk/board").text
    assert leader.post("/desk/alerts/1/settle", data={"note": "了结"}).status_code == 409
    contact = {"unit": "市委网信办", "sphere": "网信", "how": "0000-1234567"}
    assert leader.post("/desk/alerts/contacts", data=contact).status_code == 303
    report = {"kind": "report", "contact_id": "1", **PARTS}
    assert leader.post("/desk/alerts/1/papers", data=report).status_code == 303
    paper = leader.get("/desk/alerts/papers/1").text
    assert "舆报〔2026〕1号" in paper
    assert "&lt;b&gt;有多人转发" in paper
    assert "市委网信办" in paper
    told = {"note": "网信办值班员电话确认"}
    assert leader.post("/desk/alerts/papers/1/acknowledge", data=told).status_code == 303
    for deed in ("handled", "responded", "settle"):
        assert leader.post(f"/desk/alerts/1/{deed}", data={"note": "已办"}).status_code == 303
    assert "已了结" in leader.get("/desk/alerts/1").text
    with sqlite_office.db.reading() as session:
        assert session.exec(select(AlertPaper)).one().acknowledged_note == told["note"]


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/desk/alerts/1/assess", {"level": "grave"}, 400),
        ("/desk/alerts/1/responded", {"note": "x"}, 409),
        ("/desk/alerts/1/dance", {}, 400),
        ("/desk/alerts/1/papers", {"kind": "report", **PARTS}, 409),
        ("/desk/alerts/1/papers", {"kind": "transfer", "contact_id": "9", **PARTS}, 404),
        ("/desk/alerts/77/assess", {"level": "major"}, 404),
        ("/desk/alerts/papers/77/acknowledge", {"note": "x"}, 404),
        ("/desk/alerts", {"number": "x", "words": "y"}, 404),
        ("/desk/alerts/words", {"topic": "", "word": "x"}, 400),
        ("/desk/alerts/contacts", {"unit": "x", "sphere": "天气", "how": "y"}, 400),
    ],
)
def test_what_cannot_be_is_refused_with_the_words_kept(
    signed_in: SignedIn, number: str, path: str, form: dict[str, str], status: int
) -> None:
    assert signed_in("值班长老徐").post(path, data=form).status_code == status


def test_a_clerk_marks_a_case_and_a_handler_of_another_department_sees_nothing(
    signed_in: SignedIn, sqlite_office: TheOffice, number: str
) -> None:
    clerk = signed_in("小陈")
    answer = clerk.post("/desk/alerts", data={"number": number, "words": "多人在评论区转发"})
    assert answer.headers["Location"] == "/desk/alerts/2"
    assert signed_in("刘洋").get("/desk/alerts/1").status_code == 404
    assert number not in signed_in("刘洋").get("/desk/alerts").text
    assert clerk.get("/desk/alerts/words").status_code == 403
    assert clerk.get("/desk/alerts?view=nowhere").status_code == 400


def test_the_office_keeps_its_own_words(signed_in: SignedIn) -> None:
    leader = signed_in("值班长老徐")
    assert leader.post("/desk/alerts/words", data={"topic": "校园", "word": "营养餐"}).status_code == 303
    off = {"topic": "网络热议", "word": "曝光", "watched": "no"}
    assert leader.post("/desk/alerts/words", data=off).status_code == 303
    page = leader.get("/desk/alerts/words").text
    assert "停用 营养餐" in page
    assert "启用 曝光" in page


def test_the_administrator_sets_where_notices_go_and_no_secret_comes_back(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    admin, key = signed_in("系统管理员"), "robot-key-that-is-secret"
    form = {"way": "wecom", "name": "值班群", "key": key, "kinds": ["alert", "unattended"]}
    assert admin.post("/desk/notice-targets", data=form).status_code == 303
    page = admin.get("/desk/notice-targets").text
    assert "所有人的舆情、值班" in page
    assert key not in page
    refused = admin.post("/desk/notice-targets", data={**form, "key": "short"})
    assert refused.status_code == 400
    assert "short" not in refused.text
    for way in ("dingtalk", "feishu", "mail", "pigeon"):
        assert admin.get(f"/desk/notice-targets?way={way}").status_code == 200
    shown = admin.get("/desk/notice-targets?change=1").text
    assert "改“值班群”" in shown and key not in shown
    assert admin.post("/desk/notice-targets/1/change", data={"kinds": ["overdue"]}).status_code == 303
    assert "所有人的超期" in admin.get("/desk/notice-targets").text
    refused = admin.post("/desk/notice-targets/1/change", data={"change": "1", "key": "short"})
    assert refused.status_code == 400 and "改“值班群”" in refused.text
    assert signed_in("值班长老徐").post("/desk/notice-targets/1/change", data={}).status_code == 403
    assert signed_in("值班长老徐").post("/desk/notice-targets", data=form).status_code == 403
    assert admin.post("/desk/notice-targets/sendings/9", data={}).status_code == 404
    assert admin.post("/desk/notice-targets/1/close").status_code == 303
    assert admin.post("/desk/notice-targets/1/close").status_code == 404
    with sqlite_office.db.reading() as session:
        assert session.exec(select(NoticeTarget)).one().closed_at is not None
        assert session.exec(select(Alert)).all() == []
