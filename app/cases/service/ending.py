"""How a case ends and begins again: what was done away from the desk, closing, reopening."""

from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.clock import SHANGHAI
from app.base.errors import Invalid
from app.cases.models import Case, OfflineAction
from app.cases.service.clocks import set_due
from app.cases.service.details import words_of
from app.cases.service.handing_over import to_department
from app.cases.service.moving import move
from app.cases.service.sorting import end_merged
from app.cases.service.telling import tell_assigned
from app.cases.transitions import (
    Action,
    Outcome,
    Status,
)
from app.staff.roles import Person

# Replied and nobody objected for seven days: closed by the system.
CLOSES_AFTER = timedelta(days=7)


_CLOSED_AT_ONCE = 5_000


def record_action(
    session: Session, now: datetime, person: Person, case: Case, done_on: object = "", what: object = ""
) -> None:
    """Who did what, when, away from the desk (D5)."""
    words = words_of(what, "what", "做了什么")
    try:
        day = date.fromisoformat(str(done_on))
    except ValueError:
        raise Invalid("日期写成 2026-11-21 的样子", field="done_on") from None
    if day > now.astimezone(SHANGHAI).date():
        raise Invalid("还没到的日子不能记", field="done_on")
    session.add(OfflineAction(case_id=case.id, by_id=person.id, done_on=day, what=words, at=now))
    move(session, now, person, case, Action.RECORD_ACTION)


def close(session: Session, now: datetime, person: Person | None, case: Case, outcome: object = "") -> None:
    """办结, with the outcome apart from the words of the reply (A8)."""
    if outcome not in set(Outcome):
        raise Invalid("请选办理结果", field="outcome")
    case.outcome = str(outcome)
    case.closed_at = now
    move(session, now, person, case, Action.CLOSE, outcome=case.outcome)
    end_merged(session, now, case)


def reopen(
    session: Session,
    now: datetime,
    person: Person | None,
    case: Case,
    reason: object = "",
    department_id: object = None,
) -> None:
    """重办: back to a department, with a new deadline from today."""
    words = words_of(reason, "reason", "重办的理由")
    if department_id is not None or case.department_id is None:
        if department_id is None:
            raise Invalid("请选承办单位", field="department_id")
        to_department(session, case, department_id)
    case.reopened += 1
    case.closed_at = case.replied_at = None
    case.outcome = ""
    case.assigned_at = now
    case.restarted_at, case.clock_changes = now, []
    set_due(session, case)
    move(session, now, person, case, Action.REOPEN, reason=words)
    merged = update(Case).where(col(Case.master_id) == case.id)
    session.execute(merged.values(outcome="", closed_at=None))
    tell_assigned(session, now, case, Action.REOPEN, f"{case.number} 要重办，{case.due_on:%m-%d} 前答复")


def close_replied(session: Session, now: datetime) -> int:
    """办结: cases replied seven days ago that nobody objected to; the outcome is 解释说明."""
    wanted = select(Case).where(Case.status == Status.REPLIED, col(Case.replied_at) <= now - CLOSES_AFTER)
    # What somebody is changing just now is left for the next night.
    untouched = wanted.order_by(col(Case.id)).limit(_CLOSED_AT_ONCE).with_for_update(skip_locked=True)
    cases = list(session.exec(untouched))
    for case in cases:
        close(session, now, None, case, outcome=case.outcome or Outcome.EXPLAINED.value)
    return len(cases)
