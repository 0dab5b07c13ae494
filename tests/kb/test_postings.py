"""Postings: every term where it is, over any number of segments, whatever its length."""

import numpy as np
import pytest

from kb.documents import Document
from kb.errors import IndexUnavailable
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
    assert len(cut._follower.current().segments[0].names) > 5
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
            "constants": [0.5, 0.25]}  # fmt: skip
    with pytest.raises(ValueError, match="other features"):
        Judge.of(told, ["b"])


def test_the_shipped_weights_are_for_the_measures_there_are():
    assert set(judges()) == {"question", "text", "question_sure", "text_sure"}


def test_a_search_in_many_joined_blocks_says_what_one_segment_says(tmp_path, monkeypatch):
    whole, cut = SearchIndex(tmp_path / "whole"), SearchIndex(tmp_path / "cut")
    whole.rebuild(ENTRIES)
    monkeypatch.setattr("kb.index._SEGMENT", 9)
    monkeypatch.setattr("kb.index.BLOCK", 4)
    cut.rebuild(ENTRIES)
    one, joined = (index._follower.current() for index in (whole, cut))
    units = np.arange(0, 80, 3)
    for key, field in one.collection.fields.items():
        other = joined.collection.fields[key]
        terms = {"公交": 1, "公交车": 1, "7路": 1, "7": 1, "早": 2, "没有": 1, "早上": 1}
        asked = field.asked(terms), other.asked(terms)
        assert field.score(asked[0]) == pytest.approx(other.score(asked[1]))
        held = units[units < len(field.score(asked[0]))]
        assert (field.frequencies(asked[0], held) == other.frequencies(asked[1], held)).all()
        assert field.mass(held) == pytest.approx(other.mass(held))
        assert field.norm(held) == pytest.approx(other.norm(held))
    for query in ("7路几点发车", "首班车 23路"):
        assert whole.search(query, 5) == cut.search(query, 5)


def test_processes_share_one_file_of_arrays_and_no_copy_is_left(tmp_path):
    SearchIndex(tmp_path / "index").rebuild(ENTRIES)
    (folder,) = (tmp_path / "index").glob("index-*")
    assert len(list(folder.glob("units-*"))) == 1
    assert list(folder.glob("part-*")) == []
    reader = SearchIndex(tmp_path / "index")
    reader.warm()
    assert [one.source is not None for one in reader._follower.current().segments] == [True]


def test_a_change_is_read_beside_the_file_that_is_mapped_already(tmp_path):
    index = SearchIndex(tmp_path / "index")
    index.rebuild(ENTRIES)
    index.warm()
    before = index._follower.current().segments[0]
    index.update([Document("new", "夜间公交几点停运", (), "夜间公交二十三点停运。")])
    after = index._follower.current().segments
    assert after[0].source is before.source
    assert [one.source is None for one in after] == [False, True]
    assert index.search("夜间公交几点停运", 1)[0].key == "new"


def test_what_is_purged_leaves_the_arrays_as_well(tmp_path):
    index = SearchIndex(tmp_path / "index")
    index.rebuild([*ENTRIES, Document("secret", "青桥塘谁家漏水", (), "青桥塘三号。")])
    index.warm()
    index.update([], ["secret"], purge=True)
    assert "青桥".encode("utf-16-le") not in b"".join(
        path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file()
    )
    assert index.search("7路几点发车", 1)[0].key == "k7"


def test_a_file_of_arrays_cut_while_it_is_mapped_stops_no_page(tmp_path):
    index = SearchIndex(tmp_path / "index")
    index.rebuild(ENTRIES)
    index.warm()
    (kept,) = (tmp_path / "index").rglob("units-*")
    kept.write_bytes(b"")
    with pytest.raises(IndexUnavailable):
        index.search("7路几点发车")
    index.rebuild(ENTRIES)
    assert index.search("7路几点发车", 1)[0].key == "k7"
