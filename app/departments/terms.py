"""Which terms of a message can speak for a category? Words, runs of characters, and its opening, as numbers.

A term is kept as a number (CRC-32 of its kind and its characters), never as a word: a model learned from
citizens' letters then holds no name and no telephone in any readable form, and its dictionary is one sorted
array. Two terms out of 100,000 share a number about once; the weights bear that.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.redaction.words import cut
from kb.analysis import fold

# What is beyond it adds nothing to the category and much to the time.
LONGEST_TEXT = 4_000
# The opening is the title, or the sentence that stands for one: it counts a second time.
OPENING = 30
LONGEST_RUN = 3
_NOT_WRITTEN = re.compile(r"\s+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one kind in one text: their ``keys`` sorted, each once, and how often each occurs."""

    keys: NDArray[np.uint32]
    counts: NDArray[np.float32]


# Kinds of terms and how much each counts beside the others (chosen by cross-validation, see `training`).
KINDS = ("words", "characters", "opening")
KIND_WEIGHTS = (1.0, 1.0, 0.85)


def terms_of(text: str) -> tuple[Terms, ...]:
    """The terms of ``text``, one `Terms` for each of `KINDS`."""
    plain = _plain(text)
    tight = _NOT_WRITTEN.sub("", plain)
    return (
        _counted("w", words_of(text)),
        _counted("c", _runs(tight)),
        _counted("o", _runs(tight[:OPENING])),
    )


def words_of(text: str) -> list[str]:
    """The words of ``text`` in order: folded, numbers as 0, no blanks."""
    return [word for word in cut(_plain(text)) if word.strip()]


def key_of(kind: str, term: str) -> int:
    """The number that stands for a term of a kind (``w`` word, ``c`` characters, ``o`` opening)."""
    return crc32((kind + term).encode("utf-8", "surrogatepass"))


def _plain(text: str) -> str:
    return _NUMBER.sub("0", fold(text[:LONGEST_TEXT]))


def _runs(tight: str) -> Iterator[str]:
    for length in range(1, LONGEST_RUN + 1):
        for at in range(len(tight) - length + 1):
            yield tight[at : at + length]


def _counted(kind: str, found: Iterator[str] | Sequence[str]) -> Terms:
    counted = Counter(found)
    keys = np.fromiter((key_of(kind, term) for term in counted), dtype=np.uint32, count=len(counted))
    counts = np.fromiter(counted.values(), dtype=np.float32, count=len(counted))
    order = np.argsort(keys, kind="stable")
    return Terms(keys[order], counts[order])
