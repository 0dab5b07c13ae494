"""How alike are one text and each of many? Likeness of strings, sets and sequences, all texts at once.

Every function compares one with many and returns an array, an entry for each of the many: a step of the
interpreter for every pair of texts was a third of the time of a suggestion.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler, LCSseq, Levenshtein, Postfix, Prefix

from kb.postings import Floats, Ints

Held = NDArray[np.bool_]


def compared(scorer: Callable[..., Any], one: str, others: Sequence[str]) -> Floats:
    """Return what a scorer of rapidfuzz says of one text and each of the others."""
    if not others:
        return np.zeros(0)
    return np.asarray(process.cdist([one], others, scorer=scorer, dtype=np.float64)[0])


def lengths(texts: Sequence[Any]) -> Floats:
    """Return how long each text is."""
    return np.fromiter(map(len, texts), dtype=float, count=len(texts))


def ratio(one: str, others: Sequence[str]) -> Floats:
    """Return how few characters must be put in or taken out to make one of the other."""
    return compared(fuzz.ratio, one, others) / 100


def edits(one: str, others: Sequence[str]) -> Floats:
    """Return how few characters must be put in, taken out or exchanged."""
    return compared(Levenshtein.normalized_similarity, one, others)


def in_order(one: str, others: Sequence[str]) -> Floats:
    """Return which share of the shorter one's characters the longer one has, in the same order."""
    return _of_shorter(compared(LCSseq.similarity, one, others), one, others)


def _of_shorter(shared: Floats, one: str, others: Sequence[str]) -> Floats:
    return np.asarray(shared / np.maximum(np.minimum(lengths(others), len(one)), 1), dtype=float)


def partial(one: str, others: Sequence[str], short: Held, instead: Floats) -> Floats:
    """Return how like the best part of the longer one the shorter one is; ``instead`` where not ``short``."""
    found = instead.copy()
    found[short] = (
        compared(fuzz.partial_ratio, one, [others[n] for n in np.flatnonzero(short).tolist()]) / 100
    )
    return found


@dataclass(frozen=True, slots=True)
class Strings:
    """One text beside each of many, character by character, in shares of the longer one.

    ``in_order``: characters of one that the other has in the same order; ``part``: the same, in shares of
    the shorter one.
    """

    ratio: Floats
    edits: Floats
    winkler: Floats
    in_order: Floats
    part: Floats
    prefix: Floats
    postfix: Floats

    @staticmethod
    def of(one: str, others: Sequence[str]) -> "Strings":
        """Compare one with the others."""
        longer = np.maximum(lengths(others), max(len(one), 1))
        shared = compared(LCSseq.similarity, one, others)
        return Strings(
            ratio=ratio(one, others),
            edits=edits(one, others),
            winkler=compared(JaroWinkler.similarity, one, others),
            in_order=shared / longer,
            part=_of_shorter(shared, one, others),
            prefix=compared(Prefix.similarity, one, others) / longer,
            postfix=compared(Postfix.similarity, one, others) / longer,
        )


@dataclass(frozen=True, slots=True)
class Sets:
    """Which of all ``terms`` one text and each of many hold: ``asked[term]``, ``stored[text, term]``."""

    terms: list[Any]
    asked: Held
    stored: Held
    sequences: list[str]

    @staticmethod
    def of(asked: Sequence[Hashable], stored: Sequence[Sequence[Hashable]]) -> "Sets":
        """Number the terms; ``sequences`` are the texts again, the asked one first, a character a term."""
        numbers: dict[Hashable, int] = {}
        flat = [numbers.setdefault(term, len(numbers)) for one in (asked, *stored) for term in one]
        counts = np.array([len(asked), *map(len, stored)], dtype=np.int64)
        at = np.array(flat, dtype=np.int64)
        held = np.zeros((len(counts), len(numbers)), dtype=bool)
        held[np.repeat(np.arange(len(counts)), counts), at] = True
        whole = (at + _FIRST).astype("<u4").tobytes().decode("utf-32-le")
        ends = np.cumsum(counts).tolist()
        cut = [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        return Sets(list(numbers), held[0], held[1:], cut)

    def order(self) -> Floats:
        """Return which share of the shorter one's terms the longer one has, in the same order."""
        return in_order(self.sequences[0], self.sequences[1:])


_FIRST = 0x10000
"""Terms are written as characters from here on: there are a million of them, and none is special."""


def characters_of(asked: str, stored: Sequence[str]) -> Sets:
    """Return which letters, digits and Chinese characters the texts hold."""
    texts = (asked, *stored)
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    codes, at = np.unique(np.frombuffer(joined, dtype="<u4"), return_inverse=True)
    held = np.zeros((len(texts), len(codes)), dtype=bool)
    held[np.repeat(np.arange(len(texts)), lengths(texts).astype(np.int64)), at] = True
    terms = [chr(code) for code in codes.tolist()]
    kept = np.fromiter((term.isalnum() for term in terms), dtype=bool, count=len(terms))
    held = held[:, kept]
    return Sets(
        [term for term, is_kept in zip(terms, kept.tolist(), strict=True) if is_kept], held[0], held[1:], []
    )


def shared_characters(words: Sets) -> tuple[Floats, Floats]:
    """Of the words that only one of two texts has: the characters both sides have, and those of the lesser side."""
    numbers: dict[str, int] = {}
    spelt = [[numbers.setdefault(one, len(numbers)) for one in dict.fromkeys(term)] for term in words.terms]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in spelt])]).astype(np.int64)
    letters = np.array([number for one in spelt for number in one], dtype=np.int64)
    every = np.bincount(
        letters[np.repeat(words.asked, np.diff(starts))] if len(letters) else letters, minlength=len(numbers)
    )
    both = _spelt(words.stored & words.asked, starts, letters, len(numbers))
    theirs = _spelt(words.stored & ~words.asked, starts, letters, len(numbers)) > 0
    mine = every - both > 0
    lesser = np.minimum(mine.sum(axis=1), theirs.sum(axis=1))
    return (mine & theirs).sum(axis=1).astype(float), lesser.astype(float)


def _spelt(held: Held, starts: Ints, letters: Ints, count: int) -> Ints:
    """Return for every text in how many of the words it holds each character stands."""
    texts, terms = np.nonzero(held)
    sizes = starts[terms + 1] - starts[terms]
    first = np.repeat(
        starts[terms] - np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(terms) else sizes, sizes
    )
    found = letters[first + np.arange(len(first))]
    keys = np.repeat(texts, sizes) * count + found
    return np.bincount(keys, minlength=len(held) * count).reshape(len(held), count)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The different pairs of neighbouring characters of many texts: whose they are, and which."""

    owners: Ints
    codes: Ints
    counts: Floats

    @staticmethod
    def of(texts: Sequence[str]) -> "Neighbours":
        """Gather the pairs."""
        count = len(texts)
        joined = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(
            np.int64
        )
        owner = np.repeat(np.arange(count), lengths(texts).astype(np.int64))
        inside = owner[:-1] == owner[1:]
        keys = np.unique((owner[:-1] << 42 | joined[:-1] << 21 | joined[1:])[inside])
        owners = keys >> 42
        return Neighbours(owners, keys & _PAIR, np.bincount(owners, minlength=count).astype(float))

    def shared(self, one: "Neighbours") -> Floats:
        """Return how many pairs each text has in common with the only text of ``one``."""
        hit = np.isin(self.codes, one.codes)
        return np.bincount(self.owners[hit], minlength=len(self.counts)).astype(float)


_PAIR = (1 << 42) - 1
