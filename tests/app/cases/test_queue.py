"""Who sees which cases, and whether every count is the number of rows that its list has."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.base.errors import Invalid, NotFound
from app.cases import queries
from app.cases.models import Case
from app.cases.queries import VIEWS, QueueFilters
from app.cases.transitions import Action, Status
from app.web.dashboard.showing import queue_rows
from tests.app.cases.acting import CLERK, DETAILS, HANDLER, LABOUR, OTHER_HANDLER, POLICE, act, case_at
from tests.conftest import NOW, TheOffice
from tests.counting import counting
from tests.factories import a_case

HOUR = timedelta(hours=1)
ALL = QueueFilters(view="all")
SEES_ALL = ("小陈", "王科长", "周局长", "督办老何", "公开员小方", "值班长老徐")
SEES_NONE = ("系统管理员", "安全管理员", "审计管理员", "编辑小叶")


@pytest.fixture
def varied(office: TheOffice) -> TheOffice:
    """A case at every status with the police, some of them late, and two with others."""
    with office.db.writing() as session:
        for number, status in enumerate(Status):
            case = case_at(session, office, status, sender=f"o{number}", now=NOW - number * 120 * HOUR)
            case.returns = 1 if status is Status.ACCEPTED else 0
        a_case(session, office, status=Status.ASSIGNED, department=LABOUR, sender="oLABOUR")
        a_case(session, office, sender="oWINDOW", now=NOW - 40 * HOUR)
        today = a_case(session, office, sender="oTODAY")
        today.due_at = NOW + HOUR
    return office


def listed(office: TheOffice, who: str, filters: QueueFilters, *, limit: int = 100) -> list[str]:
    with office.db.reading() as session:
        page = queries.queue(session, office.people[who], filters, NOW, limit=limit)
        return [case.number for case in page.items]


def numbers(office: TheOffice, *conditions: Any) -> set[str]:
    with office.db.reading() as session:
        return set(session.exec(select(Case.number).where(*conditions)))


# ------------------------------------------------------------------ who sees what


@pytest.mark.clause("A2")
def test_each_role_sees_what_it_must_and_nothing_more(varied: TheOffice) -> None:
    police, labour = varied.departments[POLICE].id, varied.departments[LABOUR].id
    everything = numbers(varied)
    for who in SEES_ALL:
        assert set(listed(varied, who, ALL)) == everything, who
    for who in SEES_NONE:
        assert listed(varied, who, ALL) == [], who
    for who in (HANDLER, "外包小吴"):
        assert set(listed(varied, who, ALL)) == numbers(varied, col(Case.department_id) == police)
    assert set(listed(varied, OTHER_HANDLER, ALL)) == numbers(varied, col(Case.department_id) == labour)


def test_a_department_that_was_asked_sees_that_case_too(varied: TheOffice) -> None:
    with varied.db.reading() as session:
        case = session.exec(select(Case).where(Case.status == Status.IN_PROGRESS)).one()
    before = listed(varied, OTHER_HANDLER, ALL)
    act(varied, HANDLER, case, Action.VERIFY, **DETAILS[Action.VERIFY](varied, case))
    assert set(listed(varied, OTHER_HANDLER, ALL)) == {*before, case.number}


def test_a_link_opens_exactly_the_cases_of_the_list_and_says_the_same_of_hidden_and_unknown_ones(
    varied: TheOffice,
) -> None:
    everything = numbers(varied)
    for who in ("小陈", HANDLER, OTHER_HANDLER, "系统管理员"):
        seen = set(listed(varied, who, ALL))
        words = set()
        for number in [*everything, "20261009-AAAAAA", "no number"]:
            with varied.db.reading() as session:
                try:
                    assert queries.visible_case(session, varied.people[who], number.lower()).number in seen
                except NotFound as hidden:
                    assert number not in seen
                    words.add(hidden.message)
        assert len(words) == 1


@pytest.mark.parametrize("who", ["小陈", HANDLER, OTHER_HANDLER, "督办老何", "系统管理员"])
def test_every_count_is_the_number_of_rows_that_its_list_has(varied: TheOffice, who: str) -> None:
    person = varied.people[who]
    with varied.db.reading() as session:
        counts = queries.counts(session, person, NOW)
        for view in VIEWS:
            page = queries.queue(session, person, QueueFilters(view=view.key), NOW, limit=100)
            assert counts[view.key] == page.total == len(page.items), view.key
        assert queries.count_mine(session, person) == counts["mine"]
        assert queries.count_open(session, person) == counts["open"]
        late = queries.overdue_now(session, person, NOW, limit=100)
        assert len(late) == counts["overdue"]
    if who == "小陈":
        empty = {key for key, count in counts.items() if not count}
        assert empty == {"mine", "answered_in_time", "answered_this_month"}


def test_who_left_the_department_has_no_count_of_cases_that_are_not_listed(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        case.department_id = office.departments[LABOUR].id
    with office.db.reading() as session:
        assert queries.count_mine(session, office.people[HANDLER]) == 0


# ------------------------------------------------------------------ one page after the other


@pytest.mark.parametrize("limit", [1, 4, 7, 23, 24])
def test_paging_forward_and_back_shows_every_case_once_in_one_order(office: TheOffice, limit: int) -> None:
    """Also where several run out at the same instant."""
    with office.db.writing() as session:
        for number in range(23):
            a_case(
                session,
                office,
                platform="corrections",
                sender=f"o{number}",
                now=NOW - (number % 5) * 24 * HOUR,
            )
    person = office.people[CLERK]
    with office.db.reading() as session:
        whole = [case.number for case in queries.queue(session, person, ALL, NOW, limit=100).items]
        forward: list[str] = []
        page = queries.queue(session, person, ALL, NOW, limit=limit)
        assert page.previous is None
        while True:
            assert (page.first, page.total) == (len(forward) + 1, 23)
            forward += [case.number for case in page.items]
            if page.next is None:
                break
            page = queries.queue(session, person, ALL, NOW, after=page.next, limit=limit)
        back = [case.number for case in page.items]
        while page.previous:
            page = queries.queue(session, person, ALL, NOW, before=page.previous, limit=limit)
            back = [case.number for case in page.items] + back
    assert forward == whole == back
    assert len(set(whole)) == 23


def test_a_case_that_comes_between_is_neither_lost_nor_shown_twice(office: TheOffice) -> None:
    with office.db.writing() as session:
        for number in range(4):
            a_case(session, office, sender=f"o{number}", now=NOW + number * HOUR)
    person = office.people[CLERK]
    with office.db.reading() as session:
        first = queries.queue(session, person, ALL, NOW, limit=2)
    with office.db.writing() as session:
        a_case(session, office, sender="oEARLY", now=NOW - HOUR)
    with office.db.reading() as session:
        second = queries.queue(session, person, ALL, NOW, after=first.next, limit=2)
    shown = [case.number for case in (*first.items, *second.items)]
    assert len(set(shown)) == 4
    assert (second.first, second.total, second.next) == (4, 5, None)


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_x", "9" * 30 + "_1", "-1_"])
def test_a_cursor_nobody_gave_is_refused(office: TheOffice, cursor: str) -> None:
    with office.db.reading() as session, pytest.raises(Invalid):
        queries.queue(session, office.people[CLERK], ALL, NOW, after=cursor)


def test_a_cursor_beyond_the_last_case_is_an_empty_page(office: TheOffice) -> None:
    with office.db.reading() as session:
        page = queries.queue(session, office.people[CLERK], ALL, NOW, after="1_" + "9" * 40)
    assert (page.items, page.next, page.previous) == ([], None, None)


# ------------------------------------------------------------------ looking for something


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("100%", ["退款要扣 100% 吗？"]),
        ("%", ["退款要扣 100% 吗？"]),
        ("_", ["文件名是 a_b.doc 吗？"]),
        ("a_b", ["文件名是 a_b.doc 吗？"]),
        ("axb", ["文件名是 axb.doc 吗？"]),
        ("AXB", ["文件名是 axb.doc 吗？"]),
        ("\\", ["路径 C:\\下载 打不开怎么办？"]),
        ("没有这样的话", []),
    ],
)
def test_the_search_takes_every_character_as_it_is(office: TheOffice, words: str, found: list[str]) -> None:
    texts = [
        "退款要扣 100% 吗？",
        "文件名是 a_b.doc 吗？",
        "文件名是 axb.doc 吗？",
        "路径 C:\\下载 打不开怎么办？",
    ]
    with office.db.writing() as session:
        for number, text in enumerate(texts):
            a_case(session, office, text=text, sender=f"o{number}")
    with office.db.reading() as session:
        page = queries.queue(session, office.people[CLERK], QueueFilters(view="all", search=words), NOW)
    assert [case.text for case in page.items] == found


def test_a_number_finds_its_case_and_part_of_a_number_too(varied: TheOffice) -> None:
    number = min(numbers(varied))
    for words in (number, number.lower(), f" {number[:8]} -{number[9:]}", number[9:]):
        assert number in listed(varied, CLERK, QueueFilters(view="all", search=words)), words


def test_filters_narrow_the_list_together(varied: TheOffice) -> None:
    labour = varied.departments[LABOUR].id
    filters = QueueFilters(view="open", department_id=labour, platform="wechat", status="assigned")
    assert set(listed(varied, CLERK, filters)) == numbers(varied, col(Case.department_id) == labour)
    assert listed(varied, CLERK, QueueFilters(view="open", platform="hotline")) == []
    assert listed(varied, CLERK, QueueFilters(view="all", message_type="report")) == []


@pytest.mark.parametrize("filters", [QueueFilters(view="secret"), QueueFilters(status="lost")])
def test_an_unknown_view_or_status_is_refused_and_never_shows_everything(
    office: TheOffice, filters: QueueFilters
) -> None:
    with office.db.reading() as session, pytest.raises(Invalid):
        queries.queue(session, office.people[CLERK], filters, NOW)


# ------------------------------------------------------------------ what to begin with


def test_everybody_begins_with_what_runs_out_first_of_what_they_may_do(office: TheOffice) -> None:
    with office.db.writing() as session:
        later = a_case(session, office, status=Status.ASSIGNED, sender="o1", now=NOW + HOUR)
        new = a_case(session, office, sender="o2")
        case_at(session, office, Status.IN_REVIEW, sender="o3", now=NOW - 48 * HOUR)
    with office.db.reading() as session:
        begin = {
            who: queries.next_for(session, office.people[who], NOW)
            for who in (CLERK, HANDLER, "外包小吴", OTHER_HANDLER, "系统管理员")
        }
    assert {who: case and case.number for who, case in begin.items()} == {
        CLERK: new.number, HANDLER: later.number, "外包小吴": later.number, OTHER_HANDLER: None, "系统管理员": None,
    }  # fmt: skip


# ------------------------------------------------------------------ how often the database is asked


@pytest.fixture
def statements(office: TheOffice) -> Iterator[list[str]]:
    """Every statement sent while the test runs."""
    with counting(office.db) as sent:
        yield sent


def test_twenty_five_rows_cost_as_many_statements_as_five(office: TheOffice, statements: list[str]) -> None:
    spent = []
    for more in (5, 20):
        with office.db.writing() as session:
            for number in range(more):
                a_case(session, office, status=Status.ASSIGNED, sender=f"o{more}-{number}")
        statements.clear()
        with office.db.reading() as session:
            page = queries.queue(session, office.people[CLERK], ALL, NOW)
            rows = queue_rows(session, page.items, NOW)
        spent.append((len(rows), len(statements)))
    assert [count for count, _ in spent] == [5, 25]
    assert spent[0][1] == spent[1][1]
