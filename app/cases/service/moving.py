"""The one way a status changes: asks the table, writes only over what was read, logs."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.base.errors import Conflict, NotAllowed
from app.cases import queries
from app.cases.models import Case
from app.cases.service.clocks import follow_status
from app.cases.transitions import (
    ASKED_IN,
    BY_ACTION,
    OPEN_STATUSES,
    Action,
    Status,
    next_status,
)
from app.departments import queries as departments
from app.log import service as log
from app.notices import service as notices
from app.staff.roles import SEES_ALL_CASES, Person, Role

SYSTEM_ROLES = frozenset({Role.SYSTEM})


def move(
    session: Session, now: datetime, person: Person | None, case: Case, action: Action, **words: Any
) -> Case:
    """Change the status of ``case`` by ``action`` as ``person`` (None: the system), or refuse.

    Obeys the one table; writes only if nobody else has changed the case since it was read (its
    `version`), and logs. Raises `NotAllowed`, `Conflict`.
    """
    roles = person.roles if person else SYSTEM_ROLES
    before = Status(case.status)
    target = next_status(before, action, roles, has_department=case.department_id is not None)
    check_own_department(person, case, action)
    if action is Action.RELEASE_REPLY:
        _check_co_signed(session, case)
    changed = session.execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.version) == case.version, col(Case.status) == case.status)
        .values(status=target.value, open=target in OPEN_STATUSES, version=case.version + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("刚才有人先改了这一件。请刷新后看看现在的情况再做")
    session.refresh(case)
    follow_status(session, case)
    if done := [kind for kind, asked in ASKED_IN.items() if before in asked and target not in asked]:
        notices.read_about(session, now, case.id, done)
    log.record(
        session,
        now,
        person,
        action.value,
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        # What the figures are counted by stands in the log: anybody with an export of it can recount (D21).
        message_type=case.message_type,
        department_id=case.department_id,
        due_at=case.due_at.isoformat(),
        **{"from": before.value, "to": target.value},
        **words,
    )
    return case


def _check_co_signed(session: Session, case: Case) -> None:
    """A reply that names another department's matter needs its agreement, or its time to be over (B9)."""
    asked = queries.inquiries_of(session, case.id, Action.CO_SIGN)
    latest = {inquiry.department_id: inquiry for inquiry in asked}
    names = departments.names(session, set(latest))
    for department_id, inquiry in latest.items():
        name = names.get(department_id or 0, "")
        if inquiry.answered_at is None and inquiry.lapsed_at is None:
            raise NotAllowed(f"还在等{name}会签，到时没有答复才视为同意", code="co_sign")
        if inquiry.agrees is False:
            raise NotAllowed(f"{name}会签不同意，请修改后再请会签", code="co_sign")


def check_own_department(person: Person | None, case: Case, action: Action) -> None:
    """A handler acts on cases of the own department only; seeing one (co-sign, verify) is not enough."""
    if person is None or person.may(*(BY_ACTION[action].roles - {Role.HANDLER})):
        return
    if person.department_id != case.department_id and not person.may(*SEES_ALL_CASES):
        raise NotAllowed("这件现在由别的单位承办，您可以看，但不能办", code="wrong_department")
