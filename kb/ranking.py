"""Which entries answer this question, best first, how sure are we, and why?

Two steps over postings held in arrays. First BM25 over words, pairs of characters and characters,
each divided by its best and added: of what was measured, pairs carry long letters, words and
characters carry short questions. Then the best candidates are weighed again by how much of the
question they cover. Weights and thresholds were learned on labelled questions and letters to
Chinese offices; the README gives the figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
MOST_TERMS = 8
MOST_LISTED = 4
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


@dataclass(frozen=True, slots=True)
class Asked:
    """The rarest terms of a question as one field knows them; unknown terms have no hits.

    ``hits[n]`` are units (numbered through all segments) and counts of term ``n``, a pair per segment.
    """

    terms: Sequence[str]
    repeats: Floats
    idfs: Floats
    hits: Sequence[Sequence[tuple[NDArray[np.int32], NDArray[np.float32], int]]]

    def frequencies(self, units: Ints) -> Floats:
        """Return how often each term stands in each of some ascending units."""
        table = np.zeros((len(self.terms), len(units)))
        for row, hits in zip(table, self.hits, strict=True):
            for there, counts, offset in hits:
                # In the same type, or numpy would copy all postings of the term.
                wanted = (units - offset).astype(there.dtype)
                at = np.minimum(there.searchsorted(wanted), len(there) - 1)
                found = there[at] == wanted
                row[found] = counts[at[found]]
        return table


class Field:
    """One field over all segments; units are numbered through, segment after segment."""

    def __init__(self, segments: Sequence[Postings]) -> None:
        self._segments = segments
        self._offsets = [0, *np.cumsum([len(segment.lengths) for segment in segments]).tolist()]
        self.lengths = np.concatenate([s.lengths for s in segments] or [np.zeros(0, np.float32)])
        filled = self.lengths[self.lengths > 0]
        self.filled = len(filled)
        mean = float(filled.mean()) if self.filled else 1.0
        self._penalty = (K1 * (1 - B + B * self.lengths / mean)).clip(1e-9)

    def idf(self, found: int | Floats) -> Floats:
        """Return how rare a term in so many units is (Lucene's form: never negative, no floor)."""
        return np.log(1 + (self.filled - found + 0.5) / (np.asarray(found) + 0.5))

    def asked(self, counts: Mapping[str, int]) -> Asked:
        """Look up the terms of a question and keep the rarest; repeats count (1+log)."""
        terms = list(counts)
        hits = [
            [(*hit, offset) for segment, offset in self._placed() if (hit := segment.of(term)) is not None]
            for term in terms
        ]
        idfs = self.idf(np.array([sum(len(hit[0]) for hit in found) for found in hits], dtype=float))
        repeats = 1 + np.log(np.array([counts[term] for term in terms], dtype=float))
        rarest = np.argsort(-idfs, kind="stable")[:SECOND_TERMS]
        return Asked([terms[n] for n in rarest], repeats[rarest], idfs[rarest], [hits[n] for n in rarest])

    def score(self, asked: Asked) -> Floats:
        """Return BM25 of every unit for the rarest terms that occur at all."""
        scores = np.zeros(len(self.lengths))
        known = [number for number, hits in enumerate(asked.hits) if hits][:FIRST_TERMS]
        for number in known:
            weight = asked.repeats[number] * asked.idfs[number] * (K1 + 1)
            for there, counts, offset in asked.hits[number]:
                units = there + offset
                scores[units] += weight * counts / (counts + self._penalty[units])
        return scores

    def weigh(self, asked: Asked, units: Ints) -> tuple[Floats, Floats, float]:
        """Return, for some ascending units, BM25 and the idf of the terms they hold; and the idf of all."""
        table = asked.frequencies(units)
        scores = (asked.repeats * asked.idfs) @ (table * (K1 + 1) / (table + self._penalty[units]))
        return scores, asked.idfs @ (table > 0), float(asked.idfs.sum())

    def _placed(self) -> Iterable[tuple[Postings, int]]:
        return zip(self._segments, self._offsets, strict=False)

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
            weights = np.repeat(self.idf(df), np.diff(segment.starts))
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


class Query:
    """A question put to a collection; what was looked up once is kept for the next step."""

    def __init__(self, collection: Collection, question: Question) -> None:
        self.collection = collection
        self.question = question
        self._asked: dict[tuple[str, str, bool], Asked] = {}

    def asked(self, family: str, kind: str, *, title: bool = False) -> Asked:
        """Return the terms of the question, or of its title, as a field knows them."""
        title = title and self.question.title is not self.question.terms
        if (family, kind, title) not in self._asked:
            terms = self.question.title if title else self.question.terms
            self._asked[family, kind, title] = self.collection.fields[family, kind].asked(terms.of(kind))
        return self._asked[family, kind, title]

    def weigh(
        self, family: str, kind: str, units: Ints, *, title: bool = False
    ) -> tuple[Floats, Floats, float]:
        """Return what ``Field.weigh`` does for the terms of the question or of its title."""
        return self.collection.fields[family, kind].weigh(self.asked(family, kind, title=title), units)


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
QUESTION_WEIGHTS: Mapping[str, float] = {
    "pairs": 0.31,
    "characters": 6.39,
    "asked_words": 1.82,
    "both_characters": 3.6,
    "ratio": 2.13,
    "in_order": 1.54,
    "length": -1.62,
    "start": 0.75,
}
TEXT_WEIGHTS: Mapping[str, float] = {
    "words": 2.19,
    "pairs": 1.95,
    "characters": 3.85,
    "asked_words": 1.37,
    "asked_pairs": 4.73,
    "title_pairs": 1.31,
    "title_asked_pairs": 2.81,
    "title_asked_words": 0.75,
    "length": -7.66,
}

# Where entries have questions, likeness of the question says more than likeness of the answer.
TEXT_BESIDE_QUESTION = 0.7

# Learned by logistic regression: is the entry that came first right? ``lead`` is its distance to the
# next. Questions that only look alike count a fifth of the others, letters without an answer threefold.
QUESTION_CONFIDENCE: Mapping[str, float] = {
    "constant": -6.78,
    "lead": -0.22,
    "lead_root": 2.07,
    "asked_words": -0.15,
    "asked_pairs": -1.87,
    "asked_characters": 3.37,
    "stored_words": -1.57,
    "stored_pairs": -1.31,
    "stored_characters": 5.0,
    "ratio": -1.95,
    "in_order": 4.26,
    "length": -2.93,
}
TEXT_CONFIDENCE: Mapping[str, float] = {
    "constant": -3.82,
    "lead": 0.21,
    "lead_root": 1.3,
    "asked_words": 1.93,
    "asked_pairs": 3.33,
    "asked_characters": 7.26,
    "depth_words": 0.7,
    "depth_pairs": -0.21,
    "depth_characters": -1.93,
    "title_asked_words": 0.75,
    "title_asked_pairs": 1.43,
    "length": -11.77,
    "asked_length": 12.51,
}

# The one threshold for "we have an answer" (19 of 20 such answers were right), and where doubt prevails.
ANSWERED = 0.76
DOUBTFUL = 0.4


def rank(query: Query, most: int, allowed: NDArray[np.bool_] | None = None) -> list[Ranked]:
    """Return at most ``most`` (and 80) entries that may answer, best first.

    ``allowed`` says for every entry of the collection whether it may be found.
    """
    entries = candidates(query, allowed)
    if not len(entries):
        return []
    asked = _best_units(query, entries, "question")
    told = _best_units(query, entries, "text")
    scores = asked.scores + told.scores * (TEXT_BESIDE_QUESTION if asked.all_features else 1.0)
    order = np.argsort(-scores, kind="stable")
    best, second = scores[order[0]], scores[order[1]] if len(order) > 1 else 0.0
    ranked = []
    for at in order[:most]:
        lead = float(scores[at] - (second if at == order[0] else best))
        features = {"lead": lead} | asked.features(at) | told.features(at)
        ranked.append(Ranked(int(entries[at]), float(scores[at]), confidence(features), features))
    return ranked


def confidence(features: Mapping[str, float]) -> float:
    """Return how likely it is that the first entry is right (0 to 1).

    Where an entry has both a question and a text, both must speak for it: the odds are averaged.
    """
    sides = [
        _log_odds(weights, features, family)
        for family, weights in (("question", QUESTION_CONFIDENCE), ("text", TEXT_CONFIDENCE))
        if f"{family}_words" in features
    ]
    return float(1 / (1 + np.exp(-np.mean(sides)))) if sides else 0.0


def level_of(confidence: float) -> Level:
    """Return the level of a confidence; 高 is where we speak of an answer."""
    if confidence >= ANSWERED:
        return Level.HIGH
    return Level.MEDIUM if confidence >= DOUBTFUL else Level.LOW


def why(query: Query, entries: Sequence[int]) -> list[Why]:
    """Return why each of these entries was found, in short words: the words it shares, the rarest first."""
    shared = {family: _shared_words(query, entries, family) for family in FIRST_KINDS}
    return [_why(query, n, shared["question"][n], shared["text"][n]) for n in entries]


def _shared_words(query: Query, entries: Sequence[int], family: str) -> dict[int, dict[str, float]]:
    """Return for each entry the words of the question it holds, with their idf."""
    collection = query.collection
    units = collection.units_of(family, np.unique(entries))
    asked = query.asked(family, "words")
    shared: dict[int, dict[str, float]] = {entry: {} for entry in entries}
    rows, columns = np.nonzero(asked.frequencies(units))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if len(asked.terms[row]) > 1:
            entry = int(collection.entry_of[family][units[column]])
            shared[entry][asked.terms[row]] = float(asked.idfs[row])
    return shared


def _why(query: Query, entry: int, asked: Mapping[str, float], told: Mapping[str, float]) -> Why:
    collection = query.collection
    texts = {collection.questions[n] for n in collection.units_of("question", np.array([entry]))}
    weight = {**told, **asked}
    terms = sorted(weight, key=lambda term: (-weight[term], term))
    only_told = [term for term in terms if term not in asked]
    reasons = []
    if query.question.folded in texts:
        reasons.append("问题相同")
    elif asked:
        reasons.append(f"说的是同一件事：{_listed([term for term in terms if term in asked])}")
    if only_told:
        reasons.append(f"答复中提到：{_listed(only_told)}")
    return Why(tuple(reasons) or ("有相近的字词",), tuple(terms[:MOST_TERMS]))


def _listed(terms: Sequence[str]) -> str:
    return "、".join(terms[:MOST_LISTED])


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


def _best_units(query: Query, entries: Ints, family: str) -> _Best:
    collection = query.collection
    units = collection.units_of(family, entries)
    chosen = np.full(len(entries), -1)
    if not len(units):
        return _Best(family, np.zeros(len(entries)), chosen, {})
    find = question_features if family == "question" else text_features
    weights = QUESTION_WEIGHTS if family == "question" else TEXT_WEIGHTS
    features = find(query, units)
    scores = sum((weights[name] * features[name] for name in weights), np.zeros(len(units)))
    # Who lacks this side altogether is no better than the worst who has it.
    best = np.full(len(entries), scores.min())
    owners = np.searchsorted(entries, collection.entry_of[family][units])
    for unit in np.argsort(scores, kind="stable"):
        best[owners[unit]], chosen[owners[unit]] = scores[unit], unit
    return _Best(family, best, chosen, features)


def _log_odds(weights: Mapping[str, float], features: Mapping[str, float], family: str) -> float:
    lead = features["lead"]
    total = weights["constant"] + weights["lead"] * lead + weights["lead_root"] * np.sqrt(max(lead, 0.0))
    total += sum(w * features[f"{family}_{n}"] for n, w in weights.items() if n not in _OF_ALL)
    return float(np.clip(total, -30, 30))


_OF_ALL = {"constant", "lead", "lead_root"}


def candidates(query: Query, allowed: NDArray[np.bool_] | None) -> Ints:
    """Return the ascending numbers of the entries worth weighing: the best by question and by text."""
    best_of: list[Ints] = []
    for family, kinds in FIRST_KINDS.items():
        owners = query.collection.entry_of[family]
        if not len(owners):
            continue
        scores = {
            kind: query.collection.fields[family, kind].score(query.asked(family, kind)) for kind in kinds
        }
        total = np.sum([by_best(found) for found in scores.values()], axis=0)
        if len(query.question.folded) > 1:
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


def question_features(query: Query, units: Ints) -> dict[str, Floats]:
    """Return what speaks for each question unit: scores, coverage both ways, likeness of the wording."""
    features: dict[str, Floats] = {}
    for kind in KINDS:
        scores, shared, asked = query.weigh("question", kind, units)
        mass = query.collection.fields["question", kind].mass[units]
        features[kind] = by_best(scores)
        features[f"asked_{kind}"] = shared / max(asked, 1e-9)
        features[f"stored_{kind}"] = shared / np.maximum(mass, 1e-9)
        features[f"both_{kind}"] = 2 * shared / np.maximum(asked + mass, 1e-9)
    asked_text = query.question.folded
    texts = [query.collection.questions[unit] for unit in units]
    features["ratio"] = np.array([fuzz.ratio(asked_text, text) / 100 for text in texts])
    features["in_order"] = np.array([_in_order(asked_text, text) for text in texts])
    features["length"] = np.array([_difference(len(asked_text), len(text)) for text in texts])
    features["start"] = np.array([float(asked_text[:3] == text[:3]) for text in texts])
    return features


def text_features(query: Query, units: Ints) -> dict[str, Floats]:
    """Return what speaks for each text unit: scores, coverage of the question and its title, lengths."""
    features: dict[str, Floats] = {}
    for kind in KINDS:
        scores, shared, asked = query.weigh("text", kind, units)
        features[kind] = by_best(scores)
        features[f"asked_{kind}"] = shared / max(asked, 1e-9)
        features[f"depth_{kind}"] = scores / max(asked, 1e-9)
    for kind in ("words", "pairs"):
        scores, shared, asked = query.weigh("text", kind, units, title=True)
        features[f"title_{kind}"] = by_best(scores)
        features[f"title_asked_{kind}"] = shared / max(asked, 1e-9)
    features["length"] = np.log1p(query.collection.fields["text", "pairs"].lengths[units]) / 8
    features["asked_length"] = np.full(len(units), np.log1p(len(query.question.folded)) / 8)
    return features


def _in_order(left: str, right: str) -> float:
    return float(LCSseq.similarity(left, right) / max(1, min(len(left), len(right))))


def _difference(left: int, right: int) -> float:
    return abs(left - right) / max(left, right, 1)
