"""What must be known of the roster: nobody on duty soon, somebody who did not come, a shift to be stood in for."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.calendar.workdays import day_of
from app.duty import queries as duty
from app.duty.models import Shift, Substitution
from app.duty.roster import DUTIES, Gap
from app.notices.kinds import SHANGHAI
from app.notices.service.telling import tell
from app.staff import queries as staff
from app.staff.roles import Role

PAGE = "/desk/duty"
LOOKS_BACK = timedelta(days=3)
"""After a standstill so long what was asked of a substitute is still told."""


def watch_roster(session: Session, now: datetime) -> int:
    """Tell the leaders of gaps in the next 72 hours and of whoever did not take over; tell substitutes.

    Each thing once; that nobody is on duty at this moment, once a day. Returns how many were told.
    """
    leaders = [leader.id for leader in staff.people(session, role=Role.DUTY_LEADER)]
    told = sum(_tell_gap(session, now, gap, leaders) for gap in duty.gaps(session, now, duty.WARN_AHEAD))
    told += sum(_tell_missed(session, now, shift, leaders) for shift in duty.missed(session, now))
    for asked, shift in duty.fresh_substitutions(session, now - LOOKS_BACK):
        told += _tell_substitution(session, now, asked, shift)
    return told


def _tell_gap(session: Session, now: datetime, gap: Gap, leaders: list[int]) -> int:
    is_now = gap.starts_at <= now
    when = day_of(now).isoformat() if is_now else gap.starts_at.isoformat()
    words = (
        f"现在没有人值{DUTIES[gap.duty]}班"
        if is_now
        else f"{_clock(gap.starts_at)} 起没有人值{DUTIES[gap.duty]}班"
    )
    kind = "unattended" if is_now else "duty"
    return _tell_all(session, now, leaders, f"gap:{gap.duty}:{when}", kind, f"{words}，请排班")


def _tell_missed(session: Session, now: datetime, shift: Shift, leaders: list[int]) -> int:
    name = staff.names(session, [shift.staff_id]).get(shift.staff_id, "")
    words = f"{DUTIES[shift.duty]}班 {_clock(shift.starts_at)} 开始，还没有接班"
    key = f"missed:{shift.id}:{shift.staff_id}"
    told = _tell_all(session, now, [shift.staff_id], f"{key}:own", "unattended", f"您的{words}")
    return told + _tell_all(session, now, leaders, key, "unattended", f"{name}的{words}")


def _tell_substitution(session: Session, now: datetime, asked: Substitution, shift: Shift) -> int:
    names = staff.names(session, [asked.from_id, asked.to_id])
    turn = f"{_clock(shift.starts_at)} 的{DUTIES[shift.duty]}班"
    if asked.answered_at is None:
        words = f"{names.get(asked.from_id, '')}请您替 {turn}，请答复"
        return _tell_all(session, now, [asked.to_id], f"substitute:{asked.id}", "duty", words)
    words = f"{names.get(asked.to_id, '')}{'同意' if asked.agreed else '不能'}替 {turn}"
    to = sorted({asked.from_id, asked.asked_by})
    return _tell_all(session, now, to, f"substitute_answered:{asked.id}", "duty", words)


def _tell_all(session: Session, now: datetime, to: list[int], key: str, kind: str, words: str) -> int:
    return sum(
        tell(session, now, one, key=f"{key}:{one}", kind=kind, text=words, address=PAGE) is not None
        for one in to
    )


def _clock(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
