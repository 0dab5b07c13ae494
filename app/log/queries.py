"""Reads of the log for case pages, exports and the verification."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from app.log.chain import FIELDS
from app.log.models import Event

_PAGE = 2_000


def of_case(session: Session, case_id: int, limit: int = 200) -> list[Event]:
    """The newest ``limit`` events of one case, newest first."""
    found = select(Event).where(Event.case_id == case_id).order_by(col(Event.id).desc()).limit(limit)
    return list(session.exec(found))


def position(session: Session) -> int:
    """How far the log has come: the number of its last event (0: empty)."""
    return session.exec(select(Event.id).order_by(col(Event.id).desc()).limit(1)).first() or 0


def page(session: Session, *, before: int | None = None, limit: int = 50) -> list[Event]:
    """Events newest first, those before number ``before``."""
    found = select(Event).order_by(col(Event.id).desc()).limit(limit)
    return list(session.exec(found.where(Event.id < before) if before else found))


def as_fields(event: Event) -> dict[str, Any]:
    """One event as `chain.verify` and the export want it."""
    return {name: getattr(event, name) for name in (*FIELDS, "previous_hash", "hash")}


def walk(session: Session) -> Iterator[dict[str, Any]]:
    """All events in order, a page at a time: the log is longer than memory."""
    after = 0
    while rows := list(
        session.exec(select(Event).where(Event.id > after).order_by(col(Event.id)).limit(_PAGE))
    ):
        yield from (as_fields(row) for row in rows)
        after = rows[-1].id
        session.expunge_all()
