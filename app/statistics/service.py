"""统计: the monthly figures as a data set, and in the feed when they change."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.opendata import queries as opendata
from app.opendata import service as publication
from app.opendata.datasets import DATASETS
from app.opendata.queries import Source
from app.statistics import queries
from app.statistics.indicators import BY_KEY, Counts, public_figure

DATASET = DATASETS["statistics"]
_NOT_A_FIGURE = ("month", "log_position")


def public_row(month: str, counts: Counts, log_position: int) -> dict[str, Any]:
    """A month with the columns of the data set `statistics`: small counts as "<5"."""
    figures = {
        name: public_figure(BY_KEY[name], counts) for name in DATASET.names if name not in _NOT_A_FIGURE
    }
    return {"month": month, **figures, "log_position": log_position}


def _rows(session: Session, now: datetime, address: str) -> Iterator[dict[str, Any]]:
    found = queries.figures(session, now, "month")
    for group in sorted(found.groups, key=lambda group: group.key):
        yield public_row(group.key, group.counts, found.log_position)


def _by_month(
    session: Session, now: datetime, address: str, keys: Sequence[str]
) -> Mapping[str, dict[str, Any]]:
    wanted = set(keys)
    return {row["month"]: row for row in _rows(session, now, address) if row["month"] in wanted}


def _stamp(session: Session, now: datetime) -> str:
    return opendata.fingerprint(DATASET, _rows(session, now, ""))


def _count(session: Session, now: datetime) -> int:
    return len(queries.months(session))


SOURCES: Mapping[str, Source] = {
    **opendata.SOURCES,
    "statistics": Source(_rows, _by_month, _stamp, _count),
}
"""Where the rows of every data set come from."""


def follow_figures(session: Session, now: datetime) -> int:
    """Job: put the months whose figures changed into the feed; how many. The log's position is no change."""
    present = {
        row["month"]: opendata.fingerprint(DATASET, [{**row, "log_position": 0}])
        for row in _rows(session, now, "")
    }
    return publication.follow(session, now, DATASET.name, present)
