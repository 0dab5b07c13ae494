"""How is the model of categories learned from labelled texts, and how good is it on texts it has not seen?

Cross-validated by group, so that a repost never helps to judge its twin. Tried on 2,609 labelled letters and
kept: the opening counted as terms of its own (macro-F1 +1 point), terms weighed by how differently they are
spread over the labels, the 20,000 that say most. Tried and dropped, since they did not help: word pairs,
runs of four characters, weights that fall with the place in the text, complement naive Bayes, logistic
regression, both together with the support vectors.

scikit-learn is imported when a model is made and only there: the process that serves never loads it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.base.errors import Invalid
from app.departments.learned import Floats, TextModel, vector
from app.departments.terms import Terms, terms_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOLDS = 5
LEAST_PRECISION = 0.95
# A label of fewer examples cannot be learned; it stays with the responsibility table.
LEAST_OF_A_LABEL = FOLDS
LEAST_EXAMPLES = 60
MOST_TERMS = 20_000
_LEAST_TEXTS = 2
_SEED = 7


@dataclass(frozen=True)
class Figures:
    """How good the model was in cross-validation. ``threshold`` is the margin from which on 95 % were right
    (infinite if none), ``auto_share`` the share of texts above it, ``auto_precision`` how many of these
    were right."""

    examples: int
    labels: int
    macro_f1: float
    accuracy: float
    threshold: float
    auto_share: float
    auto_precision: float


@dataclass(frozen=True)
class Scored:
    """For each text: the true label, the first and the second one judged (as numbers), and the margin."""

    true: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    margin: NDArray[np.float64]


def learn(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str | None]
) -> tuple[TextModel, Figures]:
    """A model of all texts and its figures by cross-validation. ``groups``: texts that belong together.

    Labels of fewer than `LEAST_OF_A_LABEL` texts are left out. Raises `Invalid` where too little is left.
    """
    kept, names, true = _learnable(labels)
    kinds = [terms_of(texts[at]) for at in kept]
    together = _numbered([groups[at] for at in kept])
    scored = _cross_validated(kinds, true, together, len(names))
    threshold = threshold_for(scored, LEAST_PRECISION)
    slope, intercept = _calibration(scored)
    model = _fit(kinds, true, names, slope, intercept)
    above = scored.margin >= threshold
    right = scored.first == scored.true
    return model, Figures(
        examples=len(kept),
        labels=len(names),
        macro_f1=macro_f1(scored.true, scored.first, len(names)),
        accuracy=float(right.mean()),
        threshold=threshold,
        auto_share=float(above.mean()),
        auto_precision=float(right[above].mean()) if above.any() else 0.0,
    )


def is_enough(labels: Sequence[str]) -> bool:
    """Whether `learn` has enough examples with these labels."""
    counted = [count for label, count in Counter(labels).items() if label and count >= LEAST_OF_A_LABEL]
    return len(counted) >= 2 and sum(counted) >= LEAST_EXAMPLES


def macro_f1(true: NDArray[np.intp], judged: NDArray[np.intp], labels: int) -> float:
    """The mean over labels of F1; a label nobody has and nobody was judged to have counts as nothing."""
    of_labels = []
    for label in range(labels):
        both = int(((true == label) & (judged == label)).sum())
        either = int((true == label).sum() + (judged == label).sum())
        if either:
            of_labels.append(2 * both / either)
    return float(np.mean(of_labels)) if of_labels else 0.0


def threshold_for(scored: Scored, least_precision: float) -> float:
    """The smallest margin from which on ``least_precision`` of the judgements were right; else infinite.

    Safe by one standard error, and counted as if one more had been wrong: neither luck nor a few at the
    top open the gate.
    """
    order = np.argsort(-scored.margin, kind="stable")
    right = np.cumsum((scored.first == scored.true)[order])
    judged = np.arange(2, len(order) + 2)
    precision = right / judged
    doubt = np.sqrt(precision * (1 - precision) / judged)
    enough = np.flatnonzero(precision - doubt >= least_precision)
    return float(scored.margin[order[enough[-1]]]) if len(enough) else float("inf")


def _learnable(labels: Sequence[str]) -> tuple[list[int], tuple[str, ...], NDArray[np.intp]]:
    """Which texts have a label that can be learned, the labels, and the label of each as a number."""
    counted = Counter(labels)
    names = tuple(sorted(label for label, count in counted.items() if label and count >= LEAST_OF_A_LABEL))
    kept = [at for at, label in enumerate(labels) if label in set(names)]
    if not is_enough(labels):
        raise Invalid(
            f"能学的例子太少：要有至少两个类别各 {LEAST_OF_A_LABEL} 件、一共 {LEAST_EXAMPLES} 件，"
            f"现在有 {len(names)} 个类别、{len(kept)} 件"
        )
    number = {label: at for at, label in enumerate(names)}
    return kept, names, np.array([number[labels[at]] for at in kept], dtype=np.intp)


def _numbered(groups: Sequence[str | None]) -> NDArray[np.intp]:
    numbers: dict[str, int] = {}
    named = (group or f"\0{at}" for at, group in enumerate(groups))
    return np.array([numbers.setdefault(group, len(numbers)) for group in named], dtype=np.intp)


def _cross_validated(
    kinds: Sequence[tuple[Terms, ...]], true: NDArray[np.intp], groups: NDArray[np.intp], labels: int
) -> Scored:
    from sklearn.model_selection import StratifiedGroupKFold

    first, second = np.zeros_like(true), np.zeros_like(true)
    margin = np.zeros(len(true))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED)
    for learned_from, judged in folds.split(true, true, groups):
        names = tuple(str(label) for label in range(labels))
        model = _fit([kinds[at] for at in learned_from], true[learned_from], names, 1.0, 0.0)
        for at in judged:
            rows, values = vector(kinds[at], model.keys, model.idf, model.scale)
            scores = values @ model.weights[rows].astype(np.float32) + model.bias
            order = np.argsort(-scores, kind="stable")
            first[at], second[at] = order[0], order[1]
            margin[at] = scores[order[0]] - scores[order[1]]
    return Scored(true, first, second, margin)


def _fit(
    kinds: Sequence[tuple[Terms, ...]],
    true: NDArray[np.intp],
    names: tuple[str, ...],
    slope: float,
    intercept: float,
) -> TextModel:
    """One model of all these texts: choose the terms, weigh them, fit a linear support vector machine."""
    from sklearn.svm import LinearSVC

    keys, idf = common_terms(kinds)
    plain = matrix(kinds, keys, idf, np.ones(len(keys), dtype=np.float32))
    chosen = _telling(plain, true, len(names))
    keys, idf = keys[chosen], idf[chosen]
    scale = _spread(plain[:, chosen], true, len(names))
    machine = LinearSVC(C=1.0, class_weight="balanced", random_state=_SEED)
    machine.fit(matrix(kinds, keys, idf, scale), true)
    weights, bias = machine.coef_, machine.intercept_
    if len(names) == 2:  # one column stands for both labels there
        weights, bias = np.vstack([-weights, weights]), np.array([-bias[0], bias[0]])
    return TextModel(
        keys=keys,
        idf=idf,
        scale=scale,
        weights=weights.T.astype(np.float16),
        bias=bias.astype(np.float32),
        labels=names,
        slope=slope,
        intercept=intercept,
    )


def common_terms(kinds: Sequence[tuple[Terms, ...]]) -> tuple[NDArray[np.uint32], Floats]:
    """The terms that occur in at least two texts, sorted, and their inverse document frequency."""
    everything = np.concatenate([terms.keys for text in kinds for terms in text])
    keys, texts = np.unique(everything, return_counts=True)
    common = texts >= _LEAST_TEXTS
    idf = np.log((1 + len(kinds)) / (1 + texts[common])) + 1
    return keys[common], idf.astype(np.float32)


def matrix(
    kinds: Sequence[tuple[Terms, ...]], keys: NDArray[np.uint32], idf: Floats, scale: Floats
) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    made = [vector(text, keys, idf, scale) for text in kinds]
    ends = np.cumsum([0, *(len(rows) for rows, _ in made)])
    columns, values = (np.concatenate([part[at] for part in made]) for at in (0, 1))
    return csr_matrix((values, columns, ends), shape=(len(made), len(keys)))


def _telling(plain: "csr_matrix", true: NDArray[np.intp], labels: int) -> NDArray[np.intp]:
    """The terms that tell the labels apart best, by chi-squared, in order of their keys."""
    from sklearn.feature_selection import chi2

    points, _ = chi2(plain, true)
    return np.sort(np.argsort(-points, kind="stable")[:MOST_TERMS])


def _spread(plain: "csr_matrix", true: NDArray[np.intp], labels: int) -> Floats:
    """How differently each term is spread: the root of the largest |log ratio| of a label to the others."""
    present = plain.copy()
    present.data = np.ones_like(present.data)
    largest = np.zeros(plain.shape[1])
    for label in range(labels):
        inside = true == label
        here = (np.asarray(present[inside].sum(0)).ravel() + 0.5) / (inside.sum() + 1)
        there = (np.asarray(present[~inside].sum(0)).ravel() + 0.5) / ((~inside).sum() + 1)
        largest = np.maximum(largest, np.abs(np.log(here / there)))
    return np.sqrt(largest).astype(np.float32)


def _calibration(scored: Scored) -> tuple[float, float]:
    """Slope and intercept of the logistic curve from margin to the share that was right (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    right = scored.first == scored.true
    if right.all() or not right.any():  # nothing to fit: all of them, or none, with a doubt of one
        share = (right.sum() + 1) / (len(right) + 2)
        return 0.0, log(share / (1 - share))
    curve = LogisticRegression(C=1e3).fit(scored.margin.reshape(-1, 1), right)
    return float(curve.coef_[0][0]), float(curve.intercept_[0])
