"""Does the search index say what the library says? It follows the database, and rebuilds itself.

Touches the world: the index's files, a thread beside the pages, the time that has passed.
"""

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session

from app.base import clock, db
from app.base.errors import Unavailable
from app.base.remembered import Remembered
from app.calendar.workdays import day_of
from app.finding import queries
from app.finding.found import Found, Match, is_suggested, is_worth_reading
from kb import queries as library
from kb.documents import Hit
from kb.errors import IndexUnavailable
from kb.index import SearchIndex

logger = logging.getLogger("huiying.finding")

_AT_ONCE = 1_000
"""Entries an index is rebuilt from while a page waits (about two seconds); more are done beside it."""
_LOOK_EVERY = 2.0  # seconds between two looks at the index's own files, and between two tries to repair it
_EXPERIENCE_EVERY = 60.0  # seconds between two looks at what people did with answers
_LONGEST_SLIP = 60  # characters; in a whole letter no single word is what keeps it from being found
_AHEAD_FOR = 5.0  # seconds after which an index ahead of the database is taken to be another database's
_REMEMBERED = 512
"""Searches of the present state that are kept, and as many things made of them: a few megabytes, in this process
alone."""

Made = TypeVar("Made")
_Search = Callable[[str, int], Sequence[Hit]]


@dataclass(frozen=True)
class State:
    """All that a search depends on besides its words: while it is the same, the same words find the same.

    ``change``: the last of the library; ``index``: the generation of the index, empty where there is none;
    ``corrects``: whether slips are corrected yet; ``minute``: since 1970, for what no change tells (an entry's
    owner).
    """

    change: int
    index: str
    synonyms: Mapping[str, str]
    boosts: Mapping[str, float]
    corrects: bool
    today: date
    minute: int


class AnswerIndex:
    """The search index of the library: derived, disposable, never the last word.

    Shared by the threads of a process; several processes may use one folder, and one of them writes at a
    time (a file lock that the system frees with its holder). Whatever is wrong with the files leads to a
    rebuild from the database, never to an error (reliability §0.12, F4); whatever is found is looked up in
    the database before anybody sees it. ``now`` tells the instant that validity is judged by.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = clock.now) -> None:
        self.folder = folder
        self._index = SearchIndex(folder)
        self._now = now
        self._following = threading.Lock()
        self._beside: threading.Thread | None = None
        self._seen = -1
        self._look_at = 0.0
        self._not_before = 0.0
        self._ahead_since: float | None = None
        self._spoilt = False
        self._preparing: threading.Thread | None = None
        self._matters: tuple[int, list[str]] = (-1, [])
        self._boosts: dict[str, float] = {}
        self._experience_until = 0.0
        self._hits: Remembered[Any, Sequence[Hit]] = Remembered(_REMEMBERED)
        self._made: Remembered[State, Any] = Remembered(_REMEMBERED)

    @property
    def rebuilding(self) -> bool:
        """Whether this process is making the index anew beside its pages."""
        return self._beside is not None and self._beside.is_alive()

    def search(
        self,
        session: Session,
        text: str,
        limit: int = 10,
        *,
        correct: bool = True,
        state: State | None = None,
    ) -> Found:
        """The answers in force that may answer ``text``, best first; nothing while the index is rebuilt.

        ``correct``: where we are not sure, look for words that sound alike, too. ``state``: as `once` told it.
        """
        state = state or self.state(session)
        found = self._found(session, state, text, limit, correct)
        if found is None:
            found = self._found(session, self.state(session), text, limit, correct)
        return found or Found(rebuilding=True)

    def once(self, session: Session, key: Hashable, make: Callable[[State], Made]) -> Made:
        """What ``make`` makes of searches in the present state, made once until that changes.

        ``key`` names what is made and of which words. What is made must not hang on the session.
        """
        state = self.state(session)
        made: Made = self._made.get(state, key, lambda: make(state))
        return made

    def state(self, session: Session) -> State:
        """All that a search depends on, as it is now; the index is brought up to date before."""
        last = self.follow(session)
        try:
            generation = self._index.generation
        except IndexUnavailable:
            generation = ""
        now = self._now()
        return State(
            change=last,
            index=generation,
            synonyms=library.synonyms(session),
            boosts=self._experience(session),
            corrects=self._index.corrects,
            today=day_of(now),
            minute=int(now.timestamp() // 60),
        )

    def matters(self, session: Session, state: State | None = None) -> list[str]:
        """The matters that published answers are about, in order; read anew when the library has changed."""
        last = state.change if state else library.last_change(session)
        if self._matters[0] != last:
            self._matters = last, library.categories(session)
        return self._matters[1]

    def prepare(self) -> None:
        """Load what the correction of slips needs: a second or two, so it is done beside the pages."""
        with contextlib.suppress(IndexUnavailable):
            self._index.prepare_corrections()

    def prepare_beside(self) -> None:
        """`prepare` in a thread of its own, once at a time."""
        if self._preparing is None or not self._preparing.is_alive():
            self._preparing = threading.Thread(target=self.prepare, daemon=True, name="spelling")
            self._preparing.start()

    def follow(self, session: Session) -> int:
        """Bring the index up to date with the library, rebuild it where it cannot be; the library's last change."""
        last = library.last_change(session)
        at = time.monotonic()
        if at < self._not_before or self.rebuilding:
            return last
        if last == self._seen and at < self._look_at and not self._spoilt:
            return last
        # The first search of all waits for the index; the others go on with what there is.
        if not self._following.acquire(timeout=_LOOK_EVERY if self._seen < 0 else 0):
            return last
        try:
            self._catch_up(session, last)
        except Exception as failure:
            # A full disk, another writer, damaged files: the pages go on, and it is tried again soon.
            self._later(failure)
        finally:
            self._following.release()
        return last

    def rebuild(self, session: Session) -> int:
        """Make the index anew from the database, now; how many answers it holds. Raises `Unavailable`."""
        try:
            self._write(session, wait=30.0)
            return len(self._index)
        except (IndexUnavailable, OSError) as failure:
            raise Unavailable(
                "搜索索引没能重建：正在由另一个进程更新，或磁盘写不进去。请稍后再试"
            ) from failure

    def _found(self, session: Session, state: State, text: str, limit: int, correct: bool) -> Found | None:
        """What the index finds, checked; None if it cannot be used."""
        try:
            search = self._searching(state)
            hits = search(text, 2 * limit + 10)
            unsure = correct and len(text) <= _LONGEST_SLIP and not (hits and hits[0].answers)
            other = self._better(state, search, text, hits) if unsure else None
        except IndexUnavailable as failure:
            logger.warning("answer index unavailable", exc_info=failure)
            self._spoilt = True
            return None
        matches = itertools.islice(self._in_force(session, state.today, hits, limit), limit)
        return Found(tuple(matches), did_you_mean=other)

    def _in_force(self, session: Session, today: date, hits: Sequence[Hit], together: int) -> Iterator[Match]:
        """Those that may be shown, looked up in the database as many ``together`` as are wanted."""
        left = iter([hit for hit in hits if is_worth_reading(hit)])
        while some := list(itertools.islice(left, together)):
            live = library.by_keys(session, [hit.key for hit in some])
            for hit in some:
                if hit.key in live and is_suggested(*live[hit.key], today):
                    yield Match(
                        *live[hit.key], hit.level, hit.confidence, hit.likely, hit.reasons, hit.matched_terms
                    )

    def _searching(self, state: State) -> _Search:
        """The search of the index as it stands. What was asked lately is not ranked again: popular questions, a
        case that is opened once more."""
        index, synonyms, boosts = self._index, state.synonyms, state.boosts
        stands = (state.index, synonyms, boosts)

        def search(text: str, limit: int) -> Sequence[Hit]:
            return self._hits.get(
                stands, (text, limit), lambda: index.search(text, limit, synonyms, boost=boosts)
            )

        return search

    def _better(self, state: State, search: _Search, text: str, hits: Sequence[Hit]) -> str | None:
        """The text in other words that sound alike, if they find something more likely."""
        if not state.corrects:
            self.prepare_beside()
            return None
        other = self._index.did_you_mean(text)
        found = search(other, 1) if other else []
        return other if found and (not hits or found[0].confidence > hits[0].confidence) else None

    def _experience(self, session: Session) -> dict[str, float]:
        """What experience adds to the score of answers, looked up every minute."""
        if time.monotonic() >= self._experience_until:
            self._boosts = queries.experience(session, day_of(self._now()))
            self._experience_until = time.monotonic() + _EXPERIENCE_EVERY
        return self._boosts

    def _catch_up(self, session: Session, last: int) -> None:
        position = self._position()
        if position is None or self._is_of_another(position, last):
            self._rebuild(session)
            return
        while changes := library.changes_since(session, position):
            documents, gone = library.documents_of(session, sorted({row.entry_id for row in changes}))
            position = changes[-1].id
            self._index.update(documents, gone, position, wait=0.0)
        self._now_at(position)

    def _position(self) -> int | None:
        """Where the index stands; None if there is none that can be used."""
        try:
            return None if self._spoilt else self._index.position
        except IndexUnavailable:
            return None

    def _is_of_another(self, position: int, last: int) -> bool:
        """Whether the index knows changes that the database does not: it was restored from a backup.

        For a moment that is normal: another process may follow a change that this session began before.
        """
        if position <= last:
            self._ahead_since = None
            return False
        self._ahead_since = self._ahead_since or time.monotonic()
        return time.monotonic() - self._ahead_since > _AHEAD_FOR

    def _rebuild(self, session: Session) -> None:
        if queries.count_in_force(session) <= _AT_ONCE:
            self._write(session, wait=0.0)
            return
        own = db.beside(session)
        self._beside = threading.Thread(target=self._rebuild_beside, args=(own,), daemon=True, name="reindex")
        self._beside.start()

    def _rebuild_beside(self, own: Session) -> None:
        try:
            with own:
                self._write(own, wait=0.0)
        except Exception as failure:
            self._later(failure)

    def _write(self, session: Session, *, wait: float) -> None:
        position = library.last_change(session)
        self._index.rebuild(library.documents_for_index(session), position, wait=wait)
        self._index.warm()
        self._ahead_since = None
        self._now_at(position)

    def _later(self, failure: Exception) -> None:
        """Try again soon; that another process is writing just now is nothing to write down."""
        if getattr(failure, "code", "") != "busy":
            logger.warning("answer index not followed", exc_info=failure)
        self._not_before = time.monotonic() + _LOOK_EVERY

    def _now_at(self, position: int) -> None:
        self._seen, self._spoilt = position, False
        self._look_at = time.monotonic() + _LOOK_EVERY
