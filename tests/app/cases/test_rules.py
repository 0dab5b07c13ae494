"""An office's own time limits and ladder: kept in versions, with reasons, for what comes from now on."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.base.errors import Invalid, NotAllowed
from app.cases import queries, reminders, service
from app.cases.deadlines import Pace
from app.cases.models import Case, Reminder
from app.cases.transitions import Action, Status
from tests.app.cases.acting import CLERK, HANDLER, act, case_at
from tests.conftest import NOW, TheOffice

ADMIN = "系统管理员"


def set_profile(session: Session, office: TheOffice, **values: object) -> int:
    return service.set_profile(
        session, NOW, office.people[ADMIN], "default", values, reason="云政办发〔2026〕9号"
    ).version


def test_new_letters_follow_the_new_values_and_cases_in_hand_keep_theirs(office: TheOffice) -> None:
    with office.db.writing() as session:
        before = case_at(session, office, Status.NEW)
        assert set_profile(session, office, days_consultation=3) == 1
        after = case_at(session, office, Status.NEW, sender="oOTHER")

        assert (before.due_on, after.due_on) == (date(2026, 10, 15), date(2026, 10, 13))
        assert (before.profile_version, after.profile_version) == (0, 1)
        service.act(session, NOW, office.people[CLERK], before.number, Action.ACCEPT, category="供水")
        assert before.due_on == date(2026, 10, 15)
        assert set_profile(session, office, days_help=4) == 2
        kept = queries.profile(session, "default")
        assert (kept.days["consultation"], kept.days["help"], kept.version) == (3, 4, 2)  # type: ignore[index]
        assert queries.profile(session, "default", 1).days["help"] == 7  # type: ignore[index]


def test_a_due_day_may_end_when_the_office_closes(office: TheOffice) -> None:
    with office.db.writing() as session:
        set_profile(session, office, ends_at_closing="1", closes="17:00")
        case = case_at(session, office, Status.NEW)
    assert case.due_at.isoformat() == "2026-10-15T09:00:00+00:00"


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [({"days_correction": 3}, "x", "days_correction"), ({"days_help": 4}, "", "reason")],
)
def test_what_cannot_be_is_not_kept(
    sqlite_office: TheOffice, values: dict[str, int], reason: str, field: str
) -> None:
    with sqlite_office.db.writing() as session:
        with pytest.raises(Invalid) as refused:
            service.set_profile(session, NOW, None, "default", values, reason=reason)
        assert refused.value.field == field
        assert queries.profile_versions(session, "default") == []


def test_only_the_system_administrator_sets_rules(sqlite_office: TheOffice) -> None:
    clerk = sqlite_office.people[CLERK]
    with sqlite_office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.set_profile(session, NOW, clerk, "default", {}, reason="x")
        with pytest.raises(NotAllowed):
            service.set_ladder(session, NOW, clerk, reminders.rows_of(reminders.LADDER))
        with pytest.raises(Invalid):
            service.set_profile(session, NOW, None, "nowhere", {}, reason="x")


def test_an_offices_own_ladder_is_followed_and_what_was_given_is_not_given_again(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.IN_PROGRESS)  # due Thursday 15 October
    eve = datetime.fromisoformat("2026-10-14T09:00+08:00")
    shipped = reminders.rows_of(reminders.LADDER)
    own = {"key": "eve", "label": "明天到期", "to": "handler", "offset": -1, "at": "16:00"}
    with office.db.writing() as session:
        service.remind_departments(session, eve)
        service.set_ladder(session, eve, office.people[ADMIN], [shipped[0], own])
        assert service.remind_departments(session, eve + timedelta(minutes=1)) == 0
        assert service.remind_departments(session, eve + timedelta(hours=7)) == 1
        given = session.exec(select(Reminder.step).where(Reminder.case_id == case.id).order_by("id"))
        assert [step for step in given if not step.startswith("step_")] == ["due_soon", "eve"]
        assert [one.key for one in queries.ladder(session)] == ["due_soon", "eve"]


def test_an_urgent_case_runs_by_the_hour_and_back(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.IN_PROGRESS)
        service.set_pace(session, NOW, office.people["值班长老徐"], case, Pace.ALERT)
        assert case.due_at == NOW + timedelta(hours=24)
        service.set_pace(session, NOW, None, case, Pace.ORDINARY)
        assert case.due_on == date(2026, 10, 15)


def test_the_longest_time_limits_what_may_be_asked_for(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.IN_PROGRESS)
        case.profile = "shenyang"  # 3 working days, 10 at most
        session.add(case)
    with pytest.raises(Invalid, match="还能延长 7 天"):
        act(office, HANDLER, case, Action.REQUEST_EXTENSION, working_days=8, reason="等鉴定")
    act(office, HANDLER, case, Action.REQUEST_EXTENSION, working_days=7, reason="等鉴定")


def test_a_correction_is_not_extended(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, Status.IN_PROGRESS)
        case.message_type = "correction"
        session.add(case)
    with pytest.raises(Invalid, match="不能延期"):
        act(office, HANDLER, case, Action.REQUEST_EXTENSION, working_days=1, reason="等技术")


def test_every_case_at_hand_says_what_is_next_and_by_when(office: TheOffice) -> None:
    # fmt: off
    expected = {Status.NEW: "accept", Status.ACCEPTED: "assign", Status.ASSIGNED: "draft",
                Status.IN_PROGRESS: "draft"}
    # fmt: on
    with office.db.writing() as session:
        for status, step in expected.items():
            case: Case = case_at(session, office, status, sender=f"o{status}")
            times = service.step_times(case, service.profile_of(session, case), queries_calendar(session))
            assert case.step == step
            assert case.step_due_at == times[step]  # type: ignore[index]


def queries_calendar(session: Session):  # type: ignore[no-untyped-def]
    from app.calendar import queries as calendars

    return calendars.calendar(session)
