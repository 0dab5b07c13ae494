"""催办: whom do we remind of a deadline, and when is each step due? Never early, each step once.

The steps follow a municipal bureau's 12345 rule: before expiry, the day after with the 分管领导 told,
and five working days later the 主要领导.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.calendar.workdays import Calendar, at_time, day_of, nth_working_day, working_days_between
from app.cases.deadlines import due_on

MORNING = "09:00"
AFTERNOON = "14:00"


class Recipient(StrEnum):
    """Who is reminded."""

    HANDLER = "handler"  # 经办人
    DEPUTY_LEADER = "deputy_leader"  # 分管领导
    PRINCIPAL = "principal"  # 主要领导、督办


@dataclass(frozen=True)
class Times:
    """What a step's moment is worked out from; instants in UTC."""

    received_at: datetime
    due_at: datetime
    calendar: Calendar


@dataclass(frozen=True)
class Step:
    """One rung of the ladder."""

    key: str
    label: str
    to: Recipient
    moment: Callable[[Times], datetime]
    """When the step is due, in UTC."""


def _before_due(times: Times) -> datetime:
    """The morning of the last working day before; with one working day in all, the afternoon of that day."""
    last = due_on(times.due_at)
    if working_days_between(day_of(times.received_at), last, times.calendar) <= 1:
        return at_time(last, AFTERNOON)
    return at_time(nth_working_day(last, -1, times.calendar), MORNING)


def _at_due(times: Times) -> datetime:
    return times.due_at


def _working_days_late(n: int) -> Callable[[Times], datetime]:
    """The morning of the ``n``-th working day after the due day."""

    def moment(times: Times) -> datetime:
        return at_time(nth_working_day(due_on(times.due_at), n, times.calendar), MORNING)

    return moment


# fmt: off
LADDER: tuple[Step, ...] = (
    Step("due_soon",  "临期提醒",               Recipient.HANDLER,       _before_due),
    Step("due",       "到期提醒",               Recipient.HANDLER,       _at_due),
    Step("overdue_1", "超期催办，抄送分管领导", Recipient.DEPUTY_LEADER, _working_days_late(1)),
    Step("overdue_5", "超期5个工作日，报主要领导督办", Recipient.PRINCIPAL, _working_days_late(5)),
)
# fmt: on


def steps_due(
    now: datetime, due_at: datetime, received_at: datetime, calendar: Calendar, already: Collection[str]
) -> list[Step]:
    """The steps whose moment has come and that were not taken, in the ladder's order.

    A step stays due until it is taken, however long the process was down.
    """
    times = Times(received_at, due_at, calendar)
    return [step for step in LADDER if step.key not in already and now >= step.moment(times)]
