"""退单: a department gives a case back within the set time and with its basis; a dispatcher decides, once each.

A case never circulates: whoever was let off does not get it again but by the duty leader, and the third
return is the duty leader's to decide.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.base.errors import Invalid, NotAllowed
from app.calendar import queries as calendars
from app.calendar.workdays import due_after
from app.cases import queries
from app.cases.models import Case, Return
from app.cases.service.clocks import profile_of
from app.cases.service.details import words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell, tell_assigned, tell_on_duty
from app.cases.transitions import Action
from app.departments.models import Department
from app.staff import queries as staff
from app.staff.roles import Person, Role

MOST_RETURNS = 3
"""From this return on the duty leader decides who has it."""


def give_back(
    session: Session, now: datetime, person: Person, case: Case, reason: object = "", basis: object = ""
) -> None:
    """退回: not this department's matter, with the duty relied on, within the set time."""
    words = words_of(reason, "reason", "退回的理由")
    relied_on = words_of(basis, "basis", "职责依据")
    until = return_until(session, case)
    if until is not None and now >= until:
        raise NotAllowed("已经过了可以退回的时间。请签收办理；确有异议请找值班长", code="too_late")
    before = [one for one in queries.returns_of(session, case.id) if one.department_id == case.department_id]
    if any(one.accepted is False for one in before):
        raise NotAllowed("退回没有获得同意，请签收办理；确有异议请找值班长", code="return_refused")
    department = session.get(Department, case.department_id) if case.department_id else None
    if department is None:
        raise Invalid("这件没有承办单位", field="reason")
    session.add(
        Return(
            case_id=case.id,
            department_id=department.id,
            by_id=person.id,
            at=now,
            reason=words,
            basis=relied_on,
        )
    )
    move(session, now, person, case, Action.RETURN, reason=words, basis=relied_on, department=department.name)
    case.returns += 1
    case.department_id = case.handler_id = None
    _tell_dispatchers(session, now, case)


def _tell_dispatchers(session: Session, now: datetime, case: Case) -> None:
    """Whoever is on duty; from the third return on the duty leaders."""
    key = f"returned:{case.version}"
    if case.returns < MOST_RETURNS:
        tell_on_duty(session, now, case, "returned", f"{case.number} 被退回，请定由谁办", key=key)
        return
    words = f"{case.number} 已被退回 {case.returns} 次，请值班长定由谁办"
    for leader in staff.people(session, role=Role.DUTY_LEADER):
        tell(session, now, leader.id, case, "returned", words, key=key)


def return_until(session: Session, case: Case) -> datetime | None:
    """Until when the department may give the case back (UTC); None while nobody has it."""
    if case.assigned_at is None or case.department_id is None:
        return None
    profile = profile_of(session, case)
    if profile.return_hours:
        return case.assigned_at + timedelta(hours=profile.return_hours)
    return due_after(case.assigned_at, profile.return_days, calendars.calendar(session)).due_at


def refuse_return(session: Session, now: datetime, person: Person, case: Case, note: object = "") -> None:
    """不同意退回: the case goes back to the very department, with the dispatcher's reason; the deadline stays."""
    words = words_of(note, "note", "不同意退回的理由")
    asked = queries.open_return(session, case.id)
    if asked is None:
        raise Invalid("这件没有等决定的退回")
    _check_duty_leader(person, case)
    department = session.get_one(Department, asked.department_id)
    case.department_id, case.handler_id, case.assigned_at = department.id, asked.by_id, now
    decide_open_return(session, now, person, case, accepted=False, note=words)
    move(session, now, person, case, Action.REFUSE_RETURN, department=department.name, note=words)
    told = f"{case.number} 退回没有获得同意，{case.due_on:%m-%d} 前答复"
    tell_assigned(session, now, case, Action.REFUSE_RETURN, told)


def decide_open_return(
    session: Session, now: datetime, person: Person, case: Case, *, accepted: bool, note: str
) -> None:
    """Write down what became of the return that waits, if one does."""
    asked = queries.open_return(session, case.id)
    if asked is not None:
        asked.accepted, asked.decided_by, asked.decided_at, asked.note = accepted, person.id, now, note
        session.add(asked)


def check_may_go_to(session: Session, person: Person, case: Case, department_id: object) -> None:
    """Whether this person may give the case to this department after what was returned. Raises `NotAllowed`."""
    returns = queries.returns_of(session, case.id)
    if not returns:
        return
    if returns[-1].accepted is None:
        _check_duty_leader(person, case)
        if str(returns[-1].department_id) == str(department_id):
            raise Invalid("这个单位刚退回。不同意它退回，请点“不同意退回”并写明理由", field="department_id")
    let_off = {str(one.department_id) for one in returns if one.accepted is not False}
    if str(department_id) in let_off and not person.may(Role.DUTY_LEADER):
        raise NotAllowed("这个单位已经退回过这件，不能再交给它。确有必要，请值班长定", code="circulates")


def _check_duty_leader(person: Person, case: Case) -> None:
    if case.returns >= MOST_RETURNS and not person.may(Role.DUTY_LEADER):
        raise NotAllowed(f"这件已被退回 {case.returns} 次，要由值班长定由谁办", code="duty_leader")
