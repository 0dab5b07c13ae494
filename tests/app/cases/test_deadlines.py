"""When a case is due, how urgent it is, and what pauses and extensions do to it."""

from datetime import date, datetime, timedelta

import pytest

from app.calendar.workdays import SHANGHAI, Calendar, day_of
from app.cases.deadlines import (
    LABELS,
    PROFILES,
    MessageType,
    Urgency,
    due_at,
    due_on,
    extended,
    shifted_by_pause,
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
DEFAULT = PROFILES["default"]


def at(text: str) -> datetime:
    """A wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("message_type", "is_complex", "due"),
    [
        pytest.param(MessageType.CORRECTION, False, "2026-11-17", marks=pytest.mark.clause("C1")),  # Tuesday
        pytest.param(MessageType.CORRECTION, True, "2026-11-17", marks=pytest.mark.clause("C1")),  # no longer
        pytest.param(MessageType.CONSULTATION, False, "2026-11-23", marks=pytest.mark.clause("A8")),  # Monday
        pytest.param(MessageType.SUGGESTION, False, "2026-11-25", marks=pytest.mark.clause("A8")),  # Wed
        (MessageType.COMPLAINT, False, "2026-11-25"),
        (MessageType.HELP, False, "2026-11-25"),
        (MessageType.REPORT, False, "2026-11-25"),
        (MessageType.COMMENT, False, "2026-11-25"),
        (MessageType.COMPLAINT, True, "2026-12-07"),  # 15 working days: Monday
    ],
)
def test_the_default_profile_gives_each_kind_of_message_its_days(
    message_type: MessageType, is_complex: bool, due: str
) -> None:
    received = at("2026-11-16 09:00")  # Monday

    assert due_at(received, message_type, DEFAULT, CALENDAR, complex=is_complex).due_on.isoformat() == due


@pytest.mark.parametrize("key", PROFILES)
def test_every_profile_covers_every_type_and_names_its_source(key: str) -> None:
    profile = PROFILES[key]

    assert profile.key == key
    assert set(profile.working_days) == set(MessageType) == set(LABELS)
    assert profile.working_days[MessageType.CORRECTION] == 1
    assert profile.complex_days >= max(profile.working_days.values())
    assert profile.source


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
    ],
)
def test_the_working_days_of_a_pause_are_given_back(paused: str, resumed: str, due: str) -> None:
    assert shifted_by_pause(at("2026-11-24 00:00"), at(paused), at(resumed), CALENDAR).due_at == at(due)


def test_a_pause_cannot_end_before_it_began() -> None:
    with pytest.raises(ValueError, match="pause"):
        shifted_by_pause(at("2026-11-24 00:00"), at("2026-11-20 10:00"), at("2026-11-19 10:00"), CALENDAR)


@pytest.mark.clause("A8")
@pytest.mark.clause("D7")
def test_the_clock_that_runs_out_first_sorts_the_queue() -> None:
    deadline, window = at("2026-11-24 00:00"), at("2026-11-22 17:00")

    assert sooner(deadline, window) == window
    assert sooner(deadline, None) == deadline
    assert sooner(deadline, deadline + timedelta(hours=1)) == deadline


def test_the_day_of_an_instant_is_the_day_in_shanghai() -> None:
    assert day_of(datetime.fromisoformat("2026-11-20T16:00:00+00:00")) == date(2026, 11, 21)
