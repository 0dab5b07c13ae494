"""Which department has it, and by name: assign, transfer, sign for, return, ask another department."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Invalid
from app.base.keyset import LARGEST_ID
from app.cases.models import Case
from app.cases.service.details import number_of, words_of
from app.cases.service.moving import move
from app.cases.service.returning import check_may_go_to, decide_open_return
from app.cases.service.sorting import classify, confirm_category
from app.cases.service.telling import tell_assigned
from app.cases.transitions import (
    Action,
)
from app.departments import queries as departments
from app.departments.models import Department
from app.notices import service as notices
from app.staff import queries as staff
from app.staff.roles import Person, Role


def to_department(
    session: Session, case: Case, department_id: object, handler_id: object = None
) -> Department:
    """Put the case into a department that is open, and in the hands of a named person there."""
    department = session.get(Department, number_of(department_id, "department_id", "承办单位", 1, LARGEST_ID))
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
        wanted = number_of(handler_id, "handler_id", "经办人", 1, LARGEST_ID)
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
    """Giving to a department; accepts a new case on the way, and decides an open return in its favour."""
    check_may_go_to(session, person, case, department_id)
    if classes:
        classify(session, case, **classes)
        confirm_category(person, case, classes.get("category"))
    _hand_over(session, now, person, case, Action.ASSIGN, department_id, handler_id, note)


def transfer(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    department_id: object = None,
    handler_id: object = None,
    note: object = "",
    category: str = "",
) -> None:
    """To another department, with the category put right where that was the mistake; the deadline stays."""
    if str(department_id) == str(case.department_id):
        raise Invalid("这件已经在这个单位，请选另一个", field="department_id")
    reason = words_of(note, "note", "转办的理由")
    check_may_go_to(session, person, case, department_id)
    if category:
        classify(session, case, category=str(category))
        confirm_category(person, case, category)
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
    decide_open_return(session, now, person, case, accepted=True, note=note[:500])
    move(session, now, person, case, action, department=department.name, note=note[:500])
    # 转办: whoever had it before need not read that it was theirs.
    notices.read_about(session, now, case.id, ["assigned", "reminder"])
    if case.handler_id:
        tell_assigned(session, now, case, action, f"{case.number} 交给您办，{case.due_on:%m-%d} 前答复")


def acknowledge(session: Session, now: datetime, person: Person, case: Case) -> None:
    """签收: the department has it, and by name."""
    if person.may(Role.HANDLER) and person.department_id == case.department_id:
        case.handler_id = person.id
    move(session, now, person, case, Action.ACKNOWLEDGE)
