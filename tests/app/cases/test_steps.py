"""A share of the time for each step, laid over the office's hours: in order, inside the time, explained."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.workdays import SHANGHAI, Calendar, day_of, due_after
from app.cases.deadlines import due_on
from app.cases.steps import ONE_DAY_SHARES, SHARES, Hours, Span, Step, times_of

HOURS = Hours("09:00", "17:30")
CALENDAR = Calendar(
    rest={date(2026, 10, 1) + timedelta(days=i): "国庆节" for i in range(7)},
    work={date(2026, 10, 10): "国庆节调休上班"},
    known_years=frozenset({2026, 2027}),
    version="test",
)


def at(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def told(times: dict[Step, datetime]) -> list[str]:
    return [f"{time.astimezone(SHANGHAI):%d %H:%M}" for time in times.values()]


@pytest.mark.clause("C1")
def test_a_corrections_one_day_holds_the_whole_ladder_of_reviews() -> None:
    span = Span(at("2026-11-16 10:00"), at("2026-11-18 00:00"))  # Monday; Tuesday 24:00

    assert told(times_of(span, ONE_DAY_SHARES, HOURS, CALENDAR, 1)) == [
        "17 09:25",  # 受理
        "17 09:51",  # 交办
        "17 11:58",  # 起草送审: by noon
        "17 13:40",  # 初审
        "17 14:57",  # 复审: by three
        "17 16:13",  # 终审
        "18 00:00",  # 签发: the due instant itself
    ]


def test_a_week_is_shared_out_over_its_working_days_and_giving_it_away_takes_one_at_most() -> None:
    span = Span(at("2026-09-30 10:00"), at("2026-10-15 00:00"))  # five working days around the holiday
    days = due_after(span.began_at, 5, CALENDAR)
    times = times_of(Span(span.began_at, days.due_at), SHARES, HOURS, CALENDAR, 1)

    assert days.due_on == date(2026, 10, 13)
    assert [f"{due_on(one):%m-%d}" for one in times.values()] == [
        "10-08", "10-08", "10-10", "10-12", "10-12", "10-13", "10-13"
    ]  # fmt: skip
    long = Span(at("2026-11-16 10:00"), due_after(at("2026-11-16 10:00"), 30, CALENDAR).due_at)
    assert told(times_of(long, SHARES, HOURS, CALENDAR, 1))[:2] == ["17 17:30", "17 17:30"]


def test_an_urgent_span_is_shared_out_around_the_clock() -> None:
    span = Span(at("2026-10-01 22:00"), at("2026-10-02 22:00"), around_the_clock=True)
    times = times_of(span, ONE_DAY_SHARES, HOURS, CALENDAR, 1)

    assert told(times)[2] == "02 06:24"
    assert times[Step.RELEASE] == span.due_at


def test_days_of_waiting_for_the_citizen_are_nobodys() -> None:
    waited = frozenset({date(2026, 11, 18), date(2026, 11, 19)})
    span = Span(at("2026-11-16 10:00"), at("2026-11-26 00:00"), paused=waited)
    times = times_of(span, SHARES, HOURS, CALENDAR, 1)

    assert not {day_of(one) for one in times.values()} & waited


@given(
    st.integers(0, 120 * 24 * 60),
    st.integers(1, 15),
    st.lists(st.integers(0, 100), min_size=6, max_size=6),
)
def test_steps_come_in_order_inside_the_time_and_on_open_hours(minute: int, n: int, cuts: list[int]) -> None:
    began = at("2026-08-01") + timedelta(minutes=minute)
    due = due_after(began, n, CALENDAR)
    edges = [0, *sorted(cuts), 100]
    shares = {step: edges[i + 1] - edges[i] for i, step in enumerate(Step)}
    times = list(times_of(Span(began, due.due_at), shares, HOURS, CALENDAR, 20).values())

    assert times == sorted(times)
    assert times[-1] == due.due_at
    for one in times:
        assert one == due.due_at or HOURS.next_open(one - timedelta(microseconds=1), CALENDAR) <= one
        assert began < one <= due.due_at


def test_the_office_opens_again_on_the_next_working_day() -> None:
    assert HOURS.next_open(at("2026-09-30 17:30"), CALENDAR) == at("2026-10-08 09:00")
    assert HOURS.next_open(at("2026-10-10 08:00"), CALENDAR) == at("2026-10-10 09:00")
    assert HOURS.next_open(at("2026-10-10 12:00"), CALENDAR) == at("2026-10-10 12:00")
