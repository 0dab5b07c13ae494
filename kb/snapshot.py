"""How are searches answered quickly? From arrays in memory that follow the index, segment by segment.

Whoosh's segments never change once written, so after a commit only the new ones are read; asking
whether there was a commit costs one small file and one folder listing per search.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb.analysis import Segmenter, fold, spellings
from kb.documents import Hit
from kb.errors import IndexUnavailable
from kb.learned import judges
from kb.postings import Field, Floats, Ints
from kb.ranking import (
    FIRST_KINDS,
    Collection,
    Query,
    Ranked,
    Why,
    level_of,
    question_of,
    rank,
    why,
)
from kb.segments import FIELDS, SegmentData
from kb.spelling import Spelling


class Keys:
    """The keys of the entries of several segments, by number."""

    def __init__(self, segments: Sequence[SegmentData]) -> None:
        self._parts = [segment.keys for segment in segments]
        self._ends = np.cumsum([len(part) for part in self._parts])

    def __getitem__(self, number: int) -> str:
        """Return the key of an entry."""
        part = int(np.searchsorted(self._ends, number, side="right"))
        key: bytes = self._parts[part][number - int(self._ends[part])]
        return key.decode()

    def among(self, keys: Iterable[str]) -> NDArray[np.bool_]:
        """Return for every entry whether its key is one of these."""
        wanted = np.array([key.encode() for key in keys], dtype=bytes)
        return np.concatenate([np.isin(part, wanted) for part in self._parts] + [np.zeros(0, dtype=bool)])


class Snapshot:
    """A state of the index that searches can use; never changes."""

    def __init__(self, segments: Sequence[SegmentData]) -> None:
        self.segments = segments
        self._keys = Keys(segments)
        entries = np.cumsum([0, *(len(segment.keys) for segment in segments)])
        self.collection = Collection(
            self._keys,
            {key: Field([segment.fields[key] for segment in segments]) for key in FIELDS},
            {
                family: _end_to_end([segment.owners[family] for segment in segments], entries)
                for family in FIRST_KINDS
            },
            {family: _dead(segments, family) for family in FIRST_KINDS},
            {family: [segment.texts[family] for segment in segments] for family in FIRST_KINDS},
            [(segment.raw_units, segment.raw) for segment in segments],
            _rarity(segments),
        )
        self.is_warm = False

    def search(
        self,
        query: str,
        limit: int,
        synonyms: Mapping[str, str],
        segmenter: Segmenter,
        *,
        tag: str | None,
        without: frozenset[str],
        boost: Mapping[str, float],
    ) -> list[Hit]:
        """Return the best documents for the query in any of its spellings."""
        allowed = self._allowed(tag, without)
        best: dict[int, tuple[Ranked, Query]] = {}
        for spelling in spellings(fold(query), synonyms):
            asked = Query(self.collection, question_of(spelling, segmenter), segmenter)
            for ranked in rank(asked, limit, judges(), allowed, boost):
                if ranked.entry not in best or ranked.score > best[ranked.entry][0].score:
                    best[ranked.entry] = (ranked, asked)
        order = sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].entry))[:limit]
        return self._hits(order)

    def did_you_mean(self, query: str, segmenter: Segmenter) -> str | None:
        """Return the query in the words of the documents, or None if it is."""
        return self._spelling.corrected(fold(query), segmenter)

    def warm(self) -> None:
        """Prepare what the first slip of the pen would have to wait for."""
        self._spelling.warm()
        self.is_warm = True

    @cached_property
    def _spelling(self) -> Spelling:
        frequency: Counter[str] = Counter()
        for family in FIRST_KINDS:
            for word, times in self.collection.fields[family, "words"].words():
                frequency[word] += times
        return Spelling(frequency)

    @cached_property
    def documents(self) -> int:
        """How many entries have something that can be found."""
        living = [
            np.delete(owners, self.collection.dead[family])
            for family, owners in self.collection.owners.items()
        ]
        return len(np.unique(np.concatenate(living)))

    @property
    def is_whole(self) -> bool:
        """Whether the files it looks at are as they were."""
        return all(segment.is_whole for segment in self.segments)

    def _allowed(self, tag: str | None, without: frozenset[str]) -> NDArray[np.bool_] | None:
        if tag is None and not without:
            return None
        allowed = ~self._keys.among(without)
        if tag is not None:
            tagged = [np.array([tag in one for one in part.tag_sets])[part.tags] for part in self.segments]
            allowed &= np.concatenate([*tagged, np.zeros(0, dtype=bool)])
        return allowed

    def _hits(self, order: Sequence[tuple[Ranked, Query]]) -> list[Hit]:
        """Return the hits with their reasons, which are found for all hits of one reading together."""
        reasons: dict[int, Why] = {}
        for asked in {id(asked): asked for _, asked in order}.values():
            entries = [ranked.entry for ranked, by in order if by is asked]
            reasons |= dict(zip(entries, why(asked, entries), strict=True))
        return [
            Hit(
                key=self.collection.keys[ranked.entry],
                score=ranked.score,
                confidence=ranked.confidence,
                level=level_of(ranked.confidence),
                likely=ranked.likely,
                reasons=reasons[ranked.entry].reasons,
                matched_terms=reasons[ranked.entry].terms,
            )
            for ranked, _ in order
        ]


def _end_to_end(parts: Sequence[NDArray[np.int32]], firsts: Ints) -> NDArray[np.int32]:
    """Join numbers, those of each part counted from its first; a single part is not copied."""
    if len(parts) == 1:
        return parts[0]
    moved = [part + np.int32(first) for part, first in zip(parts, firsts, strict=False)]
    return np.concatenate([*moved, np.zeros(0, np.int32)])


def _dead(segments: Sequence[SegmentData], family: str) -> Ints:
    firsts = np.cumsum([0, *(len(segment.owners[family]) for segment in segments)])
    gone = [segment.dead(family) + first for segment, first in zip(segments, firsts, strict=False)]
    return np.concatenate([*gone, np.zeros(0, np.int64)])


def _rarity(segments: Sequence[SegmentData]) -> Floats:
    """Return the idf of every character in texts."""
    total = sum(len(segment.texts["text"]) for segment in segments)
    found = np.zeros(65536)
    for segment in segments:
        found += segment.spread * len(segment.texts["text"])
    return np.asarray(np.log(1 + (total - found + 0.5) / (found + 0.5)), dtype=float)


class Follower:
    """Keeps a snapshot that is as new as the index; one thread reloads, the others go on with the old."""

    def __init__(
        self, state: Callable[[], str], segments: Callable[[Sequence[SegmentData]], list[SegmentData]]
    ) -> None:
        self._state = state
        self._segments = segments
        self._lock = threading.Lock()
        self._held: tuple[str, Snapshot] | None = None

    @property
    def is_warm(self) -> bool:
        """Whether the snapshot that was last looked at is prepared for slips; no file is looked at for that."""
        held = self._held
        return held is not None and held[1].is_warm

    def current(self) -> Snapshot:
        """Return the snapshot of the index as it is now, or as it was if another thread is reloading.

        Raises ``IndexUnavailable`` if somebody wrote into the files it looks at.
        """
        state = self._state()
        held = self._held
        if held is None or held[0] != state:
            held = self._reloaded(state, held)
        if not held[1].is_whole:
            raise IndexUnavailable("搜索索引的文件已被改动，需要重建。", code="damaged")
        return held[1]

    def _reloaded(self, state: str, held: tuple[str, Snapshot] | None) -> tuple[str, Snapshot]:
        if not self._lock.acquire(blocking=held is None) and held is not None:
            return held
        try:
            held = self._held
            if held is None or held[0] != state:
                known = [one for one in held[1].segments if one.is_whole] if held is not None else []
                held = self._held = (state, Snapshot(self._segments(known)))
            return held
        finally:
            self._lock.release()
