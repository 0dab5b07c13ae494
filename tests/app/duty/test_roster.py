"""Who is on duty, and when is nobody? Tables of shifts with the day spelled out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.duty.roster import gaps, problem

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Turn:
    staff_id: int
    duty: str
    starts_at: datetime
    ends_at: datetime


def at(day: int, hour: int) -> datetime:
    """An hour of October 2026 in Shanghai; the 9th is a Friday."""
    return datetime(2026, 10, day, hour, tzinfo=SHANGHAI)


def turn(starts_at: datetime, ends_at: datetime, duty: str = "reading") -> Turn:
    return Turn(1, duty, starts_at, ends_at)


ALL_DAY = turn(at(9, 0), at(12, 0), "publishing")


@pytest.mark.clause("C27")
@pytest.mark.parametrize(
    ("turns", "holes"),
    [
        ([turn(at(9, 8), at(12, 0))], [(at(9, 0), at(9, 8))]),
        ([turn(at(9, 0), at(9, 18)), turn(at(9, 18), at(12, 0))], []),
        ([turn(at(9, 0), at(9, 18)), turn(at(10, 8), at(12, 0))], [(at(9, 18), at(10, 8))]),
        ([turn(at(9, 0), at(10, 12)), turn(at(9, 8), at(9, 18))], [(at(10, 12), at(12, 0))]),
        ([turn(at(8, 0), at(9, 9)), turn(at(11, 9), at(13, 0))], [(at(9, 9), at(11, 9))]),
        ([turn(at(13, 0), at(14, 0))], [(at(9, 0), at(12, 0))]),
        ([], [(at(9, 0), at(12, 0))]),
    ],
    ids=[
        "nobody before 8:00 on Friday",
        "day and night shift meet at 18:00",
        "nobody on Friday night",
        "a short shift inside a long one hides no hole behind it",
        "nobody from Friday 9:00 over the make-up Saturday to Sunday 9:00",
        "a shift that begins later covers nothing",
        "nobody at all",
    ],
)
def test_every_hour_without_anybody_is_named(
    turns: list[Turn], holes: list[tuple[datetime, datetime]]
) -> None:
    found = gaps([*turns, ALL_DAY], at(9, 0), at(12, 0))
    assert [(gap.starts_at, gap.ends_at) for gap in found] == holes
    assert {gap.duty for gap in found} <= {"reading"}


@pytest.mark.clause("C27")
def test_reading_does_not_cover_publishing() -> None:
    found = gaps([turn(at(9, 0), at(12, 0), "reading")], at(9, 0), at(12, 0))
    assert [(gap.duty, gap.ends_at - gap.starts_at) for gap in found] == [("publishing", timedelta(days=3))]


@pytest.mark.parametrize(
    ("duty", "starts_at", "ends_at", "words"),
    [
        ("reading", at(9, 8), at(9, 18), None),
        ("publishing", at(9, 8), at(10, 20), None),
        ("reading", at(9, 8), at(9, 8), "结束时间要晚于开始时间"),
        ("reading", at(9, 18), at(9, 8), "结束时间要晚于开始时间"),
        ("reading", at(9, 8), at(10, 21), "最长 36 小时"),
        ("cooking", at(9, 8), at(9, 18), "读网、发布两种"),
    ],
)
def test_a_shift_ends_after_it_begins_and_somebody_can_work_it(
    duty: str, starts_at: datetime, ends_at: datetime, words: str | None
) -> None:
    found = problem(duty, starts_at, ends_at)
    assert found is None if words is None else words in (found or "")
