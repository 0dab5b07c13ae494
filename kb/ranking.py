"""Which entries answer this question, best first, how sure are we, and why?

Two steps over postings held in arrays. First BM25 over words, pairs of characters and characters,
each divided by its best and added: of what was measured, pairs carry long letters, words and
characters carry short questions. Then the best candidates are weighed again by how much of the
question they cover. Weights and thresholds were learned on labelled questions and letters to
Chinese offices; the README gives the figures.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from kb.analysis import Segmenter, bigrams, canonical

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Full length normalisation with a high ceiling for repeats: the cheapest large gain on long letters.
K1 = 2.0
B = 1.0

# The rarest terms of a message find all that matters (24 lose nothing with words, 48 nothing with pairs).
FIRST_TERMS = 48
SECOND_TERMS = 128
CANDIDATES = 40
LONGEST_QUERY = 2000

KINDS = ("words", "pairs", "characters")
# Characters are in nearly every text, so for the first step they are only worth it on questions.
FIRST_KINDS = {"question": KINDS, "text": ("words", "pairs")}


class Level(StrEnum):
    """How sure we are that the entry answers the question, in words for people."""

    HIGH = "高"
    MEDIUM = "中"
    LOW = "低"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a text: how often each word, pair and character occurs."""

    words: Counter[str]
    pairs: Counter[str]
    characters: Counter[str]

    def of(self, kind: str) -> Counter[str]:
        """Return the counts of one of ``KINDS``."""
        counts: Counter[str] = getattr(self, kind)
        return counts


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the folded text, its terms, and those of its first line (a letter's title)."""

    folded: str
    terms: Terms
    title: Terms


def terms_of(folded: str, segmenter: Segmenter) -> Terms:
    """Return the terms under which a folded text is indexed and searched."""
    text = canonical(folded)
    pairs = bigrams(text)
    return Terms(Counter(segmenter.words(text)), Counter(pairs), Counter(_characters(text, pairs)))


def question_of(folded: str, segmenter: Segmenter) -> Question:
    """Return what is asked in a folded text; of very long ones the first 2,000 characters count."""
    folded = folded[:LONGEST_QUERY].strip()
    title = folded.partition("\n")[0]
    terms = terms_of(folded, segmenter)
    return Question(canonical(folded), terms, terms if title == folded else terms_of(title, segmenter))


def _characters(text: str, pairs: Sequence[str]) -> list[str]:
    """Return single Chinese characters, and numbers and Latin words whole."""
    whole = [term for term in pairs if term.isascii()]
    return [character for character in text if character >= "\u3007" and character.isalnum()] + whole


@dataclass(frozen=True, slots=True)
class Postings:
    """One field of one index segment as arrays: for each term, in which units and how often.

    ``units[starts[n]:starts[n + 1]]`` are the ascending units of the term with number ``n``;
    ``lengths`` holds the number of terms of each unit.
    """

    vocabulary: Mapping[str, int]
    starts: Ints
    units: NDArray[np.int32]
    counts: NDArray[np.float32]
    lengths: NDArray[np.float32]

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """Return units and counts of a term, or None if it does not occur."""
        number = self.vocabulary.get(term)
        if number is None:
            return None
        there = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.units[there], self.counts[there]


class Field:
    """One field over all segments; units are numbered through, segment after segment."""

    def __init__(self, segments: Sequence[Postings]) -> None:
        self._segments = segments
        self._offsets = np.cumsum([0] + [len(segment.lengths) for segment in segments])
        self.lengths = np.concatenate([s.lengths for s in segments] or [np.zeros(0, np.float32)])
        filled = self.lengths[self.lengths > 0]
        self.filled = len(filled)
        self._penalty = K1 * (1 - B + B * self.lengths / (float(filled.mean()) if self.filled else 1.0))

    def idf(self, term: str) -> float:
        """Return how rare a term is (Lucene's form: never negative, no floor)."""
        found = sum(len(hit[0]) for segment in self._segments if (hit := segment.of(term)) is not None)
        return float(np.log(1 + (self.filled - found + 0.5) / (found + 0.5)))

    def rarest(self, counts: Mapping[str, int], most: int) -> list[tuple[str, float, float]]:
        """Return the rarest terms with the weight of their repeats and their idf, unknown ones included."""
        weighed = sorted(
            ((term, self.idf(term), times) for term, times in counts.items()), key=lambda t: -t[1]
        )
        return [(term, 1 + float(np.log(times)), idf) for term, idf, times in weighed[:most]]

    def score(self, counts: Mapping[str, int]) -> Floats:
        """Return BM25 of every unit for the rarest known terms; repeats in the question count (1+log)."""
        scores = np.zeros(len(self.lengths))
        known = {t: n for t, n in counts.items() if any(t in s.vocabulary for s in self._segments)}
        for term, repeats, idf in self.rarest(known, FIRST_TERMS):
            for offset, segment in zip(self._offsets, self._segments, strict=False):
                if (hit := segment.of(term)) is not None:
                    units = hit[0] + offset
                    scores[units] += repeats * idf * hit[1] * (K1 + 1) / (hit[1] + self._penalty[units])
        return scores

    def weigh(self, counts: Mapping[str, int], units: Ints) -> tuple[Floats, Floats, float]:
        """Return, for some ascending units, BM25 and the idf of the terms they hold; and the idf of all."""
        terms = self.rarest(counts, SECOND_TERMS)
        frequency = np.zeros((len(terms), len(units)))
        for row, (term, _, _) in enumerate(terms):
            self._fill(frequency[row], term, units)
        idfs = np.array([idf for _, _, idf in terms])
        repeats = np.array([repeats for _, repeats, _ in terms])
        scores = (repeats * idfs) @ (frequency * (K1 + 1) / (frequency + self._penalty[units]).clip(1e-9))
        return scores, idfs @ (frequency > 0), float(idfs.sum())

    def held(self, counts: Mapping[str, int], units: Ints) -> dict[str, float]:
        """Return which of the rarest terms any of these units holds, each with its idf."""
        found = {}
        for term, _, idf in self.rarest(counts, SECOND_TERMS):
            row = np.zeros(len(units))
            self._fill(row, term, units)
            if row.any():
                found[term] = idf
        return found

    def _fill(self, row: Floats, term: str, units: Ints) -> None:
        for offset, segment in zip(self._offsets, self._segments, strict=False):
            if (hit := segment.of(term)) is None:
                continue
            wanted = units - offset
            at = np.minimum(np.searchsorted(hit[0], wanted), len(hit[0]) - 1)
            there = hit[0][at] == wanted
            row[there] = hit[1][at[there]]

    @cached_property
    def mass(self) -> Floats:
        """For every unit the idf of all its terms together."""
        found: Counter[str] = Counter()
        for segment in self._segments:
            sizes = np.diff(segment.starts)
            for term, number in segment.vocabulary.items():
                found[term] += int(sizes[number])
        parts = []
        for segment in self._segments:
            df = np.array([found[term] for term in segment.vocabulary], dtype=float)
            idf = np.log(1 + (self.filled - df + 0.5) / (df + 0.5))
            weights = np.repeat(idf, np.diff(segment.starts))
            parts.append(np.bincount(segment.units, weights=weights, minlength=len(segment.lengths)))
        return np.concatenate(parts) if parts else np.zeros(0)


@dataclass(frozen=True)
class Collection:
    """All that ranking looks at: entries, and their units (each phrasing of a question; each text).

    ``entry_of[family]`` gives for every unit the number of its entry, −1 for deleted units;
    ``questions`` the canonical text of every question unit.
    """

    keys: Sequence[str]
    tags: Sequence[frozenset[str]]
    fields: Mapping[tuple[str, str], Field]
    entry_of: Mapping[str, Ints]
    questions: Sequence[str]
    _order: dict[str, tuple[Ints, Ints]] = field(default_factory=dict)

    def units_of(self, family: str, entries: Ints) -> Ints:
        """Return the ascending living units of some entries."""
        if family not in self._order:
            order = np.argsort(self.entry_of[family], kind="stable")
            self._order[family] = (order, self.entry_of[family][order])
        order, owners = self._order[family]
        first, last = np.searchsorted(owners, entries), np.searchsorted(owners, entries, side="right")
        parts = [order[a:b] for a, b in zip(first, last, strict=True)]
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry that may answer; ``features`` are what score and confidence were computed from."""

    entry: int
    score: float
    confidence: float
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Why:
    """Why an entry was found: sentences for people, and the words of the question it holds."""

    reasons: tuple[str, ...]
    terms: tuple[str, ...]


# Learned by pairwise logistic regression on labelled questions and letters; figures in the README.
QUESTION_WEIGHTS: Mapping[str, float] = {"words": 1.0, "pairs": 1.0, "characters": 1.0}
TEXT_WEIGHTS: Mapping[str, float] = {"words": 1.0, "pairs": 1.0, "characters": 1.0}

# Learned by logistic regression: is the first entry right?
QUESTION_CONFIDENCE: Mapping[str, float] = {"constant": 0.0}
TEXT_CONFIDENCE: Mapping[str, float] = {"constant": 0.0}

# The one threshold for "we have an answer", and where doubt begins to outweigh it.
ANSWERED = 0.6
DOUBTFUL = 0.3


def rank(
    collection: Collection, question: Question, allowed: NDArray[np.bool_] | None = None
) -> list[Ranked]:
    """Return the entries that may answer, best first; ``allowed`` says which entries may be found."""
    entries = candidates(collection, question, allowed)
    if not len(entries):
        return []
    asked = _best_units(collection, question, entries, "question")
    told = _best_units(collection, question, entries, "text")
    scores = asked.scores + told.scores
    order = np.argsort(-scores, kind="stable")
    best, second = scores[order[0]], scores[order[1]] if len(order) > 1 else 0.0
    ranked = []
    for at in order:
        lead = float(scores[at] - (second if at == order[0] else best))
        features = {"lead": lead} | asked.features(at) | told.features(at)
        ranked.append(Ranked(int(entries[at]), float(scores[at]), confidence(features), features))
    return ranked


def confidence(features: Mapping[str, float]) -> float:
    """Return how likely it is that the first entry is right (0 to 1), by its question or by its text."""
    chances = [
        _logistic(weights, features, family)
        for family, weights in (("question", QUESTION_CONFIDENCE), ("text", TEXT_CONFIDENCE))
        if f"{family}_words" in features
    ]
    return max(chances, default=0.0)


def level_of(confidence: float) -> Level:
    """Return the level of a confidence; 高 is where we speak of an answer."""
    if confidence >= ANSWERED:
        return Level.HIGH
    return Level.MEDIUM if confidence >= DOUBTFUL else Level.LOW


def why(collection: Collection, question: Question, entry: int) -> Why:
    """Return why an entry was found, in short words: the words it shares, the rarest first."""
    entries = np.array([entry])
    shared: dict[str, float] = {}
    said = {}
    for family in FIRST_KINDS:
        units = collection.units_of(family, entries)
        field_ = collection.fields[family, "words"]
        held = field_.held(question.terms.words, units)
        said[family] = held
        shared |= {term: max(shared.get(term, 0.0), idf) for term, idf in held.items()}
    terms = tuple(sorted((t for t in shared if len(t) > 1), key=lambda term: -shared[term]))[:8]
    asked = [term for term in terms if term in said["question"]][:4]
    told = [term for term in terms if term not in said["question"]][:4]
    reasons = []
    if any(
        collection.questions[unit] == question.folded for unit in collection.units_of("question", entries)
    ):
        reasons.append("问题相同")
    elif asked:
        reasons.append(f"说的是同一件事：{'、'.join(asked)}")
    if told:
        reasons.append(f"答复中提到：{'、'.join(told)}")
    return Why(tuple(reasons) or ("有相近的字词",), terms)


@dataclass(frozen=True)
class _Best:
    """For each candidate entry its best unit of one family: its score and what speaks for it."""

    family: str
    scores: Floats
    chosen: Ints
    all_features: Mapping[str, Floats]

    def features(self, at: int) -> dict[str, float]:
        """Return the features of the chosen unit of one candidate, named after the family."""
        unit = self.chosen[at]
        if unit < 0:
            return {}
        return {f"{self.family}_{name}": float(values[unit]) for name, values in self.all_features.items()}


def _best_units(collection: Collection, question: Question, entries: Ints, family: str) -> _Best:
    units = collection.units_of(family, entries)
    chosen = np.full(len(entries), -1)
    if not len(units):
        return _Best(family, np.zeros(len(entries)), chosen, {})
    find = question_features if family == "question" else text_features
    weights = QUESTION_WEIGHTS if family == "question" else TEXT_WEIGHTS
    features = find(collection, question, units)
    scores = sum((weights[name] * features[name] for name in weights), np.zeros(len(units)))
    # Who lacks this side altogether is no better than the worst who has it.
    best = np.full(len(entries), scores.min())
    owners = np.searchsorted(entries, collection.entry_of[family][units])
    for unit in np.argsort(scores, kind="stable"):
        best[owners[unit]], chosen[owners[unit]] = scores[unit], unit
    return _Best(family, best, chosen, features)


def _logistic(weights: Mapping[str, float], features: Mapping[str, float], family: str) -> float:
    total = weights["constant"] + weights.get("lead", 0.0) * features["lead"]
    total += sum(w * features.get(f"{family}_{name}", 0.0) for name, w in weights.items())
    return float(1 / (1 + np.exp(-total)))


def candidates(collection: Collection, question: Question, allowed: NDArray[np.bool_] | None) -> Ints:
    """Return the ascending numbers of the entries worth weighing: the best by question and by text."""
    best_of: list[Ints] = []
    for family, kinds in FIRST_KINDS.items():
        owners = collection.entry_of[family]
        if not len(owners):
            continue
        scores = {kind: collection.fields[family, kind].score(question.terms.of(kind)) for kind in kinds}
        total = np.sum([by_best(found) for found in scores.values()], axis=0)
        if len(question.folded) > 1:
            # One character in common is no likeness.
            total[scores["words"] + scores["pairs"] == 0] = 0
        total[owners < 0] = 0
        if allowed is not None:
            total[~allowed[owners]] = 0
        best = np.argpartition(-total, min(CANDIDATES, len(total) - 1))[:CANDIDATES]
        best_of.append(owners[best[total[best] > 0]])
    return np.unique(np.concatenate(best_of)) if best_of else np.zeros(0, np.int64)


def by_best(scores: Floats) -> Floats:
    """Return scores as shares of the best one, so that kinds of terms can be added."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores


def question_features(collection: Collection, question: Question, units: Ints) -> dict[str, Floats]:
    """Return what speaks for each question unit: scores, coverage both ways, likeness of the wording."""
    features: dict[str, Floats] = {}
    for kind in KINDS:
        there = collection.fields["question", kind]
        scores, shared, asked = there.weigh(question.terms.of(kind), units)
        mass = there.mass[units]
        features[kind] = by_best(scores)
        features[f"asked_{kind}"] = shared / max(asked, 1e-9)
        features[f"stored_{kind}"] = shared / np.maximum(mass, 1e-9)
        features[f"both_{kind}"] = 2 * shared / np.maximum(asked + mass, 1e-9)
    asked_text = question.folded
    texts = [collection.questions[unit] for unit in units]
    features["ratio"] = np.array([fuzz.ratio(asked_text, text) / 100 for text in texts])
    features["in_order"] = np.array([_in_order(asked_text, text) for text in texts])
    features["length"] = np.array([_difference(len(asked_text), len(text)) for text in texts])
    features["start"] = np.array([float(asked_text[:3] == text[:3]) for text in texts])
    features["end"] = np.array([float(asked_text[-4:] == text[-4:]) for text in texts])
    return features


def text_features(collection: Collection, question: Question, units: Ints) -> dict[str, Floats]:
    """Return what speaks for each text unit: scores, coverage of the question, of its title, length."""
    features: dict[str, Floats] = {}
    for kind in KINDS:
        there = collection.fields["text", kind]
        scores, shared, asked = there.weigh(question.terms.of(kind), units)
        features[kind] = by_best(scores)
        features[f"asked_{kind}"] = shared / max(asked, 1e-9)
    for kind in ("words", "pairs"):
        scores, _, _ = collection.fields["text", kind].weigh(question.title.of(kind), units)
        features[f"title_{kind}"] = by_best(scores)
    features["length"] = np.log1p(collection.fields["text", "pairs"].lengths[units]) / 8
    return features


def _in_order(left: str, right: str) -> float:
    return float(LCSseq.similarity(left, right) / max(1, min(len(left), len(right))))


def _difference(left: int, right: int) -> float:
    return abs(left - right) / max(left, right, 1)
