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
