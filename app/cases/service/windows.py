"""The platform's time for answering somebody: one per person, whichever of their cases the answer is about."""

from datetime import datetime

from sqlalchemy import Integer, bindparam, or_
from sqlmodel import Session, col, select

from app.base.types import Instant
from app.cases import deadlines
from app.cases.models import Case
from app.messages.models import Message, Requester
from connectors.contract import PUBLIC_KINDS
from connectors.registry import platform


def closes_at(session: Session, message: Message) -> datetime | None:
    """Until when the platform carries an answer to this message; None where it sets no time."""
    window = platform(message.platform).window_for(message.kind not in PUBLIC_KINDS)
    requester = session.get(Requester, message.requester_id) if message.requester_id else None
    if window is None or requester is None or requester.window_opened_at is None:
        return None
    return requester.window_opened_at + window.lasts


def follow(session: Session, message: Message) -> None:
    """Somebody wrote again: the time for answering their other open cases is longer too."""
    until = closes_at(session, message)
    if until is None:
        return
    given = {"requester_id": message.requester_id, "until": until}
    for case in session.execute(_CLOSING_SOONER, given).scalars():
        case.window_closes_at = until
        case.sooner_at = deadlines.sooner(case.due_at, until)
        session.add(case)


_REQUESTER = bindparam("requester_id", type_=Integer)
_UNTIL = bindparam("until", type_=Instant)
_PRIVATE = select(Message.case_id).where(
    col(Message.requester_id) == _REQUESTER, col(Message.kind).not_in(PUBLIC_KINDS)
)
_CLOSING_SOONER = select(Case).where(
    col(Case.requester_id) == _REQUESTER,
    col(Case.open),
    or_(col(Case.window_closes_at).is_(None), col(Case.window_closes_at) < _UNTIL),
    col(Case.id).in_(_PRIVATE),
)
"""Open cases of one person whose time ends before ``until``. Made once: it is asked for every message."""
