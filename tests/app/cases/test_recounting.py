"""The calendar changes: which due dates move is shown before it is saved, logged after, and told."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from app import jobs
from app.base.errors import NotAllowed
from app.calendar import service as calendar
from app.calendar.workdays import Kind
from app.cases import service
from app.cases.models import Case
from app.cases.service import Moved
from app.cases.transitions import Action, Status
from app.log.models import Event
from app.notices.models import Notice
from tests.app.cases.acting import CLERK, HANDLER, act, case_at
from tests.conftest import NOW, TheOffice

ADMIN = "系统管理员"
CHRISTMAS = datetime(2026, 12, 28, 2, tzinfo=UTC)  # Monday; five working days reach into 2027
YEAR_2027: dict[str, Any] = {
    "year": 2027,
    "papers": ["国办发明电〔2026〕1号"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-02", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
    ],
}


@pytest.fixture
def case(office: TheOffice) -> Case:
    with office.db.writing() as session:
        return case_at(session, office, Status.IN_PROGRESS, now=CHRISTMAS)


def read(office: TheOffice, case: Case) -> Case:
    with office.db.reading() as session:
        return session.get_one(Case, case.id)


def load(office: TheOffice, who: str = ADMIN) -> list[Moved]:
    with office.db.writing() as session:
        return service.load_arrangement(session, CHRISTMAS, office.people[who], YEAR_2027)[1]


def test_a_year_not_yet_published_gives_a_date_that_says_so(case: Case) -> None:
    # 29, 30, 31 December, 4 and 5 January: the first is statutory, the second and third a weekend.
    assert (case.due_on, case.due_provisional) == (date(2027, 1, 5), True)
    assert any("放假安排未公布" in day["why"] for day in case.due_days)


def test_what_would_move_is_shown_and_nothing_is_written(office: TheOffice, case: Case) -> None:
    with office.db.reading() as session:
        preview = calendar.preview(session, YEAR_2027)
        moves = service.preview_moves(session, preview)

    assert [(one.on.isoformat(), one.counts_after) for one in preview.changes][:1] == [("2027-01-03", True)]
    assert moves == [Moved(case.number, date(2027, 1, 5), date(2027, 1, 4), True, False)]
    assert moves[0].is_earlier
    assert read(office, case).due_provisional


def test_loading_it_moves_the_date_writes_it_down_and_tells_who_has_less_time(
    office: TheOffice, case: Case
) -> None:
    moves = load(office)
    after = read(office, case)

    assert [one.number for one in moves] == [case.number]
    assert (after.due_on, after.due_provisional) == (date(2027, 1, 4), False)
    assert after.calendar_version != case.calendar_version
    with office.db.reading() as session:
        event = session.exec(select(Event).where(Event.action == "due_recounted")).one()
        told = session.exec(select(Notice).where(Notice.staff_id == office.people[HANDLER].id)).all()
    assert (event.case_id, event.data["provisional"]) == (case.id, False)
    assert (event.data["before"], event.data["due_at"]) == (
        "2027-01-05T16:00:00+00:00",
        "2027-01-04T16:00:00+00:00",
    )
    assert [one.text for one in told if "提前" in one.text] == [
        f"{case.number} 的时限提前到 01-04（放假安排有变）"
    ]


def test_loading_the_same_twice_moves_nothing_more(office: TheOffice, case: Case) -> None:
    assert len(load(office)) == 1
    assert load(office) == []


def test_extensions_and_waiting_for_the_citizen_are_counted_over_again_with_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.IN_PROGRESS, now=CHRISTMAS)
    day = CHRISTMAS.replace(day=29)
    act(office, HANDLER, case, Action.ASK_CITIZEN, now=CHRISTMAS, question="住在哪里？")
    act(office, HANDLER, case, Action.RESUME, now=day, answer="柳荫社区")
    act(office, HANDLER, case, Action.REQUEST_EXTENSION, now=day, working_days=2, reason="等鉴定")
    after = act(office, "督办老何", case, Action.GRANT_EXTENSION, now=day)

    assert after.due_on == date(2027, 1, 8)  # one day for the waiting, two for the extension
    load(office)
    assert read(office, case).due_on == date(2027, 1, 7)


def test_a_day_of_the_offices_own_moves_what_runs_over_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.NEW)  # Friday 9 October
        assert case.due_on == date(2026, 10, 15)  # Thursday
        service.set_local_day(session, NOW, office.people[ADMIN], date(2026, 10, 12), Kind.REST, "机房检修")
    after = read(office, case)

    assert after.due_on == date(2026, 10, 16)
    assert {"on": "2026-10-12", "counts": False, "why": "机房检修放假"} in after.due_days
    with office.db.writing() as session:
        service.set_local_day(session, NOW, office.people[ADMIN], date(2026, 10, 12), None, "")
    assert read(office, case).due_on == date(2026, 10, 15)


def test_years_that_a_new_version_brings_along_are_followed_by_the_clock(
    office: TheOffice, case: Case
) -> None:
    with office.db.writing() as session:
        calendar.load(session, NOW, None, YEAR_2027)

    assert jobs.run(office.db, "follow_calendar", NOW) == 1
    assert jobs.run(office.db, "follow_calendar", NOW) == 0
    assert not read(office, case).due_provisional


def test_closed_cases_keep_the_dates_they_were_closed_with(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.CLOSED, now=CHRISTMAS)

    assert load(office) == []
    assert read(office, case).due_on == case.due_on


def test_only_the_system_administrator_changes_the_calendar(office: TheOffice) -> None:
    with pytest.raises(NotAllowed):
        load(office, CLERK)
