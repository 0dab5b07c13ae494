"""What has this person not read yet, and what is on its way out of the house?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from app.base.standing import standing
from app.notices.models import Notice, NoticeSending, NoticeTarget
from app.notices.outward import NEEDS_A_PERSON, SendingState
from app.staff.models import StaffMember


def inbox(session: Session, staff_id: int, limit: int = 50) -> list[Notice]:
    """A person's notices: unread ones first, newest first within each."""
    own = select(Notice).where(Notice.staff_id == staff_id)
    order = (col(Notice.read_at).is_not(None), col(Notice.id).desc())
    return list(session.exec(own.order_by(*order).limit(limit)))


def unread_count(session: Session, staff_id: int) -> int:
    """How many notices a person has not read."""
    unread = select(func.count()).where(Notice.staff_id == staff_id, col(Notice.read_at).is_(None))
    return session.exec(unread).one()


@dataclass(frozen=True)
class Out:
    """One notice on its way to one target, with both."""

    sending: NoticeSending
    notice: Notice
    target: NoticeTarget


@standing
def targets_for(session: Session, staff_id: int) -> list[tuple[int, Sequence[str]]]:
    """Where a person's notices go outside, and of which kinds (none named: all)."""
    department = select(StaffMember.department_id).where(StaffMember.id == staff_id).scalar_subquery()
    everybody = col(NoticeTarget.staff_id).is_(None) & col(NoticeTarget.department_id).is_(None)
    lends_only = (col(NoticeTarget.way) == "mail") & (col(NoticeTarget.handle_sealed) == "")
    wanted = select(NoticeTarget.id, NoticeTarget.kinds).where(
        col(NoticeTarget.closed_at).is_(None),
        ~lends_only,
        or_(
            col(NoticeTarget.staff_id) == staff_id,
            col(NoticeTarget.department_id) == department,
            everybody,
        ),
    )
    return [(row[0], row[1]) for row in session.exec(wanted)]


def targets(session: Session) -> list[NoticeTarget]:
    """Every target in use, oldest first."""
    return list(
        session.exec(
            select(NoticeTarget).where(col(NoticeTarget.closed_at).is_(None)).order_by(col(NoticeTarget.id))
        )
    )


def due_out(session: Session, now: datetime, limit: int) -> list[Out]:
    """What may leave now as far as its time goes, oldest first."""
    wanted = _outbox().where(NoticeSending.state == SendingState.READY, NoticeSending.next_try_at <= now)
    wanted = wanted.where(or_(col(NoticeTarget.next_at).is_(None), col(NoticeTarget.next_at) <= now))
    return [Out(*row) for row in session.exec(wanted.order_by(col(NoticeSending.id)).limit(limit))]


def still_due(session: Session, ids: Sequence[int], now: datetime) -> list[Out]:
    """Those of ``ids`` that no other process has taken meanwhile, as they are now."""
    wanted = _outbox().where(
        col(NoticeSending.id).in_(ids),
        NoticeSending.state == SendingState.READY,
        NoticeSending.next_try_at <= now,
    )
    fresh = wanted.order_by(col(NoticeSending.id)).execution_options(populate_existing=True)
    return [Out(*row) for row in session.exec(fresh)]


def lost_out(session: Session, now: datetime) -> list[int]:
    """Intents whose sender has surely gone."""
    lost = select(NoticeSending.id).where(
        NoticeSending.state == SendingState.INTENT, col(NoticeSending.lease_until) <= now
    )
    return list(session.exec(lost))


def not_out(session: Session, limit: int = 50) -> list[Out]:
    """What did not leave, or nobody knows whether it did, newest first."""
    wanted = _outbox().where(col(NoticeSending.state).in_(NEEDS_A_PERSON))
    return [Out(*row) for row in session.exec(wanted.order_by(col(NoticeSending.id).desc()).limit(limit))]


def count_not_out(session: Session) -> int:
    """How many rows `not_out` has without its limit."""
    wanted = select(func.count()).where(col(NoticeSending.state).in_(NEEDS_A_PERSON))
    return session.exec(wanted).one()


def out_counts(session: Session) -> dict[int, dict[str, int]]:
    """For each target how many notices stand in which state."""
    counted = select(NoticeSending.target_id, NoticeSending.state, func.count()).group_by(
        col(NoticeSending.target_id), col(NoticeSending.state)
    )
    found: dict[int, dict[str, int]] = {}
    for target_id, state, count in session.exec(counted):
        found.setdefault(target_id, {})[state] = count
    return found


def _outbox() -> Any:
    return (
        select(NoticeSending, Notice, NoticeTarget)
        .join(Notice, col(Notice.id) == col(NoticeSending.notice_id))
        .join(NoticeTarget, col(NoticeTarget.id) == col(NoticeSending.target_id))
    )
