"""Is it worth trying this account now? After several failures in a row nothing is sent for a while.

Closed: everything is tried. Open: nothing is, until the pause is over. Half open: one is tried; if that goes
through the breaker closes, else the next pause is longer. Only failures of the account or of the way to the
platform count: a citizen who has unsubscribed says nothing about the account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

OPENS_AFTER = 5
"""Failures in a row."""
PAUSES: Sequence[timedelta] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
)
"""The first, second … pause; the last one for all that follow."""
PROBE_FOR = timedelta(seconds=90)
"""How long one probe may take before another may be made (as long as a sender may live)."""

# How much a failure of each class (connectors.errors.ERROR_CLASSES) weighs; the others prove that the
# platform answers.
WEIGHTS: Mapping[str, int] = {
    "stop": OPENS_AFTER,  # the account's settings or rights: the next one would fail alike
    "refresh": OPENS_AFTER,  # the token is refused again and again
    "back_off": 1,
    "unknown": 1,
}


@dataclass(frozen=True)
class Breaker:
    """``failures`` in a row (weighed), and until when nothing is tried."""

    failures: int = 0
    held_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Open or half open: not everything is tried."""
        return self.failures >= OPENS_AFTER

    def holds(self, now: datetime) -> bool:
        """Whether nothing may be tried now."""
        return self.is_open and self.held_until is not None and now < self.held_until


def after(breaker: Breaker, error_class: str | None, now: datetime) -> Breaker:
    """What becomes of the breaker after a try (None: it went through)."""
    weight = WEIGHTS.get(error_class or "", 0)
    if not weight:
        return Breaker()
    # Where it was open, the one that was tried failed too.
    failures = breaker.failures + 1 if breaker.is_open else min(breaker.failures + weight, OPENS_AFTER)
    if failures < OPENS_AFTER:
        return Breaker(failures)
    return Breaker(failures, now + PAUSES[min(failures - OPENS_AFTER, len(PAUSES) - 1)])


def probing(breaker: Breaker, now: datetime) -> Breaker:
    """One is tried now; nobody else meanwhile."""
    return Breaker(breaker.failures, now + PROBE_FOR)
