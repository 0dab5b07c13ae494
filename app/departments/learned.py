"""Which category (or department) does a text belong to, how sure is that, and which words speak for it?

A linear model as sorted numbers: `app/departments/training.py` makes it, here it is only multiplied, so that
the web process needs no scikit-learn (114 MB). One of 20,000 terms and 7 categories is 0.5 MB.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from app.base.errors import Invalid
from app.departments.terms import KIND_WEIGHTS, OPENING, Terms, key_of, terms_of, words_of

Floats = NDArray[np.float32]
# Raised when terms or their weighing change: a model of older rules is not used any more.
RULES_VERSION = 1
SHOWN_WORDS = 4
_ARRAYS = ("keys", "idf", "scale", "weights", "bias", "labels", "calibration", "version")


@dataclass(frozen=True)
class Judgement:
    """What the model says of one text. ``confidence`` is the share of such judgements that were right in
    cross-validation (0 to 1); ``margin`` how far the first label is ahead of the second."""

    label: str
    second: str
    margin: float
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class TextModel:
    """A linear model over terms. ``weights`` has a row a term and a column a label.

    ``slope`` and ``intercept`` turn a margin into a confidence (a logistic curve).
    """

    keys: NDArray[np.uint32]
    idf: Floats
    scale: Floats
    weights: NDArray[np.float16]
    bias: Floats
    labels: tuple[str, ...]
    slope: float
    intercept: float

    def judge(self, text: str) -> Judgement:
        """The likeliest label of ``text`` and the words that speak for it."""
        places, values = vector(terms_of(text), self.keys, self.idf, self.scale)
        scores = values @ self.weights[places].astype(np.float32) + self.bias
        order = np.argsort(-scores, kind="stable")
        first, second = int(order[0]), int(order[1])
        margin = float(scores[first] - scores[second])
        speaking = dict(
            zip(self.keys[places].tolist(), self._ahead(places, values, first, second), strict=True)
        )
        return Judgement(
            label=self.labels[first],
            second=self.labels[second],
            margin=margin,
            confidence=confidence_of(margin, self.slope, self.intercept),
            words=_speaking_words(text, speaking),
        )

    def _ahead(self, places: NDArray[np.intp], values: Floats, first: int, second: int) -> list[float]:
        """What each term gives the first label more than the second."""
        weights = self.weights[places].astype(np.float32)
        ahead: list[float] = (values * (weights[:, first] - weights[:, second])).tolist()
        return ahead

    def to_bytes(self) -> bytes:
        """The model as a file of arrays (NumPy's npz, nothing in it can be executed)."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            keys=self.keys,
            idf=self.idf.astype(np.float16),
            scale=self.scale.astype(np.float16),
            weights=self.weights,
            bias=self.bias,
            labels=np.array(self.labels, dtype=np.str_),
            calibration=np.array([self.slope, self.intercept]),
            version=np.array(RULES_VERSION),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "TextModel":
        """The model that `to_bytes` wrote. Raises `Invalid` for anything else or for older rules."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as found:
                kept = {name: found[name] for name in _ARRAYS}
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise Invalid("学到的分类模型读不出来，请重新学习") from error
        if int(kept["version"]) != RULES_VERSION:
            raise Invalid("学到的分类模型是旧版本的，请重新学习")
        return cls(
            keys=kept["keys"],
            idf=kept["idf"].astype(np.float32),
            scale=kept["scale"].astype(np.float32),
            weights=kept["weights"],
            bias=kept["bias"],
            labels=tuple(str(label) for label in kept["labels"]),
            slope=float(kept["calibration"][0]),
            intercept=float(kept["calibration"][1]),
        )


def confidence_of(margin: float, slope: float, intercept: float) -> float:
    """The share of judgements with this margin that were right in cross-validation."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, slope * margin + intercept))))


def vector(
    kinds: Sequence[Terms], keys: NDArray[np.uint32], idf: Floats, scale: Floats
) -> tuple[NDArray[np.intp], Floats]:
    """The known terms of a text: their rows in the model and their values.

    tf-idf with logarithmic tf; each kind of length one, then weighed (`KIND_WEIGHTS`) and scaled by how
    differently the term is spread over the labels; the whole of length one.
    """
    rows, values = [], []
    for terms, weight in zip(kinds, KIND_WEIGHTS, strict=True):
        row = np.searchsorted(keys, terms.keys)
        row[row == len(keys)] = 0
        known = keys[row] == terms.keys if len(keys) else np.zeros(len(row), dtype=bool)
        row, tf = row[known], 1 + np.log(terms.counts[known])
        rows.append(row)
        values.append(weight * _of_length_one(tf * idf[row]))
    row, value = np.concatenate(rows), np.concatenate(values)
    return row, _of_length_one(value * scale[row]).astype(np.float32)


def _of_length_one(values: NDArray[Any]) -> NDArray[Any]:
    length = float(np.sqrt(np.sum(values * values)))
    return values / length if length else values


def _speaking_words(text: str, speaking: dict[int, float]) -> tuple[str, ...]:
    """The words of ``text`` that speak most for the label, with what the characters inside them say."""
    said: dict[str, float] = {}
    at = 0
    for word in words_of(text):
        opens = at + len(word) <= OPENING
        at += len(word)
        if word in said or len(word) < 2 or word.isdigit():
            continue
        runs = {word[a:b] for a in range(len(word)) for b in range(a + 1, min(a + 3, len(word)) + 1)}
        points = speaking.get(key_of("w", word), 0.0) + sum(
            speaking.get(key_of("c", run), 0.0) for run in runs
        )
        if opens:
            points += sum(speaking.get(key_of("o", run), 0.0) for run in runs)
        said[word] = points
    best = sorted((word for word in said if said[word] > 0), key=lambda word: (-said[word], word))
    return tuple(best[:SHOWN_WORDS])
