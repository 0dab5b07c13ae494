"""Which days count, when is the Nth working day over, and how was that worked out?

Weekly rule, overridden by the State Council's yearly arrangement (rest days *and* make-up workdays).
Days are days in Asia/Shanghai; instants are aware and come back in UTC.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = "24:00"
LONGEST = 1000
"""Working days that may be counted at most; more is a slip of the keyboard."""

WEEKDAYS = "一二三四五六日"
SATURDAY = 5

STATUTORY: Mapping[tuple[int, int], str] = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
"""Holidays on fixed dates (全国年节及纪念日放假办法, 2025); all that is known before the notice appears."""

NEXT_NOTICE_FROM = (12, 29)
"""From this day on the *next* year's notice may speak too: 2018-12-29 was a workday by the one for 2019."""


class Kind(StrEnum):
    """What an arrangement says of a day."""

    REST = "rest"
    WORK = "work"


@dataclass(frozen=True)
class Calendar:
    """The days that leave the weekly rule, and the years whose notice is known."""

    rest: Mapping[date, str]
    work: Mapping[date, str]
    known_years: frozenset[int]
    version: str

    def is_announced(self, day: date) -> bool:
        """Whether every notice that may speak of ``day`` is known."""
        spoken_for = {day.year, day.year + 1} if (day.month, day.day) >= NEXT_NOTICE_FROM else {day.year}
        return spoken_for <= self.known_years

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on ``day``; without a notice Monday to Friday but for statutory days."""
        if day in self.work:
            return True
        return day not in self.rest and day.weekday() < SATURDAY and not self._statutory(day)

    def name_of(self, day: date) -> str:
        """What the day is called in the arrangement (国庆节, 国庆节调休上班), or its weekday (周三)."""
        return self.work.get(day) or self.rest.get(day) or self._statutory(day) or weekday(day)

    def _statutory(self, day: date) -> str:
        return "" if day.year in self.known_years else STATUTORY.get((day.month, day.day), "")


@dataclass(frozen=True)
class DayLookedAt:
    """One day of the computation: does it count, and why (a few Chinese words for the screen)."""

    on: date
    counts: bool
    why: str


@dataclass(frozen=True)
class Due:
    """A due instant and how it was found."""

    due_at: datetime
    """UTC; the first instant that is too late."""
    due_on: date
    """The working day in Shanghai on which the time runs out."""
    provisional: bool
    """A day was counted for which the arrangement has not been published yet."""
    days: tuple[DayLookedAt, ...]
    """From the day of receipt to the due day."""
    calendar_version: str


def weekday(day: date) -> str:
    """周一 … 周日."""
    return "周" + WEEKDAYS[day.weekday()]


def day_of(instant: datetime) -> date:
    """The day in Shanghai on which an aware instant falls; ``ValueError`` for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(SHANGHAI).date()


def at_time(day: date, clock: str) -> datetime:
    """The UTC instant of ``clock`` ("17:30", or "24:00" for the end of the day) on a day in Shanghai."""
    if clock == MIDNIGHT:
        return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


def due_after(
    received_at: datetime,
    n: int,
    calendar: Calendar,
    *,
    end_of_day: str = MIDNIGHT,
    paused: Collection[date] = (),
    every_day: bool = False,
) -> Due:
    """The end of the ``n``-th working day after the day of receipt (clauses C1, A8).

    The day of receipt is day 0, whatever the hour and whether or not it is a working day. ``n`` = 0
    means the same day, or the next working day if that one is none. ``end_of_day`` is 24:00 or the
    office's closing time. Days in ``paused`` do not count. With ``every_day`` rest days count too, but
    the time never runs out on one (民法典第203条). ``ValueError`` for a naive instant or ``n`` outside
    0…1000.
    """
    if not 0 <= n <= LONGEST:
        raise ValueError(f"working days must be between 0 and {LONGEST}")
    received_on = day_of(received_at)
    days = tuple(_look(received_on, n, calendar, paused, every_day))
    due_on = days[-1].on
    return Due(
        due_at=at_time(due_on, end_of_day),
        due_on=due_on,
        provisional=not all(calendar.is_announced(looked.on) for looked in days),
        days=days,
        calendar_version=calendar.version,
    )


def working_days_between(a: date, b: date, calendar: Calendar) -> int:
    """Working days after ``a`` up to and with ``b``; negative when ``b`` comes first."""
    if b < a:
        return -working_days_between(b, a, calendar)
    span = (b - a).days
    return sum(calendar.is_working_day(a + timedelta(days=i)) for i in range(1, span + 1))


def nth_working_day(day: date, n: int, calendar: Calendar) -> date:
    """The ``n``-th working day after ``day`` (before it, if ``n`` is negative); ``day`` itself for 0."""
    step = timedelta(days=1 if n > 0 else -1)
    left = abs(n)
    while left:
        day += step
        left -= calendar.is_working_day(day)
    return day


def _look(
    received_on: date, n: int, calendar: Calendar, paused: Collection[date], every_day: bool
) -> Iterator[DayLookedAt]:
    """Every day from the receipt to the ``n``-th that counts, each with its reason."""
    if n == 0 and calendar.is_working_day(received_on):
        yield DayLookedAt(received_on, True, "收到当日办结")
        return
    yield DayLookedAt(received_on, False, "收到当日，不计入")
    counted, day, works = 0, received_on, False
    while counted < max(n, 1) or not works:
        day += timedelta(days=1)
        works = calendar.is_working_day(day)
        counts = day not in paused and (works or every_day) and counted < max(n, 1)
        counted += counts
        if day in paused and works:
            yield DayLookedAt(day, False, "等来信人补充，不计入")
        elif every_day and counts:
            yield DayLookedAt(day, True, f"第 {counted} 天（{_told(day, calendar)}）")
        elif counted >= max(n, 1) and not counts and works:
            yield DayLookedAt(day, True, f"最后一天是休息日，顺延到这一天（{_told(day, calendar)}）")
        else:
            yield DayLookedAt(day, counts, _why(day, counted if counts else 0, calendar))


def _why(day: date, nth: int, calendar: Calendar) -> str:
    """The reason in words: 第 2 个工作日（周六，国庆节调休上班） or 国庆节放假 or 周日休息."""
    if nth:
        return f"第 {nth} 个工作日（{_told(day, calendar)}）"
    name = calendar.name_of(day)
    return f"{name}{'休息' if name == weekday(day) else '放假'}{_guess(day, calendar)}"


def _told(day: date, calendar: Calendar) -> str:
    """周三, or 周六，国庆节调休上班; with a word where it is guessed."""
    name = calendar.name_of(day)
    told = name if name == weekday(day) else f"{weekday(day)}，{name}"
    return told + _guess(day, calendar)


def _guess(day: date, calendar: Calendar) -> str:
    return "" if calendar.is_announced(day) else "，放假安排未公布，暂按周一至周五推算"
