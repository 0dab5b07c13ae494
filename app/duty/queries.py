"""Who is on duty now, who comes next, and where does the roster have holes?"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.duty import roster
from app.duty.models import Shift
from app.duty.roster import Gap

LOOK_AHEAD = timedelta(days=14)


def on_duty(session: Session, now: datetime) -> list[Shift]:
    """The shifts that are running, reading before publishing."""
    running = select(Shift).where(Shift.starts_at <= now, Shift.ends_at > now)
    return list(session.exec(running.order_by(col(Shift.duty).desc(), col(Shift.starts_at), col(Shift.id))))


def between(session: Session, starts_at: datetime, ends_at: datetime) -> list[Shift]:
    """Every shift that touches this span, in order."""
    found = select(Shift).where(Shift.starts_at < ends_at, Shift.ends_at > starts_at)
    return list(session.exec(found.order_by(col(Shift.starts_at), col(Shift.id))))


def gaps(session: Session, now: datetime, within: timedelta = LOOK_AHEAD) -> list[Gap]:
    """When nobody has a duty in the coming two weeks (C27), earliest first."""
    return roster.gaps(between(session, now, now + within), now, now + within)


def last_handover(session: Session, now: datetime) -> Shift | None:
    """The shift last taken over with a note: what the one before wanted to be known."""
    found = select(Shift).where(col(Shift.taken_over_at).is_not(None), Shift.handover_note != "")
    return session.exec(found.order_by(col(Shift.taken_over_at).desc()).limit(1)).first()
