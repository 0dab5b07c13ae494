"""Which units hold a term, and what is a match worth? Postings in arrays, BM25 over all segments.

A unit is one text that can be found: a question, a further phrasing, an answer's text. A block of units
numbers them with two bytes, a count takes one: a hundred thousand entries fit into ordinary memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, ClassVar

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


BLOCK = 1 << 16
"""Units in one block, at most."""


@lru_cache(maxsize=1 << 14)
def code_of(term: str) -> int:
    """Return the number a term is looked up by: exact for one or two characters, else a digest (63 bits)."""
    if len(term) <= 2:
        return int.from_bytes(term.encode("utf-32-be"), "big")
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big") | 1 << 63


@dataclass(slots=True)
class Postings:
    """One field of one index segment, its units in blocks.

    ``codes``: the sorted numbers of the terms (`code_of`). ``offsets``: where each block's units begin, and
    their number. ``units[starts[n * blocks + b]:starts[n * blocks + b + 1]]`` ascend and hold term ``n`` in
    block ``b``, counted from its beginning; ``counts``: how often. ``lengths``: terms of each unit. ``mass``:
    the idf of all terms of each unit together; ``norm``: the length of its tf-idf vector; both by what was
    known when the segment was first seen. ``terms``: the terms themselves, a line each in the order of ``codes``,
    where they are needed again.
    """

    codes: Codes
    offsets: Ints
    starts: NDArray[np.uint32]
    units: NDArray[np.uint16]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint16]
    mass: NDArray[np.float32]
    norm: NDArray[np.float32]
    terms: NDArray[np.uint8]

    ARRAYS: ClassVar = ("codes", "offsets", "starts", "units", "counts", "lengths", "mass", "norm", "terms")

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.offsets) - 1

    def numbers_of(self, codes: Codes) -> Ints:
        """Return the numbers of some terms here, −1 for those that do not occur."""
        if not len(self.codes):
            return np.full(len(codes), -1)
        at = np.minimum(self.codes.searchsorted(codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, at, -1)

    def sizes_of(self, numbers: Ints) -> Ints:
        """Return in how many units each of some terms stands; 0 for −1."""
        first = np.maximum(numbers, 0) * self.blocks
        sizes = self.starts[first + self.blocks].astype(np.int64) - self.starts[first]
        return np.where(numbers >= 0, sizes, 0)

    def sizes(self) -> Ints:
        """Return for every term in how many units of each block it stands."""
        sizes = np.diff(self.starts.astype(np.int64)).reshape(-1, max(1, self.blocks))
        return np.asarray(sizes, dtype=np.int64)

    def frequencies(self, numbers: Ints, units: Ints) -> Floats:
        """Return how often each of some terms that occur here stands in each of some units, a row a term."""
        block = np.searchsorted(self.offsets, units, side="right") - 1
        first = (numbers * self.blocks)[:, None] + block[None, :]
        low, end = (
            self.starts[first].astype(np.int64).ravel(),
            self.starts[first + 1].astype(np.int64).ravel(),
        )
        table = np.zeros(len(low))
        some = np.flatnonzero(low < end)
        low, end = low[some], end[some]
        wanted = np.broadcast_to((units - self.offsets[block]).astype(np.uint16), first.shape).ravel()[some]
        # All are sought together, each in its own stretch: the longest stretch says how many steps it takes.
        for step in _steps(int((end - low).max(initial=0))):
            ahead = low + step
            fits = ahead < end
            fits[fits] = self.units[ahead[fits]] <= wanted[fits]
            low = np.where(fits, ahead, low)
        hit = self.units[low] == wanted
        table[some[hit]] = self.counts[low[hit]]
        return table.reshape(first.shape)


def _steps(longest: int) -> Iterator[int]:
    """Yield the steps of a search by halves in a stretch of so many."""
    for bit in range(max(0, longest - 1).bit_length() - 1, -1, -1):
        yield 1 << bit


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
        self._offsets = np.cumsum([0, *(len(one.lengths) for one in segments)])
        self.filled = sum(int(np.count_nonzero(one.lengths)) for one in segments)
        self.total = float(sum(int(one.lengths.sum(dtype=np.int64)) for one in segments))
        self.mean = self.total / self.filled if self.filled else 1.0
        for one in segments:
            if len(one.mass) < len(one.lengths):
                one.mass, one.norm = weights_of(one, self.idf(self._found(one.codes)[1]).astype(np.float32))

    def idf(self, found: int | Ints | Floats) -> Floats:
        """Return how rare a term in so many units is."""
        return idf_of(self.filled, found)

    def found(self, terms: Sequence[str]) -> Ints:
        """Return in how many units each of some terms stands."""
        return self.found_by(np.array([code_of(term) for term in terms], dtype=np.uint64))

    def found_by(self, codes: Codes) -> Ints:
        """Return in how many units each of some terms stands, by their numbers (`code_of`)."""
        return self._found(codes)[1]

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
        parts = [
            self._scored(one, numbers[known], weights)
            for one, numbers in zip(self._segments, asked.numbers, strict=False)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, np.float32)])

    def frequencies(self, asked: Asked, units: Ints) -> Floats:
        """Return how often each term stands in each of some ascending units."""
        table = np.zeros((len(asked.terms), len(units)))
        for n, (one, columns, local) in enumerate(self._placed(units)):
            rows = np.flatnonzero(asked.numbers[n] >= 0)
            if len(local) and len(rows):
                table[rows, columns] = one.frequencies(asked.numbers[n][rows], local)
        return table

    def lengths(self, units: Ints) -> NDArray[np.float32]:
        """Return how many terms each of some ascending units has."""
        return self._of(units, "lengths")

    def penalty(self, units: Ints) -> NDArray[np.float32]:
        """Return what BM25 adds to a count below the line for each of some ascending units."""
        return self._penalty(self.lengths(units))

    def mass(self, units: Ints) -> NDArray[np.float32]:
        """Return for each of some ascending units the idf of all its terms together."""
        return self._of(units, "mass")

    def norm(self, units: Ints) -> NDArray[np.float32]:
        """Return for each of some ascending units the length of its tf-idf vector."""
        return self._of(units, "norm")

    def words(self) -> Iterator[tuple[str, int]]:
        """Yield the terms of every segment with the number of units that hold them."""
        for one in self._segments:
            yield from zip(_lines(one.terms), one.sizes().sum(axis=1).tolist(), strict=False)

    def _scored(self, one: Postings, numbers: Ints, weights: Floats) -> NDArray[np.float32]:
        """Return BM25 of some terms for the units of a segment."""
        here = np.flatnonzero(numbers >= 0)
        if not len(here):
            return np.zeros(len(one.lengths), dtype=np.float32)
        first = numbers[here] * one.blocks
        bounds = one.starts[first[:, None] + np.arange(one.blocks + 1)].astype(np.int64)
        places = [slice(begin, end) for begin, end in bounds[:, [0, -1]].tolist()]
        units: Any = np.concatenate([one.units[place] for place in places])
        if one.blocks > 1:
            sizes = np.diff(bounds, axis=1).ravel()
            units = units + np.repeat(np.tile(one.offsets[:-1].astype(np.int32), len(here)), sizes)
        counts = np.concatenate([one.counts[place] for place in places]).astype(np.float32)
        each = np.repeat(weights[here].astype(np.float32), bounds[:, -1] - bounds[:, 0])
        each *= counts
        counts += self._penalty(one.lengths[units].astype(np.float32))
        each /= counts
        # Most units hold none of the terms: what is not touched costs nothing here, unlike with `bincount`.
        scores = np.zeros(len(one.lengths), dtype=np.float32)
        np.add.at(scores, units, each)
        return scores

    def _penalty(self, lengths: NDArray[np.float32]) -> NDArray[np.float32]:
        return (K1 * (1 - B + B * lengths / self.mean)).clip(1e-9).astype(np.float32)

    def _placed(self, units: Ints) -> Iterator[tuple[Postings, slice, Ints]]:
        """Yield every segment with the units it holds: where in ``units``, and their numbers there."""
        bounds = np.searchsorted(units, self._offsets)
        for n, one in enumerate(self._segments):
            columns = slice(int(bounds[n]), int(bounds[n + 1]))
            yield one, columns, units[columns] - self._offsets[n]

    def _of(self, units: Ints, name: str) -> NDArray[np.float32]:
        found = np.zeros(len(units), dtype=np.float32)
        for one, columns, local in self._placed(units):
            found[columns] = getattr(one, name)[local]
        return found

    def _found(self, codes: Codes) -> tuple[list[Ints], Ints]:
        numbers = [one.numbers_of(codes) for one in self._segments]
        found = np.zeros(len(codes), dtype=np.int64)
        for one, known in zip(self._segments, numbers, strict=True):
            found += one.sizes_of(known)
        return numbers, found


def idf_of(units: int, found: int | Ints | Floats) -> Floats:
    """Return how rare a term is that stands in so many of all units (Lucene's form: never negative, no floor)."""
    return np.asarray(np.log(1 + (units - found + 0.5) / (np.asarray(found) + 0.5)), dtype=float)


def _lines(terms: NDArray[np.uint8]) -> list[str]:
    return terms.tobytes().decode("utf-8", "surrogatepass").split("\n")


def in_lines(terms: Sequence[str]) -> NDArray[np.uint8]:
    """Write terms as `Postings.terms` keeps them."""
    return np.frombuffer("\n".join(terms).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def joined_postings(parts: Sequence[Postings]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays of several segments' postings as those of one, the blocks one after another."""
    codes, at = np.unique(np.concatenate([one.codes for one in parts]), return_inverse=True)
    numbers = np.split(at, np.cumsum([len(one.codes) for one in parts])[:-1])
    firsts = np.cumsum([0, *(one.blocks for one in parts)])
    sizes = np.zeros((len(codes), int(firsts[-1])), dtype=np.int64)
    for one, mine, first in zip(parts, numbers, firsts, strict=False):
        sizes[mine, first : first + one.blocks] = one.sizes()
    starts = np.concatenate([[0], np.cumsum(sizes.ravel())])
    ends = np.cumsum([0, *(len(one.lengths) for one in parts)])
    yield "codes", codes
    yield (
        "offsets",
        np.concatenate([one.offsets[:-1] + end for one, end in zip(parts, ends, strict=False)] + [ends[-1:]]),
    )
    yield "starts", starts.astype(np.uint32)
    for name in ("units", "counts"):
        moved = np.zeros(int(starts[-1]), dtype=getattr(parts[0], name).dtype)
        for one, mine, first in zip(parts, numbers, firsts, strict=False):
            target = starts[(mine[:, None] * sizes.shape[1] + first + np.arange(one.blocks)).ravel()]
            shift = np.repeat(target - one.starts[:-1], one.sizes().ravel())
            moved[shift + np.arange(len(shift))] = getattr(one, name)
        yield name, moved
    yield "lengths", np.concatenate([one.lengths for one in parts])
    filled = sum(int(np.count_nonzero(one.lengths)) for one in parts)
    idfs = idf_of(filled, sizes.sum(axis=1)).astype(np.float32)
    weights = [weights_of(one, idfs[mine]) for one, mine in zip(parts, numbers, strict=True)]
    yield "mass", np.concatenate([one[0] for one in weights])
    yield "norm", np.concatenate([one[1] for one in weights])
    yield "terms", _joined_terms(parts, numbers, len(codes))


def _joined_terms(parts: Sequence[Postings], numbers: Sequence[Ints], count: int) -> NDArray[np.uint8]:
    if not any(len(one.terms) for one in parts):
        return in_lines([])
    terms = [""] * count
    for one, mine in zip(parts, numbers, strict=True):
        for number, term in zip(mine.tolist(), _lines(one.terms), strict=False):
            terms[number] = term
    return in_lines(terms)


def weights_of(one: Postings, idfs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mass and norm of the units of a segment whose terms are as rare as ``idfs`` says."""
    sizes = one.sizes()
    units = one.units + np.repeat(np.tile(one.offsets[:-1], len(sizes)), sizes.ravel())
    each = np.repeat(idfs, sizes.sum(axis=1))
    vector = (each * (1 + np.log(one.counts.clip(1), dtype=np.float32))) ** 2
    mass = np.bincount(units, weights=each, minlength=len(one.lengths))
    norm = np.sqrt(np.bincount(units, weights=vector, minlength=len(one.lengths)))
    return mass.astype(np.float32), norm.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of the units of a segment, end to end, two bytes a character (UTF-16)."""

    data: NDArray[np.uint16]
    starts: NDArray[np.uint32]

    @staticmethod
    def of(texts: Sequence[str]) -> "Texts":
        """Keep some texts."""
        encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
        starts = np.cumsum([0, *(len(one) // 2 for one in encoded)]).astype(np.uint32)
        return Texts(np.frombuffer(b"".join(encoded), dtype="<u2"), starts)

    def text(self, unit: int) -> str:
        """Return the text of a unit."""
        return self.units(unit).tobytes().decode("utf-16-le", "surrogatepass")

    def units(self, unit: int) -> NDArray[np.uint16]:
        """Return the text of a unit as numbers of its UTF-16 code units."""
        return self.data[self.starts[unit] : self.starts[unit + 1]]

    def size(self, unit: int) -> int:
        """Return how many UTF-16 code units the text of a unit has."""
        return int(self.starts[unit + 1] - self.starts[unit])

    def __len__(self) -> int:
        return len(self.starts) - 1
