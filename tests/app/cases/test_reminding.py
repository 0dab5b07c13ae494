"""The ladder at work: to whom, on which numbered paper, quiet at night, once and only what is due."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app.base.errors import NotFound
from app.cases import queries, service
from app.cases.deadlines import Pace
from app.cases.models import Case, Reminder, Slip
from app.cases.transitions import Action, Status
from app.departments import service as departments
from app.duty import service as duty
from app.log.models import Event
from app.notices.models import Notice
from tests.app.cases.acting import CLERK, HANDLER, POLICE, SUPERVISOR, act, case_at
from tests.conftest import NOW, TheOffice

DEPUTY, PRINCIPAL = "周局长", "郑书记"


def at(text: str) -> datetime:
    """A wall clock in Shanghai, in October 2026."""
    return datetime.fromisoformat(f"2026-10-{text}+08:00")


@pytest.fixture
def case(office: TheOffice) -> Case:
    """Of the police department, due Thursday 15 October at 24:00; its leaders are named."""
    with office.db.writing() as session:
        departments.set_leaders(
            session,
            NOW,
            None,
            office.departments[POLICE].id,
            deputy_leader_id=office.people[DEPUTY].id,
            principal_id=office.people[PRINCIPAL].id,
        )
        return case_at(session, office, Status.IN_PROGRESS)


def tick(office: TheOffice, now: datetime) -> int:
    with office.db.writing() as session:
        return service.remind_departments(session, now)


def given(office: TheOffice, case: Case) -> list[tuple[str, datetime]]:
    with office.db.reading() as session:
        rows = session.exec(select(Reminder).where(Reminder.case_id == case.id).order_by(col(Reminder.id)))
        return [(row.step, row.sent_at) for row in rows]


def told(office: TheOffice) -> dict[str, list[str]]:
    """Words of reminders → who has them."""
    names = {person.id: name for name, person in office.people.items()}
    found: dict[str, list[str]] = {}
    with office.db.reading() as session:
        rows = session.exec(select(Notice).where(Notice.kind == "reminder").order_by(col(Notice.id)))
        for row in rows:
            found.setdefault(row.text.partition("：")[2].partition("，时限")[0], []).append(
                names[row.staff_id]
            )
    return found


@pytest.mark.clause("C26")
def test_the_ladder_climbs_to_the_leaders_on_numbered_paper(office: TheOffice, case: Case) -> None:
    for hour in range(24 * 14):
        tick(office, at("12 00:00") + timedelta(hours=hour))

    assert given(office, case) == [
        ("due_soon", at("14 09:00")),
        ("step_draft", at("14 09:00")),  # its share ended on Tuesday when the office closed
        ("due", at("15 09:00")),
        ("overdue_1", at("16 09:00")),
        ("overdue_5", at("22 09:00")),
    ]
    assert told(office)["超期催办，抄送分管领导"] == [DEPUTY, HANDLER]
    assert told(office)["超期5个工作日，报主要领导督办"] == [PRINCIPAL, DEPUTY, HANDLER, SUPERVISOR]
    with office.db.reading() as session:
        slips = session.exec(select(Slip).order_by(col(Slip.id))).all()
        events = session.exec(select(Event).where(Event.action == "remind")).all()
    assert [(one.kind, one.year, one.serial) for one in slips] == [
        ("reminder", 2026, 1),
        ("supervision", 2026, 1),
    ]
    assert len(events) == len(given(office, case))
    assert [event.data["slip"] for event in events if "slip" in event.data] == [1, 1]


def test_a_case_is_looked_at_again_only_when_something_is_due(office: TheOffice, case: Case) -> None:
    tick(office, at("12 10:00"))
    with office.db.reading() as session:
        waits = session.get_one(Case, case.id).remind_at
    assert waits is not None
    assert waits > at("12 10:00")


def test_by_the_hour_people_on_duty_are_told_in_the_night(office: TheOffice, case: Case) -> None:
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["小林"].id, duty="reading",
            starts_at=NOW, ends_at=NOW + timedelta(hours=30),
        )  # fmt: skip
        service.set_pace(session, NOW, None, session.get_one(Case, case.id), Pace.URGENT)
    tick(office, NOW + timedelta(hours=23))
    tick(office, NOW + timedelta(hours=24))

    assert told(office)["一小时后到期"] == [HANDLER, "小林"]
    assert told(office)["已到时限，抄送分管领导"] == [DEPUTY, HANDLER, "小林"]


def test_while_the_citizen_is_waited_for_nobody_is_reminded(office: TheOffice, case: Case) -> None:
    act(office, HANDLER, case, Action.ASK_CITIZEN, question="住在哪里？")
    assert tick(office, at("20 12:00")) == 0
    act(office, HANDLER, case, Action.RESUME, now=at("20 12:00"), answer="柳荫社区")
    tick(office, at("20 12:01"))
    assert [step for step, _ in given(office, case) if not step.startswith("step_")] == []


def test_what_lies_with_the_reviewers_is_told_to_them(office: TheOffice, case: Case) -> None:
    with office.db.writing() as session:
        found = session.get_one(Case, case.id)
        found.status, found.step, found.step_due_at = "in_review", "second", at("13 12:00")
        session.add(found)
    tick(office, at("13 12:00"))
    assert sorted(told(office)["复审这一步已到时间"]) == sorted(["王科长", "赵敏", "孙主任"])


def test_papers_by_hand_are_numbered_too_and_only_who_may_see_the_case_sees_them(
    office: TheOffice, case: Case
) -> None:
    act(office, CLERK, case, Action.REMIND, note="请今天答复")
    act(office, SUPERVISOR, case, Action.SUPERVISE, note="本周内办结")
    act(office, CLERK, case, Action.REMIND, note="请今天答复")
    with office.db.reading() as session:
        slips = session.exec(select(Slip).order_by(col(Slip.id))).all()
        assert [(one.kind, one.serial) for one in slips] == [
            ("reminder", 1),
            ("supervision", 1),
            ("reminder", 2),
        ]
        assert slips[1].copies == [office.people[DEPUTY].id, office.people[PRINCIPAL].id]
        paper, of_case = queries.slip(session, office.people[HANDLER], "supervision", 2026, 1)
        assert (paper.words, of_case.id) == ("本周内办结", case.id)
        with pytest.raises(NotFound):
            queries.slip(session, office.people["刘洋"], "supervision", 2026, 1)


def test_numbers_begin_anew_each_year(office: TheOffice, case: Case) -> None:
    act(office, CLERK, case, Action.REMIND, now=at("12 10:00"))
    act(office, CLERK, case, Action.REMIND, now=datetime.fromisoformat("2026-12-31T23:59+08:00"))
    act(office, CLERK, case, Action.REMIND, now=datetime.fromisoformat("2027-01-01T00:00+08:00"))
    with office.db.reading() as session:
        numbers = session.exec(select(Slip.year, Slip.serial).order_by(col(Slip.id))).all()
    assert list(numbers) == [(2026, 1), (2026, 2), (2027, 1)]
