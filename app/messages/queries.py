"""Reads of arrivals, messages, requesters and imports."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, tuple_
from sqlmodel import Session, col, select

from app.messages.models import Arrival, ArrivalHours, Attachment, ImportRun, Message, Requester
from app.official_accounts.silence import HISTORY, History, history
from connectors.contract import Fetcher

WAITING = "waiting"
STATES = (WAITING, "read", "event", "unsupported", "failed")


def waiting_ids(session: Session, limit: int) -> list[int]:
    """Arrivals nobody has read yet, in the order in which they came to us (not in that of their numbers:
    what waited in a spool is numbered later)."""
    found = select(Arrival.id).where(Arrival.state == WAITING)
    return list(session.exec(found.order_by(col(Arrival.received_at), col(Arrival.id)).limit(limit)))


def lock_waiting(session: Session, ids: Sequence[int]) -> list[Arrival]:
    """Those of these arrivals that still wait, in the order of ``ids``, held by this transaction: another
    process that is slower passes them by."""
    held = select(Arrival).where(col(Arrival.id).in_(ids)).order_by(col(Arrival.id)).with_for_update()
    rows = session.exec(held)
    still = {row.id: row for row in rows if row.state == WAITING}
    return [still[number] for number in ids if number in still]


def arrivals(
    session: Session, *, state: str = "", before: int | None = None, limit: int = 50
) -> list[Arrival]:
    """Newest first; ``state`` narrows it, ``before`` is the id of the last one seen."""
    if not state:  # by number: close enough to the time, and what the table is sorted by
        newest = select(Arrival).order_by(col(Arrival.id).desc()).limit(limit)
        return list(session.exec(newest.where(Arrival.id < before) if before else newest))
    place = (col(Arrival.received_at), col(Arrival.id))
    found = (
        select(Arrival).where(Arrival.state == state).order_by(*(one.desc() for one in place)).limit(limit)
    )
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


def hints(session: Session, now: datetime, account_id: int, connector: Fetcher) -> list[Mapping[str, str]]:
    """What kept messages tell of where to ask (articles that were published), newest last."""
    if not connector.hint_notices:
        return []
    found = select(Message.extra).where(
        Message.account_id == account_id,
        col(Message.notice).in_([str(one) for one in connector.hint_notices]),
        Message.received_at >= now - timedelta(days=connector.hint_days),
    )
    return list(session.exec(found.order_by(col(Message.received_at), col(Message.id))))


def with_prefix(session: Session, account_id: int, prefix: str) -> list[Message]:
    """Messages of an account whose platform's id begins so."""
    upper = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    found = select(Message).where(
        Message.account_id == account_id,
        Message.external_id >= prefix,
        Message.external_id < upper,
    )
    return list(session.exec(found))


def last_hour_counted(session: Session) -> datetime | None:
    """The newest hour in the counts."""
    return session.exec(select(func.max(ArrivalHours.hour_at))).one()


def arrivals_by_hour(session: Session, first: datetime, until: datetime) -> dict[tuple[int, datetime], int]:
    """(account, hour) → how many came, between two instants."""
    counts: dict[tuple[int, datetime], int] = {}
    came = select(Arrival.account_id, Arrival.received_at).where(
        col(Arrival.state).in_(STATES), Arrival.received_at >= first, Arrival.received_at < until
    )
    for account_id, at in session.exec(came.execution_options(yield_per=5_000)):
        key = (account_id, at.replace(minute=0, second=0, microsecond=0))
        counts[key] = counts.get(key, 0) + 1
    return counts


def histories(session: Session, now: datetime) -> dict[int, History]:
    """What usually comes on each account, from the counts of the last four weeks."""
    since, hour = now - HISTORY, now.replace(minute=0, second=0, microsecond=0)
    rows: dict[int, list[tuple[datetime, int]]] = {}
    for one in session.exec(select(ArrivalHours).where(ArrivalHours.hour_at >= since)):
        rows.setdefault(one.account_id, []).append((one.hour_at, one.number))
    return {account_id: history(found, since, hour) for account_id, found in rows.items()}
