"""Is an account unusually long without a message, measured against its own history? Then nobody knows whether
it works: silence is unknown, not fine (B8, D20).

How many messages come in an hour depends on the hour and on whether it is a weekend; from what came in the
last weeks follows how many should have come since the last one. Where that is seven and none came, chance
explains it less than once in a thousand (Poisson, e^-7).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.base.clock import SHANGHAI

HISTORY = timedelta(days=28)
MISSED = 7.0
"""So many expected and none came: unknown."""
LEAST_DAYS, LEAST_MESSAGES = 7, 20
"""Less history than this tells nothing."""
HOUR = timedelta(hours=1)
LONGEST_LOOK = timedelta(days=14)
"""After two weeks of silence nothing need be worked out."""


@dataclass(frozen=True)
class History:
    """How many messages a usual hour brings, by (weekend, hour of the day in Shanghai)."""

    rates: Mapping[tuple[bool, int], float]
    is_enough: bool


def history(rows: Iterable[tuple[datetime, int]], since: datetime, until: datetime) -> History:
    """From counts by hour (UTC, whole hours) between two instants. Hours without a row brought nothing."""
    kept = [(at, number) for at, number in rows if since <= at < until]
    came: dict[tuple[bool, int], int] = {}
    for at, number in kept:
        came[_kind(at)] = came.get(_kind(at), 0) + number
    passed: dict[tuple[bool, int], int] = {}
    first = min((at for at, _ in kept), default=until)
    hour = first
    while hour < until:
        passed[_kind(hour)] = passed.get(_kind(hour), 0) + 1
        hour += HOUR
    enough = until - first >= timedelta(days=LEAST_DAYS) and sum(came.values()) >= LEAST_MESSAGES
    return History({kind: came.get(kind, 0) / hours for kind, hours in passed.items()}, enough)


def missed(known: History, last_at: datetime, now: datetime) -> float:
    """How many messages should have come since the last one; 0 where the history tells nothing."""
    if not known.is_enough:
        return 0.0
    at, expected = max(last_at, now - LONGEST_LOOK), 0.0
    while at < now:
        end = min(_next_hour(at), now)
        expected += known.rates.get(_kind(at), 0.0) * ((end - at) / HOUR)
        at = end
    return expected


def _kind(at: datetime) -> tuple[bool, int]:
    local = at.astimezone(SHANGHAI)
    return local.weekday() >= 5, local.hour


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR
