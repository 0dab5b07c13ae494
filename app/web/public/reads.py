"""How often is open data fetched? Counted in memory, written down now and then; numbers only, nobody's address.

Whoever uses the leak button learns from these how far a text has spread.
"""

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from app.base.db import Database
from app.calendar.workdays import day_of
from app.opendata import service as opendata
from app.web.context import now, services

EVERY = timedelta(minutes=1)
"""Counts wait this long in memory; those of the last minute are lost with a process that is killed."""

FORMS: Mapping[str, str] = {
    "cases.csv": "整份 CSV",
    "cases.jsonl": "整份 JSON Lines",
    "cases.month": "分月文件",
    "snapshot": "快照",
    "rows": "筛选接口",
    "changes": "变更流",
    "atom": "Atom 订阅",
    "feed": "JSON Feed 订阅",
    "open311": "Open311",
    "list": "公开办件列表",
}
"""What is counted beside each case's own page, in words. Other data sets are counted under their file names."""

log = logging.getLogger("huiying.opendata")


class Reads:
    """The counts of one process."""

    def __init__(self, started_at: datetime) -> None:
        self._counts: Counter[str] = Counter()
        self._written_at = started_at
        self._lock = threading.Lock()

    def add(self, form: str, at: datetime) -> bool:
        """One more; whether it is time to write down."""
        with self._lock:
            self._counts[form] += 1
            return at - self._written_at >= EVERY

    def write_down(self, db: Database, at: datetime) -> None:
        """Put the counts into the database. Where it is away they wait: reading goes on."""
        with self._lock:
            counts, self._counts, self._written_at = self._counts, Counter(), at
        if not counts:
            return
        try:
            with db.writing() as session:
                opendata.count_reads(session, day_of(at), counts)
        except SQLAlchemyError as error:
            log.warning("read counts not written", extra={"fields": {"error": type(error).__name__}})
            with self._lock:
                self._counts.update(counts)


def reads() -> Reads:
    """The counts of this process."""
    found: Reads = services().extra.setdefault("reads", Reads(now()))
    return found


def counted(form: str, response: Response) -> Response:
    """Count a body that was handed out; a 304 hands out nothing."""
    if response.status_code in {200, 206} and request.method == "GET" and reads().add(form, now()):
        reads().write_down(services().db, now())
    return response
