"""When a case is due, how urgent it is, and what pauses and extensions do to it."""

from datetime import date, datetime, timedelta

import pytest

from app.calendar.workdays import SHANGHAI, Calendar, day_of
from app.cases.deadlines import (
    Clock,
    Limit,
    Pause,
    Unit,
    Urgency,
    changes_of,
    due_at,
    due_on,
    extended,
    extension_row,
    pause_row,
    sooner,
    urgency,
)

NATIONAL_DAY = {date(2026, 10, 1) + timedelta(days=i): "国庆节" for i in range(7)}
CALENDAR = Calendar(
    rest=NATIONAL_DAY,
    work={date(2026, 10, 10): "国庆节调休上班"},
    known_years=frozenset({2026, 2027}),
    version="test",
)
FIVE = Limit(5, Unit.WORKING_DAYS)


def at(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-16 09:00", Urgency.ON_TIME),  # Monday, just received
        ("2026-11-20 18:00", Urgency.ON_TIME),  # Friday evening: 78 of 183 hours left
        ("2026-11-22 11:00", Urgency.ON_TIME),  # Sunday: 37 hours left, a fifth is 36.6
        ("2026-11-22 12:00", Urgency.DUE_SOON),  # Sunday: 36 hours left
        ("2026-11-23 00:00", Urgency.DUE_SOON),  # Monday, the due day
        ("2026-11-23 23:59", Urgency.DUE_SOON),
        ("2026-11-24 00:00", Urgency.OVERDUE),  # 24:00 of the due day
    ],
)
def test_the_light_turns_yellow_then_red(now: str, expected: Urgency) -> None:
    received = at("2026-11-16 09:00")

    assert urgency(at(now), received, at("2026-11-24 00:00")) is expected


def test_midnight_belongs_to_the_day_it_ends() -> None:
    assert due_on(at("2026-11-24 00:00")) == date(2026, 11, 23)
    assert due_on(at("2026-11-23 17:30")) == date(2026, 11, 23)


def test_an_extension_counts_from_the_due_day_and_keeps_the_hour() -> None:
    assert extended(at("2026-10-01 00:00"), 3, CALENDAR).due_at == at("2026-10-11 00:00")  # 30 Sep → 10 Oct
    assert extended(at("2026-11-23 17:30"), 2, CALENDAR).due_at == at("2026-11-25 17:30")
    with pytest.raises(ValueError, match="shorten"):
        extended(at("2026-11-23 17:30"), -1, CALENDAR)


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        ("2026-11-17 10:00", "2026-11-17 16:00", "2026-11-24 00:00"),  # the same Tuesday: none
        ("2026-11-17 10:00", "2026-11-19 10:00", "2026-11-26 00:00"),  # Tuesday to Thursday: two working days
        ("2026-11-20 10:00", "2026-11-22 10:00", "2026-11-24 00:00"),  # Friday to Sunday: none
        ("2026-11-20 10:00", "2026-11-23 10:00", "2026-11-25 00:00"),  # Friday to Monday: one
        ("2026-11-25 10:00", "2026-11-27 10:00", "2026-11-24 00:00"),  # asked when it was overdue: stays so
    ],
)
def test_the_working_days_of_a_pause_do_not_count(paused: str, resumed: str, due: str) -> None:
    clock = Clock(at("2026-11-16 09:00"), FIVE, pauses=(Pause(at(paused), at(resumed)),))

    assert due_at(clock, CALENDAR).due_at == at(due)


def test_a_day_of_waiting_says_so() -> None:
    pause = Pause(at("2026-11-17 10:00"), at("2026-11-19 10:00"))
    days = due_at(Clock(at("2026-11-16 09:00"), FIVE, pauses=(pause,)), CALENDAR).days

    assert [(day.on.day, day.why) for day in days if day.why.startswith("等")] == [
        (18, "等来信人补充，不计入"),
        (19, "等来信人补充，不计入"),
    ]


def test_an_extension_and_a_pause_add_up_and_are_kept_with_the_case() -> None:
    pause = Pause(at("2026-11-17 10:00"), at("2026-11-18 10:00"))
    pauses, extra = changes_of([extension_row(2), pause_row(pause), extension_row(1)])

    assert ([one.ended_at for one in pauses], extra) == ([pause.ended_at], 3)
    assert due_at(
        Clock(at("2026-11-16 09:00"), FIVE, pauses=pauses, extra_days=extra), CALENDAR
    ).due_at == at(
        "2026-11-28 00:00"  # Monday the 23rd, one day for the pause, three for the extensions
    )


def test_an_urgent_clock_runs_by_the_hour_through_the_holiday_and_stops_while_the_citizen_is_asked() -> None:
    clock = Clock(at("2026-10-01 22:00"), Limit(24, Unit.HOURS))
    asked = Clock(
        clock.began_at, clock.limit, pauses=(Pause(at("2026-10-02 08:00"), at("2026-10-02 11:00")),)
    )

    assert due_at(clock, CALENDAR).due_at == at("2026-10-02 22:00")
    assert due_at(asked, CALENDAR).due_at == at("2026-10-03 01:00")
    assert [day.counts for day in due_at(clock, CALENDAR).days] == [True, True]


def test_calendar_days_count_rest_days_but_do_not_end_on_one() -> None:
    seven = Limit(7, Unit.DAYS)

    assert due_at(Clock(at("2026-11-16 09:00"), seven), CALENDAR).due_on == date(2026, 11, 23)  # Monday
    rolled = due_at(Clock(at("2026-09-25 09:00"), seven), CALENDAR)  # 2 October lies in the holiday
    assert rolled.due_on == date(2026, 10, 8)
    assert rolled.days[-1].why == "最后一天是休息日，顺延到这一天（周四）"


def test_the_day_may_end_when_the_office_closes() -> None:
    assert due_at(Clock(at("2026-11-16 09:00"), FIVE, "17:30"), CALENDAR).due_at == at("2026-11-23 17:30")


@pytest.mark.clause("A8")
@pytest.mark.clause("D7")
def test_the_clock_that_runs_out_first_sorts_the_queue() -> None:
    deadline, window = at("2026-11-24 00:00"), at("2026-11-22 17:00")

    assert sooner(deadline, window) == window
    assert sooner(deadline, None) == deadline
    assert sooner(deadline, deadline + timedelta(hours=1)) == deadline


def test_the_day_of_an_instant_is_the_day_in_shanghai() -> None:
    assert day_of(datetime.fromisoformat("2026-11-20T16:00:00+00:00")) == date(2026, 11, 21)
