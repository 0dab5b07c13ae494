"""The clock of a case: what it is worked out from, the due date and the times of its steps it gives."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.calendar import queries as calendars
from app.calendar.workdays import Calendar, Due
from app.cases import deadlines, profiles, queries, steps
from app.cases.deadlines import Clock, Limit, MessageType, Pace, Unit
from app.cases.models import Case
from app.cases.profiles import Profile
from app.cases.steps import Span, Step
from app.cases.transitions import Status
from app.staff import queries as staff


def profile_of(session: Session, case: Case) -> Profile:
    """The very version of the profile that this case was taken in with."""
    return queries.profile(session, case.profile, case.profile_version)


def limit_of(profile: Profile, case: Case) -> Limit:
    """How much time this case has."""
    return profiles.limit_of(
        profile, MessageType(case.message_type), complex=case.complex, pace=Pace(case.pace)
    )


def clock_of(profile: Profile, case: Case) -> Clock:
    """The clock of this case as it stands."""
    pauses, extra = deadlines.changes_of(case.clock_changes)
    began_at = case.restarted_at or case.received_at
    asked_at = deadlines.asked_of(case.clock_changes, began_at)
    return Clock(began_at, limit_of(profile, case), profile.end_of_day, pauses, extra, asked_at)


def due_of(case: Case, profile: Profile, calendar: Calendar) -> Due:
    """The due date of this case by ``calendar``."""
    return deadlines.due_at(clock_of(profile, case), calendar)


def due_for_letter(session: Session, received_at: datetime, message_type: str) -> Due:
    """When a letter of this type that comes now would be due; for what is told before it is a case."""
    office = staff.office(session)
    profile = queries.profile(session, office.profile if office else profiles.DEFAULT_PROFILE)
    limit = profiles.limit_of(profile, MessageType(message_type), complex=False, pace=Pace.ORDINARY)
    return deadlines.due_at(Clock(received_at, limit, profile.end_of_day), calendars.calendar(session))


def set_due(session: Session, case: Case) -> None:
    """Work the due date out anew; the sooner of it and the platform window sorts the queue."""
    profile, calendar = profile_of(session, case), calendars.calendar(session)
    write_due(case, due_of(case, profile, calendar))
    set_step_due(case, profile, calendar)


def write_due(case: Case, due: Due) -> None:
    """What a case keeps of its due date: the instant, the day, and the days looked at."""
    case.due_at, case.due_on, case.due_provisional = due.due_at, due.due_on, due.provisional
    case.due_days = [{"on": day.on.isoformat(), "counts": day.counts, "why": day.why} for day in due.days]
    case.calendar_version = due.calendar_version
    case.sooner_at = deadlines.sooner(due.due_at, case.window_closes_at)


def step_times(case: Case, profile: Profile, calendar: Calendar) -> dict[Step, datetime]:
    """By when each step of this case should be done."""
    clock = clock_of(profile, case)
    span = Span(
        clock.began_at,
        case.due_at,
        clock.limit.unit is Unit.HOURS,
        deadlines.paused_days(clock.pauses),
    )
    shares = profiles.shares_for(profile, clock.limit)
    return steps.times_of(span, shares, profile.hours, calendar, profile.assign_days)


def set_step_due(case: Case, profile: Profile, calendar: Calendar) -> None:
    """Write the time of the step that is next; the ladder is looked at again."""
    times = step_times(case, profile, calendar)
    case.step_due_at = times[Step(case.step)] if case.step else None
    case.remind_at = case.received_at if case.open else None


def begin_step(session: Session, case: Case, step: Step | None) -> None:
    """The case is at another step now."""
    case.step = step.value if step else ""
    set_step_due(case, profile_of(session, case), calendars.calendar(session))


def follow_status(session: Session, case: Case) -> None:
    """The step that goes with the status; a reply under review tells its own (`review_step`)."""
    begin_step(session, case, steps.step_of(Status(case.status)))


def review_step(session: Session, case: Case, step: str) -> None:
    """The reply of this case waits for this review or for the release; empty: for nobody."""
    if case.status == Status.IN_REVIEW and step and step != case.step:
        begin_step(session, case, Step(step))


def add_change(session: Session, case: Case, row: dict[str, Any]) -> None:
    """Something stopped or lengthened the time: keep it and work the due date out anew."""
    case.clock_changes = [*case.clock_changes, row]
    set_due(session, case)
