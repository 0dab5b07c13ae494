"""What follows each try to deliver a reply."""

from datetime import UTC, datetime, timedelta

import pytest

from app.replies import sending
from app.replies.sending import DeliveryState, choices, follow, window_problem
from connectors.errors import ERROR_CLASSES

FRIDAY_17_00 = datetime(2026, 10, 9, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
HOURS_48 = timedelta(hours=48)


def test_every_class_of_error_has_a_consequence() -> None:
    for error_class in ERROR_CLASSES.keys() - {"accepted"}:
        assert follow(error_class, tries=1, refreshed=False).state in DeliveryState


@pytest.mark.parametrize(
    ("error_class", "tries", "refreshed", "state", "after"),
    [
        ("back_off", 1, False, "ready", timedelta(seconds=5)),
        ("back_off", 2, False, "ready", timedelta(seconds=30)),
        ("back_off", 3, False, "ready", timedelta(minutes=2)),
        ("back_off", 5, False, "ready", timedelta(hours=1)),
        ("back_off", 7, False, "ready", timedelta(hours=3)),
        ("back_off", 8, False, "failed", None),
        ("refresh", 1, False, "ready", timedelta(0)),
        ("refresh", 2, True, "failed", None),
        ("final", 1, False, "failed", None),
        ("window", 1, False, "failed", None),
        ("human", 1, False, "failed", None),
        ("stop", 1, False, "failed", None),
        ("unknown", 1, False, "unknown", None),
    ],
)
def test_what_follows_a_failed_try(
    error_class: str, tries: int, refreshed: bool, state: str, after: timedelta | None
) -> None:
    followed = follow(error_class, tries=tries, refreshed=refreshed)
    assert (followed.state, followed.after) == (state, after)


def test_a_token_is_refreshed_once_and_then_the_account_is_in_trouble() -> None:
    assert follow("refresh", tries=1, refreshed=False).refreshed
    assert follow("refresh", tries=2, refreshed=True).trouble


def test_a_failed_delivery_leaves_the_progress_page_and_an_unknown_one_promises_nothing() -> None:
    assert follow("window", tries=1, refreshed=False).fallback == sending.PAGE
    assert follow("unknown", tries=1, refreshed=False).fallback == ""


def test_what_failed_together_does_not_come_back_together() -> None:
    waits = [sending.put_off(timedelta(minutes=2), None, f"{number}-1") for number in range(50)]
    assert len(set(waits)) == 50
    assert all(timedelta(minutes=2) <= wait <= timedelta(minutes=2, seconds=24) for wait in waits)
    assert max(waits) - min(waits) > timedelta(seconds=12)
    assert sending.put_off(timedelta(minutes=2), None, "7-1") == waits[7]
    assert sending.put_off(timedelta(0), None, "7-1") == timedelta(0)  # a token renewed: at once


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"),
    [
        (timedelta(seconds=40), timedelta(seconds=40), timedelta(seconds=40)),
        (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=6)),
        (timedelta(days=30), sending.LONGEST_ASKED, sending.LONGEST_ASKED),
    ],
)
def test_a_platform_that_says_how_long_to_wait_is_heeded(
    asked: timedelta, at_least: timedelta, at_most: timedelta
) -> None:
    assert at_least <= sending.put_off(timedelta(seconds=5), asked, "7-1") <= at_most


def test_before_the_call_nothing_is_unknown() -> None:
    assert sending.before_the_call("unknown") == "back_off"
    assert sending.before_the_call("stop") == "stop"


def test_a_person_looks_at_a_lost_intent_only_when_its_sender_is_surely_gone() -> None:
    assert sending.LEASE - sending.START_BEFORE - timedelta(seconds=10) >= timedelta(seconds=60)
    assert not sending.may_start(sending.START_BEFORE)


@pytest.mark.parametrize(
    ("asked_at", "opened_at", "sent", "unsubscribed_at", "problem"),
    [
        ("Saturday, a day after the letter", FRIDAY_17_00 - timedelta(hours=24), 0, None, None),
        ("one minute before 48 hours", FRIDAY_17_00 - HOURS_48 + timedelta(minutes=1), 4, None, None),
        ("48 hours to the second", FRIDAY_17_00 - HOURS_48, 0, None, "closed"),
        ("never opened", None, 0, None, "closed"),
        ("five sent already", FRIDAY_17_00 - timedelta(hours=1), 5, None, "used_up"),
        (
            "left an hour ago",
            FRIDAY_17_00 - timedelta(hours=2),
            0,
            FRIDAY_17_00 - timedelta(hours=1),
            "unsubscribed",
        ),
        ("came back since", FRIDAY_17_00 - timedelta(hours=1), 0, FRIDAY_17_00 - timedelta(hours=2), None),
    ],
)
def test_the_window_of_wechat(
    asked_at: str,
    opened_at: datetime | None,
    sent: int,
    unsubscribed_at: datetime | None,
    problem: str | None,
) -> None:
    found = window_problem(
        FRIDAY_17_00,
        lasts=HOURS_48,
        replies=5,
        opened_at=opened_at,
        sent=sent,
        unsubscribed_at=unsubscribed_at,
    )
    assert found == problem, asked_at


def test_a_platform_without_a_window_is_always_open() -> None:
    assert (
        window_problem(FRIDAY_17_00, lasts=None, replies=None, opened_at=None, sent=9, unsubscribed_at=None)
        is None
    )


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        ("unknown", "timeout", ("settle",)),
        ("by_hand", "", ("enter",)),
        ("failed", "45015", ("retry", "enter")),
        ("failed", "approval_void", ()),
        ("failed", "superseded", ()),
        ("ready", "", ()),
        ("done", "", ()),
    ],
)
def test_what_a_person_can_do_with_a_delivery(state: str, code: str, expected: tuple[str, ...]) -> None:
    assert choices(state, code) == expected
