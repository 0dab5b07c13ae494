"""Who is on duty at an instant, and when is nobody? 7×24, nights and holidays too (C27)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

DUTIES = {"reading": "读网", "publishing": "发布"}
"""The two duties of the clause; each must be covered at all times."""

LONGEST_SHIFT = timedelta(hours=36)
"""A longer shift is a slip of the keyboard, or nobody can work it."""


class Turn(Protocol):
    """One person's turn: from ``starts_at`` up to, not with, ``ends_at``."""

    staff_id: int
    duty: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Gap:
    """A time in which nobody has this duty."""

    duty: str
    starts_at: datetime
    ends_at: datetime


def problem(duty: str, starts_at: datetime, ends_at: datetime) -> str | None:
    """Why there can be no such shift, as a sentence; None when there can."""
    if duty not in DUTIES:
        return f"值班分{'、'.join(DUTIES.values())}两种，请选一种"
    if ends_at <= starts_at:
        return "值班的结束时间要晚于开始时间"
    if ends_at - starts_at > LONGEST_SHIFT:
        return f"一个班最长 {LONGEST_SHIFT // timedelta(hours=1)} 小时，请分成几个班"
    return None


def gaps(turns: Iterable[Turn], starts_at: datetime, ends_at: datetime) -> list[Gap]:
    """The times between ``starts_at`` and ``ends_at`` that a duty is not covered, earliest first."""
    listed = sorted(turns, key=lambda turn: turn.starts_at)
    found = [
        gap
        for duty in DUTIES
        for gap in _gaps_of(duty, [turn for turn in listed if turn.duty == duty], starts_at, ends_at)
    ]
    return sorted(found, key=lambda gap: (gap.starts_at, gap.duty))


def _gaps_of(duty: str, turns: list[Turn], starts_at: datetime, ends_at: datetime) -> list[Gap]:
    """Walk the turns in order of their start and note every step over nobody."""
    found, covered_until = [], starts_at
    for turn in turns:
        if turn.starts_at > covered_until and covered_until < ends_at:
            found.append(Gap(duty, covered_until, min(turn.starts_at, ends_at)))
        covered_until = max(covered_until, turn.ends_at)
    if covered_until < ends_at:
        found.append(Gap(duty, covered_until, ends_at))
    return found
