"""统计: the figures for the public, small counts hidden; as two data sets, and in the feed when they change."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlmodel import Session

from app.base.db import Database
from app.calendar import queries as calendar
from app.calendar.workdays import working_days_between
from app.log import queries as log
from app.opendata import queries as opendata
from app.opendata import service as publication
from app.opendata.datasets import DATASETS, Dataset
from app.opendata.queries import Source
from app.statistics import queries, recount
from app.statistics.indicators import (
    BY_KEY,
    COUNTED,
    Counts,
    Figure,
    public_figures,
    sums_within,
)
from app.statistics.queries import GROUPING_LABELS, Group
from app.statistics.suppression import Line, hidden

DATASET = DATASETS["statistics"]
BREAKDOWN = DATASETS["breakdown"]
COUNTED_DIVIDED = tuple(key for key in COUNTED if BREAKDOWN.column(key))
"""The counts that are divided. What became of those closed is counted by the month alone: by department these are
small numbers, and hiding each of them would hide the reasons of the whole month with them (C4)."""
DIVISIONS = ("department", "message_type", "platform")
"""How the public figures of a month are divided."""


@dataclass(frozen=True)
class PublicGroup:
    """One department, type or platform in one month, as the public may see it."""

    code: str
    label: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class PublicMonth:
    """One month as the public may see it, whole and divided."""

    month: str
    figures: Mapping[str, Figure]
    divided: Mapping[str, list[PublicGroup]]


@dataclass(frozen=True)
class Published:
    """All months, the newest first, and how far the log had come (D21)."""

    months: list[PublicMonth]
    log_position: int

    def month(self, month: str) -> PublicMonth:
        """One month; empty where nothing happened."""
        found = next((one for one in self.months if one.month == month), None)
        return found or PublicMonth(month, public_figures(Counts(), (), ()), {by: [] for by in DIVISIONS})


def published(session: Session, now: datetime) -> Published:
    """The figures that pages, files and feeds show: everything public about counts comes from here."""
    found = queries.figures(session, now, "month")
    divided = {by: queries.divided(session, now, by) for by in DIVISIONS}
    return Published(
        [
            _public_month(
                group, tuple((by, tuple(months.get(group.key, ()))) for by, months in divided.items())
            )
            for group in found.groups
        ],
        found.log_position,
    )


@lru_cache(maxsize=256)
def _public_month(month: Group, divided: tuple[tuple[str, tuple[Group, ...]], ...]) -> PublicMonth:
    """A month with small counts hidden so that none follows from the sums across and down.

    Kept for the same counts: what is past does not change, and is asked for by every page.
    """
    groups = {"": month.counts}
    for by, parts in divided:
        groups |= {f"{by}.{group.key}": group.counts for group in parts}
    values = {
        (name, key): int(getattr(counts, key))
        for name, counts in groups.items()
        for key in (COUNTED_DIVIDED if name else COUNTED)
    }
    # Whoever has the cases can count those that are public.
    gone = hidden(values, _lines(divided), {("", "published")})
    small, beside = _by_group(gone.small), _by_group(gone.beside)

    def figures(name: str) -> dict[str, Figure]:
        return public_figures(groups[name], small.get(name, ()), beside.get(name, ()))

    return PublicMonth(
        month.key,
        figures(""),
        {
            by: [
                PublicGroup(group.key, group.label, _figures(BREAKDOWN, figures(f"{by}.{group.key}")))
                for group in parts
            ]
            for by, parts in divided
        },
    )


def _lines(divided: Iterable[tuple[str, Sequence[Group]]]) -> list[Line]:
    """Every sum a reader can check: down each division, and across what became of those closed in the month."""
    down = [
        Line(("", key), tuple((f"{by}.{group.key}", key) for group in parts))
        for by, parts in divided
        if parts
        for key in COUNTED_DIVIDED
    ]
    return [*down, sums_within("")]


def _by_group(keys: Iterable[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, key in keys:
        found.setdefault(name, set()).add(key)
    return found


# ------------------------------------------------------------------ as data sets


def _figures(dataset: Dataset, figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: figures[name] for name in dataset.names if name in BY_KEY}


def month_rows(found: Published) -> list[dict[str, Any]]:
    """The rows of the data set `statistics`, the oldest month first."""
    return [
        {"month": one.month, **_figures(DATASET, one.figures), "log_position": found.log_position}
        for one in reversed(found.months)
    ]


def group_rows(found: Published) -> list[dict[str, Any]]:
    """The rows of the data set `breakdown`, the oldest month first."""
    return [
        {
            "id": f"{one.month}.{by}.{group.code or 'none'}",
            "month": one.month,
            "by": by,
            "group": group.label,
            **_figures(BREAKDOWN, group.figures),
            "log_position": found.log_position,
        }
        for one in reversed(found.months)
        for by in DIVISIONS
        for group in sorted(one.divided[by], key=lambda group: group.code)
    ]


ROWS: Mapping[str, Callable[[Published], list[dict[str, Any]]]] = {
    "statistics": month_rows,
    "breakdown": group_rows,
}


def _source(name: str) -> Source:
    dataset = DATASETS[name]

    def rows(session: Session, now: datetime, address: str) -> Iterator[dict[str, Any]]:
        return iter(ROWS[name](published(session, now)))

    def by_keys(
        session: Session, now: datetime, address: str, keys: Sequence[str]
    ) -> Mapping[str, dict[str, Any]]:
        wanted = set(keys)
        return {row[dataset.key]: row for row in rows(session, now, "") if row[dataset.key] in wanted}

    def stamp(session: Session, now: datetime) -> str:
        return opendata.fingerprint(dataset, rows(session, now, ""))

    def count(session: Session, now: datetime) -> int:
        return len(list(rows(session, now, "")))

    return Source(rows, by_keys, stamp, count)


SOURCES: Mapping[str, Source] = {**opendata.SOURCES, **{name: _source(name) for name in ROWS}}
"""Where the rows of every data set come from."""


def follow_figures(session: Session, now: datetime) -> int:
    """Job: put the months whose figures changed into the feed; how many. The log's position is no change."""
    found = published(session, now)
    return sum(_follow(session, now, DATASETS[name], rows(found)) for name, rows in ROWS.items())


def _follow(session: Session, now: datetime, dataset: Dataset, rows: list[dict[str, Any]]) -> int:
    present = {row[dataset.key]: opendata.fingerprint(dataset, [{**row, "log_position": 0}]) for row in rows}
    return publication.follow(session, now, dataset.name, present)


def describe_files(database: Database, now: datetime) -> int:
    """Job: work out rows and digests of the files whose rows changed; of how many sets.

    The page of open data shows them; small sets it works out itself.
    """
    folder = database.folder / "public"
    before = publication.files_described(folder)
    found = publication.write_files(database, now, folder, SOURCES, database.address)
    return sum(1 for name, one in found.items() if before.get(name) != one)


# ------------------------------------------------------------------ counted again


@dataclass(frozen=True)
class Difference:
    """A figure the log alone gives another value for."""

    month: str
    by: str
    group: str
    key: str
    figure: int
    from_log: int


def compare(session: Session, now: datetime, events: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Where the figures differ from those the log alone gives; nothing where they are the same (D21)."""
    days = calendar.calendar(session)
    kept = list(recount.told(events).values())
    found = []
    for by in ("month", *DIVISIONS):
        from_log = recount.figures(kept, now, by, lambda first, last: working_days_between(first, last, days))
        ours = _ours(session, now, by)
        for key in sorted({*from_log, *ours}):
            found += _differences(by, key, ours.get(key, Counts()), from_log.get(key, Counts()))
    return found


def _ours(session: Session, now: datetime, by: str) -> dict[tuple[str, str], Counts]:
    if by == "month":
        return {(group.key, ""): group.counts for group in queries.figures(session, now, by).groups}
    return {
        (month, group.key): group.counts
        for month, groups in queries.divided(session, now, by).items()
        for group in groups
    }


def _differences(by: str, key: tuple[str, str], ours: Counts, from_log: Counts) -> list[Difference]:
    label = GROUPING_LABELS[by]
    return [
        Difference(key[0], label, key[1], name, int(getattr(ours, name)), int(getattr(from_log, name)))
        for name in vars(ours)
        if getattr(ours, name) != getattr(from_log, name)
    ]


def recounted(session: Session, now: datetime) -> list[Difference]:
    """`compare` with the log as it stands in the database."""
    return compare(session, now, log.walk(session))
