"""Reads of arrivals, messages, requesters and imports."""

from datetime import datetime

from sqlalchemy import func, or_, tuple_
from sqlmodel import Session, col, select

from app.messages.models import Arrival, Attachment, ImportRun, Message, Requester

WAITING = "waiting"


def waiting_ids(session: Session, limit: int) -> list[int]:
    """Arrivals nobody has read yet, in the order in which they came to us (not in that of their numbers:
    what waited in a spool is numbered later)."""
    found = select(Arrival.id).where(Arrival.state == WAITING)
    return list(session.exec(found.order_by(col(Arrival.received_at), col(Arrival.id)).limit(limit)))


def arrivals(
    session: Session, *, state: str = "", before: int | None = None, limit: int = 50
) -> list[Arrival]:
    """Newest first; ``state`` narrows it, ``before`` is the id of the last one seen."""
    place = (col(Arrival.received_at), col(Arrival.id))
    found = select(Arrival).order_by(*(one.desc() for one in place)).limit(limit)
    if state:
        found = found.where(Arrival.state == state)
    last = session.get(Arrival, before) if before else None
    return list(session.exec(found.where(tuple_(*place) < (last.received_at, last.id)) if last else found))


def arrival_counts(session: Session) -> dict[str, int]:
    """How many arrivals are in each state."""
    return dict(session.execute(select(Arrival.state, func.count()).group_by(Arrival.state)).all())


def of_case(session: Session, case_id: int) -> list[Message]:
    """The messages of one case, oldest first."""
    return list(session.exec(select(Message).where(Message.case_id == case_id).order_by(col(Message.id))))


def attachments(session: Session, message_ids: list[int]) -> list[Attachment]:
    """What came beside these messages."""
    found = select(Attachment).where(col(Attachment.message_id).in_(message_ids)).order_by(col(Attachment.id))
    return list(session.exec(found))


def attachment_of_case(session: Session, case_id: int, attachment_id: int) -> Attachment | None:
    """A file that came with a message of this case; None for any other."""
    found = select(Attachment).join(Message, col(Message.id) == Attachment.message_id)
    return session.exec(found.where(Attachment.id == attachment_id, Message.case_id == case_id)).first()


def attachments_to_fetch(session: Session, now: datetime, limit: int) -> list[tuple[int, int, str]]:
    """(attachment, account, the platform's handle) of files not here yet and due to be asked for."""
    found = (
        select(Attachment.id, Message.account_id, Attachment.media_id)
        .join(Message, col(Message.id) == Attachment.message_id)
        .where(
            Attachment.state == WAITING,
            Attachment.media_id != "",
            or_(col(Attachment.next_try_at).is_(None), col(Attachment.next_try_at) <= now),
        )
        .order_by(col(Attachment.id))
        .limit(limit)
    )
    return list(session.exec(found))


def attachment_paths(session: Session) -> set[str]:
    """Every file that a row names."""
    return set(session.exec(select(Attachment.path).where(Attachment.path != "")))


def requester_of(session: Session, pseudonym: str) -> Requester | None:
    return session.exec(select(Requester).where(Requester.pseudonym == pseudonym)).first()


def known(session: Session, account_id: int, external_id: str) -> Message | None:
    """The message with the platform's own id, if it is here already."""
    found = select(Message).where(Message.account_id == account_id, Message.external_id == external_id)
    return session.exec(found).first()


def imports(session: Session, limit: int = 20) -> list[ImportRun]:
    """The latest imported files."""
    return list(session.exec(select(ImportRun).order_by(col(ImportRun.id).desc()).limit(limit)))
