"""What may a public row say of place, matter and platform, when its number already tells the week of receipt?

The k check of `app.redaction.quasi` (k = 5 on place, category, week, platform), with an order of giving up of
its own: the first eight digits of a case number are the day of receipt, so that making the week coarser
would hide nothing. Of the other three as many stay as five cases of the week share; a matter that is too
telling becomes its group (`matters`), a place its street office and then its district (`places`), before
they are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.opendata.matters import group_of
from app.opendata.places import COMMUNITY, DISTRICT, STREET, Places
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


Step = Callable[[Quasi], Quasi]


def _as_it_is(row: Quasi) -> Quasi:
    return row


def _grouped(row: Quasi) -> Quasi:
    return replace(row, category=_GROUP + group_of(row.category) if row.category else "")


def _without(name: str) -> Step:
    return lambda row: replace(row, **{name: ""})


def _within(places: Places, finest: int) -> Step:
    return lambda row: replace(row, community=places.told(row.community, finest))


def steps(places: Places) -> list[Step]:
    """From the whole to the coarsest; a row stays at the first step at which five of its week look alike.

    What is of most use stays longest, the matter before the place before the platform: for each way of telling
    the matter every level of the place, with the platform and without it.
    """
    matters = (_as_it_is, _grouped, _without("category"))
    levels = (_as_it_is, _within(places, STREET), _within(places, DISTRICT), _without("community"))
    platforms = (_as_it_is, _without("channel"))
    return [
        _one_after_the_other(matter, level, platform)
        for matter in matters
        for level in levels
        for platform in platforms
    ]


def _one_after_the_other(*ways: Step) -> Step:
    def step(row: Quasi) -> Quasi:
        for way in ways:
            row = way(row)
        return row

    return step


def coarsened(week: Mapping[str, Quasi], places: Places | None = None) -> dict[str, Said]:
    """For the cases of one week (number → what is known) what each may say.

    ``places``: those the office names itself, by which a place that stands alone finds what is above it.
    """
    known = places or Places()
    whole = [replace(row, community=known.told(row.community, COMMUNITY)) for row in week.values()]
    told = generalised(whole, steps=steps(known))
    return {number: _said(one) for number, one in zip(week, told, strict=True)}


def _said(told: Quasi) -> Said:
    if told.category.startswith(_GROUP):
        return Said(told.community, "", told.category.removeprefix(_GROUP), told.channel)
    return Said(told.community, told.category, group_of(told.category), told.channel)
