"""How are searches answered quickly? From arrays in memory that follow the index, segment by segment.

Whoosh's segments never change once written, so after a commit only the new ones are read; asking
whether there was a commit costs one small file and one folder listing per search.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kb.analysis import Segmenter, fold, spellings
from kb.documents import Hit
from kb.ranking import (
    FIRST_KINDS,
    KINDS,
    Collection,
    Field,
    Postings,
    Query,
    Ranked,
    Why,
    level_of,
    question_of,
    rank,
    why,
)
from kb.spelling import Spelling


@dataclass(frozen=True)
class SegmentData:
    """One segment of the index as arrays. ``about`` says for each of its units whose it is."""

    name: str
    about: tuple[Mapping[str, Any], ...]
    fields: Mapping[tuple[str, str], Postings]
    deleted: frozenset[int]

    def with_deleted(self, deleted: frozenset[int]) -> "SegmentData":
        """Return this segment with other units marked as deleted; the arrays are shared."""
        return self if deleted == self.deleted else replace(self, deleted=deleted)


class Snapshot:
    """A state of the index that searches can use; never changes."""

    def __init__(self, segments: Sequence[SegmentData]) -> None:
        self.segments = {segment.name: segment for segment in segments}
        numbers: dict[str, int] = {}
        tags: list[frozenset[str]] = []
        owners: dict[str, list[int]] = {family: [] for family in FIRST_KINDS}
        questions: list[str] = []
        for segment in segments:
            for at, about in enumerate(segment.about):
                family = about["family"]
                if family == "question":
                    questions.append(about["text"])
                if at in segment.deleted:
                    owners[family].append(-1)
                    continue
                number = numbers.setdefault(about["key"], len(numbers))
                if number == len(tags):
                    tags.append(frozenset(about["tags"]))
                owners[family].append(number)
        fields = {
            (family, kind): Field([segment.fields[family, kind] for segment in segments])
            for family in FIRST_KINDS
            for kind in KINDS
        }
        entry_of = {family: np.array(numbers_, dtype=np.int64) for family, numbers_ in owners.items()}
        self.collection = Collection(list(numbers), tags, fields, entry_of, questions)
        self.documents = len(numbers)

    def search(
        self,
        query: str,
        limit: int,
        synonyms: Mapping[str, str],
        segmenter: Segmenter,
        *,
        tag: str | None,
        without: frozenset[str],
    ) -> list[Hit]:
        """Return the best documents for the query in any of its spellings."""
        allowed = self._allowed(tag, without)
        best: dict[int, tuple[Ranked, Query]] = {}
        for spelling in spellings(fold(query), synonyms):
            asked = Query(self.collection, question_of(spelling, segmenter))
            for ranked in rank(asked, limit, allowed):
                if ranked.entry not in best or ranked.score > best[ranked.entry][0].score:
                    best[ranked.entry] = (ranked, asked)
        order = sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].entry))[:limit]
        return self._hits(order)

    def did_you_mean(self, query: str, segmenter: Segmenter) -> str | None:
        """Return the query in the words of the documents, or None if it is."""
        return self._spelling.corrected(fold(query), segmenter)

    @cached_property
    def _spelling(self) -> Spelling:
        frequency: Counter[str] = Counter()
        for segment in self.segments.values():
            for family in FIRST_KINDS:
                postings = segment.fields[family, "words"]
                sizes = np.diff(postings.starts)
                for word, number in postings.vocabulary.items():
                    frequency[word] += int(sizes[number])
        return Spelling(frequency)

    def _allowed(
        self, tag: str | None, without: frozenset[str]
    ) -> "np.ndarray[Any, np.dtype[np.bool_]] | None":
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
                reasons=reasons[ranked.entry].reasons,
                matched_terms=reasons[ranked.entry].terms,
            )
            for ranked, _ in order
        ]


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
