"""How are searches answered quickly? From arrays in memory that follow the index, segment by segment.

Whoosh's segments never change once written, so after a commit only the new ones are read; asking
whether there was a commit costs one small file and one folder listing per search.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb.analysis import Segmenter, fold, spellings
from kb.documents import Hit
from kb.learned import judges
from kb.postings import Field, Floats, Ints, Postings, Texts
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
from kb.spelling import Spelling

_SAMPLE = 2_000
"""Texts by which it is estimated how common a character is."""


@dataclass(frozen=True)
class SegmentData:
    """One segment of the index as arrays. ``keys`` and ``tags``: its entries.

    ``owners[family]``: for each unit the place of its entry among ``keys``; ``documents[family]``: the number
    Whoosh knows it by. ``texts``: those of the units; ``raw``: of the question units, as written. ``spread``:
    in which share of the texts each character stands.
    """

    name: str
    keys: tuple[str, ...]
    tags: tuple[frozenset[str], ...]
    owners: Mapping[str, NDArray[np.int32]]
    documents: Mapping[str, NDArray[np.int32]]
    texts: Mapping[str, Texts]
    raw: Texts
    fields: Mapping[tuple[str, str], Postings]
    spread: NDArray[np.float32]
    deleted: frozenset[int]

    def with_deleted(self, deleted: frozenset[int]) -> "SegmentData":
        """Return this segment with other units marked as deleted; the arrays are shared."""
        return self if deleted == self.deleted else replace(self, deleted=deleted)

    def living(self, family: str) -> NDArray[np.bool_]:
        """Return for every unit of a family whether it is not deleted."""
        if not self.deleted:
            return np.ones(len(self.owners[family]), dtype=bool)
        return ~np.isin(self.documents[family], np.fromiter(self.deleted, dtype=np.int32))


def spread_of(texts: Texts) -> NDArray[np.float32]:
    """Return in which share of some texts each character stands, by a sample of them."""
    found = np.zeros(65536, dtype=np.float32)
    step = max(1, len(texts) // _SAMPLE)
    sampled = range(0, len(texts), step)
    for unit in sampled:
        found[np.unique(texts.units(unit))] += 1
    return np.asarray(found / max(1, len(sampled)), dtype=np.float32)


class Snapshot:
    """A state of the index that searches can use; never changes."""

    def __init__(self, segments: Sequence[SegmentData]) -> None:
        self.segments = {segment.name: segment for segment in segments}
        numbers: dict[str, int] = {}
        tags: list[frozenset[str]] = []
        owners: dict[str, list[Ints]] = {family: [] for family in FIRST_KINDS}
        for segment in segments:
            living = {family: segment.living(family) for family in FIRST_KINDS}
            places = _numbered(segment, living, numbers, tags)
            for family, alive in living.items():
                owners[family].append(np.where(alive, places[segment.owners[family]], -1))
        self.collection = Collection(
            list(numbers),
            tags,
            {
                (family, kind): Field([segment.fields[family, kind] for segment in segments])
                for family, kinds in FIRST_KINDS.items()
                for kind in kinds
            },
            {family: np.concatenate([*parts, np.zeros(0, np.int64)]) for family, parts in owners.items()},
            {family: [segment.texts[family] for segment in segments] for family in FIRST_KINDS},
            [segment.raw for segment in segments],
            _rarity(segments),
        )
        self.documents = len(numbers)
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

    def _allowed(self, tag: str | None, without: frozenset[str]) -> NDArray[np.bool_] | None:
        if tag is None and not without:
            return None
        pairs = zip(self.collection.keys, self.collection.tags, strict=True)
        return np.array(
            [(tag is None or tag in tags) and key not in without for key, tags in pairs], dtype=bool
        )

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


def _numbered(
    segment: SegmentData,
    living: Mapping[str, NDArray[np.bool_]],
    numbers: dict[str, int],
    tags: list[frozenset[str]],
) -> Ints:
    """Give the entries of a segment with living units their numbers; returns them by their place in it."""
    alive = np.zeros(len(segment.keys), dtype=bool)
    for family, units in living.items():
        alive[segment.owners[family][units]] = True
    places = np.full(len(segment.keys), -1)
    for place in np.flatnonzero(alive).tolist():
        number = numbers.setdefault(segment.keys[place], len(numbers))
        if number == len(tags):
            tags.append(segment.tags[place])
        places[place] = number
    return places


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
        self, state: Callable[[], str], segments: Callable[[Mapping[str, SegmentData]], list[SegmentData]]
    ) -> None:
        self._state = state
        self._segments = segments
        self._lock = threading.Lock()
        self._held: tuple[str, Snapshot] | None = None

    def current(self) -> Snapshot:
        """Return the snapshot of the index as it is now, or as it was if another thread is reloading."""
        state = self._state()
        held = self._held
        if held is not None and held[0] == state:
            return held[1]
        if not self._lock.acquire(blocking=held is None) and held is not None:
            return held[1]
        try:
            held = self._held
            if held is None or held[0] != state:
                known = held[1].segments if held is not None else {}
                held = self._held = (state, Snapshot(self._segments(known)))
            return held[1]
        finally:
            self._lock.release()
