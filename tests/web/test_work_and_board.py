"""我的工作, 队列 and 值班看板: numbers open their lists, and a long list costs no more than a short one."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from app.alerts import service as alerts
from app.cases.models import Case
from app.cases.transitions import Status
from app.log.models import Event
from app.notices import service as notices
from app.web.dashboard.rail import PLACES
from tests.app.cases.acting import case_at
from tests.conftest import NOW, TheOffice
from tests.counting import counting
from tests.factories import a_case

SignedIn = Callable[[str], FlaskClient]
HOUR = timedelta(hours=1)


@pytest.fixture
def varied(sqlite_office: TheOffice) -> TheOffice:
    """Cases at every status, some of them late, one with a window that closes soon."""
    with sqlite_office.db.writing() as session:
        for number, status in enumerate(Status):
            case_at(session, sqlite_office, status, sender=f"o{number}", now=NOW - number * 120 * HOUR)
        a_case(session, sqlite_office, sender="oWINDOW", now=NOW - 40 * HOUR)
    return sqlite_office


@pytest.fixture
def statements(sqlite_office: TheOffice) -> Iterator[list[str]]:
    """Every statement sent while the test runs."""
    with counting(sqlite_office.db) as sent:
        yield sent


def page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def rows(text: str) -> set[str]:
    return set(re.findall(r"/desk/cases/(\d{8}-\w{6})", text))


# ------------------------------------------------------------------ places


def test_every_member_of_the_office_opens_every_place_of_their_rail(
    signed_in: SignedIn, varied: TheOffice
) -> None:
    for name, person in varied.people.items():
        browser = signed_in(name)
        for place in PLACES:
            expected = 200 if person.may(*place.roles) else None
            if expected:
                text = page(browser, place.href)
                assert f'href="{place.href}"' in text, (name, place.key)


def test_a_number_is_the_number_of_rows_behind_it(signed_in: SignedIn, varied: TheOffice) -> None:
    for name in ("小陈", "老李", "督办老何"):
        browser = signed_in(name)
        text = page(browser, "/desk/")
        for view in ("overdue", "due_today", "window", "mine", "new", "at_department", "in_review", "open"):
            total = len(rows(page(browser, f"/desk/cases?view={view}")))
            links = re.findall(rf'href="/desk/cases\?view={view}"[^>]*>(.*?)</a>', text, re.S)
            numbers = [re.findall(r"\d+", re.sub(r"<[^>]+>", " ", link)) for link in links]
            assert [str(total)] in numbers, (name, view, numbers)


@pytest.mark.parametrize("address", ["/desk/cases", "/desk/", "/desk/cases.csv"])
def test_twenty_five_rows_cost_as_many_statements_as_five(
    signed_in: SignedIn, sqlite_office: TheOffice, statements: list[str], address: str
) -> None:
    browser, spent = signed_in("小陈"), []
    for more in (5, 20):
        with sqlite_office.db.writing() as session:
            for number in range(more):
                a_case(session, sqlite_office, status=Status.ASSIGNED, sender=f"o{more}-{number}")
        page(browser, address)  # the first time something may be remembered for the next
        statements.clear()
        page(browser, address)
        spent.append(len(statements))
    assert spent[0] == spent[1]


def test_the_board_costs_the_same_however_much_there_is(
    signed_in: SignedIn, sqlite_office: TheOffice, statements: list[str]
) -> None:
    browser, spent = signed_in("值班长老徐"), []
    for more in (5, 20):
        with sqlite_office.db.writing() as session:
            for number in range(more):
                a_case(session, sqlite_office, status=Status.ASSIGNED, sender=f"o{more}-{number}")
        page(browser, "/desk/board")
        statements.clear()
        page(browser, "/desk/board")
        spent.append(len(statements))
    assert spent[0] == spent[1]


# ------------------------------------------------------------------ the queue


@pytest.mark.parametrize(
    "query",
    [
        "view=secret", "status=lost", "department=x", "department=" + "9" * 30, "after=x", "before=1_x",
        "department=%EF%BC%91x",
    ],
)  # fmt: skip
def test_an_address_nobody_gave_is_refused_in_words(signed_in: SignedIn, query: str) -> None:
    answer = signed_in("小陈").get(f"/desk/cases?{query}")
    assert answer.status_code == 400
    assert "没有" in answer.get_data(as_text=True) or "不对" in answer.get_data(as_text=True)


def test_the_queue_is_paged_through_its_own_links(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        for number in range(53):
            a_case(session, sqlite_office, sender=f"o{number}", now=NOW + number * HOUR / 60)
    browser, seen, address = signed_in("小陈"), [], "/desk/cases?view=all"
    for _ in range(3):
        text = page(browser, address)
        seen.append(rows(text))
        more = re.search(r'href="(/desk/cases\?[^"]*after=[^"]+)"', text)
        address = more[1].replace("&amp;", "&") if more else ""
    assert [len(numbers) for numbers in seen] == [25, 25, 3]
    assert address == "" and len(set.union(*seen)) == 53


@pytest.mark.clause("B19")
def test_the_export_has_the_rows_of_the_list_no_formula_and_a_line_in_the_log(
    signed_in: SignedIn, varied: TheOffice
) -> None:
    with varied.db.writing() as session:
        a_case(session, varied, text="=HYPERLINK(1)怎么办？", sender="oFORMULA")
    browser = signed_in("老李")
    answer = browser.get("/desk/cases.csv?view=all")
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert {line[0] for line in lines[1:]} == rows(page(browser, "/desk/cases?view=all"))
    with varied.db.reading() as session:
        logged = session.exec(select(Event).where(Event.action == "export")).one()
        assert (logged.actor_name, logged.data) == ("老李", {"rows": len(lines) - 1})
        everything = session.exec(select(Case.number)).all()
    whole = signed_in("小陈").get("/desk/cases.csv?view=all").get_data(as_text=True)
    assert all(number in whole for number in everything)
    assert "\n=HYPERLINK" not in whole and ",=HYPERLINK" not in whole
    assert signed_in("系统管理员").get("/desk/cases.csv?view=all").get_data(as_text=True).count("\n") == 1


# ------------------------------------------------------------------ the board


def test_the_board_shows_what_needs_somebody_and_each_has_a_verb(
    signed_in: SignedIn, varied: TheOffice
) -> None:
    with varied.db.writing() as session:
        a_case(session, varied, text="楼下着火了，快来人", sender="oFIRE")
    with varied.db.writing() as session:
        alerts.scan_new_cases(session, NOW)
    text = page(signed_in("值班长老徐"), "/desk/board")
    for words in ("件已超期", "看超期", "舆情提示：提到“着火”", "研判", "无人值班", "补班"):
        assert words in text
    assert "研判" not in page(signed_in("刘洋"), "/desk/board")


def test_an_empty_office_has_a_board_too(signed_in: SignedIn) -> None:
    assert "这两天还没有排班" in page(signed_in("小陈"), "/desk/board")


@pytest.mark.clause("D18")
def test_sending_is_stopped_and_resumed_by_those_who_may(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    assert signed_in("小陈").post("/desk/stop").status_code == 403
    leader = signed_in("值班长老徐")
    assert leader.post("/desk/stop").status_code == 303
    assert "停发" in page(leader, "/desk/board")
    assert leader.post("/desk/resume").status_code == 303
    assert "已恢复发送" in page(leader, "/desk/board")


def test_the_board_is_not_for_who_has_no_case(signed_in: SignedIn) -> None:
    assert signed_in("审计管理员").get("/desk/board").status_code == 403


# ------------------------------------------------------------------ notices


def test_a_notice_leads_where_it_points_and_only_its_own_person_opens_it(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        staff_id = sqlite_office.people["小陈"].id
        notice = notices.tell(
            session, NOW, staff_id, key="k", kind="new", text="新来信", address="/desk/cases?view=new"
        )
        assert notice is not None
    assert signed_in("小林").post(f"/desk/notices/{notice.id}").status_code == 404
    answer = signed_in("小陈").post(f"/desk/notices/{notice.id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/cases?view=new")


def test_the_first_case_shown_is_the_one_that_runs_out_first(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        a_case(session, sqlite_office, sender="o1", text="路灯什么时候修？")
        urgent = a_case(session, sqlite_office, sender="o2", text="水管什么时候修？", now=NOW - 40 * HOUR)
    text = page(signed_in("小陈"), "/desk/")
    assert text.index(urgent.title) < text.index("路灯什么时候修？")
    assert "平台窗口先到" in text
    with sqlite_office.db.reading() as session:
        assert session.exec(select(Case).order_by(col(Case.sooner_at))).first().id == urgent.id  # type: ignore[union-attr]
