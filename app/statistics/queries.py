"""How many cases were received, answered, closed, shown, by month, department, type or platform?

Counted by the database in a handful of GROUP BYs; no row is looked at one by one. Months and days are
those of Asia/Shanghai.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal_column, not_, or_
from sqlalchemy import select as columns
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col, select

from app.base.errors import Invalid
from app.calendar import queries as calendar
from app.calendar.workdays import at_time, working_days_between
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.models import Case, Rating
from app.cases.transitions import Status
from app.departments.models import Department
from app.disclosure.decision import State
from app.disclosure.models import Disclosure
from app.disclosure.queries import HANDLED
from app.log import queries as log
from app.opendata.models import PublishedCase
from app.statistics.indicators import Counts
from connectors.registry import PLATFORMS

SATISFIED_FROM = 4
"""A rating of 4 or 5 of 5 is 满意."""


class shanghai_month(FunctionElement[str]):
    """An instant's month in Shanghai: 2026-10."""

    type = String()
    inherit_cache = True


class shanghai_day(FunctionElement[str]):
    """An instant's day in Shanghai: 2026-10-09."""

    type = String()
    inherit_cache = True


# China has had no summer time since 1991: eight hours, always.
@compiles(shanghai_month, "sqlite")
def _month_sqlite(element: Any, compiler: Any, **words: Any) -> str:
    return f"strftime('%Y-%m', {compiler.process(element.clauses, **words)}, '+8 hours')"


@compiles(shanghai_day, "sqlite")
def _day_sqlite(element: Any, compiler: Any, **words: Any) -> str:
    return f"strftime('%Y-%m-%d', {compiler.process(element.clauses, **words)}, '+8 hours')"


@compiles(shanghai_month, "postgresql")
def _month_postgresql(element: Any, compiler: Any, **words: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **words)} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')"


@compiles(shanghai_day, "postgresql")
def _day_postgresql(element: Any, compiler: Any, **words: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **words)} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


@dataclass(frozen=True)
class Group:
    """One line of a table: a month, a department, a type or a platform."""

    key: str
    label: str
    counts: Counts


@dataclass(frozen=True)
class Figures:
    """A table of figures, its sum, and how far the log had come when it was worked out (D21)."""

    groups: list[Group]
    total: Counts
    log_position: int


@dataclass(frozen=True)
class _Grouping:
    """How to divide: the column for what was received, and the one for what was closed."""

    received: Any
    closed: Any


# fmt: off
GROUPINGS: Mapping[str, _Grouping] = {
    "month":        _Grouping(shanghai_month(Case.received_at), shanghai_month(Case.closed_at)),
    "department":   _Grouping(Case.department_id, Case.department_id),
    "message_type": _Grouping(Case.message_type, Case.message_type),
    "platform":     _Grouping(Case.platform, Case.platform),
}
# fmt: on
GROUPING_LABELS: Mapping[str, str] = {
    "month": "月份",
    "department": "承办单位",
    "message_type": "类型",
    "platform": "来源",
}


def months(session: Session) -> list[str]:
    """The months in which something was received or closed, the newest first."""
    received = session.execute(columns(shanghai_month(Case.received_at)).distinct()).scalars()
    of_closing = columns(shanghai_month(Case.closed_at)).where(col(Case.closed_at).is_not(None)).distinct()
    closed = session.execute(of_closing).scalars()
    return sorted({*received, *closed}, reverse=True)


def figures(session: Session, now: datetime, by: str = "month", *, month: str = "") -> Figures:
    """Counts divided by ``by`` (a key of `GROUPINGS`), of one month or of all time; `Invalid` otherwise.

    What came in counts for the month of receipt, what was closed for the month of closing.
    """
    if by not in GROUPINGS:
        raise Invalid("只能按月份、承办单位、类型或来源来分", field="by")
    start, end = span(month)
    found = _counted(session, now, GROUPINGS[by], start, end)
    labels = _labels(session, by, list(found))
    groups = [
        Group(_name(key), labels.get(key, _name(key) or "未交办"), counts) for key, counts in found.items()
    ]
    total = Counts()
    for group in groups:
        total += group.counts
    return Figures(_in_order(by, groups), total, log.position(session))


def divided(session: Session, now: datetime, by: str) -> dict[str, list[Group]]:
    """Every month divided by ``by``, in the same handful of queries: month → its groups."""
    plain = GROUPINGS[by]
    month = GROUPINGS["month"]
    within = _Grouping(_both(month.received, plain.received), _both(month.closed, plain.closed))
    counted = {
        tuple(key.split(_BAR, 1)): counts
        for key, counts in _counted(session, now, within, None, None).items()
    }
    codes = {code for _, code in counted}
    labels = _labels(session, by, [int(code) if by == "department" else code for code in codes if code])
    named = {str(key): label for key, label in labels.items()}
    found: dict[str, list[Group]] = {}
    for (month, code), counts in counted.items():
        found.setdefault(month, []).append(Group(code, named.get(code, code or "未交办"), counts))
    return {month: _in_order(by, groups) for month, groups in found.items()}


_BAR = "|"


def _both(month: Any, group: Any) -> Any:
    """One column of two, without parameters: a database must see that it groups by what it selects."""
    code = func.coalesce(cast(group, String), literal_column("''"))
    return month + literal_column(f"'{_BAR}'") + code


def _counted(
    session: Session, now: datetime, grouping: _Grouping, start: datetime | None, end: datetime | None
) -> dict[Any, Counts]:
    found: dict[Any, Counts] = {}
    for part in (_received, _rated, _taken, _closed):
        for key, counts in part(session, now, grouping, start, end).items():
            found[key] = found.get(key, Counts()) + counts
    return found


def span(month: str) -> tuple[datetime | None, datetime | None]:
    """The first instant of a month and the first one after it (UTC); all time for no month."""
    if not month:
        return None, None
    try:
        first = date.fromisoformat(f"{month}-01")
        after_last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise Invalid("月份要写成 2026-10 这样", field="month") from None
    return at_time(first, "00:00"), at_time(after_last, "00:00")


def _name(key: Any) -> str:
    return "" if key is None else str(key)


def _in_order(by: str, groups: list[Group]) -> list[Group]:
    if by == "month":
        return sorted(groups, key=lambda group: group.key, reverse=True)
    return sorted(groups, key=lambda group: (-group.counts.received, group.label))


def _labels(session: Session, by: str, keys: list[Any]) -> Mapping[Any, str]:
    if by == "department":
        numbers = [key for key in keys if key is not None]
        wanted = select(Department.id, Department.name).where(col(Department.id).in_(numbers))
        return dict(session.exec(wanted).all())
    if by == "message_type":
        return {kind.value: label for kind, label in TYPE_LABELS.items()}
    if by == "platform":
        return {key: row.label for key, row in PLATFORMS.items()}
    return {}


def _within(column: Any, start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    return [col(column) >= start, col(column) < end] if start and end else []


def _is_due() -> ColumnElement[bool]:
    """To be answered: valid, not merged into another, not declined."""
    return col(Case.status).not_in([Status.INVALID.value, Status.MERGED.value, Status.DECLINED.value])


def _received(
    session: Session, now: datetime, grouping: _Grouping, start: datetime | None, end: datetime | None
) -> dict[Any, Counts]:
    is_replied = and_(_is_due(), col(Case.replied_at).is_not(None))
    is_late = and_(_is_due(), col(Case.replied_at).is_(None), col(Case.due_at) <= now)
    wanted = (
        columns(
            grouping.received,
            func.count(),
            func.count().filter(col(Case.status) != Status.INVALID.value),
            func.count().filter(_is_due()),
            func.count().filter(is_replied),
            func.count().filter(and_(is_replied, col(Case.replied_at) <= col(Case.due_at))),
            func.count().filter(is_late),
            func.count().filter(col(Case.reopened) > 0),
        )
        .where(*_within(Case.received_at, start, end))
        .group_by(grouping.received)
    )
    names = ("received", "valid", "due", "replied", "on_time", "overdue", "reopened")
    return {row[0]: Counts(**dict(zip(names, row[1:], strict=True))) for row in session.execute(wanted)}


def _rated(
    session: Session, now: datetime, grouping: _Grouping, start: datetime | None, end: datetime | None
) -> dict[Any, Counts]:
    wanted = (
        columns(grouping.received, func.count(), func.count().filter(col(Rating.score) >= SATISFIED_FROM))
        .select_from(Rating)
        .join(Case, col(Case.id) == col(Rating.case_id))
        .where(*_within(Case.received_at, start, end))
        .group_by(grouping.received)
    )
    return {
        key: Counts(rated=rated, satisfied=satisfied) for key, rated, satisfied in session.execute(wanted)
    }


def _taken(
    session: Session, now: datetime, grouping: _Grouping, start: datetime | None, end: datetime | None
) -> dict[Any, Counts]:
    """Working days: counted once for each pair of days that occurs, not for each case."""
    received_on, replied_on = shanghai_day(Case.received_at), shanghai_day(Case.replied_at)
    wanted = (
        columns(grouping.received, received_on, replied_on, func.count())
        .where(_is_due(), col(Case.replied_at).is_not(None), *_within(Case.received_at, start, end))
        .group_by(grouping.received, received_on, replied_on)
    )
    days = calendar.calendar(session)
    lengths: dict[tuple[str, str], int] = {}
    found: dict[Any, Counts] = {}
    for key, first, last, number in session.execute(wanted):
        if (first, last) not in lengths:
            lengths[first, last] = working_days_between(
                date.fromisoformat(first), date.fromisoformat(last), days
            )
        before = found.get(key, Counts())
        found[key] = replace(before, working_days=before.working_days + lengths[first, last] * number)
    return found


def _closed(
    session: Session, now: datetime, grouping: _Grouping, start: datetime | None, end: datetime | None
) -> dict[Any, Counts]:
    is_public = and_(col(PublishedCase.id).is_not(None), col(PublishedCase.withdrawn_at).is_(None))
    withheld = and_(not_(is_public), col(Disclosure.state) == State.WITHHELD.value)
    withdrawn = and_(not_(is_public), col(Disclosure.state) == State.WITHDRAWN.value)
    decided = (State.WITHHELD.value, State.WITHDRAWN.value)
    undecided = and_(
        not_(is_public), or_(col(Disclosure.id).is_(None), col(Disclosure.state).not_in(decided))
    )
    wanted = (
        columns(
            grouping.closed,
            func.count(),
            func.count().filter(is_public),
            func.count().filter(and_(withheld, col(Disclosure.reason) == "privacy")),
            func.count().filter(and_(withheld, col(Disclosure.reason) == "secret")),
            func.count().filter(and_(withheld, col(Disclosure.reason) == "other")),
            func.count().filter(withdrawn),
            func.count().filter(undecided),
        )
        .select_from(Case)
        .join(Disclosure, col(Disclosure.case_id) == col(Case.id), isouter=True)
        .join(PublishedCase, col(PublishedCase.number) == col(Case.number), isouter=True)
        .where(
            col(Case.status).in_(HANDLED),
            col(Case.closed_at).is_not(None),
            *_within(Case.closed_at, start, end),
        )
        .group_by(grouping.closed)
    )
    names = (
        "closed", "published", "withheld_privacy", "withheld_secret", "withheld_other", "withdrawn", "undecided",
    )  # fmt: skip
    return {row[0]: Counts(**dict(zip(names, row[1:], strict=True))) for row in session.execute(wanted)}
