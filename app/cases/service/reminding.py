"""催办 and 督办: by the ladder, each rung once, or by hand; what goes up the ladder goes on numbered paper."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.base.db import lock
from app.base.rows import insert_once
from app.calendar import queries as calendars
from app.calendar.workdays import Calendar, day_of
from app.cases import queries, reminders
from app.cases.deadlines import Unit
from app.cases.models import Case, Reminder, Slip, Supervision
from app.cases.profiles import Profile
from app.cases.reminders import Paper, Recipient, Times
from app.cases.service.clocks import clock_of, profile_of
from app.cases.service.details import words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell_reminder
from app.cases.steps import Step
from app.cases.transitions import Action, Status
from app.departments.models import Department
from app.duty import queries as duty
from app.log import service as log
from app.staff import queries as staff
from app.staff.roles import Person, Role

_AT_ONCE = 1_000


def remind(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
    """催办 by hand, on a numbered 催办单."""
    session.add(
        Reminder(
            case_id=case.id,
            step=f"by_hand_{case.version}",
            due_at=case.due_at,
            sent_at=now,
            to_id=case.handler_id,
            by_id=person.id,
            note=note[:500],
            label="催办",
        )
    )
    slip = issue(session, now, person, case, Paper.REMINDER, note[:500] or "请尽快办理", case.handler_id, [])
    move(session, now, person, case, Action.REMIND, note=note[:500], slip=slip.serial)
    if case.handler_id:
        tell_reminder(session, now, case, case.handler_id, f"hand:{case.version}", "请尽快办理")


def supervise(session: Session, now: datetime, person: Person, case: Case, note: object = "") -> None:
    """督办: a superior takes it under watch, on a numbered 督办单 to the department's leaders."""
    words = words_of(note, "note", "督办要求")
    session.add(Supervision(case_id=case.id, by_id=person.id, at=now, note=words))
    case.supervised = True
    department = session.get(Department, case.department_id) if case.department_id else None
    leaders = [department.deputy_leader_id, department.principal_id] if department else []
    slip = issue(session, now, person, case, Paper.SUPERVISION, words, case.handler_id, leaders)
    move(session, now, person, case, Action.SUPERVISE, note=words, slip=slip.serial)
    if case.handler_id:
        tell_reminder(session, now, case, case.handler_id, f"supervise:{case.version}", "已被督办")


def pass_closed_windows(session: Session, now: datetime) -> int:
    """A platform window that has closed no longer sorts the queue: from then on the deadline does."""
    passed = session.execute(
        update(Case)
        .where(col(Case.open), col(Case.window_closes_at) <= now, col(Case.sooner_at) != Case.due_at)
        .values(sooner_at=Case.due_at)
        .execution_options(synchronize_session=False)
    )
    return int(passed.rowcount)  # type: ignore[attr-defined]


# ------------------------------------------------------------------ by the ladder


def remind_departments(session: Session, now: datetime) -> int:
    """催办: every rung whose moment has come, once each, to a named person.

    Each case says when to look at it again, so a tick reads only what is due. The unique key
    (case, rung, due instant), the notice and the paper are one transaction: exactly once (I5). Returns
    how many reminders were given.
    """
    ladder, calendar = queries.ladder(session), calendars.calendar(session)
    given = 0
    for case in _to_look_at(session, now):
        times = _times(case, profile_of(session, case), calendar)
        taken = _taken(session, case)
        for due in reminders.steps_due(now, ladder, times, taken):
            given += _give(session, now, case, due)
            taken.add(due.key)
        case.remind_at = reminders.next_moment(ladder, times, taken)
        session.add(case)
    return given


def _to_look_at(session: Session, now: datetime) -> list[Case]:
    """In one order in every process; what another is looking at just now is left to it."""
    wanted = select(Case).where(
        col(Case.open), col(Case.remind_at) <= now, Case.status != Status.WAITING_CITIZEN
    )
    ordered = wanted.order_by(col(Case.remind_at), col(Case.id)).limit(_AT_ONCE)
    return list(session.exec(ordered.with_for_update(skip_locked=True)))


def _times(case: Case, profile: Profile, calendar: Calendar) -> Times:
    clock = clock_of(profile, case)
    return Times(
        began_at=clock.began_at,
        due_at=case.due_at,
        calendar=calendar,
        hours=profile.hours,
        around_the_clock=clock.limit.unit is Unit.HOURS,
        step=Step(case.step) if case.step else None,
        step_due_at=case.step_due_at,
    )


def _taken(session: Session, case: Case) -> set[str]:
    given = select(Reminder.step).where(Reminder.case_id == case.id, Reminder.due_at == case.due_at)
    return set(session.exec(given))


def _give(session: Session, now: datetime, case: Case, due: reminders.Due) -> int:
    to = _recipients(session, now, case, due)
    first = to[0] if to else None
    row = {"case_id": case.id, "step": due.key, "due_at": case.due_at}
    if not insert_once(session, Reminder, **row, sent_at=now, to_id=first, label=due.label):
        return 0
    for staff_id in to:
        tell_reminder(session, now, case, staff_id, f"{due.key}:{case.due_at.isoformat()}", due.label)
    serial = {}
    if due.rung and due.rung.paper is not Paper.NONE:
        slip = issue(session, now, None, case, due.rung.paper, due.label, first, to[1:])
        serial = {"slip": slip.serial}
    log.record(
        session,
        now,
        None,
        "remind",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        step=due.key,
        note=due.label,
        **serial,
    )
    return 1


def _recipients(session: Session, now: datetime, case: Case, due: reminders.Due) -> list[int]:
    """Who is told, the addressee first; nobody twice. Never empty where anybody works here."""
    wanted = [due.rung.to, *due.rung.copies] if due.rung else [_holder(case)]
    found = [staff_id for one in wanted for staff_id in _people(session, now, case, one)]
    if not found:
        found = _people(session, now, case, None)
    return list(dict.fromkeys(found))


def _holder(case: Case) -> Recipient | None:
    """Who has the step that is next: the handler, else the office (None)."""
    return Recipient.HANDLER if case.step == Step.DRAFT else None


def _people(session: Session, now: datetime, case: Case, to: Recipient | None) -> list[int]:
    """The people who are ``to`` this case. None: whoever of the office has its step.

    Above the handler, the department's leaders; the handler where none is named; whoever is on duty
    where there is no handler either.
    """
    if to is Recipient.ON_DUTY or (to is None and case.step not in _REVIEWED_BY):
        return _on_duty(session, now)
    if to is None:
        return _holding(session, _REVIEWED_BY[Step(case.step)])
    if to is Recipient.SUPERVISOR:
        return _holding(session, Role.SUPERVISOR)
    department = session.get(Department, case.department_id) if case.department_id else None
    named = {
        Recipient.HANDLER: case.handler_id,
        Recipient.DEPUTY_LEADER: department.deputy_leader_id if department else None,
        Recipient.PRINCIPAL: department.principal_id if department else None,
    }[to]
    first = named or case.handler_id
    return [first] if first else _on_duty(session, now)


_REVIEWED_BY = {
    Step.FIRST: Role.REVIEWER,
    Step.SECOND: Role.REVIEWER,
    Step.FINAL: Role.REVIEWER,
    Step.RELEASE: Role.ISSUER,
}


def _holding(session: Session, role: Role) -> list[int]:
    return [person.id for person in staff.people(session, role=role)]


def _on_duty(session: Session, now: datetime) -> list[int]:
    shifts = duty.on_duty(session, now)
    return [shifts[0].staff_id] if shifts else _holding(session, Role.CLERK)[:1]


# ------------------------------------------------------------------ numbered papers


def issue(
    session: Session,
    now: datetime,
    person: Person | None,
    case: Case,
    kind: Paper,
    words: str,
    to_id: int | None,
    copies: Iterable[int | None],
) -> Slip:
    """A numbered 催办单 or 督办单: the next number of the year, without holes."""
    lock(session, "slips")
    year = day_of(now).year
    last = select(func.max(Slip.serial)).where(Slip.kind == kind.value, Slip.year == year)
    slip = Slip(
        kind=kind.value,
        year=year,
        serial=(session.exec(last).one() or 0) + 1,
        case_id=case.id,
        department_id=case.department_id,
        to_id=to_id,
        copies=[one for one in dict.fromkeys(copies) if one and one != to_id],
        words=words,
        due_at=case.due_at,
        issued_at=now,
        issued_by=person.id if person else None,
    )
    session.add(slip)
    session.flush()
    return slip
