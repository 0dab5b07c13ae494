"""The stage of the sample office: working hours, the order of what happens, and no call to any platform."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from app.base.db import Database
from app.calendar.workdays import SHANGHAI, Calendar
from app.sample.stage import SETTINGS, Hours, Platforms, Stage

WEEKDAYS_ONLY = Calendar(rest={}, work={}, known_years=frozenset(), version="")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("begun", "minutes", "earliest", "latest"),
    [
        ("2026-11-20 09:00", 30, "2026-11-20 09:20", "2026-11-20 09:41"),  # Friday morning
        ("2026-11-20 12:30", 30, "2026-11-20 13:50", "2026-11-20 14:11"),  # Friday, over lunch
        ("2026-11-20 17:20", 60, "2026-11-23 09:00", "2026-11-23 09:41"),  # Friday evening to Monday
        ("2026-11-21 10:00", 60, "2026-11-23 09:10", "2026-11-23 09:51"),  # Saturday to Monday
        ("2026-11-20 08:30", 600, "2026-11-23 11:00", "2026-11-23 11:02"),  # ten hours of work
    ],
)
def test_work_is_done_in_office_hours_of_working_days(
    begun: str, minutes: float, earliest: str, latest: str
) -> None:
    done = Hours(WEEKDAYS_ONLY, Random(1)).after(at(begun), minutes)
    assert at(earliest) <= done <= at(latest)


def test_whoever_is_on_duty_works_on_saturday_too() -> None:
    done = Hours(WEEKDAYS_ONLY, Random(1)).after(at("2026-11-21 10:00"), 30, on_watch=True)
    assert at("2026-11-21 10:20") <= done <= at("2026-11-21 10:41")


def test_what_happens_is_played_in_order_and_stops_at_the_end(sqlite_db: Database) -> None:
    stage = Stage(sqlite_db, at("2026-11-21 10:00"), WEEKDAYS_ONLY, lambda _: None)
    seen: list[tuple[str, datetime]] = []

    def life(name: str, *hours: str) -> Iterator[datetime]:
        for hour in hours:
            seen.append((name, stage.now))
            yield at(f"2026-11-21 {hour}")
        seen.append((name, stage.now))

    stage.begin(at("2026-11-21 08:00"), life("one", "09:30", "11:00"))
    stage.begin(at("2026-11-21 09:00"), life("two"))
    stage.play()
    stage.platforms.close()
    assert [name for name, _ in seen] == ["one", "two", "one"]
    assert [moment for _, moment in seen] == sorted(moment for _, moment in seen)
    assert stage.now == at("2026-11-21 10:00")


def test_the_sample_accounts_reach_nothing_but_the_stand_ins() -> None:
    for settings in SETTINGS.values():
        for name, value in settings.items():
            if name.endswith("_base"):
                assert value.startswith("http://127.0.0.1:")
    platforms = Platforms(lambda: at("2026-11-21 10:00"))
    with pytest.raises(httpx.ConnectError), httpx.Client(transport=platforms.transport) as client:
        client.get("https://api.weixin.qq.com/cgi-bin/getcallbackip")
    platforms.close()
