"""What a clerk does first: take in with its classes, decline, mark invalid, merge with a master case."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.db import lock
from app.base.errors import Invalid
from app.cases import queries
from app.cases.deadlines import MessageType, Pace
from app.cases.models import Case
from app.cases.service.clocks import set_due
from app.cases.service.details import words_of
from app.cases.service.moving import move
from app.cases.transitions import (
    INVALID_REASONS,
    OPEN_STATUSES,
    Action,
    Status,
)
from app.staff.roles import Person


def accept(session: Session, now: datetime, person: Person, case: Case, **given: Any) -> None:
    """Take the case in, with its type, category, place and class; the due date follows them."""
    classify(session, case, **given)
    confirm_category(person, case, given.get("category"))
    move(session, now, person, case, Action.ACCEPT)


def classify(
    session: Session,
    case: Case,
    message_type: str = "",
    category: str = "",
    place: str = "",
    complex: object = None,
    sensitivity: str = "",
    pace: str = "",
) -> None:
    """Type, category, place and class as given; what is not given stays. The due date follows them."""
    if message_type and message_type not in set(MessageType):
        raise Invalid("没有这种诉求类型", field="message_type")
    if sensitivity and sensitivity not in {"ordinary", "important", "sensitive"}:
        raise Invalid("敏感程度只能是一般、重要或敏感", field="sensitivity")
    if pace and pace not in set(Pace):
        raise Invalid("缓急只能是一般、紧急或舆情", field="pace")
    case.message_type = message_type or case.message_type
    case.category = category[:40] or case.category
    case.place = place[:40] or case.place
    case.sensitivity = sensitivity or case.sensitivity
    case.pace = pace or case.pace
    if complex is not None:
        case.complex = str(complex).lower() in {"1", "true", "on", "yes"}
    set_due(session, case)


def confirm_category(person: Person, case: Case, category: object) -> None:
    """Note who confirmed or corrected the category: only such cases are learned from."""
    if category:
        case.category_by = person.id


def decline(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """不予受理, with the reason that the citizen will read."""
    case.ended_reason = words_of(reason, "reason", "不予受理的理由")
    case.closed_at = now
    move(session, now, person, case, Action.DECLINE, reason=case.ended_reason)
    end_merged(session, now, case)


def mark_invalid(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """广告, 重复, 辱骂 …: counted, kept, never published (E18)."""
    if reason not in INVALID_REASONS:
        raise Invalid("请选无效的原因：" + "、".join(INVALID_REASONS.values()), field="reason")
    case.ended_reason = str(reason)
    case.closed_at = now
    move(session, now, person, case, Action.MARK_INVALID, reason=case.ended_reason)
    end_merged(session, now, case)


_MAY_BE_MASTER = OPEN_STATUSES | {Status.REPLIED, Status.CLOSED}
"""What was answered already may be a master too: the letter gets the reply that was given."""


def merge(session: Session, now: datetime, person: Person, case: Case, master: object = "") -> None:
    """One master case, many deliveries: this one will get the master's reply (E16)."""
    number = words_of(master, "master", "主办件编号")
    lock(session, "merge")  # two who merge each other's master at once would leave a ring without a reply
    chief = queries.visible_case(session, person, number)
    if chief.id == case.id:
        raise Invalid("不能并入自己", field="master")
    if chief.master_id or chief.status not in _MAY_BE_MASTER:
        raise Invalid(
            f"{chief.number} 已经并案或没有答复就办完了，请选一件在办或已答复的主办件", field="master"
        )
    case.master_id = chief.id
    if chief.closed_at is not None:
        case.outcome, case.closed_at = chief.outcome, now
    move(session, now, person, case, Action.MERGE, master=chief.number)
    session.execute(update(Case).where(col(Case.master_id) == case.id).values(master_id=chief.id))


def end_merged(session: Session, now: datetime, case: Case) -> None:
    """What was merged into ``case`` ends with it, with its outcome."""
    for merged in session.exec(select(Case).where(Case.master_id == case.id, col(Case.closed_at).is_(None))):
        merged.outcome, merged.closed_at = case.outcome, now
