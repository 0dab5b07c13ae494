"""What may a public row say of place, matter and platform, when its number already tells the week of receipt?

The k check of `app.redaction.quasi` (k = 5 on place, category, week, platform), with an order of giving up of
its own: the first eight digits of a case number are the day of receipt, so that making the week coarser
would hide nothing. Of the other three as many stay as five cases of the week share.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from app.redaction.quasi import K, Quasi, generalised

__all__ = ["K", "Quasi", "coarsened"]


def _without(*gone: str) -> Callable[[Quasi], Quasi]:
    return lambda row: replace(row, **dict.fromkeys(gone, ""))


# The most telling first; a row stays at the first at which five of its week look alike.
STEPS = (
    _without(),
    _without("community"),
    _without("channel"),
    _without("community", "channel"),
    _without("category"),
    _without("community", "category"),
    _without("category", "channel"),
)


def coarsened(week: Mapping[str, Quasi]) -> dict[str, Quasi]:
    """For the cases of one week (number → what is known) what each may say."""
    return dict(zip(week, generalised(list(week.values()), steps=STEPS), strict=True))
