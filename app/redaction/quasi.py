"""Do place, subject, week and channel together point to one person although nobody is named?

k-anonymity of bulk data (reliability §2.4; Samarati and Sweeney 1998): every combination that a file shows is
that of at least `K` rows. A row in a smaller cell loses precision, step by step, until its cell is large
enough; what never gets there loses everything.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

K = 5
"""The fewest rows that may share a combination."""


@dataclass(frozen=True, order=True)
class Quasi:
    """What is known of a case that is no name and still tells; an empty word is one that was given up."""

    community: str
    """社区, or the 街道 or district where that is all there is."""
    category: str
    week: str
    """ISO week (2026-W47), or coarser: a month (2026-11), a year (2026)."""
    channel: str
    """The platform it came by."""


def quasi_identifiers(*, community: str, category: str, received_on: date, channel: str) -> Quasi:
    """The four of a case; ``received_on`` is the day in the office's time zone (Asia/Shanghai)."""
    year, week, _ = received_on.isocalendar()
    return Quasi(community, category, f"{year}-W{week:02d}", channel)


def too_small(rows: Iterable[Quasi], k: int = K) -> dict[Quasi, int]:
    """The combinations that fewer than ``k`` rows share, with how many do; those given up do not count."""
    cells = Counter(row for row in rows if row != NOTHING)
    return {cell: number for cell, number in cells.items() if number < k}


def generalised(
    rows: Sequence[Quasi], k: int = K, steps: Sequence[Callable[[Quasi], Quasi]] | None = None
) -> list[Quasi]:
    """The rows in the same order, each as precise as ``k`` allows: ``too_small`` of the result is empty.

    A row gives up, one after the other, the week for its month, the community, the channel, the month for
    its year, the category; then all. Rows that are precise enough stay as they are. ``steps``: another
    order of giving up.
    """
    told = [NOTHING] * len(rows)
    left = list(range(len(rows)))
    for step in steps or STEPS:
        coarser = {number: step(rows[number]) for number in left}
        cells = Counter(coarser.values())
        for number, row in coarser.items():
            if cells[row] >= k:
                told[number] = row
        left = [number for number in left if cells[coarser[number]] < k]
    return told


NOTHING = Quasi("", "", "", "")
"""A row that shows none of the four."""


def month_of(week: str) -> str:
    """The month (2026-11) in which an ISO week has its Thursday, and so most of its days."""
    if "-W" not in week:
        return week
    year, number = week.split("-W")
    return date.fromisocalendar(int(year), int(number), 4).strftime("%Y-%m")


STEPS: tuple[Callable[[Quasi], Quasi], ...] = (
    lambda row: row,
    lambda row: replace(row, week=month_of(row.week)),
    lambda row: replace(row, week=month_of(row.week), community=""),
    lambda row: replace(row, week=month_of(row.week), community="", channel=""),
    lambda row: replace(row, week=month_of(row.week)[:4], community="", channel=""),
    lambda row: replace(row, week=month_of(row.week)[:4], community="", channel="", category=""),
)
"""From the whole to the coarsest; a row stays at the first at which its cell is large enough."""
