"""How likely does each character belong to a name, to an address? All hints weighed together.

A linear-chain conditional random field (Lafferty, McCallum, Pereira 2001) over the features of `features`. Its
weights were fitted once; they hold no words. Marginals by forward-backward, many short pieces at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from app.redaction.features import HELD, SHAPES, TAGS, WEIGHED_RULES, WORD_CLASSES, Codes

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
    "often": 9, "often-1": 9, "often+1": 9, "listed-often": 15, "held": 5 * len(HELD) + 2,
    "mark-before": 15, "mark-behind": 15, "sound": 26, "tag-2": len(TAGS) + 2, "tag+2": len(TAGS) + 2,
    **{f"rule{code}": 5 for code in WEIGHED_RULES},
}  # fmt: skip
"""How many values each feature has."""

Template = tuple[tuple[str, int], ...]


def _single(name: str, *offsets: int) -> list[Template]:
    return [((name, offset),) for offset in offsets]


# fmt: off
TEMPLATES: tuple[Template, ...] = tuple(sorted((
    (("before", 0), ("behind", 0)), (("before", 0), ("behind", 0), ("surname", 0)), *_single("again", 0),
    *_single("listed-name", 0), *_single("listed-proper", -1, 0, 1),
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
    *(template for code in WEIGHED_RULES for template in _single(f"rule{code}", -1, 0, 1)),
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
    *_single("often", -1, 0, 1), *_single("often-1", 0), *_single("often+1", 0), (("often", 0), ("tag", 0)),
    (("often", 0), ("surname", 0), ("where", 0)), (("often", 0), ("last", 0), ("where", 0)),
    (("often-1", 0), ("tag-1", 0)), (("often+1", 0), ("tag+1", 0)), (("often-1", 0), ("often", 0), ("often+1", 0)),
    *_single("listed-often", -1, 0, 1), (("listed-often", 0), ("surname", 0)), (("listed-often", 0), ("last", 0)),
    (("listed-often", 0), ("listed-name", 0)),
    *_single("held", 0), (("held", 0), ("surname", 0)), (("held", 0), ("latin", 0)), (("held", 0), ("where", 0)),
    (("mark-before", 0), ("before", 0)), (("mark-behind", 0), ("behind", 0)),
    (("mark-before", 0), ("before", 0), ("behind", 0), ("mark-behind", 0)),
    (("mark-before", 0), ("before", 0), ("surname", 0)),
    *_single("sound", 0), (("sound", 0), ("latin", 0)), (("sound", 0), ("before", 0)),
    *_single("tag-2", 0), *_single("tag+2", 0),
    (("tag-1", 0), ("tag", 0), ("tag+1", 0)),
), key=len))
# fmt: on
"""Which features are read together, each at an offset from the character."""


@cache
def _layout() -> tuple[list[str], list[tuple[int, Codes, Codes, Codes]], Codes]:
    """The features in order; for each place in a template the first template that has it, with the row of the
    feature, the offset and the factor per template; and where each template's rows begin in the table."""
    names = list(SIZES)
    parts = []
    for place in range(max(map(len, TEMPLATES))):
        first = next(number for number, template in enumerate(TEMPLATES) if len(template) > place)
        chosen = [(template, template[place]) for template in TEMPLATES[first:]]
        rows = [names.index(name) for _, (name, _) in chosen]
        offsets = [offset for _, (_, offset) in chosen]
        factors = [_size(template[place + 1 :]) for template, _ in chosen]
        down = [np.array(row, np.int32)[:, None] for row in (rows, offsets, factors)]
        parts.append((first, down[0], down[1], down[2]))
    sizes = [_size(template) for template in TEMPLATES]
    begins = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    return names, parts, begins


def codes(told: Mapping[str, Codes]) -> Iterator[tuple[int, int, Codes]]:
    """From, to, and for each template (down) and character (across) the row of the table; some at a time."""
    names, parts, begins = _layout()
    size = len(told["shape"])
    wide = np.zeros((len(names), size + 2 * REACH), np.int32)  # 0 beyond the text
    for row, name in enumerate(names):
        wide[row, REACH : REACH + size] = told[name]
    flat, width = wide.ravel(), wide.shape[1]
    for start in range(0, size, AT_ONCE):
        end = min(size, start + AT_ONCE)
        places = np.arange(REACH + start, REACH + end, dtype=np.int32)
        rows = np.repeat(begins[:-1, None], end - start, axis=1)
        for first, feature, offset, factor in parts:
            rows[first:] += flat.take(feature * width + offset + places) * factor
        yield start, end, rows


REACH = 3
"""The farthest character a template looks at."""
AT_ONCE = 256
"""Characters computed together: what is needed for them stays in the processor's cache."""

Weights = NDArray[np.float32]


@cache
def weights() -> tuple[Weights, Weights]:
    """One row of weights per value of each template, and the transitions; read once from `weights.csv`
    (thousandths)."""
    begins = _layout()[2]
    table = np.zeros((begins[-1], len(LABELS)), np.float32)
    transitions = np.zeros((len(LABELS), len(LABELS)), np.float32)
    source = weights_source().replace("t,", f"{TRANSITION},").replace("\n", ",").rstrip(",")
    rows = np.array(source.split(","), np.int32).reshape(-1, 2 + len(LABELS))
    is_change = rows[:, 0] == TRANSITION
    transitions[rows[is_change, 1]] = rows[is_change, 2:] / 1000
    emitted = rows[~is_change]
    table[begins[emitted[:, 0]] + emitted[:, 1]] = emitted[:, 2:] / 1000
    return table, transitions


TRANSITION = -1
"""Stands for the t of a row of transitions."""


def weights_source() -> str:
    """The weights as they are shipped: template (t: transitions), row, one weight per label."""
    return (files(__package__) / "weights.csv").read_text("ascii")


def _size(template: Template) -> int:
    return int(np.prod([SIZES[name] for name, _ in template], dtype=np.int64))


def probabilities(told: Mapping[str, Codes]) -> tuple[Weights, Weights]:
    """For each character how likely it belongs to a name, and how likely to an address (0 to 1)."""
    table, transitions = weights()
    emissions = np.empty((len(told["shape"]), len(LABELS)), np.float32)
    for start, end, rows in codes(told):
        emissions[start:end] = table.take(rows, axis=0).sum(axis=0)
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


SURELY = 4.5
"""So much more "outside" weighs than anything else (as a logarithm) that no neighbour can change it: measured, no
share moves by 0.0001."""
LONGEST_PIECE = 120
MOST_TOGETHER = 20_000
"""Characters computed together: bounds the memory."""


def _batches(pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[Codes, Codes]]:
    """Starts and lengths of the pieces, the longest first; of so many that together they fit."""
    ordered = np.array(sorted(pieces, key=lambda piece: piece[0] - piece[1]), np.int32).reshape(-1, 2)
    starts, lengths = ordered[:, 0], ordered[:, 1] - ordered[:, 0]
    at = 0
    while at < len(starts):
        end = at + max(1, MOST_TOGETHER // int(lengths[at]))
        yield starts[at:end], lengths[at:end]
        at = end


def _forward_backward(
    emissions: Weights, transitions: Weights, starts: Codes, lengths: Codes, marginals: Weights
) -> None:
    """Write the marginals of the pieces, the longest first. Before and behind each stands a character that is
    outside, or nothing."""
    longest = int(lengths[0])
    places = np.minimum(starts[:, None] + np.arange(longest), len(emissions) - 1)
    scores = emissions[places].astype(np.float64)
    scores = np.exp(scores - scores.max(axis=2, keepdims=True)).transpose(1, 0, 2).copy()
    change = np.exp((transitions - transitions.max()).astype(np.float64))
    onward = [int(number) for number in np.searchsorted(-lengths, -np.arange(longest), side="left")]
    forward, backward = np.ones_like(scores), np.ones_like(scores)
    forward[0] = np.where(starts[:, None] == 0, 1, change[0]) * scores[0]
    for at in range(1, longest):
        going = onward[at]  # so many pieces are longer than this
        state = (forward[at - 1, :going] @ change) * scores[at, :going]
        forward[at, :going] = state / state.sum(axis=1, keepdims=True) if at % STEPS == 0 else state
    last = np.where((starts + lengths)[:, None] == len(emissions), 1, change[:, 0])
    backward[lengths - 1, np.arange(len(starts))] = last
    for at in range(longest - 2, -1, -1):
        going = onward[at + 1]
        state = (scores[at + 1, :going] * backward[at + 1, :going]) @ change.T
        backward[at, :going] = state / state.sum(axis=1, keepdims=True) if at % STEPS == 0 else state
    told = forward / forward.sum(axis=2, keepdims=True) * (backward / backward.sum(axis=2, keepdims=True))
    told /= told.sum(axis=2, keepdims=True)
    is_in = np.arange(longest)[:, None] < lengths
    marginals[places.T[is_in]] = told[is_in]


STEPS = 8
"""After so many the sums are made one again, before they become too small to be told from nothing."""
