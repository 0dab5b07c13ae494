"""What do labelled questions look like to the ranking? Rows of features of every candidate, set by set.

A folder holds ``NAME.base.jsonl`` (``id``, ``question``, ``answer``) and ``NAME.queries.jsonl`` (``text`` and
``relevant``, ``not_relevant`` or an empty list), as `huiying evaluate answers` reads them. Queries without a base
of their own are put to another one: ``NAME_traps`` to ``NAME``, and see `ASKED_OF`. Sets whose entries have a
question and an answer both are left out: what is learned is how much speaks for either.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb import ranking
from kb.analysis import Segmenter, fold
from kb.documents import Document
from kb.index import SearchIndex
from kb.postings import Floats, Ints

Flags = NDArray[np.bool_]

ASKED_OF: Mapping[str, tuple[str, ...]] = {"none": ("faq", "policy")}
TITLES = "_titles"
_LEAST_BODY = 20  # characters that a letter says beside its title, or it is no letter


@dataclass(frozen=True)
class Asked:
    """A set of questions put to a base."""

    name: str
    base: Sequence[Mapping[str, Any]]
    queries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Rows:
    """The candidates of every question of a set, those of one question together, in one family.

    By row: ``features``, ``right``, ``query`` (ascending), ``entry``. By question: ``groups`` (what must stay
    on one side of a fold), ``letters``, ``traps``, ``answerable``.
    """

    name: str
    family: str
    features: NDArray[np.float32]
    right: Flags
    query: Ints
    entry: Ints
    groups: Sequence[str]
    letters: Flags
    traps: Flags
    answerable: Flags

    def starts(self) -> Ints:
        """Return where the rows of each question that has any begin, and where the last one ends."""
        changes = np.flatnonzero(np.diff(self.query)) + 1
        return np.concatenate([[0], changes, [len(self.query)]]).astype(np.int64)


def read(folder: Path) -> Iterator[Asked]:
    """Yield the sets of a folder, and where letters have titles, each letter's body with the titles as base."""
    read_bases = {path.name.split(".")[0]: _lines(path) for path in sorted(folder.glob("*.base.jsonl"))}
    bases = {name: base for name, base in read_bases.items() if not any(_has_both(row) for row in base)}
    for path in sorted(folder.glob("*.queries.jsonl")):
        name, queries = path.name.split(".")[0], _lines(path)
        asked_of = ASKED_OF.get(name) or (name if name in bases else name.rpartition("_")[0],)
        for base in asked_of:
            if base in bases:
                yield Asked(name if len(asked_of) == 1 else f"{name}_{base}", bases[base], queries)
        if name in bases and not any(row.get("question") for row in bases[name]):
            titled = list(_titled(queries))
            if titled:
                base_of_titles = [title for title, _ in titled]
                yield Asked(name + TITLES, base_of_titles, [letter for _, letter in titled])


def _has_both(row: Mapping[str, Any]) -> bool:
    return bool(row.get("question")) and bool(row.get("answer"))


def _titled(queries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for number, row in enumerate(queries):
        title, _, body = row["text"].partition("\n")
        if title.strip() and len(body.strip()) >= _LEAST_BODY:
            key = f"title-{number}"
            yield {"id": key, "question": title}, {"text": body.strip(), "relevant": [key]}


def rows_of(asked: Asked) -> dict[str, Rows]:
    """Return the rows of a set by family; a family without any is left out."""
    with tempfile.TemporaryDirectory(prefix="huiying-training-") as folder:
        index = SearchIndex(Path(folder))
        index.rebuild(
            Document(str(row["id"]), row.get("question") or "", (), row.get("answer") or "")
            for row in asked.base
        )
        collection = index._follower.current().collection
        gathered = [_of_query(collection, index._segmenter, row) for row in asked.queries]
    told = [_told(number, row) for number, row in enumerate(asked.queries)]
    letters = np.array([letter for letter, _ in gathered], dtype=bool)
    found = {}
    for family in ranking.FIRST_KINDS:
        parts = [families[family] for _, families in gathered]
        if any(len(part[0]) for part in parts):
            found[family] = _joined(asked.name, family, parts, told, letters)
    return found


def _joined(
    name: str,
    family: str,
    parts: Sequence[tuple[Floats, Flags, Ints]],
    told: Sequence[tuple[str, bool, bool]],
    letters: Flags,
) -> Rows:
    filled = [part for part in parts if len(part[0])]
    return Rows(
        name,
        family,
        np.concatenate([part[0] for part in filled]).astype(np.float32),
        np.concatenate([part[1] for part in filled]),
        np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts]),
        np.concatenate([part[2] for part in filled]),
        [group for group, _, _ in told],
        letters,
        np.array([trap for _, trap, _ in told], dtype=bool),
        np.array([answerable for _, _, answerable in told], dtype=bool),
    )


def _of_query(
    collection: ranking.Collection, segmenter: Segmenter, row: Mapping[str, Any]
) -> tuple[bool, dict[str, tuple[Floats, Flags, Ints]]]:
    """Return whether it is a letter, and of each family features, whether right, and entries of candidates."""
    question = ranking.question_of(fold(row["text"]), segmenter)
    query = ranking.Query(collection, question, segmenter)
    found = ranking.candidates(query, None)
    named = set(row.get("relevant") or row.get("not_relevant") or ())
    families = {}
    for family in ranking.FIRST_KINDS:
        units = found.units[family]
        owner = {
            unit: entry
            for entry in found.entries.tolist()
            for unit in collection.units_of(family, np.array([entry])).tolist()
        }
        entries = np.array([owner[unit] for unit in units.tolist()], dtype=np.int64)
        features = ranking.features_of(query, family, units) if len(units) else np.zeros((0, 0))
        right = np.array([collection.keys[entry] in named for entry in entries], dtype=bool)
        families[family] = (features, right, entries)
    return question.is_letter, families


def _told(number: int, row: Mapping[str, Any]) -> tuple[str, bool, bool]:
    named = row.get("relevant") or row.get("not_relevant")
    group = str(named[0]) if named else f"nothing-{number}"
    return group, bool(row.get("not_relevant")), bool(row.get("relevant"))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
