"""One action on one case with its details: whether it may be done at all comes before how."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Conflict, Invalid, NotAllowed
from app.cases import queries
from app.cases.models import Case
from app.cases.service.asking import inquire
from app.cases.service.ending import close, record_action, reopen
from app.cases.service.handing_over import acknowledge, assign, transfer
from app.cases.service.moving import check_own_department
from app.cases.service.pausing import ask_citizen, decide_extension, request_extension, resume_by_person
from app.cases.service.reminding import remind, supervise
from app.cases.service.returning import give_back, refuse_return
from app.cases.service.sorting import accept, decline, mark_invalid, merge
from app.cases.transitions import (
    ACTION_LABELS,
    BY_REPLY,
    Action,
    Status,
    next_status,
)
from app.staff.roles import Person


def act(
    session: Session,
    now: datetime,
    person: Person,
    number: str,
    action: Action,
    *,
    version: int | None = None,
    **details: Any,
) -> Case:
    """Do ``action`` on the case ``number`` with its ``details`` (see `_DO`).

    ``version`` is the one the person saw; a stale one is refused. Raises `NotFound`, `NotAllowed`,
    `Invalid` (with the field), `Conflict`.
    """
    if action in BY_REPLY:
        raise NotAllowed(f"{ACTION_LABELS[action]}在答复里做，不在这里", code="by_reply")
    case = queries.visible_case(session, person, number)
    if version is not None and version != case.version:
        raise Conflict("刚才有人先改了这一件。请刷新后看看现在的情况再做")
    do = _DO[action]
    given = {name: value for name, value in details.items() if value not in (None, "")}
    unknown = set(given) - do.details
    if unknown:
        raise Invalid(f"{ACTION_LABELS[action]}用不到 {'、'.join(sorted(unknown))}", field=min(unknown))
    # Whether it may be done at all comes before what is wrong with the details.
    next_status(Status(case.status), action, person.roles)
    check_own_department(person, case, action)
    do.function(session, now, person, case, **given)
    session.add(case)
    session.flush()
    return case


class _Do:
    """An action's function and the details it takes (for the API's schema and for refusals)."""

    def __init__(self, function: Callable[..., None], *details: str) -> None:
        self.function = function
        self.details = frozenset(details)


_CLASSES = ("message_type", "category", "place", "complex", "sensitivity", "pace")


_DO: dict[Action, _Do] = {
    Action.ACCEPT: _Do(accept, *_CLASSES),
    Action.DECLINE: _Do(decline, "reason"),
    Action.MARK_INVALID: _Do(mark_invalid, "reason"),
    Action.MERGE: _Do(merge, "master"),
    Action.ASSIGN: _Do(assign, "department_id", "handler_id", "note", *_CLASSES),
    Action.TRANSFER: _Do(transfer, "department_id", "handler_id", "note", "category"),
    Action.ACKNOWLEDGE: _Do(acknowledge),
    Action.RETURN: _Do(give_back, "reason", "basis"),
    Action.REFUSE_RETURN: _Do(refuse_return, "note"),
    Action.ASSIST: _Do(inquire(Action.ASSIST), "department_id", "question"),
    Action.ASK_CITIZEN: _Do(ask_citizen, "question"),
    Action.RESUME: _Do(resume_by_person, "answer"),
    Action.CO_SIGN: _Do(inquire(Action.CO_SIGN), "department_id", "question"),
    Action.VERIFY: _Do(inquire(Action.VERIFY), "department_id", "question"),
    Action.RECORD_ACTION: _Do(record_action, "done_on", "what"),
    Action.CLOSE: _Do(close, "outcome"),
    Action.REOPEN: _Do(reopen, "reason", "department_id"),
    Action.REMIND: _Do(remind, "note"),
    Action.SUPERVISE: _Do(supervise, "note"),
    Action.REQUEST_EXTENSION: _Do(request_extension, "working_days", "reason"),
    Action.GRANT_EXTENSION: _Do(decide_extension(True), "note"),
    Action.REFUSE_EXTENSION: _Do(decide_extension(False), "note"),
}


ACTION_DETAILS = {action: do.details for action, do in _DO.items()}
