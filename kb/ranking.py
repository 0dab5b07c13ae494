"""Which entries answer this question, best first, how sure are we, and why?

Two steps. First BM25 over words, pairs of characters and characters, each divided by its best and added: of
what was measured, pairs carry long letters, words and characters carry short questions. Then the best
candidates are weighed again by some fifty measures of likeness (`kb.features`), with learned weights
(`kb.learned`); the README gives the figures.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.analysis import Segmenter, bigrams, canonical
from kb.experience import HIGHEST
from kb.features import KEPT, KINDS, QUESTION, About, by_best, is_about, question_features, text_features
from kb.forest import Judge
from kb.postings import Asked, Field, Floats, Ints, Texts

CANDIDATES = 40
# Of those found by question and those found by text, so many are weighed: more cost time and are no better.
TOGETHER = 30
# Of so many times as many as are wanted the foremost are chosen, of those with one and the same score so many.
POOLS = (16, 256)
ALIKE = 3
MOST_UNITS = 50
MOST_TERMS = 8
MOST_LISTED = 4
LONGEST_QUERY = 2000
_BEGINNING = 16
LETTER = 50
"""From so many characters on a question is a letter, not a line."""

# What is indexed, and looked at first. Characters are in nearly every text, so only questions have them.
FIRST_KINDS: Mapping[str, tuple[str, ...]] = {"question": KINDS, "text": ("words", "pairs")}

_SENTENCE_END = re.compile("[。！？；!?;\n]")
_ASKING = re.compile("请|希望|是否|怎么|吗|能|何时|哪")


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
    """What is asked: as written (folded) and with ways of saying the same made one; its terms and parts.

    ``parts``: the pairs and words of its first line, of the sentences that ask, and of its first sentence.
    """

    raw: str
    text: str
    title: str
    words: tuple[str, ...]
    terms: Terms
    parts: Mapping[str, Terms]

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter rather than a line."""
        return len(self.text) >= LETTER


def terms_of(folded: str, segmenter: Segmenter) -> Terms:
    """Return the terms under which a folded text is indexed and searched."""
    return _terms(canonical(folded), segmenter)


def _terms(text: str, segmenter: Segmenter) -> Terms:
    pairs = bigrams(text)
    return Terms(Counter(segmenter.words(text)), Counter(pairs), Counter(_characters(text, pairs)))


def question_of(folded: str, segmenter: Segmenter) -> Question:
    """Return what is asked in a folded text; of very long ones the first 2,000 characters count."""
    raw = _once(folded[:LONGEST_QUERY].strip())
    text = canonical(raw)
    title = text.partition("\n")[0]
    terms = _terms(text, segmenter)
    sentences = [one.strip() for one in _SENTENCE_END.split(text) if len(one.strip()) > 3]
    asking = [one for one in sentences if _ASKING.search(one)] or sentences[-1:]
    parts = {"title": title, "asking": "。".join(asking), "first": (sentences[1:2] or sentences or [text])[0]}
    return Question(
        raw,
        text,
        title,
        tuple(segmenter.words(text)) if len(text) < LETTER else tuple(terms.words),
        terms,
        {name: terms if part == text else _terms(part, segmenter) for name, part in parts.items()},
    )


def _once(text: str) -> str:
    """Return a text that only says the same again and again, said once."""
    again = text.find(text[:_BEGINNING], 1)
    return text[:again].strip() if again > 0 and text[again:] == text[:-again] else text


def _characters(text: str, pairs: Sequence[str]) -> list[str]:
    """Return single Chinese characters, and numbers and Latin words whole."""
    whole = [term for term in pairs if term.isascii()]
    return [character for character in text if character >= "\u3007" and character.isalnum()] + whole


class Keys(Protocol):
    """The keys of entries by their numbers."""

    def __getitem__(self, number: int) -> str:
        """Return the key of an entry."""


@dataclass(frozen=True)
class Collection:
    """All that ranking looks at: entries, and their units (each phrasing of a question; each text).

    ``owners[family]`` gives for every unit the number of its entry, ascending; ``dead[family]`` the ascending
    units that are no longer there. ``texts`` are those of the units, canonical; ``raw`` says how question
    units are written, where that differs. ``rarity``: the idf of a character in texts by its number.
    """

    keys: Keys
    fields: Mapping[tuple[str, str], Field]
    owners: Mapping[str, NDArray[np.int32]]
    dead: Mapping[str, Ints]
    texts: Mapping[str, Sequence[Texts]]
    raw: Sequence[tuple[NDArray[np.int32], Texts]]
    rarity: Floats

    def units_of(self, family: str, entries: Ints) -> Ints:
        """Return the ascending living units of some ascending entries."""
        owners, dead = self.owners[family], self.dead[family]
        wanted = entries.astype(owners.dtype)
        first, last = owners.searchsorted(wanted), owners.searchsorted(wanted, side="right")
        sizes = last - first
        units = np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
        return units[~np.isin(units, dead)] if len(dead) else units

    def of_family(self, family: str) -> dict[str, Field]:
        """Return the fields of one family by kind."""
        return {kind: found for (name, kind), found in self.fields.items() if name == family}

    def located(self, family: str, units: Ints) -> list[tuple[Texts, int]]:
        """Return for some units their segment and their number in it."""
        segments = self.texts[family]
        offsets = np.cumsum([0, *(len(one) for one in segments)])
        at = np.searchsorted(offsets, units, side="right") - 1
        local = (units - offsets[at]).tolist()
        return [(segments[n], unit) for n, unit in zip(at.tolist(), local, strict=True)]

    def written(self, units: Ints, texts: Sequence[str]) -> list[str]:
        """Return how some question units are written, whose canonical ``texts`` are these."""
        written, first = list(texts), 0
        for (differing, raw), segment in zip(self.raw, self.texts["question"], strict=True):
            local = units - first
            first += len(segment)
            if len(differing):
                at = np.minimum(differing.searchsorted(local), len(differing) - 1)
                for n in np.flatnonzero(differing[at] == local).tolist():
                    written[n] = raw.text(int(at[n]))
        return written


class Query:
    """A question put to a collection; what was looked up once is kept for the next step."""

    def __init__(self, collection: Collection, question: Question, segmenter: Segmenter) -> None:
        self.collection = collection
        self.question = question
        self.segmenter = segmenter
        self.text, self.raw, self.title = question.text, question.raw, question.title
        self.words = question.words
        self._asked: dict[tuple[str, str], Asked] = {}
        self._tables: dict[tuple[str, str], tuple[Ints, Floats]] = {}

    def asked(self, family: str, kind: str) -> Asked:
        """Return the terms of the question as a field knows them, the rarest first."""
        if (family, kind) not in self._asked:
            title = self.question.parts["title"]
            terms, always = self.question.terms.of(kind), title.of(kind)
            self._asked[family, kind] = self.collection.fields[family, kind].asked(terms, always)
        return self._asked[family, kind]

    def repeats(self, asked: Asked, family: str, kind: str, part: str) -> Floats:
        """Return how often (1+log) terms of the question stand in a part of it; 0 where they do not."""
        counts = self.question.parts[part].of(kind)
        times = np.fromiter((counts.get(term, 0) for term in asked.terms), float, len(asked.terms))
        return np.where(times > 0, 1 + np.log(np.maximum(times, 1)), 0.0)

    def table(self, family: str, kind: str, units: Ints) -> Floats:
        """Return how often each term of the question stands in each of some ascending units."""
        known = self._tables.get((family, kind))
        if known is not None and known[0] is units:
            return known[1]
        table = self.collection.fields[family, kind].frequencies(self.asked(family, kind), units)
        self._tables[family, kind] = (units, table)
        return table


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry that may answer; ``likely``: its confidence if there were no other candidate."""

    entry: int
    score: float
    confidence: float
    likely: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why an entry was found: sentences for people, and the words of the question it holds."""

    reasons: tuple[str, ...]
    terms: tuple[str, ...]


# Where entries have a question and a text, what was learned of either alone is not enough: on the sample's letters
# the best sum of both put .71 first, with all that the entry says read as one beside it .84 (titles .68, .87).
# Between one and four of it all are alike.
AS_ONE = 2.0

# How sure we are of an entry that has a question and a text: what the log odds of each and the share of the
# question's pairs that it holds at all count, and what is added. Fitted to the sample's letters, letters of others
# to a library of the sample, and past letters with their replies; 0.50 answered at 0.97, 0.25 without this.
_SAY = {"question": 0.57, "text": 0.18}
_SAYS_HELD, _SAYS_ANYWAY = 2.3, 0.9
# The log odds of a question asked word for word.
_THE_SAME = 3.0
_LIKENESS = QUESTION.index("ratio")

# The one threshold for "we have an answer" (19 of 20 such answers were right), and where doubt prevails.
ANSWERED = 0.76
DOUBTFUL = 0.4


@dataclass(frozen=True)
class Candidates:
    """Entries worth weighing (ascending), and their units of each family that will be weighed (ascending)."""

    entries: Ints
    units: Mapping[str, Ints]


def candidates(query: Query, allowed: NDArray[np.bool_] | None) -> Candidates:
    """Return the entries worth weighing: the best by question and by text, or by both together."""
    totals = {family: _first(query, family, allowed) for family in FIRST_KINDS}
    owners = query.collection.owners
    found = [owners[family][_foremost(total, CANDIDATES)] for family, total in totals.items()]
    entries = np.unique(np.concatenate(found)).astype(np.int64)
    units = {family: query.collection.units_of(family, entries) for family in FIRST_KINDS}
    if len(entries) > TOGETHER and all(len(some) for some in units.values()):
        both = np.zeros(len(entries), dtype=np.float32)
        for family, some in units.items():
            both += _by_entry(entries, owners[family][some], totals[family][some])
        entries = np.sort(entries[_foremost(both, TOGETHER)])
        units = {family: query.collection.units_of(family, entries) for family in FIRST_KINDS}
    asked = units["question"]
    if len(asked) > MOST_UNITS:
        units["question"] = _best_units(query, asked, totals["question"][asked])
    return Candidates(entries, units)


def _by_entry(entries: Ints, owners: NDArray[np.int32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the best score of each entry's units, as a share of the best of all."""
    best = np.zeros(len(entries), dtype=np.float32)
    np.maximum.at(best, np.searchsorted(entries, owners), scores)
    return best / max(float(best.max(initial=0.0)), 1e-9)


def _best_units(query: Query, units: Ints, totals: NDArray[np.float32]) -> Ints:
    """Return of every entry its best phrasing, and the best others up to ``MOST_UNITS``."""
    order = np.argsort(-totals, kind="stable")
    first = order[np.unique(query.collection.owners["question"][units[order]], return_index=True)[1]]
    others = np.setdiff1d(order, first, assume_unique=True)
    others = others[np.argsort(-totals[others], kind="stable")][: max(0, MOST_UNITS - len(first))]
    return np.sort(units[np.concatenate([first, others])])


def _foremost(scores: NDArray[np.float32], most: int) -> Ints:
    """Return the places of the highest scores above zero, of equal ones a few where there are others: an answer
    that stands there once for each of sixty districts is not all that is worth weighing."""
    for pool in POOLS:
        places = _highest(scores, pool * most)
        falling = -scores[places]
        is_one_more = np.arange(len(places)) - falling.searchsorted(falling) >= ALIKE
        if len(places) < pool * most or np.count_nonzero(~is_one_more) >= most:
            break
    return places[np.argsort(is_one_more, kind="stable")[:most]]


def _highest(scores: NDArray[np.float32], most: int) -> Ints:
    """Return the places of the highest scores above zero, the highest first."""
    for share in (0.25, 0.0):
        places = np.flatnonzero(scores > share * scores.max(initial=0.0))
        if len(places) >= most:
            places = places[np.argpartition(-scores[places], most - 1)[:most]]
            break
    return places[np.argsort(-scores[places], kind="stable")]


def _first(query: Query, family: str, allowed: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """Return the first score of every unit of a family: words, pairs, characters, each by its best."""
    owners = query.collection.owners[family]
    total = np.zeros(len(owners), dtype=np.float32)
    for kind in FIRST_KINDS[family]:
        scores = query.collection.fields[family, kind].score(query.asked(family, kind))
        if kind == "characters" and len(query.text) > 1:
            # One character in common is no likeness.
            scores[total == 0] = 0
        best = scores.max(initial=0.0)
        if best > 0:
            scores /= best
            total += scores
    total[query.collection.dead[family]] = 0
    if allowed is not None:
        total[~allowed[owners]] = 0
    return total


def features_of(query: Query, family: str, units: Ints) -> Floats:
    """Return what speaks for some ascending units of a family, a row each."""
    collection = query.collection
    fields = collection.of_family(family)
    located = collection.located(family, units)
    if family == "text":
        texts = [texts.units(unit) for texts, unit in located]
        return text_features(query, fields, units, texts, collection.rarity)
    stored = [texts.text(unit) for texts, unit in located]
    raw = collection.written(units, stored)
    about = [_about(query.segmenter, text) for text in stored]
    return question_features(query, fields, units, about, raw)


@lru_cache(maxsize=KEPT)
def _about(segmenter: Segmenter, text: str) -> About:
    return About(text, tuple(segmenter.words(text)))


@dataclass(frozen=True)
class _Side:
    """One family: for each candidate entry the score of its best unit, and what speaks for that unit."""

    scores: Floats
    chosen: Ints
    rows: Floats

    @property
    def known(self) -> bool:
        """Whether any candidate has this side."""
        return bool(len(self.rows))


def _side(query: Query, found: Candidates, family: str, judge: Judge) -> _Side:
    units = found.units[family]
    chosen = np.full(len(found.entries), -1)
    if not len(units):
        return _Side(np.zeros(len(found.entries)), chosen, np.zeros((0, 0)))
    rows = features_of(query, family, units)
    scores = judge.score(rows, long=query.question.is_letter)
    # Who lacks this side altogether is no better than the worst who has it.
    best = np.full(len(found.entries), scores.min())
    owners = np.searchsorted(found.entries, query.collection.owners[family][units])
    for unit in np.argsort(scores, kind="stable"):
        best[owners[unit]], chosen[owners[unit]] = scores[unit], unit
    return _Side(best, chosen, rows)


def rank(
    query: Query,
    most: int,
    judges: Mapping[str, Judge],
    allowed: NDArray[np.bool_] | None = None,
    boost: Mapping[str, float] | None = None,
) -> list[Ranked]:
    """Return at most ``most`` (and 80) entries that may answer, best first.

    ``allowed`` says for every entry of the collection whether it may be found; ``boost`` what experience
    adds to the score of an entry by its key (`kb.experience`).
    """
    found = candidates(query, allowed)
    if not len(found.entries):
        return []
    sides = {family: _side(query, found, family, judges[family]) for family in FIRST_KINDS}
    scores = sides["question"].scores + sides["text"].scores
    whole = _as_one(query, found) if all(side.known for side in sides.values()) else None
    if whole is not None:
        scores = scores + AS_ONE * whole.scores
    if boost:
        added = np.array([boost.get(query.collection.keys[n], 0.0) for n in found.entries])
        # What experience says of others never puts them before the very question.
        scores = scores + np.where(_is_the_question(sides["question"]), HIGHEST, added)
    order = np.argsort(-scores, kind="stable")[:most]
    odds, likely = _odds(query, sides, judges, order, whole)
    # Of eleven that were surer than what stood before them two were right and seven of those before.
    odds = np.minimum.accumulate(odds)
    told = (found.entries[order], scores[order], _shares(odds), _shares(likely))
    return list(map(Ranked, *(one.tolist() for one in told)))


@dataclass(frozen=True)
class _Whole:
    """Each candidate's questions and text read as one.

    ``scores``: BM25 with its usual constants, words and pairs, each divided by its best and added; ``held``:
    the share of the question's pairs, by their idf. The terms are those that texts know.
    """

    scores: Floats
    held: Floats


def _as_one(query: Query, found: Candidates) -> _Whole:
    total = held = np.zeros(len(found.entries))
    owned = {
        family: query.collection.owners[family][units][:, None] == found.entries[None, :]
        for family, units in found.units.items()
    }
    for kind in FIRST_KINDS["text"]:
        asked = query.asked("text", kind)
        counts = np.zeros((len(asked.terms), len(found.entries)))
        sizes = np.zeros(len(found.entries))
        for family, units in found.units.items():
            theirs = query.asked(family, kind).terms
            places = {term: row for row, term in enumerate(theirs)}
            both = [(row, places[term]) for row, term in enumerate(asked.terms) if term in places]
            mine, other = np.array(both, dtype=np.int64).reshape(-1, 2).T
            counts[mine] += query.table(family, kind, units)[other] @ owned[family]
            sizes += query.collection.fields[family, kind].lengths(units) @ owned[family]
        penalty = 1.2 * (0.25 + 0.75 * sizes / max(float(sizes.mean()), 1e-9))
        total = total + by_best(asked.idfs @ (counts * 2.2 / (counts + np.maximum(penalty, 1e-9))))
        if kind == "pairs":
            held = asked.idfs @ (counts > 0) / asked.mass
    return _Whole(total, held)


def _is_the_question(side: _Side) -> NDArray[np.bool_]:
    same = np.zeros(len(side.chosen), dtype=bool)
    has = np.flatnonzero(side.chosen >= 0)
    same[has] = side.rows[side.chosen[has], _LIKENESS] >= 1.0
    return same


def _odds(
    query: Query, sides: Mapping[str, _Side], judges: Mapping[str, Judge], order: Ints, whole: _Whole | None
) -> tuple[Floats, Floats]:
    """Return the log odds that each of some candidates is right: beside the others, and if it stood alone.

    Where an entry has both a question and a text, both must speak for it, the question louder; the very
    question is enough.
    """
    count = len(order)
    said = {family: np.full(2 * count, np.nan) for family in sides}
    least = np.full(2 * count, -30.0)
    for family, side in sides.items():
        has = np.flatnonzero(side.chosen[order] >= 0)
        if not len(has):
            continue
        leads = leads_of(side.scores, order[has])
        rows = np.tile(side.rows[side.chosen[order[has]]], (2, 1))
        rows = np.column_stack([rows, np.concatenate([leads, np.maximum(leads, 1.0)])])
        twice = np.concatenate([has, has + count])
        said[family][twice] = judges[f"{family}_sure"].score(rows, long=query.question.is_letter)
        if family == "question":
            least[twice[rows[:, _LIKENESS] >= 1.0]] = _THE_SAME
    odds = np.where(np.isnan(said["question"]), said["text"], said["question"])
    if whole is not None:
        both = sum(_SAY[family] * one for family, one in said.items())
        both = both + _SAYS_HELD * np.tile(whole.held[order], 2) + _SAYS_ANYWAY
        odds = np.where(np.isnan(both), odds, both)
    odds = np.maximum(least, np.nan_to_num(odds, nan=-30.0))
    return odds[:count], odds[count:]


def leads_of(scores: Floats, places: Ints) -> Floats:
    """Return how far each of some candidates is ahead of the best other one, and that one of the third."""
    order = np.argsort(-scores, kind="stable")
    best = [float(scores[n]) for n in order[:3]]
    best += [best[-1] - 3.0] * (3 - len(best))
    leads = [
        (best[0] - best[1], best[1] - best[2]) if at == order[0] else (float(scores[at]) - best[0], 0.0)
        for at in places
    ]
    return np.asarray(np.clip(np.array(leads, dtype=float).reshape(-1, 2), -3.0, 3.0), dtype=float)


def _shares(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds.clip(-30, 30))), dtype=float)


def level_of(confidence: float) -> Level:
    """Return the level of a confidence; 高 is where we speak of an answer."""
    if confidence >= ANSWERED:
        return Level.HIGH
    return Level.MEDIUM if confidence >= DOUBTFUL else Level.LOW


def why(query: Query, entries: Sequence[int]) -> list[Why]:
    """Return why each of these entries was found, in short words: the words it shares, the rarest first."""
    collection = query.collection
    wanted = np.unique(np.asarray(entries, dtype=np.int64))
    units = {family: collection.units_of(family, wanted) for family in FIRST_KINDS}
    shared = {family: _shared_words(query, entries, family, some) for family, some in units.items()}
    same = _asked_alike(collection, query.text, units["question"])
    return [_why(n in same, shared["question"][n], shared["text"][n]) for n in entries]


def _shared_words(
    query: Query, entries: Sequence[int], family: str, units: Ints
) -> dict[int, dict[str, float]]:
    """Return for each entry the words of the question it holds, with their idf."""
    collection = query.collection
    asked = query.asked(family, "words")
    shared: dict[int, dict[str, float]] = {entry: {} for entry in entries}
    rows, columns = collection.fields[family, "words"].frequencies(asked, units).nonzero()
    owners, idfs = collection.owners[family][units[columns]].tolist(), asked.idfs.tolist()
    for row, entry in zip(rows.tolist(), owners, strict=True):
        if len(asked.terms[row]) > 1:
            shared[entry][asked.terms[row]] = idfs[row]
    return shared


def _asked_alike(collection: Collection, text: str, units: Ints) -> set[int]:
    """Return the entries that have ``text`` itself among the phrasings ``units``."""
    owners = collection.owners["question"][units].tolist()
    size = len(text.encode("utf-16-le", "surrogatepass")) // 2
    placed = zip(owners, collection.located("question", units), strict=True)
    return {owner for owner, (texts, unit) in placed if texts.size(unit) == size and texts.text(unit) == text}


def _why(is_the_question: bool, asked: Mapping[str, float], told: Mapping[str, float]) -> Why:
    weight = {**told, **asked}
    terms = sorted(weight, key=lambda term: (-weight[term], term))
    telling = [term for term in terms if is_about(term)]
    both, only_told = [one for one in telling if one in asked], [one for one in telling if one not in asked]
    reasons = []
    if is_the_question:
        reasons.append("问题相同")
    elif both:
        reasons.append(f"都问到：{_listed(both)}")
    if only_told:
        reasons.append(f"答复中提到：{_listed(only_told)}")
    return Why(tuple(reasons) or ("有相近的字词",), tuple(terms[:MOST_TERMS]))


def _listed(terms: Sequence[str]) -> str:
    return "、".join(terms[:MOST_LISTED])
