"""Who writes down what was searched in vain? A thread beside the pages, some searches at a time.

Redacting a search and waiting for a commit take longer than the page that the citizen waits for, so a page
only says what was searched. Touches the world: the database, a thread, the time that has passed.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from app.base import clock
from app.base.db import Database
from app.base.standing import standing_still
from app.finding import service

logger = logging.getLogger("huiying.finding")

_GATHERED_FOR = 2.0  # seconds
_MOST_WAITING = 1_000
"""Different searches that wait; beyond that they are not counted: a flood is nobody's question."""


class Searches:
    """Counts searches without an answer (`service.note_unanswered`), soon, without keeping anybody waiting.

    What waits is in memory alone, as the citizen wrote it, for two seconds: a process that ends in that time
    counts a few searches less. The same holds while the database takes nothing.
    """

    def __init__(self, db: Database, now: Callable[[], datetime] = clock.now) -> None:
        self._db = db
        self._now = now
        self._held = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._writer: threading.Thread | None = None

    def in_vain(self, words: str) -> None:
        """Count one search for ``words`` that found no sure answer."""
        with self._held:
            if words not in self._waiting and len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting[words] += 1
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_soon, daemon=True, name="searches")
                self._writer.start()

    def settle(self) -> None:
        """Write down what waits, now."""
        with self._held:
            waiting, self._waiting, self._writer = self._waiting, Counter(), None
        if not waiting:
            return
        try:
            with self._db.writing() as session, standing_still(session):
                for words, times in waiting.items():
                    service.note_unanswered(session, self._now(), words, times)
        except Exception as failure:  # a full disk, a busy database: not worth more than a line
            logger.warning("searches not counted", extra={"fields": {"why": type(failure).__name__}})

    def _write_soon(self) -> None:
        time.sleep(_GATHERED_FOR)
        self.settle()
