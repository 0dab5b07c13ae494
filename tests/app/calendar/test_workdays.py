"""Which days count: the arrangements of 2021, 2026 and of a year nobody has announced yet."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.db import Database
from app.base.keys import Keys
from app.calendar import queries
from app.calendar.workdays import SHANGHAI, Calendar, due_after, nth_working_day, working_days_between
from tests import naive_count
from tests.conftest import SECRET


def days(*named: tuple[str, str, str]) -> dict[date, str]:
    """From, to, name → every day of the span with its name."""
    spans = ((date.fromisoformat(a), date.fromisoformat(b), name) for a, b, name in named)
    return {a + timedelta(days=i): name for a, b, name in spans for i in range((b - a).days + 1)}


CALENDAR = Calendar(
    rest=days(
        ("2021-02-11", "2021-02-17", "春节"),
        ("2021-04-03", "2021-04-05", "清明节"),
        ("2021-05-01", "2021-05-05", "劳动节"),
        ("2021-09-19", "2021-09-21", "中秋节"),
        ("2021-10-01", "2021-10-07", "国庆节"),
        ("2026-01-01", "2026-01-03", "元旦"),
        ("2026-02-15", "2026-02-23", "春节"),
        ("2026-09-25", "2026-09-27", "中秋节"),
        ("2026-10-01", "2026-10-07", "国庆节"),
    ),
    work=days(
        ("2021-02-07", "2021-02-07", "春节调休上班"),
        ("2021-02-20", "2021-02-20", "春节调休上班"),
        ("2021-04-25", "2021-04-25", "劳动节调休上班"),
        ("2021-05-08", "2021-05-08", "劳动节调休上班"),
        ("2021-09-18", "2021-09-18", "中秋节调休上班"),
        ("2021-09-26", "2021-09-26", "国庆节调休上班"),
        ("2021-10-09", "2021-10-09", "国庆节调休上班"),
        ("2026-02-14", "2026-02-14", "春节调休上班"),
        ("2026-02-28", "2026-02-28", "春节调休上班"),
        ("2026-09-20", "2026-09-20", "国庆节调休上班"),
        ("2026-10-10", "2026-10-10", "国庆节调休上班"),
    ),
    known_years=frozenset({2021, 2026}),
    version="test",
)


def received(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.clause("C1")
@pytest.mark.clause("A8")
@pytest.mark.parametrize(
    ("received_at", "n", "due_on"),
    [
        ("2021-09-17 10:00", 1, "2021-09-18"),  # Friday; the Saturday is a make-up workday
        ("2021-02-10 10:00", 5, "2021-02-23"),  # Wednesday before the Spring Festival
        ("2021-09-17 10:00", 15, "2021-10-14"),  # over two holidays and three make-up workdays
        ("2021-04-24 10:00", 1, "2021-04-25"),  # Saturday; the Sunday is a make-up workday
        ("2021-09-30 10:00", 5, "2021-10-13"),  # Thursday before the National Day
        ("2026-09-30 10:00", 3, "2026-10-10"),  # Wednesday; 8, 9 and the make-up Saturday 10
        ("2026-02-13 10:00", 3, "2026-02-25"),  # Friday; Saturday 14 works, then nine days of rest
        ("2026-11-20 23:59", 1, "2026-11-23"),  # Friday, a minute before midnight: still day 0
        ("2026-11-21 00:00", 1, "2026-11-23"),  # Saturday: the next working day is day 1
        ("2026-11-23 00:00", 1, "2026-11-24"),  # Monday, the first minute
        ("2026-11-23 09:00", 0, "2026-11-23"),  # Monday, the same day
        ("2026-11-21 09:00", 0, "2026-11-23"),  # Saturday, the same day: not a working day, so Monday
    ],
)
def test_the_time_runs_out_at_the_end_of_the_nth_working_day(received_at: str, n: int, due_on: str) -> None:
    due = due_after(received(received_at), n, CALENDAR)

    assert due.due_on == date.fromisoformat(due_on)
    assert due.due_at == received(f"{due_on} 00:00") + timedelta(days=1)
    assert due.due_at.tzinfo == UTC
    assert not due.provisional


def test_an_office_may_let_the_day_end_when_it_closes() -> None:
    due = due_after(received("2026-11-20 16:00"), 1, CALENDAR, end_of_day="17:30")

    assert due.due_at == received("2026-11-23 17:30")


def test_every_day_looked_at_is_named_with_its_reason() -> None:
    due = due_after(received("2026-09-30 10:00"), 3, CALENDAR)

    assert [(day.on.isoformat(), day.counts) for day in due.days if day.counts] == [
        ("2026-10-08", True),
        ("2026-10-09", True),
        ("2026-10-10", True),
    ]
    assert len(due.days) == 11
    assert due.days[0].why == "收到当日，不计入"
    assert due.days[1].why == "国庆节放假"
    assert due.days[-1].why == "第 3 个工作日（周六，国庆节调休上班）"
    assert due.calendar_version == "test"


@pytest.mark.parametrize(
    ("received_at", "n", "due_on", "provisional"),
    [
        ("2026-12-25 10:00", 1, "2026-12-28", False),  # Friday → Monday
        ("2026-12-25 10:00", 2, "2026-12-29", True),  # the notice for 2027 may still speak of 29 December
        ("2026-12-25 10:00", 5, "2027-01-04", True),  # 1 January is statutory, 2 and 3 a weekend
        ("2027-09-30 10:00", 1, "2027-10-04", True),  # 1 to 3 October are statutory
        ("2027-04-30 10:00", 1, "2027-05-03", True),  # Friday; 1 and 2 May are statutory and a weekend
    ],
)
def test_a_year_without_a_published_arrangement_gives_a_provisional_date(
    received_at: str, n: int, due_on: str, provisional: bool
) -> None:
    due = due_after(received(received_at), n, CALENDAR)

    assert (due.due_on.isoformat(), due.provisional) == (due_on, provisional)


def test_a_guessed_day_says_that_it_is_guessed() -> None:
    due = due_after(received("2026-12-31 10:00"), 1, CALENDAR)

    assert due.days[1].why == "元旦放假，放假安排未公布，暂按周一至周五推算"


@pytest.mark.parametrize("n", [-1, 1001])
def test_a_senseless_number_of_days_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        due_after(received("2026-11-20 10:00"), n, CALENDAR)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_after(received("2026-11-20 10:00").replace(tzinfo=None), 1, CALENDAR)


@given(st.dates(date(2026, 1, 1), date(2026, 11, 30)), st.integers(1, 15))
def test_counting_back_gives_the_number_of_days_again(day: date, n: int) -> None:
    due = due_after(datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI), n, CALENDAR)

    assert working_days_between(day, due.due_on, CALENDAR) == n
    assert working_days_between(due.due_on, day, CALENDAR) == -n
    assert nth_working_day(day, n, CALENDAR) == due.due_on
    assert CALENDAR.is_working_day(due.due_on)


def test_the_autumn_of_2026_agrees_with_an_independent_calendar() -> None:
    autumn = [date(2026, 7, 1) + timedelta(days=i) for i in range(180)]

    assert [CALENDAR.is_working_day(day) for day in autumn] == [
        chinese_calendar.is_workday(day) for day in autumn
    ]


# ------------------------------------------------------------------ six years, and any calendar there could be


@pytest.fixture(scope="module")
def shipped(sqlite_template: Path) -> Calendar:
    """The calendar as an office has it after the first start."""
    db = Database(f"sqlite:///{sqlite_template}", Keys(SECRET))
    with db.reading() as session:
        calendar = queries.calendar(session)
    db.close()
    return calendar


def test_every_day_of_six_years_counts_as_the_notices_say(shipped: Calendar) -> None:
    span = (date(2026, 12, 31) - date(2021, 1, 1)).days
    all_days = [date(2021, 1, 1) + timedelta(days=i) for i in range(span + 1)]

    assert [day for day in all_days if shipped.is_working_day(day) != naive_count.works(day)] == []
    assert not [day for day in all_days if day < date(2026, 12, 29) and not shipped.is_announced(day)]


@pytest.mark.clause("C1")
@pytest.mark.clause("A8")
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 10, 13, 15])
def test_the_due_day_of_every_day_of_six_years_is_exact(shipped: Calendar, n: int) -> None:
    first, last = date(2021, 1, 1), date(2026, 11, 30)
    wrong = []
    for i in range((last - first).days + 1):
        day = first + timedelta(days=i)
        due = due_after(datetime(day.year, day.month, day.day, i % 24, 59, tzinfo=SHANGHAI), n, shipped)
        if due.due_on != naive_count.due_day(day, n):
            wrong.append((day, due.due_on))

    assert wrong == []


SOME_DAYS = st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 28)), max_size=40)
RECEIVED = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(minutes=minute),
    st.dates(date(2026, 1, 1), date(2026, 10, 31)),
    st.integers(0, 24 * 60 - 1),
)


@given(SOME_DAYS, SOME_DAYS, RECEIVED, st.integers(1, 15), SOME_DAYS)
def test_whatever_the_arrangement_the_nth_day_that_counts_is_the_due_day(
    rest: set[date], work: set[date], received_at: datetime, n: int, paused: set[date]
) -> None:
    calendar = Calendar(
        rest=dict.fromkeys(rest, "假"), work=dict.fromkeys(work, "班"), known_years=frozenset({2026, 2027}),
        version="any",
    )  # fmt: skip
    due = due_after(received_at, n, calendar, paused=paused)
    looked = {looked_at.on: looked_at for looked_at in due.days}

    assert sum(looked_at.counts for looked_at in due.days) == n
    assert due.days[-1].on == due.due_on
    assert due.days[-1].counts
    assert calendar.is_working_day(due.due_on)
    assert due.due_on not in paused
    assert list(looked) == [received_at.date() + timedelta(days=i) for i in range(len(looked))]
    assert all(looked_at.why for looked_at in due.days)
    assert due.due_at > received_at


@given(SOME_DAYS, RECEIVED, RECEIVED, st.integers(1, 15))
def test_who_writes_later_is_answered_no_earlier_and_more_rest_never_shortens_the_time(
    rest: set[date], one: datetime, other: datetime, n: int
) -> None:
    def calendar(days: set[date]) -> Calendar:
        return Calendar(dict.fromkeys(days, "假"), {}, frozenset({2026, 2027}), "any")

    first, second = sorted((one, other))

    assert due_after(first, n, calendar(rest)).due_at <= due_after(second, n, calendar(rest)).due_at
    assert due_after(one, n, calendar(set())).due_at <= due_after(one, n, calendar(rest)).due_at


@given(SOME_DAYS, RECEIVED, st.integers(1, 30))
def test_calendar_days_end_on_a_working_day_and_no_sooner_than_they_are_over(
    rest: set[date], received_at: datetime, n: int
) -> None:
    calendar = Calendar(dict.fromkeys(rest, "假"), {}, frozenset({2026, 2027}), "any")
    due = due_after(received_at, n, calendar, every_day=True)

    assert calendar.is_working_day(due.due_on)
    last = received_at.date() + timedelta(days=n)
    assert due.due_on >= last
    assert not any(calendar.is_working_day(last + timedelta(days=i)) for i in range((due.due_on - last).days))
