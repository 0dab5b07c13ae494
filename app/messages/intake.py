"""How is a push on disk before the platform hears "success", without each push paying for its own fsync?

Group commit: one writer thread a process puts all waiting pushes into one transaction and wakes their
requests after its commit. On SQLite it takes its turn with all other writers (`app.base.turns`).
"""

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from app.base.db import Database
from app.base.errors import Unavailable
from app.messages.models import Arrival
from app.official_accounts.models import OfficialAccount

_MOST_AT_ONCE = 256
# The platform gives up after 5 s; we say so before, so that it comes again.
_PATIENCE_SECONDS = 4.0


@dataclass
class _Waiting:
    row: dict[str, Any]
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Intake:
    """Durable acceptance of pushes. One per process; safe for any number of threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
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
        dialect = sqlite if self._db.is_sqlite else postgresql
        insert = dialect.insert(Arrival).on_conflict_do_nothing(index_elements=["account_id", "fingerprint"])
        # In one order everywhere, so that two nodes never wait for each other's rows crosswise.
        rows = sorted((waiting.row for waiting in batch), key=lambda row: row["fingerprint"])
        newest: dict[int, datetime] = {}
        for row in rows:
            newest[row["account_id"]] = max(row["received_at"], newest.get(row["account_id"], row["received_at"]))
        with self._db.writing() as session:
            session.execute(insert, rows)
            for account_id, at in sorted(newest.items()):
                before = col(OfficialAccount.last_arrival_at)
                session.execute(
                    update(OfficialAccount)
                    .where(col(OfficialAccount.id) == account_id, or_(before.is_(None), before < at))
                    .values(last_arrival_at=at)
                )
