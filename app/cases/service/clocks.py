"""The due date of a case: computed with the calendar of today, written into its columns."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.calendar import queries as calendars
from app.calendar.workdays import Due
from app.cases import deadlines
from app.cases.deadlines import MessageType
from app.cases.models import Case


def due_of(
    session: Session, received_at: datetime, message_type: str, profile: str, complex: bool = False
) -> Due:
    """The due date by the profile and the calendar of today."""
    return deadlines.due_at(
        received_at,
        MessageType(message_type),
        deadlines.PROFILES.get(profile, deadlines.PROFILES[deadlines.DEFAULT_PROFILE]),
        calendars.calendar(session),
        complex=complex,
    )


def due_columns(due: Due) -> dict[str, Any]:
    """What a case keeps of its due date: the instant, the day, and the days looked at."""
    return {
        "due_at": due.due_at,
        "due_on": due.due_on,
        "due_provisional": due.provisional,
        "due_days": [{"on": day.on.isoformat(), "counts": day.counts, "why": day.why} for day in due.days],
        "calendar_version": due.calendar_version,
    }


def set_due(case: Case, due: Due) -> None:
    """Write a due date into the case; the sooner of it and the platform window sorts the queue."""
    for name, value in due_columns(due).items():
        setattr(case, name, value)
    case.sooner_at = deadlines.sooner(due.due_at, case.window_closes_at)
