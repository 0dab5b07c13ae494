"""The duty roster: put people on it, hand over and take over with a note, stand in for each other (C27).

Whoever is on duty is noted with every event of the log (beyond the actor): see `_stamp`.
"""

from datetime import datetime, timedelta

from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session

from app.base import db
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.duty import queries, roster
from app.duty.models import Shift, Substitution
from app.log import service as log
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.roles import Person, Role

LONGEST_NOTE = 500
LEAVES_WITHIN = timedelta(hours=1)
"""How long after the end of a shift its note may still be left."""


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
    shift = _own(session, person, shift_id, "只能接自己的班。临时换人请在值班表上请人替班")
    if not shift.starts_at <= now < shift.ends_at:
        raise NotAllowed("这个班还没开始，或者已经结束")
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"交接说明最多 {LONGEST_NOTE} 字", field="note")
    shift.taken_over_at = shift.taken_over_at or now
    shift.handover_note = note.strip() or shift.handover_note
    session.add(shift)
    log.record(session, now, person, "shift_taken_over", subject_type="shift", subject_id=shift.id)
    return shift


def leave(session: Session, now: datetime, person: Person, shift_id: int, note: str) -> Shift:
    """交班: what the next one must know. Only one's own shift, from its beginning to an hour after its end.

    Raises `NotFound`, `NotAllowed`, `Invalid`.
    """
    shift = _own(session, person, shift_id, "只能交自己的班")
    if not shift.starts_at <= now < shift.ends_at + LEAVES_WITHIN:
        raise NotAllowed("这个班还没开始，或者已经结束很久")
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise Invalid(f"请写要交给下一班的事，最多 {LONGEST_NOTE} 字；没有就写“无”", field="note")
    shift.note_left, shift.left_at = note.strip(), now
    session.add(shift)
    log.record(session, now, person, "shift_left", subject_type="shift", subject_id=shift.id)
    return shift


def ask_substitute(
    session: Session, now: datetime, person: Person, shift_id: int, *, to_id: int, reason: str
) -> Substitution:
    """Ask somebody to take a shift over: one's own, or any as the duty leader. Nothing changes before the yes.

    Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (asked already, or has that duty then).
    """
    shift = session.get(Shift, shift_id, with_for_update=True)
    if shift is None:
        raise NotFound("值班表里没有这个班")
    if shift.staff_id != person.id:
        _only_duty_leader(person)
    if shift.ends_at <= now:
        raise NotAllowed("这个班已经结束")
    if not reason.strip() or len(reason) > LONGEST_NOTE:
        raise Invalid(f"请写明替班的原因，最多 {LONGEST_NOTE} 字", field="reason")
    if to_id == shift.staff_id:
        raise Invalid("替班的人要是另外一个人", field="to_id")
    substitute = staff.require(session, to_id)
    _not_twice(session, shift, to_id, substitute.name)
    if any(one.answered_at is None for one in queries.substitutions(session, [shift.id])):
        raise Conflict("这个班已经请人替了，还在等答复")
    asked = Substitution(
        shift_id=shift.id,
        from_id=shift.staff_id,
        to_id=to_id,
        reason=reason.strip(),
        asked_by=person.id,
        asked_at=now,
    )
    session.add(asked)
    session.flush()
    _record_substitution(session, now, person, "substitute_asked", asked)
    return asked


def answer_substitute(
    session: Session, now: datetime, person: Person, substitution_id: int, *, agrees: bool
) -> Substitution:
    """The one who was asked says yes or no. A yes before the beginning changes the shift; during it, the
    first part stays whose it was. Raises `NotFound`, `NotAllowed`, `Conflict`."""
    db.lock(session, "roster")
    asked = session.get(Substitution, substitution_id, with_for_update=True)
    if asked is None or asked.to_id != person.id:
        raise NotFound("没有请您替班的这一条")
    shift = session.get(Shift, asked.shift_id, with_for_update=True)
    if asked.answered_at is not None or shift is None or shift.ends_at <= now:
        raise Conflict("这一条已经答复过，或者这个班已经结束")
    asked.agreed, asked.answered_at = agrees, now
    session.add(asked)
    if agrees:
        if shift.staff_id != asked.from_id:
            raise Conflict("值班表已经改过，请值班长重新安排")
        _not_twice(session, shift, person.id, person.name)
        _give(session, now, shift, person.id)
    _record_substitution(session, now, person, "substitute_agreed" if agrees else "substitute_refused", asked)
    return asked


def copy_week(
    session: Session, now: datetime, actor: Person | None, first_day_at: datetime
) -> tuple[int, int]:
    """Repeat the seven days from ``first_day_at`` a week later, where the person and the duty are free then.

    Returns (shifts added, shifts left out). Raises `NotAllowed`.
    """
    _only_duty_leader(actor)
    week = timedelta(days=7)
    source = [
        one
        for one in queries.between(session, first_day_at, first_day_at + week)
        if first_day_at <= one.starts_at < first_day_at + week
    ]
    added = 0
    for one in source:
        if one.starts_at + week <= now or staff_queries.person(session, one.staff_id) is None:
            continue
        try:
            add_shift(
                session, now, actor, staff_id=one.staff_id, duty=one.duty,
                starts_at=one.starts_at + week, ends_at=one.ends_at + week,
            )  # fmt: skip
        except Conflict:
            continue
        added += 1
    return added, len(source) - added


def remove_shift(session: Session, now: datetime, actor: Person | None, shift_id: int) -> None:
    """Take a shift off the roster before it begins. Raises `NotFound`, `Conflict` once it has begun."""
    _only_duty_leader(actor)
    shift = session.get(Shift, shift_id)
    if shift is None:
        raise NotFound("值班表里没有这个班")
    if shift.starts_at <= now:
        raise Conflict("这个班已经开始，值班记录要留着，不能删")
    if queries.substitutions(session, [shift.id]):
        raise Conflict("这个班有替班记录，不能删，请换人")
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


def _own(session: Session, person: Person, shift_id: int, otherwise: str) -> Shift:
    shift = session.get(Shift, shift_id)
    if shift is None:
        raise NotFound("值班表里没有这个班")
    if shift.staff_id != person.id:
        raise NotAllowed(otherwise)
    return shift


def _not_twice(session: Session, shift: Shift, staff_id: int, name: str) -> None:
    for turn in queries.between(session, shift.starts_at, shift.ends_at):
        if turn.staff_id == staff_id and turn.duty == shift.duty:
            raise Conflict(f"{name}在这段时间已经排了{roster.DUTIES[shift.duty]}班", field="to_id")


def _give(session: Session, now: datetime, shift: Shift, to_id: int) -> None:
    """Whose the shift is from now on."""
    if now <= shift.starts_at:
        shift.staff_id = to_id
    else:
        rest = Shift(staff_id=to_id, duty=shift.duty, starts_at=now, ends_at=shift.ends_at)
        shift.ends_at = now
        session.add(rest)
    session.add(shift)


def _record_substitution(
    session: Session, now: datetime, person: Person, action: str, asked: Substitution
) -> None:
    log.record(
        session, now, person, action, subject_type="shift", subject_id=asked.shift_id,
        from_id=asked.from_id, to_id=asked.to_id,
    )  # fmt: skip


@sa_event.listens_for(OrmSession, "before_commit", insert=True)
def _stamp(session: OrmSession) -> None:
    """Note who was on duty with every step of this transaction, before the log chains them (beyond 14)."""

    def on_duty(instants: set[datetime]) -> dict[datetime, list[int]]:
        # One read for all the steps: a job may write thousands of them at as many instants.
        shifts = queries.between(session, min(instants), max(instants) + timedelta.resolution)  # type: ignore[arg-type]
        return {
            at: sorted({shift.staff_id for shift in shifts if shift.starts_at <= at < shift.ends_at})
            for at in instants
        }

    log.stamp(session, "on_duty", on_duty)
