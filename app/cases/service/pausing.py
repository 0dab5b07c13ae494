"""What moves the deadline while the case is worked on: waiting for the citizen, an extension."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from app.base.errors import Invalid, NotAllowed
from app.calendar import queries as calendars
from app.cases import deadlines, queries
from app.cases.models import Case, Extension, Inquiry
from app.cases.service.clocks import set_due
from app.cases.service.details import number_of, words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell
from app.cases.transitions import (
    Action,
)
from app.staff import queries as staff
from app.staff.roles import Person, Role


def ask_citizen(session: Session, now: datetime, person: Person, case: Case, question: object = "") -> None:
    """The clock stands still while the citizen is asked."""
    words = words_of(question, "question", "要请来信人补充什么")
    session.add(Inquiry(case_id=case.id, kind="ask", question=words, asked_by=person.id, asked_at=now))
    case.paused_at = now
    move(session, now, person, case, Action.ASK_CITIZEN)


def resume_by_person(
    session: Session, now: datetime, person: Person, case: Case, answer: object = ""
) -> None:
    """What the citizen answered (or that there was none), in words."""
    resume(session, now, person, case, answer=words_of(answer, "answer", "补充的情况"))


def resume(session: Session, now: datetime, person: Person | None, case: Case, *, answer: str) -> None:
    """The question is answered, the working days of the pause are given back."""
    for inquiry in queries.open_inquiries(session, case.id, "ask"):
        inquiry.answer, inquiry.answered_at = answer, now
        inquiry.answered_by = person.id if person else None
    if case.paused_at:
        calendar = calendars.calendar(session)
        set_due(case, deadlines.shifted_by_pause(case.due_at, case.paused_at, now, calendar))
        case.paused_at = None
    move(session, now, person, case, Action.RESUME)


def request_extension(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    working_days: object = "",
    reason: object = "",
) -> None:
    """延期: asked before the deadline, with a reason."""
    days = number_of(working_days, "working_days", "延长的工作日数", 1, 15)
    words = words_of(reason, "reason", "延期的理由")
    if now >= case.due_at:
        raise Invalid("已经超期，不能再申请延期。请先答复，或请督办员处理", field="working_days")
    if queries.open_extension(session, case.id):
        raise Invalid("已经有一个延期申请在等批准", field="working_days")
    session.add(Extension(case_id=case.id, working_days=days, reason=words, asked_by=person.id, asked_at=now))
    move(session, now, person, case, Action.REQUEST_EXTENSION, working_days=days, reason=words)
    for supervisor in staff.people(session, role=Role.SUPERVISOR):
        asked = f"{case.number} 申请延期 {days} 个工作日，等您批准"
        tell(session, now, supervisor.id, case, "extension", asked, key=f"ask_extension:{case.version}")


def decide_extension(granted: bool) -> Callable[..., None]:
    """The verb that grants (or refuses) the extension asked for."""
    action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION

    def decide(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
        extension = queries.open_extension(session, case.id)
        if extension is None:
            raise Invalid("这件没有等批准的延期申请")
        if extension.asked_by == person.id:
            raise NotAllowed("自己申请的延期要由别人批准", code="same_person")
        extension.decided_by, extension.decided_at, extension.granted = person.id, now, granted
        extension.note = note[:500]
        if granted:
            calendar = calendars.calendar(session)
            set_due(case, deadlines.extended(case.due_at, extension.working_days, calendar))
        move(session, now, person, case, action, working_days=extension.working_days, note=note[:500])
        words = f"{case.number} 的延期申请{'已批准' if granted else '没有批准'}"
        tell(session, now, extension.asked_by, case, "extension", words, key=f"extension:{extension.id}")

    return decide
