"""Who may act just now? One row per name in the database, held for a while and renewed while alive."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.base.models import Lease


def insert_ignoring(session: Session, table: type) -> postgresql.Insert | sqlite.Insert:
    """An INSERT … ON CONFLICT DO NOTHING for the database at hand."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()  # type: ignore[attr-defined, no-any-return]


def take(session: Session, now: datetime, name: str, holder: str, hold_for: timedelta) -> bool:
    """Take or renew the lease ``name`` for ``holder`` until ``now + hold_for``; False: another has it."""
    session.execute(
        insert_ignoring(session, Lease).values(name=name, holder=holder, until_at=now + hold_for)
    )
    changed = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until_at <= now))
        .values(holder=holder, until_at=now + hold_for)
    )
    return changed.rowcount == 1


def give_back(session: Session, name: str, holder: str, now: datetime) -> None:
    """Let the next one act at once."""
    session.execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(until_at=now)
    )
