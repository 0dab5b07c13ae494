"""Write down what was done; chained when the transaction ends, so that nobody waits for the log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session, col, select

from app.base import db
from app.log import chain
from app.log.models import Event

_WAITING = "events_waiting"


class Actor(Protocol):
    """Whoever acts: a signed-in person."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


def record(
    session: Session,
    now: datetime,
    actor: Actor | None,
    action: str,
    *,
    subject_type: str,
    subject_id: object,
    case_id: int | None = None,
    **data: Any,
) -> None:
    """One step by ``actor`` (None: the system) at ``now`` (UTC).

    The event is chained and inserted as the last thing before the commit, under one lock: row locks
    taken by the step itself can then never wait for the log the wrong way round.
    """
    session.info.setdefault(_WAITING, []).append(
        {
            "at": now,
            "actor_id": actor.id if actor else None,
            "actor_name": actor.name if actor else "",
            "action": action,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "case_id": case_id,
            "data": data,
        }
    )


def waiting(session: Session) -> list[dict[str, Any]]:
    """What this transaction has recorded so far and not yet committed."""
    return list(session.info.get(_WAITING, []))


def stamp(session: OrmSession, name: str, values_at: Callable[[set[datetime]], dict[datetime, Any]]) -> None:
    """Note something of the circumstances with every step that waits; nothing where the value at its instant
    is empty. ``values_at`` is asked once, for all the instants. For what stands above the log and knows what
    it does not: who was on duty."""
    waiting = session.info.get(_WAITING, [])
    if not waiting:
        return
    values = values_at({row["at"] for row in waiting})
    for row in waiting:
        if value := values.get(row["at"]):
            row["data"].setdefault(name, value)


@sa_event.listens_for(OrmSession, "before_commit")
def _chain_waiting(session: OrmSession) -> None:
    rows = session.info.pop(_WAITING, [])
    if not rows:
        return
    session.flush()
    db.lock(session, "log")  # type: ignore[arg-type]
    last = session.execute(select(Event.id, Event.hash).order_by(col(Event.id).desc()).limit(1)).first()
    number, head = (last[0], last[1]) if last else (0, chain.GENESIS)
    for row in rows:
        number += 1
        fields = {"id": number, **row}
        digest = chain.link(head, fields)
        session.add(Event(**fields, previous_hash=head, hash=digest))
        head = digest
    session.flush()


@sa_event.listens_for(OrmSession, "after_rollback")
def _forget_waiting(session: OrmSession) -> None:
    session.info.pop(_WAITING, None)
