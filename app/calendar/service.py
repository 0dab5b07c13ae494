"""Load the days of a year: those shipped, a State Council notice, or a day this office set itself.

Nothing is overwritten: every load is a new version. Cases are recomputed by `app.cases`, which reads
the calendar's version.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import chinese_calendar.constants as shipped
from sqlmodel import Session

from app.base import db
from app.base.errors import Invalid
from app.calendar import queries
from app.calendar.models import CalendarDay, CalendarYear
from app.calendar.workdays import NEXT_NOTICE_FROM, STATUTORY, Calendar, Kind, weekday
from app.log import service as log
from app.log.service import Actor

SHIPPED_NOTICES: Mapping[int, str] = {
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}
"""The years shipped and the notice each rests on; the days themselves come from chinesecalendar."""

TITLE = "国务院办公厅关于{year}年部分节假日安排的通知"
MOST_DAYS = 120
LONGEST_NAME = 40

HOLIDAYS: Mapping[str, str] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}


@dataclass(frozen=True, order=True)
class Day:
    """One day of an arrangement."""

    on: date
    kind: Kind
    name: str
    local: bool = False


@dataclass(frozen=True)
class ChangedDay:
    """A day that would count differently after loading."""

    on: date
    name: str
    counts_before: bool
    counts_after: bool

    @property
    def why(self) -> str:
        """The change in words, for the preview."""
        words = {True: "工作日", False: "休息日"}
        return f"{weekday(self.on)} {self.name}：{words[self.counts_before]}改为{words[self.counts_after]}"


def seed(session: Session, now: datetime) -> int:
    """Load the years shipped with the product where none is known yet; how many were loaded."""
    db.lock(session, "calendar")
    known = {year.year for year in queries.years(session)}
    missing = [year for year in SHIPPED_NOTICES if year not in known]
    for year in missing:
        source = f"{TITLE.format(year=year)}（{SHIPPED_NOTICES[year]}）"
        _store(session, now, None, year, source, _shipped_days(year))
    return len(missing)


@dataclass(frozen=True)
class Preview:
    """What would change: the days, and the calendar that would count from then on."""

    changes: list[ChangedDay]
    calendar: Calendar


def preview(session: Session, data: Mapping[str, Any]) -> Preview:
    """The days that would count differently after `load`; writes nothing. ``Invalid`` as there."""
    year, days = read_arrangement(data)
    return _previewed(session, year, [*days, *_local_days(session, year)])


def preview_local_day(session: Session, on: date, kind: Kind | None, name: str) -> Preview:
    """The same for a day the office sets itself (None: no longer)."""
    return _previewed(session, on.year, _with_local_day(session, on, kind, name))


def _previewed(session: Session, year: int, days: Iterable[Day]) -> Preview:
    before = queries.calendar(session)
    new = {day.on: day for day in days}  # a local day stands last and wins over the notice
    after = queries.with_year(session, year, {on: (day.kind.value, day.name) for on, day in new.items()})
    looked_at = new.keys() | {
        day.on for known in _known(session, year) for day in queries.days(session, known)
    }
    if not _known(session, year):
        looked_at |= {date(year, *statutory) for statutory in STATUTORY}
    changes = [
        ChangedDay(on, _name(on, after, before), before.is_working_day(on), after.is_working_day(on))
        for on in sorted(looked_at)
        if before.is_working_day(on) != after.is_working_day(on)
    ]
    return Preview(changes, after)


def _name(on: date, after: Calendar, before: Calendar) -> str:
    name = after.name_of(on)
    return before.name_of(on) if name == weekday(on) else name


def load(session: Session, now: datetime, person: Actor | None, data: Mapping[str, Any]) -> CalendarYear:
    """Take in a State Council notice in the form of holiday-cn: year, papers, days[name, date, isOffDay].

    Days the office set itself stay. An arrangement that says nothing new makes no new version.
    ``Invalid`` says which line is wrong.
    """
    db.lock(session, "calendar")
    year, days = read_arrangement(data)
    papers = [str(paper) for paper in data.get("papers") or ()]
    source = str(data.get("source") or "；".join([TITLE.format(year=year), *papers]))
    return _store(session, now, person, year, source, [*days, *_local_days(session, year)])


def set_local_day(
    session: Session, now: datetime, person: Actor | None, on: date, kind: Kind, name: str
) -> CalendarYear:
    """Close the office on a day, or open it, for a reason of its own (``name``); a new version of the year.

    ``Invalid`` when the arrangement of that year is not loaded yet.
    """
    db.lock(session, "calendar")
    words = name.strip()
    if not words or len(words) > LONGEST_NAME:
        raise Invalid(f"请写明为什么，最多 {LONGEST_NAME} 字，如：机房检修", field="name")
    return _store_local(session, now, person, on, _with_local_day(session, on, kind, words))


def clear_local_day(session: Session, now: datetime, person: Actor | None, on: date) -> CalendarYear:
    """A day the office set itself follows the State Council's arrangement again; a new version of the year."""
    db.lock(session, "calendar")
    if on not in {day.on for day in _local_days(session, on.year)}:
        raise Invalid("这一天不是本单位自己设的", field="on")
    return _store_local(session, now, person, on, _with_local_day(session, on, None, ""))


def _store_local(
    session: Session, now: datetime, person: Actor | None, on: date, days: Iterable[Day]
) -> CalendarYear:
    return _store(session, now, person, on.year, _known(session, on.year)[0].source, days)


def _with_local_day(session: Session, on: date, kind: Kind | None, name: str) -> list[Day]:
    """The year's days with one more of the office's own, or (None) with what the notice says of it."""
    known = _known(session, on.year)
    if not known:
        raise Invalid(f"{on.year} 年的放假安排还没有载入，请先载入再设本单位的日子", field="on")
    kept = [_as_day(day) for day in queries.days(session, known[0]) if day.on != on]
    own = [Day(on, kind, name, local=True)] if kind is not None else _by_notice(session, on)
    return [*kept, *own]


def _by_notice(session: Session, on: date) -> list[Day]:
    """What the newest arrangement that was not overridden said of the day."""
    for version in reversed(queries.versions(session, on.year)):
        said = [day for day in queries.days(session, version) if day.on == on]
        if not any(day.local for day in said):
            return [_as_day(day) for day in said]
    return []


def _known(session: Session, year: int) -> list[CalendarYear]:
    """The version of the year in force, alone; empty while the year is not known."""
    return [one for one in queries.years(session) if one.year == year]


def read_arrangement(data: Mapping[str, Any]) -> tuple[int, list[Day]]:
    """The year and days of a holiday-cn document; ``Invalid`` says what is wrong with it."""
    year, rows = data.get("year"), data.get("days")
    if not isinstance(year, int) or not 2000 <= year <= 2100:
        raise Invalid("放假安排里没有写明年份，或年份不在 2000 到 2100 之间", field="year")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_DAYS:
        raise Invalid(f"放假安排里没有日子：days 应有 1 到 {MOST_DAYS} 行", field="days")
    days = [_read_day(row, number, year) for number, row in enumerate(rows, start=1)]
    if len({day.on for day in days}) != len(days):
        raise Invalid("放假安排里同一天出现了两次，请核对后再载入", field="days")
    return year, sorted(days)


def _read_day(row: Any, number: int, year: int) -> Day:
    try:
        on, is_rest, name = date.fromisoformat(row["date"]), row["isOffDay"], str(row["name"]).strip()
    except (KeyError, TypeError, ValueError):
        raise Invalid(f"第 {number} 行看不懂：每行要有 date、isOffDay 和 name", field="days") from None
    if not isinstance(is_rest, bool) or not name:
        raise Invalid(f"第 {number} 行看不懂：isOffDay 只能是 true 或 false，name 不能为空", field="days")
    if _notice_year(on, is_new_year=on.year == year - 1) != year:
        raise Invalid(f"第 {number} 行的日期 {on} 不属于 {year} 年的安排", field="days")
    return Day(on, Kind.REST, name) if is_rest else Day(on, Kind.WORK, f"{name}调休上班")


def _notice_year(on: date, *, is_new_year: bool) -> int:
    """The year whose notice speaks of the day: 元旦's in late December belong to the year after."""
    return on.year + 1 if is_new_year and (on.month, on.day) >= NEXT_NOTICE_FROM else on.year


def _shipped_days(year: int) -> list[Day]:
    tables = ((shipped.holidays, Kind.REST, "{}"), (shipped.workdays, Kind.WORK, "{}调休上班"))
    return sorted(
        Day(on, kind, words.format(HOLIDAYS[name]))
        for table, kind, words in tables
        for on, name in table.items()
        if _notice_year(on, is_new_year=name == "New Year's Day") == year
    )


def _local_days(session: Session, year: int) -> Iterator[Day]:
    for known in queries.years(session):
        if known.year == year:
            yield from (_as_day(day) for day in queries.days(session, known) if day.local)


def _as_day(row: CalendarDay) -> Day:
    return Day(row.on, Kind(row.kind), row.name, row.local)


def _store(
    session: Session, now: datetime, person: Actor | None, year: int, source: str, days: Iterable[Day]
) -> CalendarYear:
    """Write a new version of the year, unless the newest says the same already."""
    by_date = {day.on: day for day in days}  # a local day stands last and wins over the notice
    ordered = [by_date[on] for on in sorted(by_date)]
    digest = hashlib.sha256(repr(ordered).encode()).hexdigest()
    before = queries.versions(session, year)
    if before and before[-1].digest == digest:
        return before[-1]
    row = CalendarYear(
        year=year,
        version=before[-1].version + 1 if before else 1,
        source=source,
        digest=digest,
        loaded_at=now,
        loaded_by=person.id if person else None,
    )
    session.add(row)
    session.add_all(
        CalendarDay(
            year=year, version=row.version, on=day.on, kind=day.kind.value, name=day.name, local=day.local
        )
        for day in ordered
    )
    session.flush()
    log.record(
        session,
        now,
        person,
        "calendar_loaded",
        subject_type="calendar_year",
        subject_id=row.id,
        year=year,
        version=row.version,
        days=len(ordered),
        digest=digest,
    )
    return row
