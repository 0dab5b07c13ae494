"""Who is told of what happens to a case: its responsible person, or whoever is on duty."""

from datetime import datetime

from sqlmodel import Session

from app.cases.models import Case
from app.cases.transitions import (
    Action,
)
from app.duty import queries as duty
from app.notices import service as notices


def tell(
    session: Session, now: datetime, to: int, case: Case, kind: str, words: str, *, key: str = ""
) -> None:
    """A notice about ``case``; ``key`` tells apart what may happen to one case more than once."""
    notices.tell(
        session,
        now,
        to,
        key=f"{key or kind}:{case.id}:{to}",
        kind=kind,
        text=words,
        address=f"/desk/cases/{case.number}",
        case_id=case.id,
    )


def tell_on_duty(
    session: Session, now: datetime, case: Case, kind: str, words: str, *, key: str = ""
) -> None:
    """The same to everybody on duty at ``now``."""
    for shift in duty.on_duty(session, now):
        tell(session, now, shift.staff_id, case, kind, words, key=key)


def tell_keeper(session: Session, now: datetime, case: Case, kind: str, words: str) -> None:
    """The responsible person; whoever is on duty while nobody is named."""
    key = f"{kind}:{case.version}"
    if case.handler_id:
        tell(session, now, case.handler_id, case, kind, words, key=key)
    else:
        tell_on_duty(session, now, case, kind, words, key=key)


def tell_assigned(session: Session, now: datetime, case: Case, action: Action, words: str) -> None:
    """Tell the responsible person that the case is theirs."""
    if case.handler_id:
        tell(session, now, case.handler_id, case, "assigned", words, key=f"{action}:{case.version}")


def tell_reminder(session: Session, now: datetime, case: Case, to: int, key: str, words: str) -> None:
    """催办 or 督办 as a notice with the number and the time limit."""
    text = f"催办 {case.number}：{words}，时限 {case.due_on:%m-%d}"
    tell(session, now, to, case, "reminder", text, key=f"remind:{key}")
