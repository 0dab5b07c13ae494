"""Another department's part: 会签 with a timeout, 核实 with a clock of its own, 协办 beside the lead."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotAllowed, NotFound
from app.base.keyset import LARGEST_ID
from app.calendar import queries as calendars
from app.calendar.workdays import due_after
from app.cases import queries
from app.cases.models import Case, Inquiry
from app.cases.service.clocks import profile_of
from app.cases.service.details import number_of, words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell
from app.cases.transitions import ACTION_LABELS, Action
from app.departments.models import Department
from app.log import service as log
from app.staff import queries as staff
from app.staff.roles import Person, Role

LAPSED_WORDS = {
    Action.CO_SIGN: "到时没有答复，视为同意",
    Action.VERIFY: "到时没有答复，请催问或另请单位核实",
    Action.ASSIST: "到时没有答复，请催问",
}
_AT_ONCE = 500


def inquire(action: Action) -> Callable[..., None]:
    """The verb that asks another department: to co-sign, to verify, or to do its part."""

    def ask(
        session: Session,
        now: datetime,
        person: Person,
        case: Case,
        department_id: object = None,
        question: object = "",
    ) -> None:
        words = words_of(question, "question", f"要{ACTION_LABELS[action]}什么")
        if department_id is None:
            raise Invalid("请选单位", field="department_id")
        department = session.get(Department, number_of(department_id, "department_id", "单位", 1, LARGEST_ID))
        if department is None or department.closed_at or department.id == case.department_id:
            raise Invalid("请选另一个单位", field="department_id")
        asked = Inquiry(
            case_id=case.id,
            kind=action.value,
            department_id=department.id,
            question=words,
            asked_by=person.id,
            asked_at=now,
            due_at=_until(session, now, case, action),
        )
        session.add(asked)
        if action is Action.ASSIST and department.id not in case.assisting:
            case.assisting = [*case.assisting, department.id]
        move(session, now, person, case, action, department=department.name)
        for handler in staff.people(session, role=Role.HANDLER, department_id=department.id):
            wanted = f"{case.number} 请您单位{ACTION_LABELS[action]}"
            tell(session, now, handler.id, case, action.value, wanted, key=f"{action}:{case.version}")

    return ask


def _until(session: Session, now: datetime, case: Case, action: Action) -> datetime:
    profile = profile_of(session, case)
    days = {
        Action.CO_SIGN: profile.co_sign_days,
        Action.VERIFY: profile.verify_days,
        Action.ASSIST: profile.assist_days,
    }
    calendar = calendars.calendar(session)
    return due_after(now, days[action], calendar, end_of_day=profile.end_of_day).due_at


def answer_inquiry(
    session: Session,
    now: datetime,
    person: Person,
    number: str,
    inquiry_id: int,
    answer: str,
    *,
    agrees: bool = True,
) -> Inquiry:
    """Another department's answer; of a co-signature also whether it ``agrees`` (B9)."""
    case = queries.visible_case(session, person, number)
    inquiry = session.get(Inquiry, inquiry_id, with_for_update=True) if inquiry_id <= LARGEST_ID else None
    if inquiry is None or inquiry.case_id != case.id or inquiry.kind == "ask" or inquiry.answered_at:
        raise NotFound("没有这个待答复的请求")
    if person.department_id != inquiry.department_id:
        raise NotAllowed("这个请求要由被请求的单位答复")
    inquiry.answer = words_of(answer, "answer", "答复")
    inquiry.answered_by, inquiry.answered_at = person.id, now
    inquiry.agrees = agrees if inquiry.kind == Action.CO_SIGN else None
    session.add(inquiry)
    log.record(
        session,
        now,
        person,
        f"answer_{inquiry.kind}",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
    )
    what = ACTION_LABELS[Action(inquiry.kind)]
    words = f"{case.number} 的{what}有了答复" + ("" if agrees else "：不同意")
    tell(session, now, inquiry.asked_by, case, "inquiry_answered", words, key=f"inquiry:{inquiry.id}")
    return inquiry


def lapse_inquiries(session: Session, now: datetime) -> int:
    """Requests to departments whose time is over: written down once, and whoever asked is told.

    A co-signature nobody gave counts as agreed; a verification or a part of the work does not.
    """
    wanted = (
        select(Inquiry, Case)
        .join(Case, col(Case.id) == col(Inquiry.case_id))
        .where(
            col(Inquiry.due_at) <= now,
            col(Inquiry.answered_at).is_(None),
            col(Inquiry.lapsed_at).is_(None),
            Inquiry.kind != "ask",
            col(Case.open),
        )
        .order_by(col(Inquiry.id))
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True, of=Inquiry)
    )
    found = list(session.exec(wanted))
    for inquiry, case in found:
        inquiry.lapsed_at = now
        session.add(inquiry)
        action = Action(inquiry.kind)
        log.record(
            session,
            now,
            None,
            f"lapse_{inquiry.kind}",
            subject_type="case",
            subject_id=case.number,
            case_id=case.id,
            note=LAPSED_WORDS[action],
        )
        words = f"{case.number} 的{ACTION_LABELS[action]}{LAPSED_WORDS[action]}"
        tell(session, now, inquiry.asked_by, case, "inquiry_answered", words, key=f"lapsed:{inquiry.id}")
    return len(found)
