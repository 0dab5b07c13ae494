"""Experience shifts the order a little, never for ever, and never decides alone."""

from datetime import date

import pytest

from kb.experience import HIGHEST, LOWEST, Feedback, bonus, month_of

NOW = date(2026, 10, 9)


def given(kind: Feedback, times: int, month: date = date(2026, 10, 1)) -> tuple[str, date, int]:
    return (kind.value, month, times)


def test_a_month_begins_on_its_first_day():
    assert month_of(date(2026, 10, 9)) == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("counted", "low", "high"),
    [
        ([], 0, 0),
        ([given(Feedback.INSERTED, 1)], 0.01, 0.05),
        ([given(Feedback.INSERTED, 40)], 0.2, HIGHEST),
        ([given(Feedback.INSERTED, 1_000_000)], 0.29, HIGHEST),
        ([given(Feedback.REJECTED, 1)], -0.05, -0.01),
        ([given(Feedback.REJECTED, 1_000_000)], LOWEST, LOWEST),
        ([given(Feedback.INSERTED, 10), given(Feedback.REJECTED, 10)], 0, 0),
        ([given(Feedback.HELPFUL, 10)], 0.05, 0.1),
        ([given(Feedback.NOT_HELPFUL, 10)], -0.1, -0.05),
    ],
)
def test_experience_is_bounded_and_a_single_click_moves_next_to_nothing(counted, low, high):
    assert low <= bonus(counted, NOW) <= high


def test_half_a_year_ago_counts_half():
    now = bonus([given(Feedback.INSERTED, 20)], NOW)
    then = bonus([given(Feedback.INSERTED, 20, date(2026, 4, 1))], NOW)
    assert then == bonus([given(Feedback.INSERTED, 10)], NOW) < now


def test_what_comes_from_a_clock_ahead_counts_as_now():
    assert bonus([given(Feedback.INSERTED, 20, date(2027, 1, 1))], NOW) == bonus(
        [given(Feedback.INSERTED, 20)], NOW
    )
