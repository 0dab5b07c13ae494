"""What the citizen may do with number and look-up code: follow, rate, say once that it is not solved."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.base.db import Database
from app.base.errors import Invalid, NotFound
from app.base.rows import insert_once
from app.cases import numbers, queries
from app.cases.models import Case, Rating
from app.cases.service import promising
from app.cases.service.details import number_of, words_of
from app.cases.service.ending import reopen
from app.cases.transitions import (
    Status,
)
from app.log import service as log
from app.messages import service as messages_service
from app.official_accounts.models import OfficialAccount
from app.staff import service as staff_service
from connectors.contract import IncomingMessage

_LOOKUP_TRIES, _LOOKUP_WITHIN = 5, timedelta(hours=1)


def follow(db: Database, now: datetime, number: str, code: str, *, address_key: str) -> Case:
    """The case for its number and look-up code: five wrong tries an hour per number and per address.

    The same words for a wrong number and a wrong code. The try is counted in a transaction of its own,
    so that the refusal does not undo the counting. Raises `TooMany`, `NotFound`.
    """
    number, code = numbers.tidy(number), numbers.tidy(code)
    keys = (f"number:{number}", f"address:{address_key}")
    with db.writing() as session:
        for key in keys:
            staff_service.check_attempts(
                session, now, "lookup", key, limit=_LOOKUP_TRIES, within=_LOOKUP_WITHIN
            )
        case = queries.by_number(session, number) if numbers.is_number(number) else None
        right = case is not None and staff_service.same_secret(queries.lookup_code(session, case), code)
        if not right and (other := promising.case_told(session, number, code, staff_service.same_secret)):
            case, right = other, True
        if not right:
            for key in keys:
                staff_service.count_attempt(session, now, "lookup", key)
    if case is None or not right:
        raise NotFound("编号或查询码不对。请看看编号和 8 位查询码；一小时内最多试 5 次", code="wrong_code")
    return case


def rate(session: Session, now: datetime, case: Case, *, score: object, solved: bool) -> Rating:
    """满意度, once, after the reply (B21)."""
    if case.status not in {Status.REPLIED, Status.CLOSED}:
        raise Invalid("收到答复后才能评价")
    given = number_of(score, "score", "评分", 1, 5)
    if not insert_once(session, Rating, case_id=case.id, score=given, solved=solved, at=now):
        raise Invalid("这件已经评价过了", code="rated")
    rating = session.exec(select(Rating).where(Rating.case_id == case.id)).one()
    log.record(
        session,
        now,
        None,
        "rate",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        score=rating.score,
    )
    return rating


def reopen_by_requester(session: Session, now: datetime, case: Case, reason: str) -> Case:
    """没解决, once: back to its department, with the citizen's words as one more message of the case.

    The log is for ever and says only that they asked. A case without a department has nobody to go back
    to: refused, with what to do instead.
    """
    words = words_of(reason, "reason", "哪里没解决", 300)
    if case.reopened:
        raise Invalid("这件已经重办过一次。请另写一封信，我们会一并处理", code="reopened")
    if case.department_id is None:
        raise Invalid("这件由受理员直接答复，请另写一封信说明", code="no_department")
    reopen(session, now, None, case, reason="来信人说没有解决")
    said = IncomingMessage(
        platform=case.platform, external_id=f"reopen:{case.number}", kind="reopen", sender=None, text=words
    )
    message = messages_service.keep(session, now, session.get_one(OfficialAccount, case.account_id), said)
    if message is not None:
        message.case_id = case.id
        session.add(message)
    session.flush()
    return case
