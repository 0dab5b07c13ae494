"""How long does a suggestion take at 10,000 answers, and is it right? Against SQLite's own full-text search.

The 150 sample answers, each as it is and for 66 invented places; asked with the sample letters, whose right
answers are known: their titles (short), the letters (a letter), and three letters in one (long).
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import rjieba

from app import migrations
from app.base import clock
from app.base.db import Database, sqlite_module
from app.base.keys import Keys
from app.finding.index import AnswerIndex
from app.finding.service import suggest
from bench.table import Row
from kb.models import AnswerEntry, EntryVersion, LibraryChange
from tests.live import SECRET

ANSWERS = 10_000
AT_MOST = 3
FIRST, SECOND = "东西南北上下新古青白红金", "桥湾塘岭庄"
PLACES = ["", *(f"{one}{other}镇" for one in FIRST for other in SECOND)]


@dataclass(frozen=True)
class Asked:
    """One question and the keys of the sample answers that are right for it."""

    text: str
    right: frozenset[str]


Find = Callable[[str], list[str]]
"""A text → keys of the best answers, best first; keys of copies begin with the original's."""


def measure(folder: Path, answers: int = ANSWERS) -> Iterator[Row]:
    """Every set of questions to each of the three, in turns."""
    material = _lines("answers.jsonl")
    copies = [_copy(one, place) for place in PLACES for one in material][:answers]
    db = _library(folder, copies)
    index = AnswerIndex(folder / "index")
    with db.reading() as session:
        begun = time.perf_counter()
        index.rebuild(session)
        rebuilt = time.perf_counter() - begun
    finders = {"ours": _ours(db, index), **{name: _fts(folder, name, copies) for name in TOKENIZERS}}
    for kind, questions in _questions().items():
        seen = {name: _ask(find, questions) for name, find in finders.items()}
        for name in TOKENIZERS:
            yield Row(f"suggestion p95, {kind}", seen["ours"][0], f"FTS5 {name}", seen[name][0], "ms")
        for name in TOKENIZERS:
            what = f"right in the first {AT_MOST}, {kind}"
            yield Row(what, seen["ours"][1], f"FTS5 {name}", seen[name][1], "%")
    yield Row(f"rebuild of {len(copies):,} answers", rebuilt, "goal", 300 * len(copies) / 100_000, "s")
    db.close()


def _ask(find: Find, questions: list[Asked]) -> tuple[float, float]:
    """(p95 in ms, share of questions with a right answer among the first three in %)."""
    find(questions[0].text)
    took, hits = [], 0
    for asked in questions:
        begun = time.perf_counter()
        found = find(asked.text)
        took.append((time.perf_counter() - begun) * 1000)
        hits += bool({key.partition("@")[0] for key in found[:AT_MOST]} & asked.right)
    return sorted(took)[int(len(took) * 0.95)], 100 * hits / len(questions)


def _lines(name: str) -> list[dict[str, Any]]:
    text = resources.files("app.sample").joinpath("data", name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def _questions() -> dict[str, list[Asked]]:
    letters = [one for one in _lines("cases.jsonl") if one["answer"]]
    turned = [letters[-1], *letters[:-1]], [letters[-2], letters[-1], *letters[:-2]]
    return {
        "title": [Asked(one["title"], frozenset({one["answer"]})) for one in letters],
        "letter": [Asked(one["text"], frozenset({one["answer"]})) for one in letters],
        "three letters in one": [
            Asked("另外，".join(part["text"] for part in parts), frozenset(part["answer"] for part in parts))
            for parts in zip(letters, *turned, strict=True)
        ],
    }


def _copy(one: dict[str, Any], place: str) -> dict[str, Any]:
    """The same answer for another place."""
    if not place:
        return one
    words = {name: one[name].replace("云泽", place) for name in ("text", "short_text")}
    phrasings = [f"{place}{phrasing}" for phrasing in one["phrasings"]]
    words |= {"key": f"{one['key']}@{place}", "question": f"{place}{one['question']}"}
    return {**one, **words, "phrasings": phrasings}


def _library(folder: Path, copies: list[dict[str, Any]]) -> Database:
    """All of them in force, as after their reviews."""
    db, now = Database(f"sqlite:///{folder}/library.db", Keys(SECRET)), clock.now()
    migrations.migrate(db)
    with db.writing() as session:
        for number, one in enumerate(copies, 1):
            session.add(
                AnswerEntry(
                    id=number,
                    key=f"k{number}",
                    state="published",
                    current_version=1,
                    owner_name=one["key"],
                    created_at=now,
                    updated_at=now,
                )
            )
            session.add(
                EntryVersion(
                    entry_id=number,
                    number=1,
                    question=one["question"],
                    phrasings=one["phrasings"],
                    text=one["text"],
                    basis=one["basis"],
                    category=one["category"],
                    author_id=1,
                    digest="",
                    valid_from=date(2026, 1, 1),
                    review_by=date(2099, 1, 1),
                    created_at=now,
                    published_at=now,
                )
            )
            session.add(LibraryChange(entry_id=number, kind="published", at=now))
    return db


def _ours(db: Database, index: AnswerIndex) -> Find:
    def find(text: str) -> list[str]:
        with db.reading() as session:
            return [one.owner for one in suggest(session, index, text, limit=AT_MOST)]

    return find


def _trigrams(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(max(1, len(text) - 2))]


def _words(text: str) -> list[str]:
    return [word for word in rjieba.cut(text) if word.strip() and word.isalnum()]


TOKENIZERS: dict[str, tuple[str, Callable[[str], list[str]], Callable[[str], str]]] = {
    "trigram": ("trigram", _trigrams, lambda text: text),
    "words of jieba": ("unicode61", _words, lambda text: " ".join(rjieba.cut(text))),
}
"""FTS5's tokenizer, the terms of a question, and what is stored."""


def _fts(folder: Path, name: str, copies: list[dict[str, Any]]) -> Find:
    tokenizer, terms, stored = TOKENIZERS[name]
    connection = sqlite_module().connect(str(folder / f"fts-{tokenizer}.db"))
    connection.execute(
        f"CREATE VIRTUAL TABLE answers USING fts5(key UNINDEXED, words, tokenize='{tokenizer}')"
    )
    rows = (
        (one["key"], stored("\n".join([one["question"], *one["phrasings"], one["text"]]))) for one in copies
    )
    connection.executemany("INSERT INTO answers VALUES (?, ?)", rows)
    connection.commit()

    def find(text: str) -> list[str]:
        asked = " OR ".join('"' + term.replace('"', '""') + '"' for term in dict.fromkeys(terms(text)))
        found = connection.execute(
            f"SELECT key FROM answers WHERE answers MATCH ? ORDER BY rank LIMIT {AT_MOST}", (asked,)
        )
        return [row[0] for row in found]

    return find
