"""What every step of a reply needs: one at a time at its case, a row changed only as it was read, log, notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base import db as base_db
from app.base.errors import NotAllowed, NotFound
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.cases.transitions import Status
from app.duty import queries as duty
from app.log import service as log
from app.notices import service as notices
from app.official_accounts.models import OfficialAccount
from app.replies import sending
from app.replies.models import Delivery, Moderation, Reply
from app.replies.sending import APPROVAL_VOID, OURS
from app.staff.roles import Person, Role
from connectors.errors import DeliveryError

LONGEST_NOTE = 500
ANSWERED = frozenset({Status.REPLIED, Status.CLOSED})
WRITERS = (Role.CLERK, Role.HANDLER)


def one_at_a_time(session: Session, case_id: int) -> None:
    """Two people at one case's reply wait for each other."""
    base_db.lock(session, f"reply of case {case_id}")


def opened(session: Session, person: Person, reply_id: int) -> tuple[Reply, Case]:
    """A reply that this person may see, with its case, as both are now; nobody else acts on it meanwhile."""
    wanted = select(Reply.case_id).join(Case, col(Case.id) == Reply.case_id)
    case_id = session.exec(wanted.where(Reply.id == reply_id, visible_cases(person))).first()
    if case_id is None:
        raise NotFound("没有这份答复，或者这件不在您的单位")
    one_at_a_time(session, case_id)
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    return reply, session.get_one(Case, case_id, populate_existing=True)


def check_writer(session: Session, person: Person, case: Case) -> None:
    if not person.may(*WRITERS):
        raise NotAllowed("答复由受理员或经办人起草", code="wrong_role")
    if not person.may(Role.CLERK) and person.department_id != case.department_id:
        raise NotAllowed("这件现在由别的单位承办，您可以看，但不能写答复", code="wrong_department")


@dataclass(frozen=True)
class Failure:
    """Why a try did not end in success, in a class of `connectors.errors.ERROR_CLASSES`."""

    kind: str
    code: str
    words: str  # the platform's, or empty
    message: str  # in Chinese
    not_before: timedelta | None = None  # how long the platform asked us to wait


def change(session: Session, row: Delivery | Moderation, was: str, **values: Any) -> bool:
    """Change an outbox row only if it still is what was read: state and fencing token in one UPDATE."""
    table = type(row)
    changed = session.execute(
        update(table)
        .where(col(table.id) == row.id, col(table.state) == was, col(table.fence) == row.fence)
        .values(**{name: str(value) if name == "state" else value for name, value in values.items()})
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def error_columns(failure: Failure) -> dict[str, str]:
    words = f"{failure.message}（{failure.words}）" if failure.words else failure.message
    return {"error_class": failure.kind, "error_code": failure.code[:40], "error_words": words[:400]}


def failure_of(error: DeliveryError, kind: str) -> Failure:
    return Failure(kind, error.code, error.words, error.message_zh, error.not_before)


def our_failure(code: str, kind: str) -> Failure:
    return Failure(kind, code, "", OURS[code])


def record(
    session: Session, now: datetime, person: Person | None, action: str, reply: Reply, **data: Any
) -> None:
    log.record(
        session, now, person, action, subject_type="reply", subject_id=reply.id, case_id=reply.case_id, **data
    )


def record_delivery(
    session: Session, now: datetime, person: Person | None, row: Delivery, action: str, **data: Any
) -> None:
    log.record(
        session, now, person, action, subject_type="delivery", subject_id=row.id, case_id=row.case_id, **data
    )


def record_moderation(
    session: Session, now: datetime, person: Person | None, row: Moderation, action: str, **data: Any
) -> None:
    log.record(
        session,
        now,
        person,
        action,
        subject_type="moderation",
        subject_id=row.id,
        case_id=row.case_id,
        **data,
    )


def tell(session: Session, now: datetime, staff_id: int, case: Case, key: str, kind: str, words: str) -> None:
    notices.tell(
        session,
        now,
        staff_id,
        key=f"{key}:{staff_id}",
        kind=kind,
        text=f"{case.number} {words}",
        address=f"/desk/cases/{case.number}",
        case_id=case.id,
    )


def tell_about(session: Session, now: datetime, row: Delivery, failure: Failure) -> None:
    """Tell whoever wrote and handles it that it did not arrive; of a broken approval also who is on duty."""
    case, reply = session.get_one(Case, row.case_id), session.get_one(Reply, row.reply_id)
    to = {reply.author_id, case.handler_id}
    if failure.code == APPROVAL_VOID:
        to |= {reply.released_by, *(shift.staff_id for shift in duty.on_duty(session, now))}
    if failure.kind == "stop":
        to.add(session.get_one(OfficialAccount, row.account_id).responsible_id)
    words = f"答复{sending.STATE_LABELS[row.state]}：{failure.message}"
    for staff_id in {one for one in to if one is not None}:
        tell(
            session, now, staff_id, case, f"delivery:{row.id}:{row.fence}:{row.state}", "not_delivered", words
        )
