"""What does a learned sum say? Small decision trees and a weighted sum over rows of features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.postings import Floats


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of one depth: ``features`` and ``thresholds`` of their inner nodes, level by level, ``leaves``.

    A row goes left where its feature is at most the threshold. A tree that ends early repeats its leaf.
    """

    features: NDArray[np.int32]
    thresholds: Floats
    leaves: Floats

    @staticmethod
    def of(told: Mapping[str, Any]) -> "Forest":
        """Read a forest as it is kept. Raises `KeyError` and `ValueError` for anything else."""
        return Forest(
            np.array(told["features"], dtype=np.int32),
            np.array(told["thresholds"], dtype=float),
            np.array(told["leaves"], dtype=float),
        )

    def sum(self, rows: Floats) -> Floats:
        """Return for every row the sum of the leaves it comes to."""
        trees, ends = self.leaves.shape if len(self.leaves) else (0, 1)
        inner, (count, width) = ends - 1, rows.shape
        flat, features, thresholds = rows.ravel(), self.features.ravel(), self.thresholds.ravel()
        first = (np.arange(trees, dtype=np.int32) * inner)[:, None]
        begin = (np.arange(count, dtype=np.int32) * width)[None, :]
        node = np.zeros((trees, count), dtype=np.int32)
        for _ in range(inner.bit_length()):
            place = first + node
            node = 2 * node + 1 + (flat.take(begin + features.take(place)) > thresholds.take(place))
        leaves = self.leaves.ravel().take(node - inner + (np.arange(trees, dtype=np.int32) * ends)[:, None])
        return np.asarray(leaves.sum(axis=0), dtype=float)


@dataclass(frozen=True, slots=True)
class Judge:
    """Trees besides weighted sums: one sum for short questions, one for long ones, each with its constant."""

    forest: Forest
    short: Floats
    long: Floats
    constants: tuple[float, float] = (0.0, 0.0)

    @staticmethod
    def of(told: Mapping[str, Any], names: Sequence[str]) -> "Judge":
        """Read a judge of the features with these names. Raises `ValueError` if it was learned for others."""
        if list(told["names"]) != list(names):
            raise ValueError("the weights were learned for other features")
        return Judge(
            Forest.of(told["forest"]),
            np.array(told["short"], dtype=float),
            np.array(told["long"], dtype=float),
            (float(told["constants"][0]), float(told["constants"][1])),
        )

    def score(self, rows: Floats, *, long: bool) -> Floats:
        """Return how much speaks for every row; ``long``: the question is a letter, not a line."""
        return self.forest.sum(rows) + rows @ (self.long if long else self.short) + self.constants[long]
