"""The duty roster: put people on it, take over with a note, take a shift off again (C27)."""

from datetime import datetime

from sqlmodel import Session

from app.base import db
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.duty import queries, roster
from app.duty.models import Shift
from app.log import service as log
from app.staff import service as staff
from app.staff.roles import Person, Role

LONGEST_NOTE = 500


def add_shift(
    session: Session,
    now: datetime,
    actor: Person | None,
    *,
    staff_id: int,
    duty: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Shift:
    """Put a person on the roster. Raises `Invalid`, `Conflict` (already has that duty then), `NotAllowed`."""
    _only_duty_leader(actor)
    db.lock(session, "roster")
    if wrong := roster.problem(duty, starts_at, ends_at):
        raise Invalid(wrong, field="ends_at")
    person = staff.require(session, staff_id)
    for turn in queries.between(session, starts_at, ends_at):
        if turn.staff_id == staff_id and turn.duty == duty:
            raise Conflict(f"{person.name}在这段时间已经排了{roster.DUTIES[duty]}班", field="starts_at")
    made = Shift(staff_id=staff_id, duty=duty, starts_at=starts_at, ends_at=ends_at)
    session.add(made)
    session.flush()
    log.record(
        session,
        now,
        actor,
        "shift_added",
        subject_type="shift",
        subject_id=made.id,
        staff_id=staff_id,
        duty=duty,
        starts_at=starts_at.isoformat(),
        ends_at=ends_at.isoformat(),
    )
    return made


def take_over(session: Session, now: datetime, person: Person, shift_id: int, note: str = "") -> Shift:
    """The person on the roster confirms being there, with what the shift before left to be known.

    Only one's own shift, while it runs; twice does no harm. Raises `NotFound`, `NotAllowed`, `Invalid`.
    """
    shift = session.get(Shift, shift_id)
    if shift is None:
        raise NotFound("值班表里没有这个班")
    if shift.staff_id != person.id:
        raise NotAllowed("只能接自己的班。临时换人请值班长改值班表")
    if not shift.starts_at <= now < shift.ends_at:
        raise NotAllowed("这个班还没开始，或者已经结束")
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"交接说明最多 {LONGEST_NOTE} 字", field="note")
    shift.taken_over_at = shift.taken_over_at or now
    shift.handover_note = note.strip() or shift.handover_note
    session.add(shift)
    log.record(session, now, person, "shift_taken_over", subject_type="shift", subject_id=shift.id)
    return shift


def remove_shift(session: Session, now: datetime, actor: Person | None, shift_id: int) -> None:
    """Take a shift off the roster before it begins. Raises `NotFound`, `Conflict` once it has begun."""
    _only_duty_leader(actor)
    shift = session.get(Shift, shift_id)
    if shift is None:
        raise NotFound("值班表里没有这个班")
    if shift.starts_at <= now:
        raise Conflict("这个班已经开始，值班记录要留着，不能删")
    log.record(
        session,
        now,
        actor,
        "shift_removed",
        subject_type="shift",
        subject_id=shift.id,
        staff_id=shift.staff_id,
        duty=shift.duty,
    )
    session.delete(shift)


def _only_duty_leader(actor: Person | None) -> None:
    if actor is not None and not actor.may(Role.DUTY_LEADER, Role.SYSTEM_ADMIN):
        raise NotAllowed("值班表由值班长安排", code="wrong_role")
