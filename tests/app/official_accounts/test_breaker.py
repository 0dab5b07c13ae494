"""After several failures in a row nothing is sent for a while; one try tells whether it works again."""

from datetime import timedelta

import pytest

from app.official_accounts.breaker import OPENS_AFTER, PAUSES, Breaker, after, probing
from connectors.errors import ERROR_CLASSES
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("came", "is_open"),
    [
        (["back_off"] * 4, False),
        (["back_off"] * 5, True),
        (["unknown", "back_off"] * 3, True),
        (["back_off"] * 4 + [None] + ["back_off"] * 4, False),  # one that went through begins anew
        (["back_off"] * 4 + ["window"] + ["back_off"] * 4, False),  # so does one the platform judged
        (["stop"], True),
        (["refresh"], True),
        (["final", "window", "human"] * 9, False),
    ],
)
def test_only_failures_of_the_account_open_it(came: list[str | None], is_open: bool) -> None:
    breaker = Breaker()
    for one in came:
        breaker = after(breaker, one, NOW)
    assert breaker.is_open is is_open and breaker.holds(NOW) is is_open


def test_each_failed_probe_lengthens_the_pause_and_one_success_closes_it() -> None:
    breaker, at = after(Breaker(), "stop", NOW), NOW
    for pause in (*PAUSES, PAUSES[-1]):
        assert breaker.held_until == at + pause and breaker.holds(at)
        at = at + pause
        assert not breaker.holds(at)
        assert probing(breaker, at).holds(at)  # one at a time
        breaker = after(breaker, "unknown", at)
    assert after(breaker, None, at) == Breaker()


def test_every_class_of_error_is_either_counted_or_proves_that_the_platform_answers() -> None:
    for name in ERROR_CLASSES:
        breaker = after(Breaker(OPENS_AFTER - 1), name, NOW)
        assert breaker.is_open == (name in ("stop", "refresh", "back_off", "unknown"))
