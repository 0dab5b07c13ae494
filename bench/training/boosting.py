"""How are a weighted sum and small trees learned? Newton steps on the likelihood of the right candidate.

Everything is seeded: the same rows give the same numbers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower

from kb.postings import Floats, Ints

Table = NDArray[np.floating[Any]]
"""Rows of features."""

Slopes = Callable[[Floats], tuple[float, Floats, Floats]]
"""Scores of all rows → the loss, its slope and its curvature at each row."""

DEPTH = 4
LEAVES = 1 << DEPTH
_BINS = 65
_SEED = 1


def choice(right: NDArray[np.bool_], starts: Ints) -> Slopes:
    """The loss of choosing among the candidates of each question; questions without a right one do not count."""
    begin, sizes = starts[:-1], np.diff(starts)
    owner = np.repeat(np.arange(len(begin)), sizes)
    held = np.add.reduceat(right.astype(float), begin)
    counts = (held > 0)[owner]
    target = right / np.maximum(held, 1)[owner]

    def slopes(scores: Floats) -> tuple[float, Floats, Floats]:
        powers = np.exp(scores - np.maximum.reduceat(scores, begin)[owner])
        chance = powers / np.add.reduceat(powers, begin)[owner]
        loss = -float(np.log(np.maximum(chance[right], 1e-12)).sum())
        curved = np.where(counts, np.maximum(chance * (1 - chance), 1e-6), 0.0)
        return loss, np.where(counts, chance - target, 0.0), curved

    return slopes


def odds(right: NDArray[np.bool_], weights: Floats) -> Slopes:
    """The loss of saying for each row alone whether it is right."""

    def slopes(scores: Floats) -> tuple[float, Floats, Floats]:
        chance = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        told = np.where(right, chance, 1 - chance)
        loss = -float((weights * np.log(np.maximum(told, 1e-12))).sum())
        return loss, weights * (chance - right), weights * np.maximum(chance * (1 - chance), 1e-6)

    return slopes


def weighted_sum(features: Table, slopes: Slopes, *, caution: float, constant: bool) -> tuple[Floats, float]:
    """Return weights of the features and a constant (0 without one). ``caution``: ridge on scaled features."""
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = np.asarray((features - middle) / spread, dtype=float)

    def loss(told: Floats) -> tuple[float, Floats]:
        value, slope, _ = slopes(scaled @ told[:-1] + told[-1] * constant)
        gradient = np.append(slope @ scaled + 2 * caution * told[:-1], slope.sum() * constant)
        return value + caution * float(told[:-1] @ told[:-1]), gradient

    begin = np.zeros(features.shape[1] + 1)
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 120}).x
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ middle) if constant else 0.0


def trees(features: Table, slopes: Slopes, begin: Floats, owners: Ints, **how: Any) -> list[dict[str, Any]]:
    """Return trees that go on from ``begin``. ``owners``: rows that are drawn together.

    ``how``: ``count``, ``step``, ``caution`` (ridge on leaves), ``least`` (rows in a leaf).
    """
    bins = _BinMapper(n_bins=_BINS, random_state=_SEED, n_threads=1)
    binned = np.asfortranarray(bins.fit_transform(np.ascontiguousarray(features, dtype=float)))
    chance = np.random.default_rng(_SEED)
    scores, grown = begin.astype(float).copy(), []
    for _ in range(how["count"]):
        _, slope, curved = slopes(scores)
        drawn = (chance.random(int(owners.max()) + 1) < 0.8)[owners]
        grower = TreeGrower(
            binned,
            np.where(drawn, slope, 0).astype(np.float32),
            np.where(drawn, curved, 0).astype(np.float32),
            max_leaf_nodes=LEAVES,
            max_depth=DEPTH,
            min_samples_leaf=how["least"],
            l2_regularization=how["caution"],
            n_bins=_BINS,
            n_bins_non_missing=bins.n_bins_non_missing_,
            feature_fraction_per_split=0.4,
            rng=chance,
            shrinkage=how["step"],
            n_threads=1,
        )
        grower.grow()
        tree = grower.make_predictor(bins.bin_thresholds_)
        scores += tree.predict_binned(binned, bins.missing_values_bin_idx_, 1)
        grown.append(_complete(tree.nodes))
    return grown


def _complete(nodes: NDArray[Any]) -> dict[str, Any]:
    """A tree as `kb.forest` keeps it: complete, level by level; where it ends early its leaf is repeated."""
    features, thresholds = [0] * (LEAVES - 1), [0.0] * (LEAVES - 1)
    level: Sequence[int] = [0]
    for depth in range(DEPTH):
        below: list[int] = []
        for place, number in enumerate(level, (1 << depth) - 1):
            node = nodes[number]
            if node["is_leaf"]:
                below += [number, number]
                continue
            features[place], thresholds[place] = int(node["feature_idx"]), float(node["num_threshold"])
            below += [int(node["left"]), int(node["right"])]
        level = below
    return {
        "features": features,
        "thresholds": thresholds,
        "leaves": [float(nodes[n]["value"]) for n in level],
    }


def forest_of(grown: Sequence[dict[str, Any]], scale: float = 1.0) -> dict[str, Any]:
    """Return trees as one forest of short numbers, the leaves times ``scale``."""
    return {
        "features": [tree["features"] for tree in grown],
        "thresholds": [[_short(value) for value in tree["thresholds"]] for tree in grown],
        "leaves": [[_short(value * scale) for value in tree["leaves"]] for tree in grown],
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def short(values: Floats) -> list[float]:
    """Return numbers with five digits, as they are kept."""
    return [_short(value) for value in values.tolist()]
