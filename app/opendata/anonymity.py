"""What may a public row say of place, matter and platform, when its number already tells the week of receipt?

The k check of `app.redaction.quasi` (k = 5 on place, category, week, platform), with an order of giving up of
its own: the first eight digits of a case number are the day of receipt, so that making the week coarser
would hide nothing. Of the other three as many stay as five cases of the week share; a matter that is too
telling becomes its group (`matters`) before it is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.opendata.matters import group_of
from app.redaction.quasi import K, Quasi, generalised

__all__ = ["K", "Quasi", "Said", "coarsened"]


@dataclass(frozen=True)
class Said:
    """What a public row says of itself; empty words are those it may not say."""

    place: str
    category: str
    category_group: str
    platform: str


# A group is told from a matter of the same name by a character that no input keeps.
_GROUP = "\x00"


def _without(*gone: str) -> Callable[[Quasi], Quasi]:
    return lambda row: replace(row, **dict.fromkeys(gone, ""))


def _grouped(*gone: str) -> Callable[[Quasi], Quasi]:
    coarser = _without(*gone)
    return lambda row: coarser(replace(row, category=_GROUP + group_of(row.category) if row.category else ""))


# What is of most use stays longest, the matter before the place before the platform; a row stays at the first
# step at which five of its week look alike. With these, three times as many rows of a small office tell of their
# matter as when it is kept whole or not at all.
STEPS = (
    _without(),
    _without("channel"),
    _without("community"),
    _without("community", "channel"),
    _grouped(),
    _grouped("channel"),
    _grouped("community"),
    _grouped("community", "channel"),
    _without("category"),
    _without("category", "channel"),
    _without("category", "community"),
)


def coarsened(week: Mapping[str, Quasi]) -> dict[str, Said]:
    """For the cases of one week (number → what is known) what each may say."""
    told = generalised(list(week.values()), steps=STEPS)
    return {number: _said(one) for number, one in zip(week, told, strict=True)}


def _said(told: Quasi) -> Said:
    if told.category.startswith(_GROUP):
        return Said(told.community, "", told.category.removeprefix(_GROUP), told.channel)
    return Said(told.community, told.category, group_of(told.category), told.channel)
