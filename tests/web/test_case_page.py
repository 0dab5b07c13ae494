"""办件详情: everybody opens what is theirs to see, does what the table allows, and sees no number whole."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from app.alerts import service as alerts
from app.cases import queries, service
from app.cases.models import Case, Inquiry
from app.cases.transitions import STATUS_LABELS, Action, Status, actions_for
from app.log.models import Event
from app.messages import service as messages
from connectors.contract import IncomingMessage
from tests.app.cases.acting import DETAILS, HANDLER, an_extension, case_at
from tests.conftest import NOW, TheOffice
from tests.factories import a_case, a_message

SignedIn = Callable[[str], FlaskClient]
LETTER = "你好，能不能办居住证？我的电话是13900000138，身份证11010519491231002X，家里 88886666。"
SECRETS = ("13900000138", "139 0000 0138", "11010519491231002X", "88886666")
SEES_ALL = ("小陈", "王科长", "周局长", "督办老何", "公开员小方", "值班长老徐")
WHO = (*SEES_ALL, "老李", "外包小吴", "刘洋", "编辑小叶", "系统管理员", "安全管理员", "审计管理员")


def shown(browser: FlaskClient, number: str) -> str:
    answer = browser.get(f"/desk/cases/{number}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def events(office: TheOffice, action: str) -> list[Event]:
    with office.db.reading() as session:
        return list(session.exec(select(Event).where(Event.action == action).order_by(col(Event.id))))


@pytest.mark.clause("A23")
@pytest.mark.parametrize("who", WHO)
def test_at_every_status_the_page_opens_for_whom_it_may_and_shows_no_number_whole(
    signed_in: SignedIn, sqlite_office: TheOffice, who: str
) -> None:
    person = sqlite_office.people[who]
    with sqlite_office.db.writing() as session:
        cases = [
            case_at(session, sqlite_office, status, sender=f"o{status}", text=f"{status} {LETTER}")
            for status in Status
        ]
        own = {case.number: case.department_id == person.department_id for case in cases}
    browser = signed_in(who)
    for case in cases:
        answer = browser.get(f"/desk/cases/{case.number}")
        may = who in SEES_ALL or (who in ("老李", "外包小吴") and own[case.number])
        assert answer.status_code == (200 if may else 404), case.status
        page = answer.get_data(as_text=True)
        assert not any(secret in page for secret in SECRETS)
        if not may:
            assert "居住证" not in page
            continue
        assert STATUS_LABELS[Status(case.status)] in page
        buttons = set(re.findall(rf"/desk/cases/{case.number}/actions/(\w+)", page))
        allowed = {str(action) for action in actions_for(Status(case.status), person.roles)}
        assert buttons <= allowed
        assert allowed - buttons <= {
            "submit_reply", "send_back", "withdraw_reply", "release_reply", "correct",
            "grant_extension", "refuse_extension", "refuse_return",
        }  # fmt: skip


def test_what_the_citizen_adds_later_is_masked_too(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.WAITING_CITIZEN)
        later = NOW + timedelta(hours=1)
        added = a_message(session, sqlite_office, text="打 139 0000 0138 找我，或 88886666", now=later)
        assert service.take_in(session, later, added).id == case.id
    page = shown(signed_in("小陈"), case.number)
    assert "找我" in page
    assert not any(secret in page for secret in SECRETS)


@pytest.mark.parametrize("part", ["queue", "work", "board", "csv"])
def test_titles_on_lists_and_in_exports_hold_no_number(
    signed_in: SignedIn, sqlite_office: TheOffice, part: str
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(
            session, sqlite_office, text="我的电话13900000138怎么改？着火了", now=NOW - timedelta(days=20)
        )
    with sqlite_office.db.writing() as session:
        assert alerts.scan_new_cases(session, NOW) == 1
    address = {"queue": "/desk/cases", "work": "/desk/", "board": "/desk/board", "csv": "/desk/cases.csv"}[
        part
    ]
    page = signed_in("小陈").get(address).get_data(as_text=True)
    assert case.title in page
    assert "13900000138" not in page and "139****" not in case.title


# ------------------------------------------------------------------ seeing one whole


@pytest.mark.parametrize(
    ("what", "note"), [("numbers", "看完整来信"), ("code", "看查询码"), ("contact", "看联系方式")]
)
def test_what_is_seen_whole_leaves_a_line_in_the_log_without_what_was_seen(
    signed_in: SignedIn, sqlite_office: TheOffice, what: str, note: str
) -> None:
    letter = IncomingMessage(
        platform="website", external_id="1", kind="letter", sender=None, text=LETTER, contact="13900000139"
    )
    with sqlite_office.db.writing() as session:
        message = messages.keep(session, NOW, sqlite_office.accounts["website"], letter)
        assert message is not None
        case = service.take_in(session, NOW, message)
        whole = {
            "numbers": "13900000138",
            "code": queries.lookup_code(session, case),
            "contact": "13900000139",
        }[what]
    browser = signed_in("小陈")
    page = shown(browser, case.number)
    assert whole not in page and f"/reveal/{what}" in page
    answer = browser.post(f"/desk/cases/{case.number.lower()}/reveal/{what}")
    assert answer.status_code == 200 and whole in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    (event,) = events(sqlite_office, "reveal")
    assert (event.actor_name, event.subject_id, event.case_id) == ("小陈", case.number, case.id)
    assert event.data == {"note": note}


def test_nobody_looks_at_what_is_not_theirs_or_not_there_and_nothing_is_logged(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office, status=Status.ASSIGNED)
    for who, what in (("刘洋", "numbers"), ("系统管理员", "code"), ("小陈", "contact"), ("小陈", "soul")):
        assert signed_in(who).post(f"/desk/cases/{case.number}/reveal/{what}").status_code == 404
    assert signed_in("小陈").get(f"/desk/cases/{case.number}/reveal/numbers").status_code == 405
    assert events(sqlite_office, "reveal") == []


# ------------------------------------------------------------------ doing


@pytest.mark.parametrize(
    ("begins", "who", "action", "ends"),
    [
        (Status.NEW, "小陈", Action.ACCEPT, Status.ACCEPTED),
        (Status.ACCEPTED, "小陈", Action.ASSIGN, Status.ASSIGNED),
        (Status.ASSIGNED, "老李", Action.ACKNOWLEDGE, Status.IN_PROGRESS),
        (Status.IN_PROGRESS, "老李", Action.ASK_CITIZEN, Status.WAITING_CITIZEN),
        (Status.REPLIED, "小陈", Action.CLOSE, Status.CLOSED),
    ],
)
def test_a_button_does_it_and_the_page_says_so(
    signed_in: SignedIn, sqlite_office: TheOffice, begins: Status, who: str, action: Action, ends: Status
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, begins)
    browser = signed_in(who)
    form = {"version": case.version, **DETAILS[action](sqlite_office, case)}
    answer = browser.post(f"/desk/cases/{case.number}/actions/{action}", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/desk/cases/{case.number}")
    assert STATUS_LABELS[ends] in shown(browser, case.number)


@pytest.mark.parametrize(
    ("who", "action", "form", "status"),
    [
        ("小陈", "decline", {}, 400),
        ("小陈", "decline", {"reason": "不归我们", "version": "9"}, 409),
        ("小陈", "close", {"outcome": "solved"}, 403),
        ("督办老何", "accept", {}, 403),
        ("老李", "accept", {}, 404),
        ("小陈", "submit_reply", {}, 403),
        ("小陈", "explode", {}, 404),
        ("小陈", "assign", {"department_id": "9" * 30}, 400),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    signed_in: SignedIn, sqlite_office: TheOffice, who: str, action: str, form: dict[str, str], status: int
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
    assert signed_in(who).post(f"/desk/cases/{case.number}/actions/{action}", data=form).status_code == status
    with sqlite_office.db.reading() as session:
        assert session.get_one(Case, case.id).status == Status.NEW


def test_the_supervisor_finds_the_extension_that_waits_and_decides(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
        an_extension(session, sqlite_office, case)
    assert "actions/request_extension" not in shown(signed_in(HANDLER), case.number)
    supervisor = signed_in("督办老何")
    assert "要等鉴定结果" in shown(supervisor, case.number)
    answer = supervisor.post(
        f"/desk/cases/{case.number}/actions/grant_extension", data={"version": case.version}
    )
    assert answer.status_code == 303
    assert "已批准" in shown(supervisor, case.number)


def test_another_department_answers_what_it_was_asked(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
        details = DETAILS[Action.CO_SIGN](sqlite_office, case)
        service.act(session, NOW, sqlite_office.people[HANDLER], case.number, Action.CO_SIGN, **details)
        asked = session.exec(select(Inquiry)).one()
    browser = signed_in("刘洋")
    assert "请会签社保部分" in shown(browser, case.number)
    answer = browser.post(f"/desk/cases/{case.number}/inquiries/{asked.id}", data={"answer": "同意"})
    assert answer.status_code == 303
    assert "同意" in shown(signed_in(HANDLER), case.number)


def test_an_alert_is_settled_on_the_page(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office, text="楼下着火了，快来人")
    with sqlite_office.db.writing() as session:
        alerts.scan_new_cases(session, NOW)
    browser = signed_in("小陈")
    assert "舆情提示" in shown(browser, case.number)
    assert browser.post(f"/desk/cases/{case.number}/alerts/1", data={"note": "消防已到"}).status_code == 303
    shown(browser, case.number)  # says once that it was done
    assert "记下处理" not in shown(browser, case.number)


def test_why_a_message_is_invalid_is_shown_in_words(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
        person = sqlite_office.people["小陈"]
        service.act(session, NOW, person, case.number, Action.MARK_INVALID, reason="advert")
    page = shown(signed_in("小陈"), case.number)
    assert page.count("广告") == 2 and "advert" not in page


def test_the_words_of_a_letter_are_text_and_nothing_else(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office, text="<script>alert(1)</script> 路灯坏了吗？ {{ 7*7 }}")
    page = shown(signed_in("小陈"), case.number)
    assert "<script>alert" not in page and "{{ 7*7 }}" in page


def test_what_is_about_the_same_matter_joins_the_master_with_one_click(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        letter = "柳荫社区停水三天了，没有人来修"
        master, *others = (
            a_case(session, sqlite_office, text=letter, sender=f"oSAME{at}") for at in range(3)
        )
    browser = signed_in("小陈")
    page = shown(browser, master.number)
    assert "同一封信又来一次" in page and "并入本件（2 件）" in page
    data = {"member": [one.number for one in others]}
    assert browser.post(f"/desk/cases/{master.number}/repeats", data=data).status_code == 303
    with sqlite_office.db.reading() as session:
        joined = session.exec(select(Case).where(col(Case.master_id) == master.id)).all()
    assert {one.number for one in joined} == {one.number for one in others}
    assert browser.post(f"/desk/cases/{master.number}/repeats").status_code == 400
