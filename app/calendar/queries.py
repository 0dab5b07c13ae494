"""Which calendar counts now, and which years does it know?"""

from collections.abc import Mapping
from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy import func
from sqlalchemy.pool import Pool
from sqlmodel import Session, col, select

from app.base.standing import standing
from app.calendar.models import CalendarDay, CalendarYear
from app.calendar.workdays import Calendar, Kind

Named = Mapping[date, tuple[str, str]]
"""Day → (kind, name), as a year's arrangement names it."""
PREVIEW = "preview"

Stamp = tuple[tuple[int, str], ...]

_built: WeakKeyDictionary[Pool, tuple[Stamp, Calendar]] = WeakKeyDictionary()
"""The calendar last built for each database; good while its years carry the same ids and digests."""


@standing
def calendar(session: Session) -> Calendar:
    """The calendar of the latest version of each year. Costs one small select when nothing changed."""
    latest = years(session)
    stamp: Stamp = tuple((year.id, year.digest) for year in latest)
    pool = session.get_bind().engine.pool
    kept = _built.get(pool)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    built = _build(session, latest)
    _built[pool] = (stamp, built)
    return built


def years(session: Session) -> list[CalendarYear]:
    """The latest version of each year known, by year."""
    newest = select(func.max(CalendarYear.id)).group_by(col(CalendarYear.year))
    wanted = select(CalendarYear).where(col(CalendarYear.id).in_(newest))
    return list(session.exec(wanted.order_by(col(CalendarYear.year))))


def versions(session: Session, year: int) -> list[CalendarYear]:
    """All versions of one year, oldest first."""
    of_year = select(CalendarYear).where(CalendarYear.year == year)
    return list(session.exec(of_year.order_by(col(CalendarYear.version))))


def days(session: Session, year: CalendarYear) -> list[CalendarDay]:
    """The days of one version of a year, in order."""
    of_version = select(CalendarDay).where(CalendarDay.year == year.year, CalendarDay.version == year.version)
    return list(session.exec(of_version.order_by(col(CalendarDay.on))))


def with_year(session: Session, year: int, named: Named) -> Calendar:
    """The calendar as it would be if ``named`` were all that is said of ``year``; nothing is written."""
    known = {one.year: _named(session, one) for one in years(session)}
    return _laid({**known, year: named}, PREVIEW)


def _build(session: Session, latest: list[CalendarYear]) -> Calendar:
    version = str(max((year.id for year in latest), default=0))
    return _laid({year.year: _named(session, year) for year in latest}, version)


def _named(session: Session, year: CalendarYear) -> Named:
    return {day.on: (day.kind, day.name) for day in days(session, year)}


def _laid(by_year: Mapping[int, Named], version: str) -> Calendar:
    """Lay the years over each other; of two notices about one day the later year's has the last word."""
    named: dict[date, tuple[str, str]] = {}
    for year in sorted(by_year):
        named.update(by_year[year])
    return Calendar(
        rest={on: name for on, (kind, name) in named.items() if kind == Kind.REST},
        work={on: name for on, (kind, name) in named.items() if kind == Kind.WORK},
        known_years=frozenset(by_year),
        version=version,
    )
