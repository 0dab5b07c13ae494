"""Unusually long without a message, by the account's own history: then nobody knows whether it works."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.official_accounts.activity import activity
from app.official_accounts.endings import warning, words
from app.official_accounts.silence import HISTORY, History, history, missed

MONDAY = datetime(2026, 10, 12, tzinfo=UTC)  # 08:00 in Shanghai
HOUR = timedelta(hours=1)
NIGHT = range(16, 24)  # UTC: midnight to eight in Shanghai


def a_busy_office(until: datetime) -> History:
    """Ten an hour by day, none at night, two an hour at weekends."""
    rows, hour = [], until - HISTORY
    while hour < until:
        weekend = (hour + 8 * HOUR).weekday() >= 5
        if hour.hour not in NIGHT:
            rows.append((hour, 2 if weekend else 10))
        hour += HOUR
    return history(rows, until - HISTORY, until)


@pytest.mark.parametrize(
    ("last_at", "now", "expected"),
    [
        (MONDAY + 2 * HOUR, MONDAY + 2.5 * HOUR, 5),  # half an hour of a working day
        (MONDAY + 2 * HOUR, MONDAY + 4 * HOUR, 20),
        (MONDAY - 8 * HOUR, MONDAY, 0),  # the night
        (MONDAY - 24 * HOUR, MONDAY - 20 * HOUR, 8),  # Sunday morning
    ],
)
def test_what_should_have_come_follows_the_hour_and_the_weekend(
    last_at: datetime, now: datetime, expected: float
) -> None:
    assert missed(a_busy_office(MONDAY), last_at, now) == pytest.approx(expected)


def test_little_history_tells_nothing() -> None:
    for rows in ([], [(MONDAY - HOUR, 500)], [(MONDAY - n * 24 * HOUR, 1) for n in range(1, 15)]):
        known = history(rows, MONDAY - HISTORY, MONDAY)
        assert not known.is_enough and missed(known, MONDAY - 5 * HOUR, MONDAY) == 0


@pytest.mark.clause("B8", "D20")
def test_a_connector_that_is_silent_is_unknown_and_not_fine() -> None:
    known, last_at = a_busy_office(MONDAY), MONDAY + HOUR
    for hours, label in ((0.5, "正常"), (1.5, "不明"), (14, "不明")):
        now = last_at + hours * HOUR
        seen = activity(
            now, created_at=MONDAY - HISTORY, last_arrival_at=last_at, missed=missed(known, last_at, now)
        )
        assert seen.label == label
    assert "自检" in seen.words


TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("left", "due"),
    [(30, None), (15, None), (14, 14), (10, 14), (7, 7), (4, 7), (3, 3), (2, 3), (1, 1), (0, 0), (-5, 0)],
)
def test_a_permission_that_ends_is_said_beforehand(left: int, due: int | None) -> None:
    assert warning(TODAY + timedelta(days=left), TODAY) == due


def test_how_long_it_still_holds_is_said_in_words() -> None:
    assert words(TODAY + timedelta(days=3), TODAY) == "授权 2026-11-24 到期，还有 3 天"
    assert "今天" in words(TODAY, TODAY) and "已于" in words(TODAY - timedelta(days=1), TODAY)
