"""Cases at every status and right details for every action, for tests of what may be done and by whom."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.cases import service
from app.cases.models import Case, Extension, Return
from app.cases.transitions import OPEN_STATUSES, Action, Status
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

POLICE, LABOUR = "公安局户政科", "人力资源和社会保障局"
CLERK, HANDLER, OTHER_HANDLER, SUPERVISOR = "小陈", "老李", "刘洋", "督办老何"
REACHED_BY_STEPS = {Status.NEW, Status.ACCEPTED, Status.ASSIGNED, Status.IN_PROGRESS}

Details = Callable[[TheOffice, Case], dict[str, Any]]


def _to(name: str, **more: Any) -> Details:
    return lambda office, master: {"department_id": office.departments[name].id, **more}


def _words(**details: Any) -> Details:
    return lambda office, master: details


# What each action is done with; the master case is only for merging.
DETAILS: dict[Action, Details] = {
    Action.ACCEPT: _words(
        message_type="complaint", category="供水", place="城东街道", sensitivity="important"
    ),
    Action.DECLINE: _words(reason="已进入诉讼，由法院处理"),
    Action.MARK_INVALID: _words(reason="advert"),
    Action.MERGE: lambda office, master: {"master": master.number},
    Action.ASSIGN: _to(POLICE, note="请按时答复"),
    Action.TRANSFER: _to(LABOUR, note="属于社保事项"),
    Action.ACKNOWLEDGE: _words(),
    Action.RETURN: _words(reason="不属户政业务", basis="三定规定第三条"),
    Action.REFUSE_RETURN: _words(note="职责表里写明由你单位办"),
    Action.ASK_CITIZEN: _words(question="请问住在哪个社区？"),
    Action.RESUME: _words(answer="电话里说住在柳荫社区"),
    Action.CO_SIGN: _to(LABOUR, question="请会签社保部分"),
    Action.VERIFY: _to(LABOUR, question="请核实参保情况"),
    Action.ASSIST: _to(LABOUR, question="请提供社保部分的说明"),
    Action.RECORD_ACTION: _words(done_on="2026-10-09", what="上门看了现场"),
    Action.CLOSE: _words(outcome="solved"),
    Action.REOPEN: _words(reason="来信人说没有解决"),
    Action.REMIND: _words(note="请今天答复"),
    Action.SUPERVISE: _words(note="本周内办结"),
    Action.REQUEST_EXTENSION: _words(working_days="5", reason="要等鉴定结果"),
    Action.GRANT_EXTENSION: _words(note="同意"),
    Action.REFUSE_EXTENSION: _words(note="已经很久了"),
}


def case_at(
    session: Session, office: TheOffice, status: Status, *, now: datetime = NOW, **fields: object
) -> Case:
    """A case of the police department at ``status``, however it got there."""
    began = status if status in REACHED_BY_STEPS else Status.IN_PROGRESS
    case = a_case(session, office, status=began, now=now, **fields)  # type: ignore[arg-type]
    if status in REACHED_BY_STEPS:
        return case
    case.status, case.open = status.value, status in OPEN_STATUSES
    if status in {Status.REPLIED, Status.CLOSED}:
        case.replied_at = now
    if status is Status.CLOSED:
        case.closed_at, case.outcome = now, "explained"
    if status is Status.WAITING_CITIZEN:
        case.paused_at = now
    session.add(case)
    session.flush()
    return case


def an_extension(
    session: Session, office: TheOffice, case: Case, *, by: str = HANDLER, now: datetime = NOW
) -> Extension:
    """Five more working days, asked for and not yet decided."""
    asked = Extension(
        case_id=case.id, working_days=5, reason="要等鉴定结果", asked_by=office.people[by].id, asked_at=now
    )
    session.add(asked)
    session.flush()
    return asked


def a_return(session: Session, office: TheOffice, case: Case, *, now: datetime = NOW) -> Return:
    """The police gave it back, and nobody has decided yet."""
    asked = Return(
        case_id=case.id,
        department_id=office.departments[POLICE].id,
        by_id=office.people[HANDLER].id,
        at=now,
        reason="不属户政业务",
        basis="三定规定第三条",
    )
    session.add(asked)
    session.flush()
    return asked


def act(
    office: TheOffice, who: str, case: Case, action: Action, *, now: datetime = NOW, **details: Any
) -> Case:
    """One action in a transaction of its own."""
    with office.db.writing() as session:
        return service.act(session, now, office.people[who], case.number, action, **details)
