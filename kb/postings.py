"""Which units hold a term, and what is a match worth? Postings in arrays, BM25 over all segments.

A unit is one text that can be found: a question, a further phrasing, an answer's text. Its segment
numbers it with two bytes, a count takes one: a hundred thousand entries fit into ordinary memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint64]

# Full length normalisation with a high ceiling for repeats: the cheapest large gain on long letters.
K1 = 2.0
B = 1.0

# The rarest terms of a message find all that matters (24 lose nothing with words, 48 nothing with pairs);
# beyond so many postings the remaining terms stand nearly everywhere and only cost time.
FIRST_TERMS = 48
FIRST_POSTINGS = 60_000
SECOND_TERMS = 128


def code_of(term: str) -> int:
    """Return the number a term is looked up by: exact for one or two characters, else a digest (63 bits)."""
    if len(term) <= 2:
        return int.from_bytes(term.encode("utf-32-be"), "big")
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big") | 1 << 63


@dataclass(slots=True)
class Postings:
    """One field of one index segment. ``units[starts[n]:starts[n + 1]]`` ascend and hold term ``n``.

    ``codes``: the sorted numbers of the terms (`code_of`). ``lengths``: terms of each unit. ``terms``:
    the terms themselves, a line each in the order of ``codes``, where they are needed again.
    ``weights``: for every unit the idf of all its terms together, and the length of its tf-idf vector.
    """

    codes: Codes
    starts: Ints
    units: NDArray[np.uint16] | NDArray[np.uint32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.float32]
    terms: bytes = b""
    weights: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def numbers_of(self, codes: Codes) -> Ints:
        """Return the numbers of some terms here, −1 for those that do not occur."""
        if not len(self.codes):
            return np.full(len(codes), -1)
        at = np.minimum(self.codes.searchsorted(codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, at, -1)

    def sizes_of(self, numbers: Ints) -> Ints:
        """Return in how many units each of some terms stands; 0 for −1."""
        return np.where(numbers >= 0, self.starts[numbers + 1] - self.starts[numbers], 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Terms of a question as one field knows them, the rarest first.

    ``repeats`` (1+log) counts them in the question; ``numbers[s]`` are their numbers in segment ``s``.
    """

    terms: Sequence[str]
    repeats: Floats
    found: Ints
    idfs: Floats
    numbers: Sequence[Ints]

    @property
    def mass(self) -> float:
        """The idf of all terms together, never zero."""
        return max(float(self.idfs.sum()), 1e-9)


class Field:
    """One field over all segments; units are numbered through, segment after segment."""

    def __init__(self, segments: Sequence[Postings]) -> None:
        self._segments = segments
        self._offsets = [0, *np.cumsum([len(one.lengths) for one in segments]).tolist()]
        self.lengths = np.concatenate([one.lengths for one in segments] or [np.zeros(0, np.float32)])
        filled = self.lengths[self.lengths > 0]
        self.filled = len(filled)
        self.mean = float(filled.mean()) if self.filled else 1.0
        self.total = float(filled.sum())
        self.penalty = (K1 * (1 - B + B * self.lengths / self.mean)).clip(1e-9).astype(np.float32)
        for one in segments:
            if one.weights is None:
                one.weights = self._weights(one)

    def idf(self, found: int | Ints | Floats) -> Floats:
        """Return how rare a term in so many units is (Lucene's form: never negative, no floor)."""
        return np.asarray(np.log(1 + (self.filled - found + 0.5) / (np.asarray(found) + 0.5)), dtype=float)

    def found(self, terms: Sequence[str]) -> Ints:
        """Return in how many units each of some terms stands."""
        return self._found(np.array([code_of(term) for term in terms], dtype=np.uint64))[1]

    def asked(self, counts: Mapping[str, int], always: Mapping[str, int] | None = None) -> Asked:
        """Look up the terms of a question and keep the rarest, besides those of ``always``."""
        terms = list(counts)
        numbers, found = self._found(np.array([code_of(term) for term in terms], dtype=np.uint64))
        idfs = self.idf(found)
        rarest = np.argsort(-idfs, kind="stable")
        if len(terms) > SECOND_TERMS:
            kept = np.array([always is not None and terms[n] in always for n in rarest])
            kept[:SECOND_TERMS] = True
            rarest = rarest[kept]
        return Asked(
            [terms[n] for n in rarest],
            1 + np.log(np.array([counts[terms[n]] for n in rarest], dtype=float)),
            found[rarest],
            idfs[rarest],
            [one[rarest] for one in numbers],
        )

    def score(self, asked: Asked) -> NDArray[np.float32]:
        """Return BM25 of every unit for the rarest terms that occur at all."""
        known = np.flatnonzero(asked.found)[:FIRST_TERMS]
        known = known[: max(4, int(np.searchsorted(np.cumsum(asked.found[known]), FIRST_POSTINGS)))]
        weights = asked.repeats[known] * asked.idfs[known] * (K1 + 1)
        scores = np.zeros(len(self.lengths), dtype=np.float32)
        for one, numbers, first in zip(self._segments, asked.numbers, self._offsets, strict=False):
            last = first + len(one.lengths)
            self._add(one, numbers[known], weights, self.penalty[first:last], scores[first:last])
        return scores

    def frequencies(self, asked: Asked, units: Ints) -> Floats:
        """Return how often each term stands in each of some ascending units."""
        table = np.zeros((len(asked.terms), len(units)))
        for one, numbers, columns, local in self._placed(asked, units):
            wanted = local.astype(one.units.dtype)
            for row in np.flatnonzero(numbers >= 0):
                there = slice(int(one.starts[numbers[row]]), int(one.starts[numbers[row] + 1]))
                held = one.units[there]
                at = held.searchsorted(wanted)
                at[at == len(held)] = 0
                hit = held[at] == wanted
                if hit.any():
                    table[row, columns][hit] = one.counts[there][at[hit]]
        return table

    @cached_property
    def mass(self) -> NDArray[np.float32]:
        """For every unit the idf of all its terms together."""
        return self._joined(0)

    @cached_property
    def norm(self) -> NDArray[np.float32]:
        """For every unit the length of its tf-idf vector."""
        return self._joined(1)

    def words(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of every segment with the number of units that hold them."""
        for one in self._segments:
            sizes = np.diff(one.starts).tolist()
            yield from zip(one.terms.decode().split("\n"), sizes, strict=False)

    @staticmethod
    def _add(
        one: Postings,
        numbers: Ints,
        weights: Floats,
        penalty: NDArray[np.float32],
        scores: NDArray[np.float32],
    ) -> None:
        """Add BM25 of some terms to the scores of a segment's units."""
        here = np.flatnonzero(numbers >= 0)
        if not len(here):
            return
        places = [slice(int(one.starts[n]), int(one.starts[n + 1])) for n in numbers[here]]
        units = np.concatenate([one.units[place] for place in places])
        counts = np.concatenate([one.counts[place] for place in places]).astype(np.float32)
        each = np.repeat(weights[here].astype(np.float32), [place.stop - place.start for place in places])
        each *= counts
        counts += penalty[units]
        each /= counts
        scores += np.bincount(units, weights=each, minlength=len(scores))

    def _placed(self, asked: Asked, units: Ints) -> Iterator[tuple[Postings, Ints, slice, Ints]]:
        """Yield the segments that hold some of the units: where in ``units``, and their numbers there."""
        bounds = np.searchsorted(units, self._offsets)
        for n, one in enumerate(self._segments):
            if bounds[n] < bounds[n + 1]:
                columns = slice(int(bounds[n]), int(bounds[n + 1]))
                yield one, asked.numbers[n], columns, units[columns] - self._offsets[n]

    def _found(self, codes: Codes) -> tuple[list[Ints], Ints]:
        numbers = [one.numbers_of(codes) for one in self._segments]
        found = np.zeros(len(codes), dtype=np.int64)
        for one, known in zip(self._segments, numbers, strict=True):
            found += one.sizes_of(known)
        return numbers, found

    def _weights(self, one: Postings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mass and norm of the units of a segment, by what is known when it is first seen."""
        sizes = np.diff(one.starts)
        idfs = np.repeat(self.idf(self._found(one.codes)[1]).astype(np.float32), sizes)
        vector = (idfs * (1 + np.log(one.counts.clip(1), dtype=np.float32))) ** 2
        mass = np.bincount(one.units, weights=idfs, minlength=len(one.lengths))
        norm = np.sqrt(np.bincount(one.units, weights=vector, minlength=len(one.lengths)))
        return mass.astype(np.float32), norm.astype(np.float32)

    def _joined(self, which: int) -> NDArray[np.float32]:
        parts = [one.weights[which] for one in self._segments if one.weights is not None]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of the units of a segment, end to end, two bytes a character (UTF-16)."""

    data: bytes
    starts: Ints = field(default_factory=lambda: np.zeros(1, np.int64))

    @staticmethod
    def of(texts: Sequence[str]) -> "Texts":
        """Keep some texts."""
        encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
        starts = np.concatenate([[0], np.cumsum([len(one) for one in encoded])]).astype(np.int64)
        return Texts(b"".join(encoded), starts)

    def text(self, unit: int) -> str:
        """Return the text of a unit."""
        return self._bytes(unit).decode("utf-16-le", "surrogatepass")

    def units(self, unit: int) -> NDArray[np.uint16]:
        """Return the text of a unit as numbers of its UTF-16 code units."""
        return np.frombuffer(self._bytes(unit), dtype="<u2")

    def _bytes(self, unit: int) -> bytes:
        return self.data[int(self.starts[unit]) : int(self.starts[unit + 1])]

    def __len__(self) -> int:
        return len(self.starts) - 1
