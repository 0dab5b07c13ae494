"""催办: whom do we remind of a deadline, and when is each rung of the ladder due? Never early, each once.

The ladder is data. The one shipped follows a municipal bureau's 12345 rule: before expiry, the day after
with the 分管领导 told, and five working days later the 主要领导; each of the latter two on a numbered paper.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.base.errors import Invalid
from app.calendar.workdays import Calendar, at_time, day_of, nth_working_day
from app.cases.deadlines import due_on
from app.cases.steps import LABELS as STEP_LABELS
from app.cases.steps import Hours, Step

AFTERNOON = "14:00"
MOST_RUNGS = 12
MOST_OFFSET = 60


class Recipient(StrEnum):
    """Who is reminded."""

    HANDLER = "handler"  # 经办人
    DEPUTY_LEADER = "deputy_leader"  # 分管领导
    PRINCIPAL = "principal"  # 主要领导
    SUPERVISOR = "supervisor"  # 督办员
    ON_DUTY = "on_duty"  # 值班人员, at any hour


RECIPIENT_LABELS: Mapping[Recipient, str] = {
    Recipient.HANDLER: "经办人",
    Recipient.DEPUTY_LEADER: "分管领导",
    Recipient.PRINCIPAL: "主要领导",
    Recipient.SUPERVISOR: "督办员",
    Recipient.ON_DUTY: "值班人员",
}


class Paper(StrEnum):
    """The numbered paper a rung goes out on."""

    NONE = ""
    REMINDER = "reminder"  # 催办单
    SUPERVISION = "supervision"  # 督办单


PAPER_LABELS: Mapping[Paper, str] = {
    Paper.NONE: "不出单",
    Paper.REMINDER: "催办单",
    Paper.SUPERVISION: "督办单",
}


@dataclass(frozen=True)
class Rung:
    """One rung. ``offset``: working days from the due day, at ``at`` o'clock; below 0 before it.

    With ``by_hour`` it belongs to clocks of hours, and ``offset`` is hours from the due instant.
    """

    key: str
    label: str
    to: Recipient
    offset: int
    at: str = "09:00"
    by_hour: bool = False
    paper: Paper = Paper.NONE
    copies: tuple[Recipient, ...] = ()


# fmt: off
LADDER: tuple[Rung, ...] = (
    Rung("due_soon",  "临期提醒",   Recipient.HANDLER, -1),
    Rung("due",       "今天到期",   Recipient.HANDLER,  0),
    Rung("overdue_1", "超期催办，抄送分管领导", Recipient.DEPUTY_LEADER, 1,
         paper=Paper.REMINDER, copies=(Recipient.HANDLER,)),
    Rung("overdue_5", "超期5个工作日，报主要领导督办", Recipient.PRINCIPAL, 5,
         paper=Paper.SUPERVISION, copies=(Recipient.DEPUTY_LEADER, Recipient.HANDLER, Recipient.SUPERVISOR)),
    Rung("hour_soon", "一小时后到期", Recipient.HANDLER, -1, by_hour=True, copies=(Recipient.ON_DUTY,)),
    Rung("hour_due",  "已到时限，抄送分管领导", Recipient.DEPUTY_LEADER, 0, by_hour=True,
         paper=Paper.REMINDER, copies=(Recipient.HANDLER, Recipient.ON_DUTY)),
    Rung("hour_late", "超时2小时，报主要领导督办", Recipient.PRINCIPAL, 2, by_hour=True,
         paper=Paper.SUPERVISION, copies=(Recipient.DEPUTY_LEADER, Recipient.ON_DUTY)),
)
# fmt: on
STEP_PREFIX = "step_"
"""The key of a reminder of a step is this and the step."""


@dataclass(frozen=True)
class Times:
    """What moments are worked out from; instants in UTC."""

    began_at: datetime
    due_at: datetime
    calendar: Calendar
    hours: Hours
    around_the_clock: bool = False
    step: Step | None = None
    """What is done next, and by when; a reminder of its own when that is past."""
    step_due_at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """A reminder and the instant from which it is to be given."""

    key: str
    label: str
    moment: datetime
    rung: Rung | None
    """None: of a step, to whoever has it."""


def schedule(ladder: Iterable[Rung], times: Times) -> list[Due]:
    """Every reminder this case will ever get if nothing changes, in order of time."""
    rungs = [
        Due(rung.key, rung.label, moment_of(rung, times), rung)
        for rung in ladder
        if rung.by_hour == times.around_the_clock
    ]
    return sorted([*rungs, *_of_step(times)], key=lambda due: due.moment)


def steps_due(now: datetime, ladder: Iterable[Rung], times: Times, already: Collection[str]) -> list[Due]:
    """Those whose moment has come and that were not given; due until given, however long we were down."""
    return [due for due in schedule(ladder, times) if due.key not in already and now >= due.moment]


def next_moment(ladder: Iterable[Rung], times: Times, already: Collection[str]) -> datetime | None:
    """When to look at this case again; None when nothing is left to give."""
    return min((due.moment for due in schedule(ladder, times) if due.key not in already), default=None)


def moment_of(rung: Rung, times: Times) -> datetime:
    """The instant (UTC) from which ``rung`` is to be given.

    By the calendar: on its working day at its hour; a rung before the due day that would fall on the
    day of receipt or before it moves to the afternoon of the due day. Outside the office's hours it waits
    until the office opens, unless it goes to people on duty, who read at any hour (C27). By the hour:
    at once; one that would fall before the receipt moves to half of the time.
    """
    if times.around_the_clock:
        at = times.due_at + timedelta(hours=rung.offset)
        return at if at > times.began_at else times.began_at + (times.due_at - times.began_at) / 2
    at = _by_day(rung, times)
    return at if rung.to is Recipient.ON_DUTY else times.hours.next_open(at, times.calendar)


def _by_day(rung: Rung, times: Times) -> datetime:
    last = due_on(times.due_at)
    day = nth_working_day(last, rung.offset, times.calendar)
    if rung.offset < 0 and day <= day_of(times.began_at):
        return at_time(last, AFTERNOON)
    return at_time(day, rung.at)


def _of_step(times: Times) -> Iterator[Due]:
    """The step that is next is late: told once, unless it is the whole case that is."""
    if times.step is None or times.step_due_at is None or times.step_due_at >= times.due_at:
        return
    at = times.step_due_at
    moment = at if times.around_the_clock else times.hours.next_open(at, times.calendar)
    yield Due(f"{STEP_PREFIX}{times.step.value}", f"{STEP_LABELS[times.step]}这一步已到时间", moment, None)


def rows_of(ladder: Iterable[Rung]) -> list[dict[str, Any]]:
    """The ladder as the database keeps it."""
    return [asdict(rung) | {"copies": list(rung.copies)} for rung in ladder]


def read_ladder(rows: Sequence[Mapping[str, Any]]) -> tuple[Rung, ...]:
    """The ladder from rows of the database or of a form. Raises `Invalid` with the row's number."""
    if not 0 < len(rows) <= MOST_RUNGS:
        raise Invalid(f"催办要有 1 到 {MOST_RUNGS} 级", field="rungs")
    rungs = tuple(_read_rung(row, number) for number, row in enumerate(rows, 1))
    if len({rung.key for rung in rungs}) != len(rungs):
        raise Invalid("催办各级的代号不能重复", field="rungs")
    return rungs


def _read_rung(row: Mapping[str, Any], number: int) -> Rung:
    try:
        key, label = str(row["key"]).strip(), str(row["label"]).strip()
        to, paper = Recipient(row["to"]), Paper(row.get("paper") or "")
        offset, at = int(row["offset"]), time.fromisoformat(str(row.get("at") or "09:00")).strftime("%H:%M")
        copies = tuple(Recipient(one) for one in row.get("copies") or ())
    except (KeyError, TypeError, ValueError):
        raise Invalid(f"催办第 {number} 级看不懂：要有名称、对象、天数和时刻", field="rungs") from None
    if not key.isidentifier() or len(key) > 30 or key.startswith(STEP_PREFIX):
        raise Invalid(f"催办第 {number} 级的代号只能用字母、数字和下划线", field="rungs")
    if not label or len(label) > 40:
        raise Invalid(f"请写明催办第 {number} 级的名称，最多 40 字", field="rungs")
    if abs(offset) > MOST_OFFSET:
        raise Invalid(f"催办第 {number} 级的天数要在 -{MOST_OFFSET} 到 {MOST_OFFSET} 之间", field="rungs")
    return Rung(key, label, to, offset, at, bool(row.get("by_hour")), paper, copies)
