"""催办 and 督办: by the ladder, each step once, or by hand."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.rows import insert_once
from app.calendar import queries as calendars
from app.cases import reminders
from app.cases.models import Case, Reminder, Supervision
from app.cases.service.details import words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell_reminder
from app.cases.transitions import (
    Action,
    Status,
)
from app.departments.models import Department
from app.duty import queries as duty
from app.log import service as log
from app.staff import queries as staff
from app.staff.roles import Person, Role


def remind(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
    """催办 by hand."""
    session.add(
        Reminder(
            case_id=case.id,
            step=f"by_hand_{case.version}",
            due_at=case.due_at,
            sent_at=now,
            to_id=case.handler_id,
            by_id=person.id,
            note=note[:500],
        )
    )
    move(session, now, person, case, Action.REMIND, note=note[:500])
    if case.handler_id:
        tell_reminder(session, now, case, case.handler_id, f"hand:{case.version}", "请尽快办理")


def supervise(session: Session, now: datetime, person: Person, case: Case, note: object = "") -> None:
    """督办: a superior takes it under watch."""
    words = words_of(note, "note", "督办要求")
    session.add(Supervision(case_id=case.id, by_id=person.id, at=now, note=words))
    case.supervised = True
    move(session, now, person, case, Action.SUPERVISE, note=words)
    if case.handler_id:
        tell_reminder(session, now, case, case.handler_id, f"supervise:{case.version}", "已被督办")


def remind_departments(session: Session, now: datetime) -> int:
    """催办: every step of the ladder whose moment has come, once each, to a named person.

    The unique key (case, step, due instant) and the notice are one transaction: exactly once (I5).
    """
    calendar = calendars.calendar(session)
    done = _steps_done(session)
    soon = select(Case).where(
        Case.open, Case.due_at <= now + timedelta(days=12), Case.status != Status.WAITING_CITIZEN
    )
    count = 0
    # In one order in every process: two that remind at once then never wait for each other crosswise.
    for case in session.exec(soon.order_by(col(Case.due_at), col(Case.id))):
        already = done.get((case.id, case.due_at), set())
        for step in reminders.steps_due(now, case.due_at, case.received_at, calendar, already):
            count += _take_step(session, now, case, step)
    return count


def _steps_done(session: Session) -> dict[tuple[int, datetime], set[str]]:
    done: dict[tuple[int, datetime], set[str]] = {}
    rows = session.execute(
        select(Reminder.case_id, Reminder.due_at, Reminder.step)
        .join(Case, col(Case.id) == col(Reminder.case_id))
        .where(Case.open)
    )
    for case_id, due_at, step in rows:
        done.setdefault((case_id, due_at), set()).add(step)
    return done


def _take_step(session: Session, now: datetime, case: Case, step: reminders.Step) -> int:
    to = _recipient(session, now, case, step)
    if not insert_once(
        session, Reminder, case_id=case.id, step=step.key, due_at=case.due_at, sent_at=now, to_id=to
    ):
        return 0
    if to:
        tell_reminder(session, now, case, to, f"{step.key}:{case.due_at.isoformat()}", step.label)
    log.record(
        session,
        now,
        None,
        "remind",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        step=step.key,
    )
    return 1


def _recipient(session: Session, now: datetime, case: Case, step: reminders.Step) -> int | None:
    """The handler; above, the department's leaders; whoever is on duty where nobody is named."""
    department = session.get(Department, case.department_id) if case.department_id else None
    leaders = {
        reminders.Recipient.HANDLER: case.handler_id,
        reminders.Recipient.DEPUTY_LEADER: department.deputy_leader_id if department else None,
        reminders.Recipient.PRINCIPAL: department.principal_id if department else None,
    }
    named = leaders[step.to] or case.handler_id
    if named:
        return named
    shifts = duty.on_duty(session, now)
    if shifts:
        return shifts[0].staff_id
    clerks = staff.people(session, role=Role.CLERK)
    return clerks[0].id if clerks else None


def pass_closed_windows(session: Session, now: datetime) -> int:
    """A platform window that has closed no longer sorts the queue: from then on the deadline does."""
    passed = session.execute(
        update(Case)
        .where(col(Case.open), col(Case.window_closes_at) <= now, col(Case.sooner_at) != Case.due_at)
        .values(sooner_at=Case.due_at)
        .execution_options(synchronize_session=False)
    )
    return int(passed.rowcount)  # type: ignore[attr-defined]
