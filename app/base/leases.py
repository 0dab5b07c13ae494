"""Who may act just now? One row per name in the database, held for a while and renewed while alive."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from app.base.models import Lease
from app.base.rows import insert_once


def take(session: Session, now: datetime, name: str, holder: str, hold_for: timedelta) -> bool:
    """Take or renew the lease ``name`` for ``holder`` until ``now + hold_for``; False: another has it."""
    if insert_once(session, Lease, name=name, holder=holder, until_at=now + hold_for):
        return True
    changed = session.execute(
        update(Lease)
        .where(col(Lease.name) == name, or_(col(Lease.holder) == holder, col(Lease.until_at) <= now))
        .values(holder=holder, until_at=now + hold_for)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def give_back(session: Session, name: str, holder: str, now: datetime) -> None:
    """Let the next one act at once."""
    own = (col(Lease.name) == name, col(Lease.holder) == holder)
    session.execute(update(Lease).where(*own).values(until_at=now))
