"""How are the order of answers and the confidence learned, and how good are they on questions they have not seen?

Cross-validated by group: the order, and with the scores of questions it had not seen the confidence, so that the
figures are of questions that neither has seen.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from bench.training import boosting, sets
from bench.training.boosting import Table
from bench.training.sets import Flags, Rows
from kb import learned, ranking
from kb.forest import Judge
from kb.postings import Floats, Ints

FOLDS = 5
_FOREMOST = 12  # candidates of a question that trees are taught on
_ORDER_CAUTION, _SURE_CAUTION = 10.0, 3.0
_ORDER_TREES: Mapping[str, Any] = {"count": 80, "step": 0.1, "caution": 5.0, "least": 40}
_SURE_TREES: Mapping[str, Any] = {"count": 50, "step": 0.07, "caution": 10.0, "least": 40}
_JUDGED = 3  # candidates of a question on which confidence is learned; all but the first count little
_BESIDE = 0.2
_OF_A_TRAP = 0.2  # a trap says little of how often an answer is right

# What must hold where we speak of an answer: so many right, so few of what nothing answers, so few traps.
PRECISION, NOTHING, TRAPS = 0.952, 0.0075, 0.12


@dataclass(frozen=True)
class Firsts:
    """The foremost candidates of every question: features with leads; ``place`` 0 is the first."""

    features: Floats
    right: Flags
    query: Ints
    place: Ints


def learn(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the weights as they are kept, and figures by set."""
    of_family: dict[str, list[Rows]] = {family: [] for family in ranking.FIRST_KINDS}
    for asked in sets.read(folder):
        for family, rows in sets.rows_of(asked).items():
            of_family[family].append(rows)
    weights: dict[str, Any] = {}
    figures: dict[str, dict[str, Any]] = {}
    for family, taught in of_family.items():
        if taught:
            judges, told = _learn_family(family, taught)
            weights |= judges
            figures |= told
    return weights, figures


def write(file: Path, weights: Mapping[str, Any]) -> None:
    """Put weights into their file."""
    file.write_text(json.dumps(weights, separators=(",", ":")) + "\n", "utf-8")


# ------------------------------------------------------------------ one family


def _learn_family(family: str, taught: Sequence[Rows]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    folds = [_folds(rows.groups) for rows in taught]
    scores = [np.zeros(len(rows.right)) for rows in taught]
    for fold in range(FOLDS):
        judge = _order(
            [(rows, places[rows.query] != fold) for rows, places in zip(taught, folds, strict=True)]
        )
        for rows, places, said in zip(taught, folds, scores, strict=True):
            held = places[rows.query] == fold
            said[held] = _said(judge, rows.features[held], rows.letters[rows.query[held]])
    # One is the usual distance between the first and the second candidate of a question that has an answer.
    usual = float(np.median(np.concatenate([_distances(*one) for one in zip(taught, scores, strict=True)])))
    firsts = [_firsts(rows, said / usual) for rows, said in zip(taught, scores, strict=True)]
    odds = _odds_unseen(taught, firsts, folds)
    threshold = _threshold(taught, firsts, odds)
    order = _order([(rows, np.ones(len(rows.right), dtype=bool)) for rows in taught])
    sure = _sure(
        [(rows, first, np.ones(len(first.right), dtype=bool)) for rows, first in _pairs(taught, firsts)]
    )
    shift = np.log(ranking.ANSWERED / (1 - ranking.ANSWERED)) - threshold
    weights = {
        family: _kept(order, learned.NAMES[family], 1 / usual),
        f"{family}_sure": _kept(sure, learned.NAMES[f"{family}_sure"], 1.0, shift),
    }
    figures = {
        rows.name: _figures(rows, said, first, surely, threshold)
        for rows, said, first, surely in zip(taught, scores, firsts, odds, strict=True)
    }
    return weights, figures


def _pairs(taught: Sequence[Rows], firsts: Sequence[Firsts]) -> list[tuple[Rows, Firsts]]:
    return list(zip(taught, firsts, strict=True))


def _folds(groups: Sequence[str]) -> Ints:
    """The fold of every question: by a digest of its group, so that sets that share groups agree."""
    return np.array(
        [int.from_bytes(blake2b(one.encode(), digest_size=4).digest(), "big") % FOLDS for one in groups],
        dtype=np.int64,
    )


@dataclass(frozen=True)
class _Learned:
    """A sum for lines, one for letters, with their constants, and trees."""

    short: tuple[Floats, float]
    long: tuple[Floats, float]
    grown: Sequence[dict[str, Any]]


def _order(parts: Iterable[tuple[Rows, Flags]]) -> _Learned:
    """Learn the order on the rows named of each set; traps and what nothing answers tell nothing of it."""
    features, right, owners, letters = [], [], [], []
    for rows, named in parts:
        kept = named & rows.answerable[rows.query]
        features.append(rows.features[kept])
        right.append(rows.right[kept])
        letters.append(rows.letters[rows.query[kept]])
        owners.append(np.array([f"{rows.name}/{number}" for number in rows.query[kept]]))
    told, true, long = np.concatenate(features), np.concatenate(right), np.concatenate(letters)
    owner = _numbered(np.concatenate(owners))
    sums = _sums(
        told,
        long,
        lambda held: boosting.choice(true[held], _starts(owner[held])),
        _ORDER_CAUTION,
        constant=False,
    )
    base = _of_sums(sums, told, long)
    near = _foremost(base, owner) | true
    slopes = boosting.choice(true[near], _starts(owner[near]))
    grown = boosting.trees(told[near], slopes, base[near], owner[near], **_ORDER_TREES)
    return _Learned(*sums, grown)


def _sure(parts: Iterable[tuple[Rows, Firsts, Flags]]) -> _Learned:
    """Learn how sure we are, on the foremost candidates named of each set."""
    features, right, weight, long = [], [], [], []
    for rows, firsts, named in parts:
        # Of a trap we only know that what looks alike is wrong.
        kept = named & (~rows.traps[firsts.query] | firsts.right)
        features.append(firsts.features[kept])
        right.append((firsts.right & rows.answerable[firsts.query])[kept])
        first = np.where(rows.traps[firsts.query[kept]], _OF_A_TRAP, 1.0)
        weight.append(np.where(firsts.place[kept] == 0, first, _BESIDE * first))
        long.append(rows.letters[firsts.query[kept]])
    told, true, weights = np.concatenate(features), np.concatenate(right), np.concatenate(weight)
    letters = np.concatenate(long)
    sums = _sums(
        told, letters, lambda held: boosting.odds(true[held], weights[held]), _SURE_CAUTION, constant=True
    )
    base = _of_sums(sums, told, letters)
    slopes = boosting.odds(true, weights)
    return _Learned(*sums, boosting.trees(told, slopes, base, np.arange(len(true)), **_SURE_TREES))


def _sums(
    told: Table, letters: Flags, slopes: Any, caution: float, *, constant: bool
) -> tuple[tuple[Floats, float], tuple[Floats, float]]:
    """Learn the sum of lines and that of letters; where there are none of one kind, the other's."""
    found = {}
    for long in (False, True):
        held = letters == long
        if held.any():
            found[long] = boosting.weighted_sum(told[held], slopes(held), caution=caution, constant=constant)
    return found.get(False, found.get(True)), found.get(True, found.get(False))  # type: ignore[return-value]


def _of_sums(sums: tuple[tuple[Floats, float], tuple[Floats, float]], told: Table, letters: Flags) -> Floats:
    short, long = (np.asarray(told @ weights + constant, dtype=float) for weights, constant in sums)
    return np.where(letters, long, short)


def _said(judge: _Learned, features: Table, letters: Flags) -> Floats:
    """The scores of some rows."""
    kept = Judge.of(_kept(judge, [""] * features.shape[1], 1.0), [""] * features.shape[1])
    sums = _of_sums((judge.short, judge.long), features, letters)
    return sums + kept.forest.sum(features.astype(float))


def _kept(judge: _Learned, names: Sequence[str], scale: float, shift: float = 0.0) -> dict[str, Any]:
    """What is shipped of a judge. Its constants are those of letters; that of lines goes where it can."""
    (short, of_short), (long, of_long) = judge.short, judge.long
    return {
        "names": list(names),
        "forest": boosting.forest_of(judge.grown, scale),
        "short": boosting.short(short * scale),
        "long": boosting.short(long * scale),
        "constants": boosting.short((np.array([of_short, of_long]) + shift) * scale),
    }


# ------------------------------------------------------------------ confidence


def _firsts(rows: Rows, scores: Floats) -> Firsts:
    """Return the foremost candidates of each question, each entry by its best unit, with their leads."""
    starts = rows.starts()
    kept: list[int] = []
    place: list[int] = []
    leads: list[Floats] = []
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        ordered = begin + np.argsort(-scores[begin:end], kind="stable")
        best = ordered[np.sort(np.unique(rows.entry[ordered], return_index=True)[1])]
        chosen = np.arange(min(_JUDGED, len(best)))
        kept += best[chosen].tolist()
        place += chosen.tolist()
        leads.append(ranking.leads_of(scores[best], chosen))
    features = np.column_stack([rows.features[kept], np.concatenate(leads)])
    return Firsts(features, rows.right[kept], rows.query[kept], np.array(place))


def _odds_unseen(taught: Sequence[Rows], firsts: Sequence[Firsts], folds: Sequence[Ints]) -> list[Floats]:
    """Return the log odds of all foremost candidates, of questions the judge had not seen."""
    odds = [np.zeros(len(first.right)) for first in firsts]
    for fold in range(FOLDS):
        judge = _sure(
            (rows, first, places[first.query] != fold)
            for rows, first, places in zip(taught, firsts, folds, strict=True)
        )
        for rows, first, places, said in zip(taught, firsts, folds, odds, strict=True):
            held = places[first.query] == fold
            said[held] = _said(judge, first.features[held], rows.letters[first.query[held]])
    return odds


def _threshold(taught: Sequence[Rows], firsts: Sequence[Firsts], odds: Sequence[Floats]) -> float:
    """Return the smallest log odds at which everything that must hold does, for every set."""
    least = -30.0
    for rows, first, said in zip(taught, firsts, odds, strict=True):
        if rows.name.endswith(sets.TITLES):
            continue  # nobody asks for a title
        top = first.place == 0
        answerable = rows.answerable[first.query]
        for held, allowed in (
            (top & answerable & ~first.right, None),
            (top & rows.traps[first.query] & first.right, TRAPS * max(1, int(rows.traps.sum()))),
            (
                top & ~answerable & ~rows.traps[first.query],
                NOTHING * max(1, int((~rows.answerable & ~rows.traps).sum())),
            ),
        ):
            if not held.any():
                continue
            if allowed is not None:
                wrong = np.sort(said[held])[::-1]
                least = max(least, float(wrong[int(allowed)]) + 1e-6 if len(wrong) > allowed else -30.0)
                continue
            ordered = np.argsort(-said[top & answerable], kind="stable")
            precise = np.cumsum(first.right[top & answerable][ordered]) / np.arange(1, len(ordered) + 1)
            enough = np.flatnonzero(precise >= PRECISION)
            if len(enough):
                least = max(least, float(said[top & answerable][ordered[enough[-1]]]))
    return least


# ------------------------------------------------------------------ figures


def _figures(rows: Rows, scores: Floats, first: Firsts, odds: Floats, threshold: float) -> dict[str, Any]:
    """The measures of `huiying evaluate answers`, with 95 % intervals of recall@1 and of the answered share."""
    answered = np.zeros(len(rows.groups), dtype=bool)
    correct = np.zeros(len(rows.groups), dtype=bool)
    top = first.place == 0
    answered[first.query[top]] = odds[top] >= threshold
    correct[first.query[top]] = first.right[top]
    nothing = ~rows.answerable & ~rows.traps
    figures: dict[str, Any] = {"count": len(rows.groups)}
    if rows.answerable.any():
        places = _places(rows, scores)[rows.answerable]
        named = answered[rows.answerable]
        figures |= {
            "recall@1": _interval(places == 1),
            "recall@5": round(float((places <= 5).mean()), 4),
            "mrr@10": round(float(np.where(places <= 10, 1 / places, 0).mean()), 4),
            "answered_share": _interval(named),
            "precision_when_answered": _share(correct[rows.answerable & answered]),
        }
    if rows.traps.any():
        figures["traps_matched"] = _share((answered & correct)[rows.traps])
    if nothing.any():
        figures["nothing_answered"] = _share(answered[nothing])
    return figures


def _places(rows: Rows, scores: Floats) -> Floats:
    """The place of the first right entry of each question; infinite where there is none."""
    places = np.full(len(rows.groups), np.inf)
    starts = rows.starts()
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        ordered = begin + np.argsort(-scores[begin:end], kind="stable")
        best = ordered[np.sort(np.unique(rows.entry[ordered], return_index=True)[1])]
        found = np.flatnonzero(rows.right[best])
        if len(found):
            places[rows.query[begin]] = found[0] + 1
    return places


def _distances(rows: Rows, scores: Floats) -> Floats:
    """How far the first candidate is ahead of the second, of questions that have an answer."""
    starts = rows.starts()
    ahead = []
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if rows.answerable[rows.query[begin]] and end - begin > 1:
            best = np.sort(scores[begin:end])[-2:]
            ahead.append(float(best[1] - best[0]))
    return np.array(ahead)


def _interval(held: Flags) -> list[float]:
    """A share with its 95 % interval (bootstrap, seeded)."""
    chance = np.random.default_rng(3)
    drawn = [chance.choice(held, len(held)).mean() for _ in range(400)]
    return [round(float(value), 4) for value in (held.mean(), *np.percentile(drawn, [2.5, 97.5]))]


def _share(held: Flags) -> float | None:
    return round(float(held.mean()), 4) if len(held) else None


def _numbered(owners: Any) -> Ints:
    """Number owners in the order in which they come."""
    changes = np.concatenate([[0], (owners[1:] != owners[:-1]).astype(np.int64)])
    return np.asarray(np.cumsum(changes), dtype=np.int64)


def _starts(owners: Ints) -> Ints:
    return np.concatenate([[0], np.flatnonzero(np.diff(owners)) + 1, [len(owners)]]).astype(np.int64)


def _foremost(scores: Floats, owners: Ints) -> Flags:
    """Which rows are among the best of their question."""
    ordered = np.lexsort((-scores, owners))
    starts = _starts(owners)
    places = np.arange(len(owners)) - np.repeat(starts[:-1], np.diff(starts))
    near = np.zeros(len(owners), dtype=bool)
    near[ordered[places < _FOREMOST]] = True
    return near
