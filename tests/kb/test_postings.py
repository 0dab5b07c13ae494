"""Postings: every term where it is, over any number of segments, whatever its length."""

import numpy as np
import pytest

from kb.documents import Document
from kb.forest import Forest, Judge
from kb.index import SearchIndex
from kb.learned import judges
from kb.postings import Texts, code_of

ENTRIES = [
    Document(f"k{n}", f"第{n}路公交车几点发车", (f"{n}路首班车",), f"{n}路早上六点发车。" * 2)
    for n in range(40)
]


def test_every_term_has_a_number_of_its_own():
    terms = ["社", "社保", "社保卡", "保社", "a7", "12333", "𠮷", "𠮷野", "", "社保 卡"]
    assert len({code_of(term) for term in terms}) == len(terms)


@pytest.mark.parametrize("texts", [[], ["", "社保卡", "𠮷野家 a7", ""]])
def test_texts_come_back_as_they_were(texts):
    kept = Texts.of(texts)
    assert [kept.text(unit) for unit in range(len(kept))] == texts


def test_many_small_segments_find_what_one_finds(tmp_path, monkeypatch):
    whole, cut = SearchIndex(tmp_path / "whole"), SearchIndex(tmp_path / "cut")
    whole.rebuild(ENTRIES)
    monkeypatch.setattr("kb.index._SEGMENT", 9)
    cut.rebuild(ENTRIES)
    assert len(cut._follower.current().segments) > 5
    assert len(whole) == len(cut) == len(ENTRIES)
    for query in ("7路几点发车", "首班车 23路"):
        found = [[(hit.key, round(hit.score, 2)) for hit in one.search(query, 3)] for one in (whole, cut)]
        assert found[0][0][0] == found[1][0][0]


def test_a_removed_entry_is_gone_from_every_segment(tmp_path, monkeypatch):
    monkeypatch.setattr("kb.index._SEGMENT", 9)
    index = SearchIndex(tmp_path / "index")
    index.rebuild(ENTRIES)
    index.update([Document("k7", "停运的线路有哪些", (), "7路停运。")], removed_keys=["k8"])
    assert len(index) == len(ENTRIES) - 1
    assert "k8" not in [hit.key for hit in index.search("8路几点发车", 40)]
    assert index.search("停运的线路有哪些", 1)[0].key == "k7"


def test_a_tree_goes_left_up_to_its_threshold():
    forest = Forest.of(
        {"features": [[0, 1, 0]], "thresholds": [[0.5, 2.0, 9.0]], "leaves": [[1.0, 2.0, 4.0, 8.0]]}
    )
    rows = np.array([[0.5, 2.0], [0.5, 3.0], [0.6, 0.0], [10.0, 0.0]])
    assert forest.sum(rows).tolist() == [1.0, 2.0, 4.0, 8.0]
    assert forest.sum(np.zeros((0, 2))).tolist() == []


def test_weights_learned_for_other_measures_are_refused():
    told = {"names": ["a"], "forest": {"features": [], "thresholds": [], "leaves": []}, "short": [1], "long": [2],
            "constant": 0.5}  # fmt: skip
    with pytest.raises(ValueError, match="other features"):
        Judge.of(told, ["b"])


def test_the_shipped_weights_are_for_the_measures_there_are():
    assert set(judges()) == {"question", "text", "question_sure", "text_sure"}
