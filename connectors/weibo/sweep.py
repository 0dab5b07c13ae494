"""How is a list of Weibo read so that nothing falls between two rounds?

Newest page first, down to what was brought before. Ids are the order, not times. ``max_id`` is inclusive at
Weibo; a page may be short, since hidden items use up their place: only an empty one is the end.
Source: open.weibo.com/wiki, 2/comments/to_me (paging); Rate-limiting.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import RawItem
from connectors.errors import DeliveryError, PayloadError
from connectors.weibo.reading import id_of, instant


class Feed(NamedTuple):
    """``path`` of the call, ``name`` of the list in its answer, ``prefix`` of its places in the cursor (the
    oldest has none), ``wrap`` around each item, so that reading knows what it is."""

    path: str
    name: str
    prefix: str = ""
    wrap: str = ""


FEEDS: tuple[Feed, ...] = (
    Feed("comments/to_me", "comments"),
    Feed("comments/mentions", "comments", "mentions."),
    Feed("statuses/mentions", "statuses", "statuses.", "mentioned_in"),
)
"""Comments below our posts, comments elsewhere and posts that mention us. A comment in two of them has one
fingerprint and is kept once."""

PageOf = Callable[[Feed, int, "int | None"], list[Any]]
"""(feed, since_id, max_id) → one page."""


@dataclass(frozen=True)
class Sweep:
    """One way down from the newest item to those brought before.

    ``since_id``: everything up to it was brought. ``newest_id``: the highest met on this way.
    ``max_id``: where to go on below (one less than the smallest id met).
    """

    since_id: int
    newest_id: int
    max_id: int | None

    @classmethod
    def from_cursor(cls, cursor: Mapping[str, str], prefix: str) -> "Sweep":
        """Where this feed stands."""
        since_id = int(cursor.get(f"{prefix}since_id", "0"))
        max_id = cursor.get(f"{prefix}max_id")
        newest_id = int(cursor.get(f"{prefix}newest_id", since_id))
        return cls(since_id, newest_id, int(max_id) if max_id else None)

    def with_page(self, ids: list[int]) -> "Sweep":
        """After a page with these ids."""
        return Sweep(self.since_id, max(self.newest_id, *ids), min(ids) - 1)

    @property
    def is_through(self) -> bool:
        """True where nothing is left between here and what was brought before."""
        return self.max_id is not None and self.max_id <= self.since_id

    def finished(self) -> "Sweep":
        """Only now the cursor passes what was brought."""
        return Sweep(self.newest_id, self.newest_id, None)

    def cursor(self, prefix: str) -> dict[str, str]:
        """As texts, for the app to keep."""
        made = {f"{prefix}since_id": str(self.since_id)}
        if self.max_id is not None:
            made |= {f"{prefix}newest_id": str(self.newest_id), f"{prefix}max_id": str(self.max_id)}
        return made


@dataclass
class Round:
    """One round over the feeds within a budget of calls; where it ends between two pages, the cursor says
    where to go on below, and ``since_id`` stays."""

    page_of: PageOf
    budget: int | None
    made: int = 0

    def __post_init__(self) -> None:
        self.items: list[RawItem] = []

    def read(self, feed: Feed, sweep: Sweep, oldest: datetime | None) -> tuple[Sweep, DeliveryError | None]:
        """Go down this feed. ``oldest``: the first time, only what is younger."""
        while self.budget is None or self.made < self.budget:
            self.made += 1
            try:
                page = self.page_of(feed, sweep.since_id, sweep.max_id)
            except DeliveryError as failed:
                return sweep, failed  # what came is kept; the next round goes on below it
            ids = [number for number in map(_number, page) if number]
            if ids:
                self.items += [_raw(feed, item) for item in page if oldest is None or _is_after(item, oldest)]
                sweep = sweep.with_page(ids)
            if not ids or sweep.is_through or (oldest and not _is_after(page[-1], oldest)):
                return sweep.finished(), None
        return sweep, None


def _raw(feed: Feed, item: Any) -> RawItem:
    """An item as it came. Counters in it change from round to round, its id does not."""
    kept = {feed.wrap: item} if feed.wrap else item
    body = json.dumps(kept, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    number = _number(item)
    what = f"{'mention' if feed.wrap else 'comment'}:{number}".encode() if number else body
    return RawItem(hashlib.sha256(what).hexdigest(), body)


def _number(item: Any) -> int:
    """An item's id, or 0 for something that has none."""
    try:
        return int(id_of(_object(item).get("id")))
    except PayloadError:
        return 0


def _object(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, dict) else {}


def _is_after(item: Any, oldest: datetime) -> bool:
    """An item without a readable time is kept: reading it will say what is wrong."""
    try:
        return instant(_object(item).get("created_at")) >= oldest
    except PayloadError:
        return True
