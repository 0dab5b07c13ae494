"""How long does a suggestion take at 10,000 answers, and is it right? Against SQLite's full-text search and tantivy.

The 150 sample answers, each as it is and for invented places; asked with the sample letters, whose right
answers are known: their titles (short), the letters (a letter), and three letters in one (long: most of 100 to
400 characters). `python -m bench.suggestions FOLDER` tells how much memory a process with such a library holds.
"""

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import rjieba
import tantivy
from flask import render_template_string
from sqlalchemy import insert

from app import migrations
from app.base import clock
from app.base.db import Database, sqlite_module
from app.base.keys import Keys
from app.finding.index import AnswerIndex
from app.finding.service import suggest
from bench.servers import memory
from bench.table import Row
from kb.models import AnswerEntry, EntryVersion, LibraryChange
from tests.conftest import make_app
from tests.live import SECRET

ANSWERS = 10_000
AT_MOST = 3
FIRST, SECOND = "东西南北上下新古青白红金", "桥湾塘岭庄"
PLACES = [
    "",
    *(f"{one}{other}镇" for one in FIRST for other in SECOND),
    *(f"{one}{two}{other}镇" for one in FIRST for two in FIRST for other in SECOND),
]


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
    rebuilt = _rebuild(db, index)
    yield Row(f"rebuild of {len(copies):,} answers", rebuilt, "goal", 300 * len(copies) / 100_000, "s")
    ours = _ours(db, index)
    peers = {f"FTS5 {name}": _fts(folder, name, copies) for name in TOKENIZERS} | _tantivy(folder, copies)
    asked, p95 = _questions(), dict[str, float]()
    # As `serve` does when it has started: what was made until here is not looked through again.
    gc.collect()
    gc.freeze()
    for kind, questions in asked.items():
        mine, seen = _ask(ours, questions), {name: _ask(find, questions) for name, find in peers.items()}
        p95[kind] = mine[0]
        for name, (took, _) in seen.items():
            yield Row(f"suggestion p95, {kind}", mine[0], name, took, "ms")
        for name, (_, right) in seen.items():
            yield Row(f"right in the first {AT_MOST}, {kind}", mine[1], name, right, "%")
    yield Row(
        "suggestion p95, letter, during a rebuild",
        _beside_a_rebuild(db, index, asked),
        "at rest",
        p95["letter"],
        "ms",
    )
    yield Row("memory after all these questions", _memory(folder), "goal at 100,000", 300, "MB")
    yield from _public_page(db, folder, asked["title"])
    db.close()


def _rebuild(db: Database, index: AnswerIndex) -> float:
    """Seconds of a rebuild."""
    begun = time.perf_counter()
    with db.reading() as session:
        index.rebuild(session)
    return time.perf_counter() - begun


def _beside_a_rebuild(db: Database, index: AnswerIndex, asked: dict[str, list[Asked]]) -> float:
    """p95 of processor time in ms of suggestions for letters while a thread makes the index anew."""
    beside = threading.Thread(target=_rebuild, args=(db, AnswerIndex(index.folder)))
    find, took = _ours(db, index), []
    beside.start()
    while beside.is_alive():
        for one in asked["letter"]:
            text = f"{one.text}（{len(took)}）"  # a letter that nobody wrote before
            begun = time.thread_time()
            find(text)
            took.append((time.thread_time() - begun) * 1000)
    beside.join()
    return sorted(took)[int(len(took) * 0.95)]


def _memory(folder: Path) -> float:
    """Megabytes that a process of its own holds after all questions."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.suggestions", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(told.stdout)


def _public_page(db: Database, folder: Path, questions: list[Asked]) -> Iterator[Row]:
    """Pages a second of the public search beside a page that shows nothing but the frame of every page.

    A question that somebody asked before is not ranked again.
    """
    (folder / "index").rename(folder / "answers")
    (folder / "data" / "index").mkdir(parents=True)
    (folder / "answers").rename(folder / "data" / "index" / "answers")
    app = make_app(db, folder / "data")
    app.add_url_rule("/frame", view_func=lambda: render_template_string("{% extends 'public_base.html' %}"))
    client = app.test_client()
    for when in ("first asked", "asked again"):
        spent = {"search": 0.0, "frame": 0.0}
        for number, one in enumerate([questions[0], *questions]):
            for name, path, query in (("search", "/answers", {"q": one.text}), ("frame", "/frame", {})):
                begun = time.perf_counter()
                assert client.get(path, query_string=query).status_code == 200
                spent[name] += time.perf_counter() - begun if number else 0.0
        app.extensions["huiying"].searches.settle()  # what the pages left to be done after them
        rates = {name: len(questions) / seconds for name, seconds in spent.items()}
        yield Row(
            f"public search page, {when}", rates["search"], "a page without content", rates["frame"], "/s"
        )


def _ask(find: Find, questions: list[Asked]) -> tuple[float, float]:
    """(p95 of processor time in ms, share of questions with a right answer among the first three in %)."""
    find(questions[0].text)
    took, hits = [], 0
    for asked in questions:
        begun = time.thread_time()
        found = find(asked.text)
        took.append((time.thread_time() - begun) * 1000)
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
    entry = {"state": "published", "kind": "answer", "origin": "", "current_version": 1}
    wording = {"number": 1, "author_id": 1, "digest": "", "published_at": now, "created_at": now}
    wording |= {"valid_from": date(2026, 1, 1), "review_by": date(2099, 1, 1)}
    taken = ("question", "phrasings", "text", "basis", "category")
    with db.writing() as session:
        for some in _thousands(copies):
            entries = [
                {"id": n, "key": f"k{n}", "owner_name": one["key"], "created_at": now, "updated_at": now}
                | entry
                for n, one in some
            ]
            session.execute(insert(AnswerEntry), entries)
            wordings = [{"entry_id": n} | wording | {name: one[name] for name in taken} for n, one in some]
            session.execute(insert(EntryVersion), wordings)
            changes = [{"entry_id": n, "kind": "published", "at": now} for n, _ in some]
            session.execute(insert(LibraryChange), changes)
    return db


def _thousands(copies: list[dict[str, Any]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    numbered = list(enumerate(copies, 1))
    for first in range(0, len(numbered), 1000):
        yield numbered[first : first + 1000]


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


def _tantivy(folder: Path, copies: list[dict[str, Any]]) -> dict[str, Find]:
    """The search engine tantivy over the words of jieba."""
    fields = tantivy.SchemaBuilder()
    fields.add_text_field("key", stored=True, tokenizer_name="raw")
    fields.add_text_field("words", tokenizer_name="whitespace")
    (folder / "tantivy").mkdir()
    index = tantivy.Index(fields.build(), path=str(folder / "tantivy"))
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for one in copies:
        said = "\n".join([one["question"], *one["phrasings"], one["text"]])
        writer.add_document(tantivy.Document(key=one["key"], words=" ".join(_words(said))))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(text: str) -> list[str]:
        terms = [
            tantivy.Query.term_query(index.schema, "words", word) for word in dict.fromkeys(_words(text))
        ]
        asked = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        return [searcher.doc(place)["key"][0] for _, place in searcher.search(asked, AT_MOST).hits]

    return {"tantivy words of jieba": find}


def _tell_memory(folder: Path) -> None:
    """Ask everything there is of the library in a folder, and print how much memory this process then holds."""
    db = Database(f"sqlite:///{folder}/library.db", Keys(SECRET))
    find = _ours(db, AnswerIndex(folder / "index"))
    for questions in _questions().values():
        for one in questions:
            find(one.text)
    print(memory(os.getpid()))


if __name__ == "__main__":
    _tell_memory(Path(sys.argv[1]))
