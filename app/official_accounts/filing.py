"""By when must an account's opening or change be filed, and how far is that? 备案 (B2, B3, B4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.calendar.workdays import Calendar, nth_working_day, working_days_between

SOON = 2
"""Working days left from which a filing is due soon."""


@dataclass(frozen=True)
class Kind:
    """One occasion for filing: its name, and within how many working days."""

    label: str
    working_days: int
    clause: str


KINDS: Mapping[str, Kind] = {
    "open": Kind("开设", 7, "B2"),
    "change": Kind("变更", 5, "B3"),
    "suspend": Kind("关停", 5, "B3"),
    "cancel": Kind("注销", 5, "B3"),
}

LABELS: Mapping[str, str] = {
    "filed": "已备案",
    "waiting": "待备案",
    "due_soon": "快到期",
    "overdue": "超期未备案",
}


@dataclass(frozen=True)
class State:
    """How far a filing is. ``key`` is one of `LABELS`; ``working_days_left`` is negative when too late."""

    key: str
    words: str
    working_days_left: int


def due_on(kind: str, occurred_on: date, calendar: Calendar) -> date:
    """The last day (in Shanghai) for filing; the day it happened does not count.

    ``KeyError``: no such kind.
    """
    return nth_working_day(occurred_on, KINDS[kind].working_days, calendar)


def state(due: date, is_filed: bool, today: date, calendar: Calendar) -> State:
    """Where a filing due on ``due`` stands ``today`` (both days in Shanghai), with words for the screen."""
    left = working_days_between(today, due, calendar)
    if is_filed:
        return State("filed", LABELS["filed"], left)
    if today > due:
        return State("overdue", f"超期 {max(-left, 1)} 个工作日未备案", left)
    if left == 0:
        return State("due_soon", "今天是备案的最后一天", 0)
    return State("due_soon" if left <= SOON else "waiting", f"还剩 {left} 个工作日备案", left)
