"""How likely does each character belong to a name, to an address? All hints weighed together.

A linear-chain conditional random field (Lafferty, McCallum, Pereira 2001) over the features of `features`. Its
weights were fitted once; they hold no words. Marginals by forward-backward, many short pieces at a time.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from app.redaction.features import NAME_RULES, SHAPES, TAGS, WORD_CLASSES, Codes

LABELS = ("O", "B", "I", "E", "A", "a")
"""Outside; a name's beginning, inside and end; an address's beginning and inside."""

SIZES: Mapping[str, int] = {
    "shape": len(SHAPES) + 1, "surname": 8, "middle": 6, "last": 6, "foreign": 6,
    "tag": 4 * (len(TAGS) + 2) + 1, "make": 9, "class": len(WORD_CLASSES) + 2,
    "class-1": len(WORD_CLASSES) + 2, "class+1": len(WORD_CLASSES) + 2,
    "class-2": len(WORD_CLASSES) + 2, "class+2": len(WORD_CLASSES) + 2,
    "tag-1": len(TAGS) + 2, "tag+1": len(TAGS) + 2, "where": 5, "before": 7, "behind": 7, "again": 5,
    "latin": 14, "listed-name": 5, "listed-foreign": 5, "listed-proper": 5, "listed-word": 5,
    "rules": 5, "place": 5, "number": 5,
    **{f"rule{code}": 5 for code in range(NAME_RULES)},
}  # fmt: skip
"""How many values each feature has."""

Template = tuple[tuple[str, int], ...]


def _single(name: str, *offsets: int) -> list[Template]:
    return [((name, offset),) for offset in offsets]


# fmt: off
TEMPLATES: tuple[Template, ...] = (
    (("before", 0), ("behind", 0)), (("before", 0), ("behind", 0), ("surname", 0)), *_single("again", -1, 0),
    *_single("listed-name", -1, 0, 1), *_single("listed-foreign", -1, 0, 1), *_single("listed-proper", -1, 0, 1),
    *_single("listed-word", -1, 0, 1), (("listed-name", 0), ("listed-word", 0), ("listed-proper", 0)),
    (("listed-name", 0), ("where", 0), ("surname", 0)), (("listed-foreign", 0), ("foreign", 0)),
    (("class-1", 0), ("class+1", 0)), (("class-2", 0), ("class-1", 0)), (("class+1", 0), ("class+2", 0)),
    *_single("latin", -1, 0, 1), (("latin", 0), ("class-1", 0)), (("latin", 0), ("class-2", 0)),
    (("latin", 0), ("class+1", 0)), (("latin", 0), ("where", 0), ("class", 0)), (("latin", 0), ("before", 0)),
    *_single("shape", -3, -2, -1, 0, 1, 2, 3),
    *_single("surname", -2, -1, 0, 1), *_single("middle", -1, 0, 1), *_single("last", -1, 0, 1, 2),
    *_single("foreign", -2, -1, 0, 1, 2),
    *_single("tag", -2, -1, 0, 1, 2), *_single("make", -1, 0, 1),
    *_single("class", 0), *_single("class-1", 0), *_single("class+1", 0),
    *_single("class-2", 0), *_single("class+2", 0), *_single("tag-1", 0), *_single("tag+1", 0),
    *(template for code in range(NAME_RULES) for template in _single(f"rule{code}", -1, 0, 1)),
    *_single("rules", -1, 0, 1), *_single("place", -2, -1, 0, 1, 2), *_single("number", -1, 0, 1),
    (("shape", -1), ("shape", 0)), (("shape", 0), ("shape", 1)),
    (("surname", 0), ("middle", 1), ("last", 2)), (("surname", -1), ("middle", 0), ("last", 1)),
    (("surname", -2), ("middle", -1), ("last", 0)),
    (("surname", 0), ("last", 1), ("shape", 2)), (("surname", -1), ("last", 0), ("shape", 1)),
    (("foreign", -1), ("foreign", 0), ("foreign", 1)), (("foreign", -2), ("foreign", -1), ("foreign", 0)),
    (("foreign", 0), ("foreign", 1), ("foreign", 2)),
    (("tag", -1), ("tag", 0)), (("tag", 0), ("tag", 1)),
    (("class-1", 0), ("tag", 0)), (("class+1", 0), ("tag", 0)), (("tag-1", 0), ("tag", 0)),
    (("tag+1", 0), ("tag", 0)),
    (("class-1", 0), ("where", 0), ("surname", 0)), (("rules", 0), ("tag", 0)),
    (("rules", 0), ("surname", 0), ("where", 0)),
    (("place", 0), ("tag", 0)), (("place", 0), ("shape", 0)), (("make", 0), ("surname", 0), ("where", 0)),
    (("make", 0), ("foreign", 0), ("where", 0)),
)
# fmt: on
"""Which features are read together, each at an offset from the character."""


def codes(told: Mapping[str, Codes]) -> list[Codes]:
    """For each template the number of the row of its table, per character."""
    size = len(told["shape"])
    shifted: dict[tuple[str, int], Codes] = {}
    rows = []
    for template in TEMPLATES:
        row = np.zeros(size, np.int32)
        for name, offset in template:
            if (name, offset) not in shifted:
                shifted[name, offset] = _shifted(told[name], offset)
            row = row * np.int32(SIZES[name]) + shifted[name, offset]
        rows.append(row)
    return rows


def _shifted(values: Codes, offset: int) -> Codes:
    moved = np.zeros_like(values)
    if abs(offset) >= len(values):
        return moved
    if offset < 0:
        moved[-offset:] = values[:offset]
    elif offset > 0:
        moved[:-offset] = values[offset:]
    else:
        return values
    return moved


Weights = NDArray[np.float32]


@cache
def _weights() -> tuple[list[Weights], Weights]:
    """One table per template, and the transitions; read once from `weights.csv` (thousandths)."""
    tables = [np.zeros((_size(template), len(LABELS)), np.float32) for template in TEMPLATES]
    transitions = np.zeros((len(LABELS), len(LABELS)), np.float32)
    for template, row, *weights in csv.reader(weights_source().splitlines()):
        table = transitions if template == "t" else tables[int(template)]
        table[int(row)] = [int(weight) / 1000 for weight in weights]
    return tables, transitions


def weights_source() -> str:
    """The weights as they are shipped: template (t: transitions), row, one weight per label."""
    return (files(__package__) / "weights.csv").read_text("ascii")


def _size(template: Template) -> int:
    return int(np.prod([SIZES[name] for name, _ in template]))


def probabilities(told: Mapping[str, Codes]) -> tuple[Weights, Weights]:
    """For each character how likely it belongs to a name, and how likely to an address (0 to 1)."""
    tables, transitions = _weights()
    size = len(told["shape"])
    emissions = np.zeros((size, len(LABELS)), np.float32)
    for table, row in zip(tables, codes(told), strict=True):
        emissions += table.take(row, axis=0)
    marginals = np.zeros_like(emissions)
    for starts, lengths in _batches(_pieces(emissions)):
        _forward_backward(emissions, transitions, starts, lengths, marginals)
    return marginals[:, 1:4].sum(axis=1), marginals[:, 4:].sum(axis=1)


def _pieces(emissions: Weights) -> list[tuple[int, int]]:
    """The text cut behind every character that is surely outside, and where no such one comes for long."""
    margins = emissions[:, 0] - emissions[:, 1:].max(axis=1)
    ends = [*(np.flatnonzero(margins > SURELY) + 1).tolist(), len(emissions)]
    pieces: list[tuple[int, int]] = []
    start = 0
    for end in ends:
        while end - start > LONGEST_PIECE:
            half = start + LONGEST_PIECE // 2
            cut = half + int(margins[half : start + LONGEST_PIECE].argmax()) + 1
            pieces.append((start, cut))
            start = cut
        if end > start:
            pieces.append((start, end))
        start = end
    return pieces


SURELY = 6.0
"""So much more "outside" weighs than anything else (as a logarithm) that no neighbour can change it."""
LONGEST_PIECE = 120
MOST_TOGETHER = 2_000
"""Pieces computed together: bounds the memory."""


def _batches(pieces: Sequence[tuple[int, int]]) -> Iterable[tuple[Codes, Codes]]:
    """Starts and lengths of pieces of similar length, many at a time."""
    ordered = sorted(pieces, key=lambda piece: piece[1] - piece[0])
    for at in range(0, len(ordered), MOST_TOGETHER):
        chosen = np.array(ordered[at : at + MOST_TOGETHER], np.int32)
        yield chosen[:, 0], chosen[:, 1] - chosen[:, 0]


def _forward_backward(
    emissions: Weights, transitions: Weights, starts: Codes, lengths: Codes, marginals: Weights
) -> None:
    """Write the marginals of the pieces. Before and behind each stands a character that is outside, or nothing."""
    longest = int(lengths.max())
    places = np.minimum(starts[:, None] + np.arange(longest), len(emissions) - 1)
    is_in = np.arange(longest) < lengths[:, None]
    scores = emissions[places]
    scores = np.exp(scores - scores.max(axis=2, keepdims=True))
    change = np.exp(transitions)
    forward = np.empty_like(scores)
    state = np.where(starts[:, None] == 0, 1, change[0]) * scores[:, 0]
    forward[:, 0] = state / state.sum(axis=1, keepdims=True)
    for at in range(1, longest):
        state = (forward[:, at - 1] @ change) * scores[:, at]
        state /= state.sum(axis=1, keepdims=True)
        forward[:, at] = np.where(is_in[:, at, None], state, forward[:, at - 1])
    backward = np.where((starts + lengths)[:, None] == len(emissions), 1, change[:, 0])
    told = forward[:, longest - 1] * backward
    told /= told.sum(axis=1, keepdims=True)
    result = np.empty_like(scores)
    result[:, longest - 1] = told
    for at in range(longest - 2, -1, -1):
        state = (scores[:, at + 1] * backward) @ change.T
        state /= state.sum(axis=1, keepdims=True)
        backward = np.where(is_in[:, at + 1, None], state, backward)
        told = forward[:, at] * backward
        result[:, at] = told / told.sum(axis=1, keepdims=True)
    marginals[places[is_in]] = result[is_in]
