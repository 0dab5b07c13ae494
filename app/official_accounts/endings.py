"""A permission that a person at the platform gave ends on a day: on which days is that said beforehand?"""

from collections.abc import Sequence
from datetime import date

WARN_DAYS: Sequence[int] = (14, 7, 3, 1, 0)
"""So many days before the end somebody is told, and on the day itself."""


def warning(ends_on: date, today: date) -> int | None:
    """The warning that is due ``today`` (a row of `WARN_DAYS`), or None: too early. A warning that was
    missed while nothing ran is made good by the next one; after the end the last one stands."""
    left = (ends_on - today).days
    return min((days for days in WARN_DAYS if left <= days), default=None)


def words(ends_on: date, today: date) -> str:
    """What to say of it on the account's page."""
    left = (ends_on - today).days
    if left < 0:
        return f"授权已于 {ends_on} 到期，要重新授权"
    if left == 0:
        return "授权今天到期，要重新授权"
    return f"授权 {ends_on} 到期，还有 {left} 天"
