"""By when must an account be filed? Working days with 调休, the weekday spelled out."""

from datetime import date

import pytest

from app.calendar.workdays import Calendar
from app.official_accounts.filing import due_on, state

# National Day 2026: rest from Thursday 1 to Wednesday 7 October; work on Sunday 20 September and Saturday 10 October.
CALENDAR = Calendar(
    rest={date(2026, 10, day): "国庆节" for day in range(1, 8)},
    work={date(2026, 9, 20): "国庆节调休上班", date(2026, 10, 10): "国庆节调休上班"},
    known_years=frozenset({2026}),
    version="1",
)


@pytest.mark.clause("B2")
@pytest.mark.parametrize(
    ("opened", "due"),
    [
        (date(2026, 10, 9), date(2026, 10, 19)),
        (date(2026, 9, 29), date(2026, 10, 14)),
        (date(2026, 10, 3), date(2026, 10, 15)),
        (date(2026, 11, 2), date(2026, 11, 11)),
    ],
    ids=[
        "Friday 9 October: make-up Saturday counts, due Monday 19",
        "Tuesday before the holiday: due Wednesday 14 October",
        "opened within the holiday: due Thursday 15 October",
        "an ordinary Monday: due Wednesday of the next week",
    ],
)
def test_an_opening_is_filed_within_seven_working_days(opened: date, due: date) -> None:
    assert due_on("open", opened, CALENDAR) == due


@pytest.mark.clause("B3")
@pytest.mark.parametrize("kind", ["change", "suspend", "cancel"])
def test_a_change_or_an_end_is_filed_within_five(kind: str) -> None:
    """Friday 9 October: Saturday 10 is worked, so Thursday 15 is the fifth working day."""
    assert due_on(kind, date(2026, 10, 9), CALENDAR) == date(2026, 10, 15)


def test_there_are_four_occasions_and_no_other() -> None:
    with pytest.raises(KeyError):
        due_on("rename", date(2026, 10, 9), CALENDAR)


@pytest.mark.clause("B2")
@pytest.mark.parametrize(
    ("today", "is_filed", "key", "words"),
    [
        (date(2026, 10, 9), False, "waiting", "还剩 7 个工作日备案"),
        (date(2026, 10, 15), False, "due_soon", "还剩 2 个工作日备案"),
        (date(2026, 10, 17), False, "due_soon", "还剩 1 个工作日备案"),
        (date(2026, 10, 19), False, "due_soon", "今天是备案的最后一天"),
        (date(2026, 10, 20), False, "overdue", "超期 1 个工作日未备案"),
        (date(2026, 10, 24), False, "overdue", "超期 4 个工作日未备案"),
        (date(2026, 10, 24), True, "filed", "已备案"),
    ],
)
def test_a_filing_says_how_much_time_is_left(today: date, is_filed: bool, key: str, words: str) -> None:
    """Due Monday 19 October."""
    found = state(date(2026, 10, 19), is_filed, today, CALENDAR)
    assert (found.key, found.words) == (key, words)


def test_the_day_after_a_due_friday_is_overdue_though_nobody_works() -> None:
    found = state(date(2026, 10, 16), False, date(2026, 10, 17), CALENDAR)
    assert (found.key, found.words) == ("overdue", "超期 1 个工作日未备案")
