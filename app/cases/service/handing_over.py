"""Which department has it, and by name: assign, transfer, sign for, return, ask another department."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Invalid, NotAllowed, NotFound
from app.cases import queries
from app.cases.deadlines import MessageType
from app.cases.models import Case, Inquiry
from app.cases.service.clocks import due_of
from app.cases.service.details import number_of, words_of
from app.cases.service.moving import move
from app.cases.service.sorting import classify
from app.cases.service.telling import tell, tell_assigned, tell_on_duty
from app.cases.transitions import (
    ACTION_LABELS,
    Action,
)
from app.departments import queries as departments
from app.departments.models import Department
from app.log import service as log
from app.staff import queries as staff
from app.staff.roles import Person, Role


def to_department(
    session: Session, case: Case, department_id: object, handler_id: object = None
) -> Department:
    """Put the case into a department that is open, and in the hands of a named person there."""
    department = session.get(
        Department, number_of(department_id, "department_id", "承办单位", 1, queries.LARGEST_ID)
    )
    if department is None or department.closed_at:
        raise Invalid("没有这个承办单位", field="department_id")
    case.department_id = department.id
    case.handler_id = _responsible(session, department.id, handler_id, case)
    return department


def _responsible(session: Session, department_id: int, handler_id: object, case: Case) -> int | None:
    """The named person who answers for the case (A2): the one chosen, else the table's, else the first.

    The first is the one longest there; a contractor only where the department has nobody else.
    """
    handlers = staff.people(session, role=Role.HANDLER, department_id=department_id)
    if handler_id is not None:
        wanted = number_of(handler_id, "handler_id", "经办人", 1, queries.LARGEST_ID)
        if wanted not in {handler.id for handler in handlers}:
            raise Invalid("这个人不是该单位的经办人", field="handler_id")
        return wanted
    named = [
        row.handler_id
        for row in departments.responsibilities(session)
        if row.department_id == department_id and row.category == case.category and row.handler_id
    ]
    own_first = sorted(handlers, key=lambda handler: (handler.contractor, handler.id))
    return next(iter([*named, *(handler.id for handler in own_first)]), None)


def assign(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    department_id: object = None,
    handler_id: object = None,
    note: str = "",
    **classes: Any,
) -> None:
    """First giving to a department; accepts a new case on the way."""
    if classes:
        classify(session, case, **classes)
    _hand_over(session, now, person, case, Action.ASSIGN, department_id, handler_id, note)


def transfer(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    department_id: object = None,
    handler_id: object = None,
    note: object = "",
) -> None:
    """To another department; the deadline stays."""
    if str(department_id) == str(case.department_id):
        raise Invalid("这件已经在这个单位，请选另一个", field="department_id")
    reason = words_of(note, "note", "转办的理由")
    _hand_over(session, now, person, case, Action.TRANSFER, department_id, handler_id, reason)


def _hand_over(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    action: Action,
    department_id: object,
    handler_id: object,
    note: str,
) -> None:
    if department_id is None:
        raise Invalid("请选承办单位", field="department_id")
    department = to_department(session, case, department_id, handler_id)
    case.assigned_at = now
    move(session, now, person, case, action, department=department.name, note=note[:500])
    if case.handler_id:
        tell_assigned(session, now, case, action, f"{case.number} 交给您办，{case.due_on:%m-%d} 前答复")


def acknowledge(session: Session, now: datetime, person: Person, case: Case) -> None:
    """签收: the department has it, and by name."""
    if person.may(Role.HANDLER) and person.department_id == case.department_id:
        case.handler_id = person.id
    move(session, now, person, case, Action.ACKNOWLEDGE)


def give_back(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """退回 to the clerk, with the duty relied on."""
    words = words_of(reason, "reason", "退回的理由和职责依据")
    department = session.get(Department, case.department_id) if case.department_id else None
    move(
        session,
        now,
        person,
        case,
        Action.RETURN,
        reason=words,
        department=department.name if department else "",
    )
    case.returns += 1
    case.department_id = case.handler_id = None
    words = f"{case.number} 被退回，请重新交办"
    tell_on_duty(session, now, case, "returned", words, key=f"returned:{case.version}")


def inquire(action: Action) -> Callable[..., None]:
    """The verb that asks another department, to co-sign or to verify."""

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
        department = session.get(
            Department, number_of(department_id, "department_id", "单位", 1, queries.LARGEST_ID)
        )
        if department is None or department.id == case.department_id:
            raise Invalid("请选另一个单位", field="department_id")
        due = due_of(session, now, MessageType.CORRECTION, case.profile)  # one working day
        session.add(
            Inquiry(
                case_id=case.id,
                kind=action.value,
                department_id=department.id,
                question=words,
                asked_by=person.id,
                asked_at=now,
                due_at=due.due_at,
            )
        )
        move(session, now, person, case, action, department=department.name)
        for handler in staff.people(session, role=Role.HANDLER, department_id=department.id):
            wanted = f"{case.number} 请您单位{ACTION_LABELS[action]}"
            tell(session, now, handler.id, case, action.value, wanted, key=f"{action}:{case.version}")

    return ask


def answer_inquiry(
    session: Session, now: datetime, person: Person, number: str, inquiry_id: int, answer: str
) -> Inquiry:
    """Another department's answer to a co-sign or verify request."""
    case = queries.visible_case(session, person, number)
    inquiry = (
        session.get(Inquiry, inquiry_id, with_for_update=True) if inquiry_id <= queries.LARGEST_ID else None
    )
    if inquiry is None or inquiry.case_id != case.id or inquiry.kind == "ask" or inquiry.answered_at:
        raise NotFound("没有这个待答复的请求")
    if person.department_id != inquiry.department_id:
        raise NotAllowed("这个请求要由被请求的单位答复")
    inquiry.answer = words_of(answer, "answer", "答复")
    inquiry.answered_by, inquiry.answered_at = person.id, now
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
    words = f"{case.number} 的{ACTION_LABELS[Action(inquiry.kind)]}有了答复"
    tell(session, now, inquiry.asked_by, case, "inquiry_answered", words, key=f"inquiry:{inquiry.id}")
    return inquiry
