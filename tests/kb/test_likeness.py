"""Likeness of one text and many at once says what it says of each alone."""

import pytest
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, LCSseq, Levenshtein, Postfix, Prefix

from kb.likeness import Neighbours, Sets, Strings, characters_of, partial, shared_characters

ASKED = "社保卡丢失怎么补办a7"
STORED = [
    "社保卡怎么补办",
    "",
    "居住证到期，怎么续签？",
    "社保卡丢失怎么补办a7",
    "𠮷野家在哪",
    "卡卡卡补办补办",
]
WORDS = ("社保卡", "丢失", "怎么", "补办")
HELD = [
    ("社保", "怎么", "补办"),
    (),
    ("补办", "怎么", "丢失", "丢失"),
    ("居住证", "续签"),
    WORDS,
    ("失", "卡片"),
]


def in_order(one, other):
    return LCSseq.similarity(one, other) / max(1, min(len(one), len(other)))


def neighbours(text):
    return {text[at : at + 2] for at in range(len(text) - 1)}


@pytest.mark.parametrize("asked", [ASKED, "", "卡"])
def test_strings_are_compared_as_one_by_one(asked):
    found = Strings.of(asked, STORED)
    short = found.ratio >= 0.5
    part = partial(asked, STORED, short, found.part)
    for n, other in enumerate(STORED):
        longer = max(len(asked), len(other), 1)
        assert found.ratio[n] == pytest.approx(fuzz.ratio(asked, other) / 100, abs=1e-12)
        assert found.edits[n] == pytest.approx(Levenshtein.normalized_similarity(asked, other), abs=1e-12)
        assert found.winkler[n] == pytest.approx(JaroWinkler.similarity(asked, other), abs=1e-12)
        assert found.in_order[n] == LCSseq.similarity(asked, other) / longer
        assert found.part[n] == in_order(asked, other)
        assert found.prefix[n] == Prefix.similarity(asked, other) / longer
        assert found.postfix[n] == Postfix.similarity(asked, other) / longer
        alone = fuzz.partial_ratio(asked, other) / 100 if short[n] else found.part[n]
        assert part[n] == pytest.approx(alone, abs=1e-12)


def test_words_are_held_as_sets_and_kept_in_order():
    words = Sets.of(WORDS, HELD)
    for n, held in enumerate(HELD):
        assert {term for term, is_held in zip(words.terms, words.stored[n], strict=True) if is_held} == {
            *held
        }
        assert words.order()[n] == in_order(WORDS, held)


def test_what_only_one_of_two_says_is_compared_by_its_characters():
    both, lesser = shared_characters(Sets.of(WORDS, HELD))
    for n, held in enumerate(HELD):
        mine, theirs = set("".join({*WORDS} - {*held})), set("".join({*held} - {*WORDS}))
        assert (both[n], lesser[n]) == (len(mine & theirs), min(len(mine), len(theirs)))


def test_characters_are_letters_digits_and_chinese_ones():
    found = characters_of(ASKED, STORED)
    for n, text in enumerate(STORED):
        held = {term for term, is_held in zip(found.terms, found.stored[n], strict=True) if is_held}
        assert held == {character for character in text if character.isalnum()}


def test_neighbours_are_counted_once():
    found, asked = Neighbours.of(STORED), Neighbours.of([ASKED])
    assert found.counts.tolist() == [len(neighbours(text)) for text in STORED]
    assert found.shared(asked).tolist() == [len(neighbours(text) & neighbours(ASKED)) for text in STORED]


def test_nothing_to_compare_with_is_nothing_found():
    assert Strings.of(ASKED, []).ratio.tolist() == []
    assert Neighbours.of([]).counts.tolist() == []
