"""The sample office's library answers the letters of its own citizens: entries with a question and a text both.

The labelled sets have only one of the two; what is learned there alone must not spoil an office's library.
"""

import json
from collections.abc import Callable
from importlib import resources

import pytest

from kb.documents import Document
from kb.index import SearchIndex
from kb.ranking import ANSWERED


def lines(name: str) -> list[dict]:
    text = resources.files("app.sample").joinpath("data", name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    index = SearchIndex(tmp_path_factory.mktemp("sample") / "index")
    index.rebuild(
        Document(one["key"], one["question"], tuple(one["phrasings"]), one["text"])
        for one in lines("answers.jsonl")
    )
    return index


# Least shares: right first, right among three, answered, and of these right.
LEAST = {
    "title": (lambda letter: letter["title"], 0.85, 0.91, 0.47, 0.95),
    "letter": (lambda letter: letter["text"], 0.82, 0.92, 0.45, 0.95),
    "both": (lambda letter: f"{letter['title']}\n{letter['text']}", 0.91, 0.94, 0.46, 0.95),
}


@pytest.mark.parametrize("asked", LEAST)
def test_citizens_find_the_agreed_answer_by_a_title_a_letter_and_both(
    library: SearchIndex, asked: str
) -> None:
    words_of, first, among_three, answered, right = LEAST[asked]
    letters = [letter for letter in lines("cases.jsonl") if letter["answer"]]
    found = [(letter["answer"], library.search(words_of(letter), 3)) for letter in letters]
    assert share(found, lambda key, hits: hits[0].key == key) >= first
    assert share(found, lambda key, hits: key in {hit.key for hit in hits}) >= among_three
    sure = [(key, hits) for key, hits in found if hits[0].confidence >= ANSWERED]
    assert len(sure) / len(found) >= answered
    assert share(sure, lambda key, hits: hits[0].key == key) >= right


def share(found: list, holds: Callable[[str, list], bool]) -> float:
    return sum(holds(key, hits) for key, hits in found if hits) / len(found)


def test_nothing_is_surer_than_what_stands_before_it(library: SearchIndex) -> None:
    for letter in lines("cases.jsonl")[:60]:
        confidences = [hit.confidence for hit in library.search(letter["text"], 5)]
        assert confidences == sorted(confidences, reverse=True)


TOWNS = [f"{one}{other}镇" for one in "东南西北青白" for other in "河山湖桥塘"]
"""Thirty, and the city itself."""


@pytest.fixture(scope="module")
def library_of_towns(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    index = SearchIndex(tmp_path_factory.mktemp("towns") / "index")
    index.rebuild(
        Document(
            f"{one['key']}@{town}",
            f"{town}{one['question']}",
            tuple(f"{town}{phrasing}" for phrasing in one["phrasings"]),
            one["text"].replace("云泽", town) if town else one["text"],
        )
        for town in ("", *TOWNS)
        for one in lines("answers.jsonl")
    )
    return index


@pytest.mark.parametrize(("asked", "least"), [("title", 0.82), ("text", 0.86)])
def test_an_answer_that_every_town_has_does_not_crowd_out_the_others(
    library_of_towns: SearchIndex, asked: str, least: float
) -> None:
    letters = [letter for letter in lines("cases.jsonl") if letter["answer"]]
    found = [(letter["answer"], library_of_towns.search(letter[asked], 3)) for letter in letters]
    assert share(found, lambda key, hits: key in {hit.key.partition("@")[0] for hit in hits}) >= least


def test_a_citizen_who_names_the_town_finds_its_answer(library_of_towns: SearchIndex) -> None:
    for place, one in enumerate(lines("answers.jsonl")[:30]):
        town = TOWNS[place]
        assert library_of_towns.search(f"{town}{one['question']}", 1)[0].key == f"{one['key']}@{town}"
