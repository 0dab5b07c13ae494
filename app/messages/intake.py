"""How is a push on disk before the platform hears "success", without each push paying for its own fsync?

Whoever comes alone writes for itself, in its own thread: nothing is handed over. Those who come while somebody
writes are taken together by one writer thread a process: one transaction for all of them, group commit. On
SQLite both take their turn with all other writers (`app.base.turns`). While the database is away or hangs,
pushes go to the spool of this machine and are taken over afterwards.
"""

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import SelectBase, Table, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.base.db import Database
from app.base.errors import Unavailable
from app.base.straight import Straight
from app.messages.models import Arrival
from app.messages.spool import Full, Row, Spool
from app.official_accounts.models import OfficialAccount

log = logging.getLogger("huiying.intake")

_MOST_AT_ONCE = 256
# The platform gives up after 5 s. Whoever has waited this long for the database goes to the spool.
AWAY_AFTER_SECONDS = 1.5
_NOTE_EVERY = timedelta(seconds=10)
_DRAIN_EVERY_SECONDS = 0.5

_ARRIVALS: Table = Arrival.__table__  # type: ignore[attr-defined]
_ACCOUNTS: Table = OfficialAccount.__table__  # type: ignore[attr-defined]
_RECEIPT = select(_ARRIVALS.c.receipt).where(
    _ARRIVALS.c.account_id == bindparam("account_id"), _ARRIVALS.c.fingerprint == bindparam("fingerprint")
)
_HEARD_FROM = (
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .where(or_(_ACCOUNTS.c.last_arrival_at.is_(None), _ACCOUNTS.c.last_arrival_at < bindparam("at")))
    .values(last_arrival_at=bindparam("at"))
)
_GIVEN = tuple(column.name for column in _ARRIVALS.c if column.name not in ("id", "read_at"))


@dataclass
class _Waiting:
    row: dict[str, Any]
    writer: str  # pseudonym of whoever would be shown a receipt
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    given_up: bool = False  # it went to the spool meanwhile


class Intake:
    """Durable acceptance of pushes. One per process; safe for any number of threads."""

    def __init__(self, db: Database, *, asked: SelectBase | None = None, spool: Spool | None = None) -> None:
        """``asked`` finds whether the office has asked ``pseudonym`` something: such a message opens no case."""
        self.spool = spool or Spool(db.folder)
        self._straight = straight = Straight(db, AWAY_AFTER_SECONDS)
        insert = (sqlite if db.is_sqlite else postgresql).insert(_ARRIVALS).inline()
        once = insert.on_conflict_do_nothing(index_elements=["account_id", "fingerprint"])
        self._insert = straight.statement(once, _GIVEN)
        self._receipt = straight.statement(_RECEIPT)
        self._heard_from = straight.statement(_HEARD_FROM)
        self._asked = straight.statement(asked) if asked is not None else None
        self._noted: dict[int, datetime] = {}
        self._pen = threading.Lock()  # held by whoever writes
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
        came = time.monotonic()
        if not self._written_alone(row, writer) and not self._written_together(row, writer, came):
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
            with self._pen:
                self._write([dict(row) for row in rows])
        except self._straight.refusals:
            if len(rows) == 1:
                log.error("push set aside", extra={"fields": {"account": rows[0]["account_id"]}})
                self.spool.set_aside(rows[0])
                return
            for row in rows:
                self._keep_spooled([row])

    # ------------------------------------------------------------ alone

    def _written_alone(self, row: dict[str, Any], writer: str) -> bool:
        """Write it here and now, if nobody else writes or waits and the connection stands.

        Where that fails the writer thread, which makes new connections, has another try.
        """
        if not self._straight.is_open or not self._pen.acquire(blocking=False):
            return False
        try:
            return not self._queue and self._write_in_time([row], {row["fingerprint"]: writer}) is None
        finally:
            self._pen.release()

    # ------------------------------------------------------------ together

    def _written_together(self, row: dict[str, Any], writer: str, came: float) -> bool:
        """Leave it to the writer thread and wait for its commit; in all no longer than a request may wait."""
        left = came + AWAY_AFTER_SECONDS - time.monotonic()
        if left <= 0:
            return False
        waiting = _Waiting(row, writer)
        with self._ready:
            self._queue.append(waiting)
            self._start_writer()
            self._ready.notify()
        if not waiting.done.wait(left):
            waiting.given_up = True
            return False
        return waiting.error is None

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
            with self._pen:
                # Taken only now: whoever came while the pen was in another hand goes along.
                with self._ready:
                    batch, self._queue = self._queue[:_MOST_AT_ONCE], self._queue[_MOST_AT_ONCE:]
                batch = [waiting for waiting in batch if not waiting.given_up]
                writers = {waiting.row["fingerprint"]: waiting.writer for waiting in batch}
                error = self._write_in_time([waiting.row for waiting in batch], writers)
            for waiting in batch:
                waiting.error = error
                waiting.done.set()

    # ------------------------------------------------------------ with the pen in hand

    def _write_in_time(self, rows: list[dict[str, Any]], writers: Mapping[str, str]) -> Exception | None:
        """One transaction for all of them; what went wrong, if anything did."""
        self._busy_since = time.monotonic()
        try:
            self._write(rows, writers)
        except Exception as caught:  # whatever it is, the requests must hear of it and the thread live on
            return caught
        finally:
            self._busy_since = None
        return None

    def _write(self, rows: list[dict[str, Any]], writers: Mapping[str, str] | None = None) -> None:
        if not rows:
            return
        straight, heard = self._straight, self._newly_heard_from(rows)
        straight.open()
        asking = [row for row in rows if writers and writers.get(row["fingerprint"])]
        if len(rows) == 1 and not heard and not asking:
            straight.tell_one(self._insert, rows[0])
            return
        # In one order everywhere, so that two nodes never wait for each other's rows crosswise.
        rows.sort(key=lambda row: row["fingerprint"])
        with straight.writing():
            for row in asking:
                self._settle_receipt(row, (writers or {})[row["fingerprint"]])
            straight.tell(self._insert, rows)
            if heard:
                straight.tell(self._heard_from, heard)
        self._noted |= {one["account"]: one["at"] for one in heard}

    def _settle_receipt(self, row: dict[str, Any], writer: str) -> None:
        """What may be shown: as the first time; nothing to whoever answers a question of ours."""
        key = {"account_id": row["account_id"], "fingerprint": row["fingerprint"]}
        before = self._straight.ask(self._receipt, key)
        if before:
            row["receipt"] = before[0][0]
        elif self._asked and self._straight.ask(self._asked, {"pseudonym": writer}):
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
