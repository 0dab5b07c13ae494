"""By when should each step of a case be done? A share of the time for each, laid over the office's hours.

A correction's one day includes the review ladder, so each level has a time of its own inside it (C1).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.calendar.workdays import Calendar, at_time, day_of, nth_working_day
from app.cases.deadlines import due_on
from app.cases.transitions import Status


class Step(StrEnum):
    """What is done next, in order. The reviews are those of `kb.review`, the release of `replies.routes`."""

    ACCEPT = "accept"  # 受理
    ASSIGN = "assign"  # 交办
    DRAFT = "draft"  # 起草送审
    FIRST = "first"  # 初审
    SECOND = "second"  # 复审
    FINAL = "final"  # 终审
    RELEASE = "release"  # 签发


LABELS: Mapping[Step, str] = {
    Step.ACCEPT: "受理",
    Step.ASSIGN: "交办",
    Step.DRAFT: "起草送审",
    Step.FIRST: "初审",
    Step.SECOND: "复审",
    Step.FINAL: "终审",
    Step.RELEASE: "签发",
}

# Per cent of the time from the receipt to the due instant; suggested values.
SHARES: Mapping[Step, int] = {
    Step.ACCEPT: 5,
    Step.ASSIGN: 10,
    Step.DRAFT: 45,
    Step.FIRST: 10,
    Step.SECOND: 10,
    Step.FINAL: 10,
    Step.RELEASE: 10,
}
# Of a single day: the draft by noon, the second review by three, the release by the close.
ONE_DAY_SHARES: Mapping[Step, int] = {
    Step.ACCEPT: 5,
    Step.ASSIGN: 5,
    Step.DRAFT: 25,
    Step.FIRST: 20,
    Step.SECOND: 15,
    Step.FINAL: 15,
    Step.RELEASE: 15,
}

_BY_STATUS: Mapping[Status, Step] = {
    Status.NEW: Step.ACCEPT,
    Status.ACCEPTED: Step.ASSIGN,
    Status.ASSIGNED: Step.DRAFT,
    Status.IN_PROGRESS: Step.DRAFT,
    Status.IN_REVIEW: Step.FIRST,
}


@dataclass(frozen=True)
class Hours:
    """The office's hours on a working day, in Shanghai: "09:00", "17:30"."""

    opens: str
    closes: str

    def next_open(self, at: datetime, calendar: Calendar) -> datetime:
        """``at`` if the office is open then, else the next instant at which it opens (UTC)."""
        day = day_of(at)
        if calendar.is_working_day(day):
            if at <= at_time(day, self.opens):
                return at_time(day, self.opens)
            if at < at_time(day, self.closes):
                return at
        return at_time(nth_working_day(day, 1, calendar), self.opens)


@dataclass(frozen=True)
class Span:
    """The time of a case that is shared out; instants UTC."""

    began_at: datetime
    due_at: datetime
    around_the_clock: bool = False
    paused: frozenset[date] = frozenset()
    """Days on which the citizen was waited for."""


def step_of(status: Status) -> Step | None:
    """What is done next in ``status``; None where the office has nothing to do. A review tells its own."""
    return _BY_STATUS.get(status)


def times_of(
    span: Span, shares: Mapping[Step, int], hours: Hours, calendar: Calendar, assign_days: int
) -> dict[Step, datetime]:
    """The instant (UTC) by which each step should be done; the last one is the due instant itself.

    Around the clock the whole span is shared out, else the office's hours of its working days. Giving it
    to a department is never later than ``assign_days`` working days after the receipt.
    """
    share, times = 0, {}
    parts = list(_open_hours(span, hours, calendar))
    for step in Step:
        share += shares[step]
        times[step] = span.due_at if share >= 100 else _at_share(span, parts, share)
    if not span.around_the_clock:
        last = at_time(nth_working_day(day_of(span.began_at), assign_days, calendar), hours.closes)
        times |= {step: min(times[step], last) for step in (Step.ACCEPT, Step.ASSIGN)}
    return times


def _open_hours(span: Span, hours: Hours, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """From and to, for every part of the span in which the office works."""
    if span.around_the_clock:
        yield span.began_at, span.due_at
        return
    first, last = day_of(span.began_at), due_on(span.due_at)
    for i in range(1, (last - first).days + 1):
        day = first + timedelta(days=i)
        if calendar.is_working_day(day) and day not in span.paused:
            yield at_time(day, hours.opens), at_time(day, hours.closes)


def _at_share(span: Span, parts: list[tuple[datetime, datetime]], share: int) -> datetime:
    left = sum(((end - begin) for begin, end in parts), timedelta()) * share / 100
    for begin, end in parts:
        if left <= end - begin:
            return min(begin + left, span.due_at)
        left -= end - begin
    return span.due_at
