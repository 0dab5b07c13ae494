"""How far may experience shift the order? What people did with an answer, as a small, bounded bonus.

Counted by month: an answer put into a reply or refused by whoever wrote it, found helpful or not by readers.
Old months count half after half a year. The bonus is never more than a third of the usual distance between
candidates, so that it only decides between answers that are nearly as good; nobody has to be tried first to be
found (a new answer stands at zero, and refusals take at most half of what praise gives).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

HIGHEST, LOWEST = 0.3, -0.15
"""In units of the ranking's score: one is the usual distance between candidates."""

_CAUTION = 8.0
"""So many occasions of no opinion are assumed for every answer: a single click moves next to nothing."""
_HALF_LIFE = 6.0  # months


class Feedback(StrEnum):
    """What somebody did with an answer that was offered."""

    INSERTED = "inserted"
    REJECTED = "rejected"
    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"


_SAYS: Mapping[Feedback, float] = {
    Feedback.INSERTED: 1.0,
    Feedback.REJECTED: -1.0,
    # Readers are many, and judge what they are told rather than whether it fits.
    Feedback.HELPFUL: 0.3,
    Feedback.NOT_HELPFUL: -0.3,
}


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def bonus(counted: Iterable[tuple[str, date, int]], today: date) -> float:
    """Return what is added to an answer's score: (kind, month, times) of all that people did with it."""
    for_it = against = 0.0
    for kind, month, times in counted:
        age = max(0, (today.year - month.year) * 12 + today.month - month.month)
        weight = _SAYS[Feedback(kind)] * times * 0.5 ** (age / _HALF_LIFE)
        if weight > 0:
            for_it += weight
        else:
            against -= weight
    share = (for_it - against) / (for_it + against + _CAUTION)
    return max(LOWEST, min(HIGHEST, HIGHEST * share))
