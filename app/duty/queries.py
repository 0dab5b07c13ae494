"""Who is on duty now, who comes next, and where does the roster have holes?"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.base.standing import standing
from app.duty import roster
from app.duty.models import Shift, Substitution
from app.duty.roster import Gap

LOOK_AHEAD = timedelta(days=14)
WARN_AHEAD = timedelta(hours=72)
"""So long before nobody is on duty the leaders are told."""
CHECK_IN_WITHIN = timedelta(minutes=15)
"""Who has not taken over so long after the beginning is missed."""


@standing
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


def missed(session: Session, now: datetime) -> list[Shift]:
    """Shifts that run and that nobody took over in time."""
    running = select(Shift).where(
        Shift.starts_at <= now - CHECK_IN_WITHIN, Shift.ends_at > now, col(Shift.taken_over_at).is_(None)
    )
    return list(session.exec(running.order_by(col(Shift.starts_at), col(Shift.id))))


def before(session: Session, shift: Shift) -> Shift | None:
    """The shift of the same duty that ended last when this one begins: whose note is to be read."""
    earlier = select(Shift).where(
        Shift.duty == shift.duty, Shift.starts_at < shift.starts_at, Shift.id != shift.id
    )
    return session.exec(earlier.order_by(col(Shift.ends_at).desc()).limit(1)).first()


def asked(session: Session, staff_id: int, now: datetime) -> list[tuple[Substitution, Shift]]:
    """Which shifts a person is asked to take over and has not answered for; not those that are past."""
    wanted = select(Substitution, Shift).join(Shift, col(Shift.id) == col(Substitution.shift_id))
    wanted = wanted.where(
        Substitution.to_id == staff_id, col(Substitution.answered_at).is_(None), Shift.ends_at > now
    )
    return [(row[0], row[1]) for row in session.exec(wanted.order_by(col(Shift.starts_at)))]


def substitutions(session: Session, shift_ids: Iterable[int]) -> list[Substitution]:
    """What was asked and answered about these shifts, oldest first."""
    wanted = select(Substitution).where(col(Substitution.shift_id).in_(set(shift_ids)))
    return list(session.exec(wanted.order_by(col(Substitution.id))))


def fresh_substitutions(session: Session, since: datetime) -> list[tuple[Substitution, Shift]]:
    """Those asked or answered since then: somebody has to be told."""
    wanted = select(Substitution, Shift).join(Shift, col(Shift.id) == col(Substitution.shift_id))
    wanted = wanted.where(or_(col(Substitution.asked_at) >= since, col(Substitution.answered_at) >= since))
    return [(row[0], row[1]) for row in session.exec(wanted.order_by(col(Substitution.id)))]
