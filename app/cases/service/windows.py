"""The platform's time for answering somebody: one per person, whichever of their cases the answer is about."""

from datetime import datetime

from sqlmodel import Session, col, select

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
    private = select(Message.case_id).where(
        Message.requester_id == message.requester_id, col(Message.kind).not_in(PUBLIC_KINDS)
    )
    theirs = select(Case).where(
        Case.requester_id == message.requester_id, col(Case.open), col(Case.id).in_(private)
    )
    for case in session.exec(theirs):
        if case.window_closes_at is None or case.window_closes_at < until:
            case.window_closes_at = until
            case.sooner_at = deadlines.sooner(case.due_at, until)
            session.add(case)
