"""Is an account alive? Silence is unknown, not fine."""

from datetime import UTC, datetime, timedelta

import pytest

from app.official_accounts.activity import activity

NOW = datetime(2026, 10, 9, 2, 42, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.clause("B8")
@pytest.mark.clause("D20")
@pytest.mark.parametrize(
    ("created", "last", "key", "tone"),
    [
        (30, 0, "alive", "good"),
        (30, 6, "alive", "good"),
        (30, 7, "silent", "soon"),
        (30, 13, "silent", "soon"),
        (30, 14, "asleep", "over"),
        (1, None, "never", "soon"),
        (7, None, "never", "over"),
    ],
)
def test_days_without_a_message_make_an_account_unknown(
    created: int, last: int | None, key: str, tone: str
) -> None:
    found = activity(
        NOW, created_at=NOW - created * DAY, last_arrival_at=None if last is None else NOW - last * DAY
    )
    assert (found.key, found.tone) == (key, tone)
    assert bool(found.words) == (tone != "good")


def test_what_is_worst_is_said_first() -> None:
    shared = {"created_at": NOW - 30 * DAY, "last_arrival_at": NOW}
    trouble = activity(NOW, **shared, trouble="AppSecret 不对，请到微信后台核对")
    assert (trouble.key, trouble.words) == ("trouble", "AppSecret 不对，请到微信后台核对")
    assert activity(NOW, **shared, trouble="x", stopped_at=NOW).key == "stopped"
    assert activity(NOW, **shared, stopped_at=NOW, closed_at=NOW).key == "closed"
