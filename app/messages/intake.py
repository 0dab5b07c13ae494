"""How is a push on disk before the platform hears "success", without each push paying for its own fsync?

Group commit: one writer thread a process puts all waiting pushes into one transaction and wakes their
requests after its commit. On SQLite it takes its turn with all other writers (`app.base.turns`).
"""

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from app.base.db import Database
from app.base.errors import Unavailable
from app.messages.models import Arrival
from app.official_accounts.models import OfficialAccount

_MOST_AT_ONCE = 256
# The platform gives up after 5 s; we say so before, so that it comes again.
_PATIENCE_SECONDS = 4.0
_NOTE_EVERY = timedelta(seconds=10)

# Tables and statements made once: a push costs little more than its commit.
_ARRIVALS: Table = Arrival.__table__  # type: ignore[attr-defined]
_ACCOUNTS: Table = OfficialAccount.__table__  # type: ignore[attr-defined]
_HEARD_FROM = (
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("account"))
    .where(or_(_ACCOUNTS.c.last_arrival_at.is_(None), _ACCOUNTS.c.last_arrival_at < bindparam("at")))
    .values(last_arrival_at=bindparam("at"))
)


@dataclass
class _Waiting:
    row: dict[str, Any]
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Intake:
    """Durable acceptance of pushes. One per process; safe for any number of threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        dialect = sqlite if db.is_sqlite else postgresql
        known = ["account_id", "fingerprint"]
        self._insert = dialect.insert(_ARRIVALS).on_conflict_do_nothing(index_elements=known)
        self._noted: dict[int, datetime] = {}
        self._ready = threading.Condition()
        self._queue: list[_Waiting] = []
        self._writer_of_pid = 0

    def accept(
        self,
        account_id: int,
        platform: str,
        received_at: datetime,
        fingerprint: str,
        raw: bytes,
        opened: bytes,
    ) -> None:
        """Return once the push is durably kept; the same push (fingerprint) is kept once.

        Raises `Unavailable` when it could not be kept: the door then answers 503 and the platform comes again.
        """
        waiting = _Waiting(
            {
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
            }
        )
        with self._ready:
            self._queue.append(waiting)
            self._start_writer()
            self._ready.notify()
        if not waiting.done.wait(_PATIENCE_SECONDS):
            raise Unavailable("数据库暂时很慢，这条消息还没有收下")
        if waiting.error:
            raise Unavailable("数据库暂时连不上，这条消息没有收下") from waiting.error

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
            error: Exception | None = None
            try:
                self._write(batch)
            except Exception as caught:  # whatever it is, the requests must hear of it and the thread live on
                error = caught
            for waiting in batch:
                waiting.error = error
                waiting.done.set()

    def _write(self, batch: list[_Waiting]) -> None:
        # In one order everywhere, so that two nodes never wait for each other's rows crosswise.
        rows = sorted((waiting.row for waiting in batch), key=lambda row: row["fingerprint"])
        heard = self._newly_heard_from(rows)
        with self._db.writing() as session:
            connection = session.connection()
            connection.execute(self._insert, rows)
            if heard:
                connection.execute(_HEARD_FROM, heard)
        self._noted |= {one["account"]: one["at"] for one in heard}

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
