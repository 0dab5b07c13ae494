"""Who may act just now? One row per name in the database, held for a while and renewed while alive."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session

from app.base.models import Lease
from app.base.rows import insert_once


def take(session: Session, now: datetime, name: str, holder: str, hold_for: timedelta) -> bool:
    """Take or renew the lease ``name`` for ``holder`` until ``now + hold_for``; False: another has it."""
    if insert_once(session, Lease, name=name, holder=holder, until_at=now + hold_for):
        return True
    changed = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until_at <= now))
        .values(holder=holder, until_at=now + hold_for)
    )
    return changed.rowcount == 1


def give_back(session: Session, name: str, holder: str, now: datetime) -> None:
    """Let the next one act at once."""
    session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(until_at=now))
