"""How is a push on disk before the platform hears "success", without each push paying for its own fsync?

Group commit: one writer thread a process puts all waiting pushes into one transaction and wakes their
requests after its commit. On SQLite it takes its turn with all other writers (`app.base.turns`).
While the database is away or hangs, pushes go to the spool of this machine and are taken over afterwards.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from app.base.db import Database
from app.base.errors import Unavailable
from app.messages.models import Arrival
from app.messages.spool import Full, Row, Spool
from app.official_accounts.models import OfficialAccount

log = logging.getLogger("huiying.intake")

_MOST_AT_ONCE = 256
# The platform gives up after 5 s. Whoever has waited this long for the database goes to the spool.
AWAY_AFTER_SECONDS = 1.5
_NOTE_EVERY = timedelta(seconds=10)
_DRAIN_EVERY_SECONDS = 0.5
_NEVER_TAKEN = (DataError, IntegrityError)
"""What the database says of a row that it will not take today nor tomorrow (its account is gone)."""

# Tables and statements made once: a push costs little more than its commit.
_ARRIVALS: Table = Arrival.__table__  # type: ignore[attr-defined]
_ACCOUNTS: Table = OfficialAccount.__table__  # type: ignore[attr-defined]
_KNOWN = tuple_(_ARRIVALS.c.account_id, _ARRIVALS.c.fingerprint)
_RECEIPTS = select(_ARRIVALS.c.account_id, _ARRIVALS.c.fingerprint, _ARRIVALS.c.receipt)
_HEARD_FROM = (
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .where(or_(_ACCOUNTS.c.last_arrival_at.is_(None), _ACCOUNTS.c.last_arrival_at < bindparam("at")))
    .values(last_arrival_at=bindparam("at"))
)

Asked = Callable[[Connection, Iterable[str]], set[str]]
"""Of these pseudonyms, whom the office has asked something: their message opens no case."""


@dataclass
class _Waiting:
    row: dict[str, Any]
    writer: str  # pseudonym of whoever would be shown a receipt
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    given_up: bool = False  # it went to the spool meanwhile


class Intake:
    """Durable acceptance of pushes. One per process; safe for any number of threads."""

    def __init__(self, db: Database, *, asked: Asked | None = None, spool: Spool | None = None) -> None:
        self._db = db
        self._asked = asked or (lambda _connection, _pseudonyms: set())
        self.spool = spool or Spool(db.folder)
        dialect = sqlite if db.is_sqlite else postgresql
        known = ["account_id", "fingerprint"]
        self._insert = dialect.insert(_ARRIVALS).on_conflict_do_nothing(index_elements=known)
        self._noted: dict[int, datetime] = {}
        self._ready = threading.Condition()
        self._queue: list[_Waiting] = []
        self._writer_of_pid = 0
        self._drainer_of_pid = 0
        self._busy_since: float | None = None

    def start(self) -> None:
        """Take over what an earlier process left in the spool."""
        if not self.spool.is_empty:
            self._start_drainer()

    def accept(
        self,
        account_id: int,
        platform: str,
        received_at: datetime,
        fingerprint: str,
        raw: bytes,
        opened: bytes,
        receipt: Mapping[str, Any] | None = None,
        writer: str = "",
    ) -> dict[str, Any]:
        """Return once the push is durably kept; the same push (fingerprint) is kept once.

        ``receipt``: what the citizen (pseudonym ``writer``) could be shown at once. What comes back is what
        may be shown: the receipt of the first time for a repetition, nothing (an empty one) where the
        message answers a question of ours, or where it went to the spool.
        Raises `Unavailable` when it could not be kept: the door then answers 503 and the platform comes again.
        """
        row: dict[str, Any] = {
            "account_id": account_id,
            "platform": platform,
            "received_at": received_at,
            "fingerprint": fingerprint,
            "raw": raw,
            "opened": opened,
            "state": "waiting",
            "error": "",
            "error_words": "",
            "tries": 0,
            "receipt": dict(receipt or {}),
        }
        if self._is_away() or not self.spool.is_empty:
            # Behind what waits there already: nobody overtakes their own earlier message.
            return self._put_aside(row)
        waiting = _Waiting(row, writer)
        with self._ready:
            self._queue.append(waiting)
            self._start_writer()
            self._ready.notify()
        if not waiting.done.wait(AWAY_AFTER_SECONDS):
            waiting.given_up = True
            return self._put_aside(row)
        if waiting.error:
            return self._put_aside(row)
        kept: dict[str, Any] = row["receipt"]
        return kept

    # ------------------------------------------------------------ the spool

    def _is_away(self) -> bool:
        """Whether the database has kept the writer waiting for longer than a request may wait."""
        since = self._busy_since
        return since is not None and time.monotonic() - since > AWAY_AFTER_SECONDS

    def _put_aside(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            self.spool.append({**row, "receipt": {}})
        except (Full, OSError) as problem:
            log.error("push refused: spool full", extra={"fields": {"why": type(problem).__name__}})
            raise Unavailable("数据库连不上，暂存也满了，这条消息没有收下") from problem
        self._start_drainer()
        return {}

    def _start_drainer(self) -> None:
        with self._ready:
            if self._drainer_of_pid != os.getpid():
                self._drainer_of_pid = os.getpid()
                threading.Thread(target=self._drain_until_empty, name="spool", daemon=True).start()

    def _drain_until_empty(self) -> None:
        while True:
            time.sleep(_DRAIN_EVERY_SECONDS)
            try:
                handed = self.spool.drain(self._keep_spooled)
            except Exception as error:  # the database is still away, or the disk: it is tried again
                log.warning("spool waits", extra={"fields": {"why": type(error).__name__}})
                continue
            if handed:
                log.info("spool taken over", extra={"fields": {"pushes": handed}})
            with self._ready:
                if self.spool.is_empty:
                    self._drainer_of_pid = 0
                    return

    def _keep_spooled(self, rows: Sequence[Row]) -> None:
        """Rows of the spool into the database; what it will never take is set aside, row by row."""
        try:
            self._write([dict(row) for row in rows])
        except _NEVER_TAKEN:
            if len(rows) == 1:
                log.error("push set aside", extra={"fields": {"account": rows[0]["account_id"]}})
                self.spool.set_aside(rows[0])
                return
            for row in rows:
                self._keep_spooled([row])

    # ------------------------------------------------------------ the writer

    def _start_writer(self) -> None:
        # Threads do not survive a fork: the writer belongs to the process that uses it.
        if self._writer_of_pid != os.getpid():
            self._writer_of_pid = os.getpid()
            threading.Thread(target=self._write_for_ever, name="intake", daemon=True).start()

    def _write_for_ever(self) -> None:
        while True:
            with self._ready:
                while not self._queue:
                    self._ready.wait()
                batch, self._queue = self._queue[:_MOST_AT_ONCE], self._queue[_MOST_AT_ONCE:]
            self._write_together([waiting for waiting in batch if not waiting.given_up])

    def _write_together(self, batch: list[_Waiting]) -> None:
        """One transaction for all of them; each hears what came of it."""
        error: Exception | None = None
        self._busy_since = time.monotonic()
        try:
            self._write(
                [waiting.row for waiting in batch],
                {waiting.row["fingerprint"]: waiting.writer for waiting in batch if waiting.writer},
            )
        except Exception as caught:  # whatever it is, the requests must hear of it and the thread live on
            error = caught
        self._busy_since = None
        for waiting in batch:
            waiting.error = error
            waiting.done.set()

    def _write(self, rows: list[dict[str, Any]], writers: Mapping[str, str] | None = None) -> None:
        if not rows:
            return
        # In one order everywhere, so that two nodes never wait for each other's rows crosswise.
        rows.sort(key=lambda row: row["fingerprint"])
        heard = self._newly_heard_from(rows)
        with self._db.writing_rows() as connection:
            if writers:
                self._settle_receipts(connection, rows, writers)
            connection.execute(self._insert, rows)
            if heard:
                connection.execute(_HEARD_FROM, heard)
        self._noted |= {one["account"]: one["at"] for one in heard}

    def _settle_receipts(
        self, connection: Connection, rows: list[dict[str, Any]], writers: Mapping[str, str]
    ) -> None:
        """What each may be shown: as the first time; nothing to whoever answers a question of ours."""
        asked = self._asked(connection, set(writers.values()))
        keys = [(row["account_id"], row["fingerprint"]) for row in rows if row["receipt"]]
        before = {(a, f): receipt for a, f, receipt in connection.execute(_RECEIPTS.where(_KNOWN.in_(keys)))}
        for row in rows:
            key = (row["account_id"], row["fingerprint"])
            if key in before:
                row["receipt"] = before[key]
            elif writers.get(row["fingerprint"]) in asked:
                row["receipt"] = {}

    def _newly_heard_from(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Accounts whose last arrival is to be noted: a silent account shows in days, not in milliseconds."""
        newest: dict[int, datetime] = {}
        for row in rows:
            newest[row["account_id"]] = max(
                row["received_at"], newest.get(row["account_id"], row["received_at"])
            )
        return [
            {"account": account_id, "at": at}
            for account_id, at in sorted(newest.items())
            if account_id not in self._noted or at - self._noted[account_id] >= _NOTE_EVERY
        ]
