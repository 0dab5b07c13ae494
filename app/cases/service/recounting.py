"""The calendar changed: which due dates move? Shown before it is saved; worked out anew and logged after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.base.errors import NotAllowed
from app.calendar import queries as calendars
from app.calendar import service as calendar_service
from app.calendar.models import CalendarYear
from app.calendar.service import Preview
from app.calendar.workdays import Calendar, Due, Kind
from app.cases import queries
from app.cases.models import Case
from app.cases.profiles import Profile
from app.cases.service.clocks import due_of, set_step_due, write_due
from app.cases.service.telling import tell_keeper
from app.log import service as log
from app.staff.roles import Person, Role

_PAGE = 500


@dataclass(frozen=True)
class Moved:
    """A due date that moves, or is no longer a guess."""

    number: str
    before: date
    after: date
    was_provisional: bool
    is_provisional: bool

    @property
    def is_earlier(self) -> bool:
        """Somebody has less time than was said."""
        return self.after < self.before


def load_arrangement(
    session: Session, now: datetime, person: Person | None, data: Mapping[str, Any]
) -> tuple[CalendarYear, list[Moved]]:
    """Load a year's arrangement and work out every open case anew. Raises `Invalid`, `NotAllowed`."""
    _only_system_admin(person)
    year = calendar_service.load(session, now, person, data)
    return year, recount_due(session, now, person)


def set_local_day(
    session: Session, now: datetime, person: Person | None, on: date, kind: Kind | None, name: str
) -> tuple[CalendarYear, list[Moved]]:
    """Close or open the office on a day (None: as the notice says again), and work out every open case anew."""
    _only_system_admin(person)
    if kind is None:
        year = calendar_service.clear_local_day(session, now, person, on)
    else:
        year = calendar_service.set_local_day(session, now, person, on, kind, name)
    return year, recount_due(session, now, person)


def preview_moves(session: Session, preview: Preview) -> list[Moved]:
    """Which due dates would move; nothing is written."""
    found = (_moved(case, due) for case, due, _ in _recounted(session, preview.calendar))
    return [moved for moved in found if moved is not None]


def recount_due(session: Session, now: datetime, person: Person | None) -> list[Moved]:
    """Every open case by the calendar of today: what moved is logged, and who has less time is told."""
    calendar = calendars.calendar(session)
    found = []
    for case, due, profile in _recounted(session, calendar):
        moved = _moved(case, due)
        before = case.due_at
        write_due(case, due)
        set_step_due(case, profile, calendar)
        session.add(case)
        if moved is None:
            continue
        found.append(moved)
        log.record(
            session,
            now,
            person,
            "due_recounted",
            subject_type="case",
            subject_id=case.number,
            case_id=case.id,
            before=before.isoformat(),
            due_at=due.due_at.isoformat(),
            provisional=due.provisional,
            calendar=due.calendar_version,
            note=f"{moved.before} 改为 {moved.after}" if moved.before != moved.after else "不再是暂定",
        )
        if moved.is_earlier:
            words = f"{case.number} 的时限提前到 {due.due_on:%m-%d}（放假安排有变）"
            tell_keeper(session, now, case, f"due_earlier_{calendar.version}", words)
    return found


def follow_calendar(session: Session, now: datetime) -> int:
    """Open cases counted with an older calendar than today's (a new version brings years along): anew."""
    return len(recount_due(session, now, None))


def _recounted(session: Session, calendar: Calendar) -> Iterator[tuple[Case, Due, Profile]]:
    """Open cases counted by another calendar, each with its due date by this one, a page at a time."""
    profiles: dict[tuple[str, int], Profile] = {}
    after = 0
    while True:
        wanted = select(Case).where(
            col(Case.open), Case.calendar_version != calendar.version, Case.id > after
        )
        page = list(session.exec(wanted.order_by(col(Case.id)).limit(_PAGE)))
        if not page:
            return
        for case in page:
            key = (case.profile, case.profile_version)
            if key not in profiles:
                profiles[key] = queries.profile(session, *key)
            yield case, due_of(case, profiles[key], calendar), profiles[key]
        after = page[-1].id
        session.flush()


def _moved(case: Case, due: Due) -> Moved | None:
    if (case.due_at, case.due_provisional) == (due.due_at, due.provisional):
        return None
    return Moved(case.number, case.due_on, due.due_on, case.due_provisional, due.provisional)


def _only_system_admin(person: Person | None) -> None:
    if person is not None and not person.may(Role.SYSTEM_ADMIN):
        raise NotAllowed("放假安排由系统管理员维护", code="wrong_role")
