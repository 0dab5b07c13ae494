"""Reminding: the right person at the right hour, never early, once, and also after a standstill."""

from datetime import date, datetime, timedelta

import pytest

from app.calendar.workdays import SHANGHAI, Calendar
from app.cases.reminders import LADDER, Recipient, steps_due

CALENDAR = Calendar(
    rest={date(2026, 10, 1) + timedelta(days=i): "国庆节" for i in range(7)},
    work={date(2026, 10, 10): "国庆节调休上班"},
    known_years=frozenset({2026, 2027}),
    version="test",
)


def at(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


RECEIVED, DUE = at("2026-11-16 09:00"), at("2026-11-24 00:00")  # Monday; five working days: Monday 24:00


@pytest.mark.clause("A8")
@pytest.mark.parametrize(
    ("now", "keys"),
    [
        ("2026-11-20 08:59", []),  # Friday before, a minute early
        ("2026-11-20 09:00", ["due_soon"]),
        ("2026-11-23 23:59", ["due_soon"]),
        ("2026-11-24 00:00", ["due_soon", "due"]),
        ("2026-11-24 08:59", ["due_soon", "due"]),  # Tuesday
        ("2026-11-24 09:00", ["due_soon", "due", "overdue_1"]),
        ("2026-11-30 08:59", ["due_soon", "due", "overdue_1"]),  # Monday, the fifth working day after
        ("2026-11-30 09:00", ["due_soon", "due", "overdue_1", "overdue_5"]),
    ],
)
def test_no_step_comes_early(now: str, keys: list[str]) -> None:
    assert [step.key for step in steps_due(at(now), DUE, RECEIVED, CALENDAR, set())] == keys


@pytest.mark.clause("C1")
@pytest.mark.parametrize(("now", "keys"), [("2026-11-17 13:59", []), ("2026-11-17 14:00", ["due_soon"])])
def test_a_one_day_deadline_is_reminded_of_in_the_afternoon(now: str, keys: list[str]) -> None:
    steps = steps_due(at(now), at("2026-11-18 00:00"), RECEIVED, CALENDAR, set())  # Tuesday 24:00

    assert [step.key for step in steps] == keys


def test_each_step_is_taken_once() -> None:
    taken: set[str] = set()
    seen = []
    for hour in range(24 * 20):
        steps = steps_due(RECEIVED + timedelta(hours=hour), DUE, RECEIVED, CALENDAR, taken)
        seen += [step.key for step in steps]
        taken |= {step.key for step in steps}

    assert seen == [step.key for step in LADDER]


def test_a_standstill_over_a_holiday_loses_no_step() -> None:
    received, due = at("2026-09-23 10:00"), at("2026-10-01 00:00")  # Wednesday; Wednesday 30 September, 24:00
    stopped, started = at("2026-09-28 18:00"), at("2026-10-08 09:00")  # Monday; Thursday after the holiday

    before = steps_due(stopped, due, received, CALENDAR, set())
    after = steps_due(started, due, received, CALENDAR, {step.key for step in before})

    assert before == []
    assert [step.key for step in after] == ["due_soon", "due", "overdue_1"]


def test_the_holiday_does_not_count_as_being_late() -> None:
    received, due = at("2026-09-23 10:00"), at("2026-10-01 00:00")
    steps = steps_due(at("2026-10-07 23:59"), due, received, CALENDAR, {"due_soon", "due"})

    assert steps == []


def test_the_later_it_is_the_higher_it_goes() -> None:
    assert [step.to for step in LADDER] == [
        Recipient.HANDLER,
        Recipient.HANDLER,
        Recipient.DEPUTY_LEADER,
        Recipient.PRINCIPAL,
    ]
