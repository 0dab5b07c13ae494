"""时限与催办: the calendar with its preview, profiles, the ladder, extensions to decide, papers to print."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.calendar import queries as calendars
from app.cases import queries, reminders
from app.cases.models import Case
from app.cases.transitions import Action, Status
from tests.app.cases.acting import CLERK, HANDLER, LABOUR, SUPERVISOR, act, case_at
from tests.conftest import NOW, TheOffice

SignedIn = Callable[[str], FlaskClient]
ADMIN = "系统管理员"
YEAR_END = datetime(2026, 12, 28, 2, tzinfo=UTC)
NOTICE = json.dumps(
    {
        "year": 2027,
        "papers": ["国办发明电〔2026〕1号"],
        "days": [
            {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
            {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
        ],
    }
)


def read(office: TheOffice, case: Case) -> Case:
    with office.db.reading() as session:
        return session.get_one(Case, case.id)


def page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


@pytest.fixture
def running_out(sqlite_office: TheOffice) -> Case:
    """A case whose time runs into a year that is not announced."""
    with sqlite_office.db.writing() as session:
        return case_at(session, sqlite_office, Status.IN_PROGRESS, now=YEAR_END)


def test_a_notice_is_looked_at_before_it_counts(
    signed_in: SignedIn, sqlite_office: TheOffice, running_out: Case
) -> None:
    browser = signed_in(ADMIN)
    assert "2027 年的放假安排还没有装入" in page(browser, "/desk/time-limits/calendar")
    upload = {"file": (io.BytesIO(NOTICE.encode()), "2027.json")}
    shown = browser.post("/desk/time-limits/calendar/preview", data=upload).get_data(as_text=True)

    assert "1 件的时限会提前" in shown
    assert running_out.number in shown
    assert "2027-01-05（暂定）" in shown
    assert "2027-01-04" in shown
    assert read(sqlite_office, running_out).due_provisional

    saved = browser.post("/desk/time-limits/calendar", data={"notice": NOTICE}, follow_redirects=True)
    assert "1 件的时限重新算过" in saved.get_data(as_text=True)
    assert read(sqlite_office, running_out).due_on == date(2027, 1, 4)
    assert "国办发明电〔2026〕1号" in page(browser, "/desk/time-limits/calendar?year=2027")


@pytest.mark.parametrize("notice", ["", "{", "[]", '{"year": 2027, "days": []}'])
def test_what_is_no_notice_comes_back_with_the_reason(signed_in: SignedIn, notice: str) -> None:
    for address in ("/desk/time-limits/calendar/preview", "/desk/time-limits/calendar"):
        answer = signed_in(ADMIN).post(address, data={"notice": notice})
        assert answer.status_code == 422 or answer.status_code == 400
        assert "放假安排" in answer.get_data(as_text=True)


def test_a_day_of_the_offices_own_is_looked_at_then_saved(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.NEW)
    browser, day = signed_in(ADMIN), {"on": "2026-10-12", "kind": "rest", "name": "机房检修"}
    shown = browser.post("/desk/time-limits/calendar/days/preview", data=day).get_data(as_text=True)

    assert "周一 机房检修：工作日改为休息日" in shown
    assert case.number in shown
    browser.post("/desk/time-limits/calendar/days", data=day)
    assert read(sqlite_office, case).due_on == date(2026, 10, 16)
    assert "机房检修" in page(browser, "/desk/time-limits/calendar?year=2026")
    for wrong in ({"on": "2026-10-12", "kind": "rest"}, {"kind": "rest", "name": "x"}, {"on": "2026-10-12"}):
        assert browser.post("/desk/time-limits/calendar/days/preview", data=wrong).status_code in (400, 422)


def test_the_office_sets_its_own_limits(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    browser = signed_in(ADMIN)
    wrong = browser.post("/desk/time-limits", data={"days_correction": "2", "reason": "x"})
    assert wrong.status_code in (400, 422)
    assert "找错要在 1 个工作日内答复" in wrong.get_data(as_text=True)
    right = {"days_consultation": "3", "ends_at_closing": "1", "reason": "云政办发〔2026〕9号"}
    after = browser.post("/desk/time-limits", data=right, follow_redirects=True).get_data(as_text=True)

    assert "本单位第 1 版" in after
    assert "云政办发〔2026〕9号" in after
    with sqlite_office.db.reading() as session:
        rules = queries.profile(session, "default")
    assert (rules.days["consultation"], rules.end_of_day) == (3, "17:30")  # type: ignore[index]


def test_the_office_sets_its_own_ladder(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    browser = signed_in(ADMIN)
    rungs: dict[str, Any] = {
        "key": ["due_soon", ""], "label": ["临期提醒", "超期三天"], "to": ["handler", "principal"],
        "offset": ["-2", "3"], "at": ["09:00", "10:00"], "paper": ["", "supervision"],
        "copies_1": ["handler", "supervisor"],
    }  # fmt: skip
    after = browser.post("/desk/time-limits/ladder", data=rungs, follow_redirects=True)

    assert "到期日后 3 个工作日 10:00" in after.get_data(as_text=True)
    with sqlite_office.db.reading() as session:
        ladder = queries.ladder(session)
    assert [(one.key, one.offset) for one in ladder] == [("due_soon", -2), ("rung_2", 3)]
    assert ladder[1].copies == (reminders.Recipient.HANDLER, reminders.Recipient.SUPERVISOR)
    wrong = browser.post("/desk/time-limits/ladder", data=rungs | {"offset": ["x", "3"]})
    assert wrong.status_code in (400, 422)
    assert "催办第 1 级" in wrong.get_data(as_text=True)


@pytest.mark.parametrize(
    "address", ["/desk/time-limits", "/desk/time-limits/calendar", "/desk/time-limits/ladder"]
)
def test_others_may_read_the_rules_and_not_change_them(signed_in: SignedIn, address: str) -> None:
    browser = signed_in(CLERK)
    assert "button-main" not in page(browser, address)
    assert browser.post(address, data={"notice": NOTICE}).status_code == 403


def test_a_supervisor_decides_extensions_from_a_list(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    made = []
    with sqlite_office.db.writing() as session:
        made = [case_at(session, sqlite_office, Status.IN_PROGRESS, sender=f"o{n}") for n in range(2)]
    for case in made:
        act(sqlite_office, HANDLER, case, Action.REQUEST_EXTENSION, working_days=3, reason="等鉴定结果")
    browser = signed_in(SUPERVISOR)
    listed = page(browser, "/desk/extensions")

    assert all(case.number in listed for case in made)
    assert listed.count("等鉴定结果") == 2
    browser.post(f"/desk/extensions/{made[0].number}", data={"verdict": "grant", "note": "同意"})
    browser.post(f"/desk/extensions/{made[1].number}", data={"verdict": "refuse"})
    assert read(sqlite_office, made[0]).due_on == date(2026, 10, 20)
    assert read(sqlite_office, made[1]).due_on == date(2026, 10, 15)
    assert "没有等批准的延期" in page(browser, "/desk/extensions")
    assert browser.post(f"/desk/extensions/{made[0].number}", data={"verdict": "grant"}).status_code in (
        400,
        422,
    )
    assert signed_in(HANDLER).get("/desk/extensions").status_code == 403


def test_a_paper_is_printed_with_its_number_and_only_for_who_may_see_the_case(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
    act(sqlite_office, CLERK, case, Action.REMIND, note="请今天答复")
    shown = page(signed_in(HANDLER), "/desk/slips/reminder/2026/1")

    for words in ("催办单", "催〔2026〕1号", "公安局户政科", "请今天答复", case.number, "10 月 15 日 24:00"):
        assert words in shown
    assert "/desk/slips/reminder/2026/1" in page(signed_in(CLERK), f"/desk/cases/{case.number}")
    for who, address in (("刘洋", "/desk/slips/reminder/2026/1"), (CLERK, "/desk/slips/reminder/2026/2")):
        assert signed_in(who).get(address).status_code == 404


def test_the_case_says_what_is_next_by_when_and_how_each_day_counts(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.NEW)
    shown = page(signed_in(CLERK), f"/desk/cases/{case.number}")

    assert "第 1 个工作日（周六，国庆节调休上班）" in shown
    assert "收到当日，不计入" in shown
    assert "5 个工作日，到 10-15 周四 24:00" in shown
    assert "起草送审" in shown
    assert "受理" in page(signed_in(CLERK), "/desk/cases?view=new")
    assert "10-10 11:07 前" in page(signed_in(CLERK), "/desk/cases?view=new") or "明天 11:07 前" in page(
        signed_in(CLERK), "/desk/cases?view=new"
    )


def test_a_return_is_decided_on_the_case(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.ASSIGNED)
    at = f"/desk/cases/{case.number}"
    given = {"reason": "不属户政业务", "basis": "三定规定第三条"}
    assert signed_in(HANDLER).post(f"{at}/actions/return", data=given).status_code == 303
    shown = page(signed_in(CLERK), at)
    assert "退回，等您决定" in shown
    assert "三定规定第三条" in shown
    signed_in(CLERK).post(f"{at}/actions/refuse_return", data={"note": "职责表写明归你单位"})
    assert "没有同意：职责表写明归你单位" in page(signed_in(HANDLER), at)


def test_a_co_signature_may_disagree(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
    to = sqlite_office.departments[LABOUR].id
    act(sqlite_office, HANDLER, case, Action.CO_SIGN, department_id=to, question="请会签社保部分")
    other = signed_in("刘洋")
    assert "会签意见" in page(other, f"/desk/cases/{case.number}")
    with sqlite_office.db.reading() as session:
        asked = queries.inquiries_of(session, case.id, "co_sign")[0]
    answered = {"answer": "第二句不对", "agrees": "no"}
    other.post(f"/desk/cases/{case.number}/inquiries/{asked.id}", data=answered)
    assert "不同意：" in page(signed_in(HANDLER), f"/desk/cases/{case.number}")


def test_the_board_shows_due_dates_as_a_calendar_and_every_number_opens_its_cases(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        for n in range(3):
            case_at(session, sqlite_office, Status.IN_PROGRESS, sender=f"o{n}")
        case_at(session, sqlite_office, Status.CLOSED, sender="o9")
    browser = signed_in("值班长老徐")
    board = page(browser, "/desk/board")

    assert 'href="/desk/cases?view=open&amp;due=2026-10-15"' in board
    assert page(browser, "/desk/cases?view=open&due=2026-10-15").count('class="c-subject"') == 3
    assert 'href="/desk/cases?view=all&amp;received=2026-10-09"' in board
    assert page(browser, "/desk/cases?view=all&received=2026-10-09").count('class="c-subject"') == 4
    assert page(browser, "/desk/cases?view=all&closed=2026-10-09").count('class="c-subject"') == 1
    for wrong in ("due=soon", "received=2026-13-01", "closed=x"):
        assert browser.get(f"/desk/cases?{wrong}").status_code in (400, 422)


def test_local_days_keep_the_notice_they_stand_beside(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.reading() as session:
        assert [one.year for one in calendars.years(session)] == list(range(2021, 2027))
    assert NOW.year == 2026
