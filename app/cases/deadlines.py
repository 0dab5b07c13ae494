"""When is a case due, how urgent is it, and what does a pause or an extension do to that?

One clock a case: when it began, how much time there is, what stopped or lengthened it. The due instant is
worked out anew from these whenever one of them, or the calendar, changes. Instants UTC, days in Shanghai.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.calendar.workdays import MIDNIGHT, SHANGHAI, Calendar, DayLookedAt, Due, day_of, due_after

LEAST_SHARE_LEFT = 5
"""Less than a fifth of the time left is 黄."""


class MessageType(StrEnum):
    """What a message wants; it decides the deadline."""

    CONSULTATION = "consultation"  # 咨询
    SUGGESTION = "suggestion"  # 建议
    COMPLAINT = "complaint"  # 投诉
    HELP = "help"  # 求助
    CORRECTION = "correction"  # 找错
    REPORT = "report"  # 举报线索
    COMMENT = "comment"  # 留言评论


LABELS: Mapping[MessageType, str] = {
    MessageType.CONSULTATION: "咨询",
    MessageType.SUGGESTION: "建议",
    MessageType.COMPLAINT: "投诉",
    MessageType.HELP: "求助",
    MessageType.CORRECTION: "找错",
    MessageType.REPORT: "举报线索",
    MessageType.COMMENT: "留言评论",
}


class Pace(StrEnum):
    """How fast a case must be answered, apart from its type: by the calendar, or by the hour."""

    ORDINARY = "ordinary"  # 一般
    URGENT = "urgent"  # 紧急
    ALERT = "alert"  # 舆情


PACE_LABELS: Mapping[Pace, str] = {Pace.ORDINARY: "一般", Pace.URGENT: "紧急", Pace.ALERT: "舆情"}


class Unit(StrEnum):
    """What a time limit is counted in."""

    WORKING_DAYS = "working_days"
    DAYS = "days"  # 自然日
    HOURS = "hours"  # around the clock


UNIT_LABELS: Mapping[Unit, str] = {
    Unit.WORKING_DAYS: "个工作日",
    Unit.DAYS: "个自然日",
    Unit.HOURS: "小时",
}


class Urgency(StrEnum):
    """绿、黄、红: worked out, never stored."""

    ON_TIME = "on_time"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Limit:
    """How much time there is."""

    count: int
    unit: Unit

    @property
    def words(self) -> str:
        """5 个工作日, 24 小时."""
        return f"{self.count} {UNIT_LABELS[self.unit]}"


@dataclass(frozen=True)
class Pause:
    """The citizen was asked at ``began_at`` and answered at ``ended_at``."""

    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Clock:
    """What the due instant of a case is worked out from."""

    began_at: datetime
    limit: Limit
    end_of_day: str = MIDNIGHT
    """24:00, or the hour at which the office closes."""
    pauses: tuple[Pause, ...] = ()
    extra_days: int = 0
    """All extensions granted, in days of the limit's kind (working days for a clock of hours)."""
    asked_at: datetime | None = None
    """By when the system the case came from wants it done; no pause or extension of ours moves that."""


def due_at(clock: Clock, calendar: Calendar) -> Due:
    """The first instant that is too late, and every day looked at on the way (clauses C1, A8).

    The working days of a pause, after the day of asking up to and with the day of the answer, do not
    count; a case that was overdue when it was asked stays so.
    """
    return _no_later(_own_due(clock, calendar), clock.asked_at)


def _no_later(due: Due, asked_at: datetime | None) -> Due:
    """The sooner of our own time and what the other system asks for, with the reason at its day."""
    if asked_at is None or asked_at >= due.due_at:
        return due
    on = due_on(asked_at)
    why = f"原系统要求 {(asked_at - timedelta(microseconds=1)).astimezone(SHANGHAI):%m-%d %H:%M} 前办结"
    before = tuple(day for day in due.days if day.on < on)
    return replace(
        due, due_at=asked_at, due_on=on, days=(*before, DayLookedAt(on, True, why)), provisional=False
    )


def _own_due(clock: Clock, calendar: Calendar) -> Due:
    if clock.limit.unit is Unit.HOURS:
        return _by_the_hour(clock, calendar)
    return due_after(
        clock.began_at,
        clock.limit.count + clock.extra_days,
        calendar,
        end_of_day=clock.end_of_day,
        paused=paused_days(clock.pauses),
        every_day=clock.limit.unit is Unit.DAYS,
    )


def paused_days(pauses: Sequence[Pause]) -> frozenset[date]:
    """The days that pauses take out: after the day of asking, up to and with the day of the answer."""
    return frozenset(
        day_of(pause.began_at) + timedelta(days=i)
        for pause in pauses
        for i in range(1, (day_of(pause.ended_at) - day_of(pause.began_at)).days + 1)
    )


def _by_the_hour(clock: Clock, calendar: Calendar) -> Due:
    """Around the clock: nights and rest days run too, only the waiting for the citizen does not."""
    ends = clock.began_at + timedelta(hours=clock.limit.count)
    for pause in sorted(clock.pauses, key=lambda one: one.began_at):
        if pause.began_at < ends:
            ends += pause.ended_at - pause.began_at
    if clock.extra_days:
        return extended(ends, clock.extra_days, calendar)
    first, last = day_of(clock.began_at), due_on(ends)
    days = tuple(
        DayLookedAt(first + timedelta(days=i), True, "按小时连续计时") for i in range((last - first).days + 1)
    )
    return Due(ends, last, False, days, calendar.version)


def urgency(now: datetime, received_at: datetime, due_at: datetime) -> Urgency:
    """红 from the due instant on; 黄 on the due day, with less than a fifth of the time left, or where no time
    was ever given; else 绿."""
    if now >= due_at:
        return Urgency.OVERDUE
    is_last_day = day_of(now) >= due_on(due_at)
    given = due_at - received_at
    is_last_fifth = (due_at - now) * LEAST_SHARE_LEFT < given or given <= timedelta(0)
    return Urgency.DUE_SOON if is_last_day or is_last_fifth else Urgency.ON_TIME


def due_on(due_at: datetime) -> date:
    """The day in Shanghai that ends with, or holds, the due instant (24:00 still belongs to its day)."""
    return day_of(due_at - timedelta(microseconds=1))


def extended(due_at: datetime, extra_days: int, calendar: Calendar) -> Due:
    """``extra_days`` working days after the present due day, at the same hour (延期)."""
    if extra_days < 0:
        raise ValueError("an extension cannot shorten the time")
    last_moment = due_at - timedelta(microseconds=1)
    return due_after(last_moment, extra_days, calendar, end_of_day=_clock(due_at))


def sooner(due_at: datetime, window_closes_at: datetime | None) -> datetime:
    """What runs out first sorts the queue: the deadline, or the platform's reply window (A8, D7)."""
    return due_at if window_closes_at is None else min(due_at, window_closes_at)


# What moved a deadline is kept with the case as plain rows, in the order in which it happened.


def pause_row(pause: Pause) -> dict[str, Any]:
    """A pause as a case keeps it."""
    return {"kind": "pause", "from": pause.began_at.isoformat(), "to": pause.ended_at.isoformat()}


def extension_row(days: int) -> dict[str, Any]:
    """An extension as a case keeps it."""
    return {"kind": "extension", "days": days}


def asked_row(asked_at: datetime) -> dict[str, Any]:
    """The other system's own deadline as a case keeps it."""
    return {"kind": "asked", "due_at": asked_at.isoformat()}


def asked_of(rows: Sequence[Mapping[str, Any]], began_at: datetime) -> datetime | None:
    """The other system's deadline, where it lies after the clock began: one before it asks for nothing."""
    asked = [datetime.fromisoformat(row["due_at"]) for row in rows if row["kind"] == "asked"]
    return min((at for at in asked if at > began_at), default=None)


def changes_of(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[Pause, ...], int]:
    """The pauses and all extra days of these rows."""
    pauses = tuple(
        Pause(datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["to"]))
        for row in rows
        if row["kind"] == "pause"
    )
    return pauses, sum(row["days"] for row in rows if row["kind"] == "extension")


def _clock(due_at: datetime) -> str:
    """The hour of a due instant in Shanghai; midnight is the end of the day before."""
    local = due_at.astimezone(SHANGHAI).strftime("%H:%M")
    return MIDNIGHT if local == "00:00" else local
