"""Reminding: the right person at the right hour, never early, once, and also after a standstill."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.base.errors import Invalid
from app.calendar.workdays import SHANGHAI, Calendar
from app.cases.reminders import (
    LADDER,
    Recipient,
    Rung,
    Times,
    moment_of,
    next_moment,
    read_ladder,
    rows_of,
    steps_due,
)
from app.cases.steps import Hours, Step

CALENDAR = Calendar(
    rest={date(2026, 10, 1) + timedelta(days=i): "国庆节" for i in range(7)},
    work={date(2026, 10, 10): "国庆节调休上班"},
    known_years=frozenset({2026, 2027}),
    version="test",
)
HOURS = Hours("09:00", "17:30")


def at(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def times(received: str, due: str, **more: Any) -> Times:
    return Times(at(received), at(due), CALENDAR, HOURS, **more)


WEEK = times("2026-11-16 09:00", "2026-11-24 00:00")  # Monday; five working days: Monday 24:00
URGENT = times("2026-10-02 22:00", "2026-10-03 04:00", around_the_clock=True)


def keys(now: str, of: Times, already: set[str] | None = None) -> list[str]:
    return [due.key for due in steps_due(at(now), LADDER, of, already or set())]


@pytest.mark.clause("A8")
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 08:59", []),  # Friday before, a minute early
        ("2026-11-20 09:00", ["due_soon"]),
        ("2026-11-23 08:59", ["due_soon"]),
        ("2026-11-23 09:00", ["due_soon", "due"]),  # Monday, the due day
        ("2026-11-24 08:59", ["due_soon", "due"]),  # Tuesday
        ("2026-11-24 09:00", ["due_soon", "due", "overdue_1"]),
        ("2026-11-30 08:59", ["due_soon", "due", "overdue_1"]),  # Monday, the fifth working day after
        ("2026-11-30 09:00", ["due_soon", "due", "overdue_1", "overdue_5"]),
    ],
)
def test_no_rung_comes_early(now: str, expected: list[str]) -> None:
    assert keys(now, WEEK) == expected


@pytest.mark.clause("C1")
def test_a_one_day_deadline_is_reminded_of_in_its_morning_and_afternoon() -> None:
    day = times("2026-11-16 09:00", "2026-11-18 00:00")  # Tuesday 24:00

    assert keys("2026-11-17 08:59", day) == []
    assert keys("2026-11-17 13:59", day) == ["due"]
    assert keys("2026-11-17 14:00", day) == ["due", "due_soon"]


@pytest.mark.clause("C27")
def test_by_the_hour_it_is_reminded_of_in_the_night_of_a_holiday() -> None:
    assert keys("2026-10-03 02:59", URGENT) == []
    assert keys("2026-10-03 03:00", URGENT) == ["hour_soon"]
    assert keys("2026-10-03 06:00", URGENT) == ["hour_soon", "hour_due", "hour_late"]
    short = times("2026-10-02 22:00", "2026-10-02 23:00", around_the_clock=True)
    assert keys("2026-10-02 22:30", short) == ["hour_soon"]  # an hour before would be the receipt itself


def test_outside_office_hours_only_people_on_duty_are_reminded() -> None:
    evening = Rung("evening", "晚上", Recipient.HANDLER, 0, "20:00")

    assert moment_of(evening, times("2026-09-23 10:00", "2026-10-01 00:00")) == at("2026-10-08 09:00")
    to_duty = replace(evening, to=Recipient.ON_DUTY)
    assert moment_of(to_duty, times("2026-09-23 10:00", "2026-10-01 00:00")) == at("2026-09-30 20:00")


def test_a_step_that_is_late_is_told_once_when_the_office_is_open() -> None:
    late = replace(WEEK, step=Step.DRAFT, step_due_at=at("2026-11-19 18:00"))

    assert keys("2026-11-20 08:59", late) == []
    assert keys("2026-11-20 09:00", late) == ["due_soon", "step_draft"]
    # The last step's time is the case's own: no second reminder of the same.
    assert keys("2026-12-20 09:00", replace(WEEK, step=Step.RELEASE, step_due_at=WEEK.due_at)) == [
        "due_soon", "due", "overdue_1", "overdue_5"
    ]  # fmt: skip


def test_each_rung_is_taken_once_and_the_next_moment_is_told() -> None:
    taken: set[str] = set()
    seen = []
    looks = 0
    now = next_moment(LADDER, WEEK, taken)
    while now is not None:
        looks += 1
        due = steps_due(now, LADDER, WEEK, taken)
        seen += [one.key for one in due]
        taken |= {one.key for one in due}
        now = next_moment(LADDER, WEEK, taken)

    assert seen == ["due_soon", "due", "overdue_1", "overdue_5"]
    assert looks == 4


def test_a_standstill_over_a_holiday_loses_no_rung_and_is_not_lateness() -> None:
    before = times("2026-09-23 10:00", "2026-10-01 00:00")  # Wednesday; Wednesday 30 September, 24:00

    assert keys("2026-09-28 18:00", before) == []  # Monday; stopped
    assert keys("2026-10-07 23:59", before) == ["due_soon", "due"]
    assert keys("2026-10-08 09:00", before) == ["due_soon", "due", "overdue_1"]  # Thursday after


@pytest.mark.clause("C26")
def test_the_later_it_is_the_higher_it_goes_and_on_paper() -> None:
    assert [(rung.to.value, rung.paper.value) for rung in LADDER if not rung.by_hour] == [
        ("handler", ""),
        ("handler", ""),
        ("deputy_leader", "reminder"),
        ("principal", "supervision"),
    ]


def test_the_ladder_is_data() -> None:
    assert read_ladder(rows_of(LADDER)) == LADDER


@pytest.mark.parametrize(
    "change",
    [
        {"key": "two words"},
        {"key": "step_draft"},
        {"label": ""},
        {"label": "长" * 41},
        {"to": "mayor"},
        {"offset": "soon"},
        {"offset": 61},
        {"at": "25:00"},
        {"paper": "letter"},
        {"copies": ["mayor"]},
    ],
)
def test_a_rung_that_cannot_be_is_refused_with_its_place(change: dict[str, Any]) -> None:
    row = rows_of(LADDER)[0] | change
    with pytest.raises(Invalid, match="第 2 级"):
        read_ladder([rows_of(LADDER)[1], row])


@pytest.mark.parametrize("rows", [[], [rows_of(LADDER)[0]] * 2, rows_of(LADDER) * 2])
def test_no_rungs_too_many_or_the_same_twice_are_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Invalid):
        read_ladder(rows)
