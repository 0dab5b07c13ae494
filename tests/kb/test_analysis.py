"""One spelling for all ways of writing, and the terms a text is found by."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.analysis import Segmenter, bigrams, canonical, fold, fold_with_origins, spellings

SEGMENTER = Segmenter()


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("社會保障卡", "社会保障卡"),
        ("ＡＢＣ１２３", "abc123"),
        ("㎡", "m2"),
        ("記憶體", "记忆体"),
        ("①", "1"),
        ("e\u0301", "é"),
        ("Ⅳ", "iv"),
        ("", ""),
    ],
)
def test_ways_of_writing_become_one(written, folded):
    assert fold(written) == folded


@given(st.text(max_size=40))
def test_folding_never_fails_and_knows_where_each_character_came_from(text):
    folded, origins = fold_with_origins(text)
    assert len(folded) == len(origins)
    assert all(0 <= origin < len(text) for origin in origins)
    assert origins == sorted(origins)


@given(st.text(max_size=40))
def test_any_text_has_terms(text):
    folded = fold(text)
    assert all(term for term in bigrams(folded))
    assert all(folded[token.start : token.end] == token.term for token in SEGMENTER.tokens(folded))


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("社保卡补办", ["社保", "保卡", "卡补", "补办"]),
        ("第5条。税", ["第", "5", "条", "税"]),
        ("拨打12333", ["拨打", "12333"]),
        ("wifi密码", ["wifi", "密码"]),
        ("？！", []),
    ],
)
def test_pairs_of_characters_do_not_span_punctuation(text, pairs):
    assert bigrams(text) == pairs


def test_words_stand_where_they_are_and_punctuation_counts_as_a_place():
    tokens = SEGMENTER.tokens("补办，社保卡")
    assert (tokens[0].term, tokens[0].position, tokens[0].start, tokens[0].end) == ("补办", 0, 0, 2)
    assert tokens[1].position == 2


@pytest.mark.clause("D9")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("咨询问答库", "咨询答问库"),
        ("如何办理", "怎样办理"),
        ("能不能提取", "可否提取"),
        ("小孩上学", "儿童上学"),
        ("身份证丢了", "身份证遗失"),
    ],
)
def test_ways_of_saying_the_same_become_one(one, other):
    assert canonical(fold(one)) == canonical(fold(other))


@pytest.mark.parametrize(
    ("synonyms", "readings"),
    [
        ({}, ["市民卡补办"]),
        ({"": ""}, ["市民卡补办"]),
        ({"公交卡": "社保卡"}, ["市民卡补办"]),
        ({"市民卡": "社保卡"}, ["市民卡补办", "社保卡补办"]),
        ({"社会保障卡": "社保卡", "市民卡": "社保卡"}, ["市民卡补办", "社保卡补办", "社会保障卡补办"]),
        ({"市民": "居民", "市民卡": "社保卡"}, ["市民卡补办", "社保卡补办"]),
    ],
)
def test_a_query_is_read_with_every_synonym(synonyms, readings):
    assert spellings("市民卡补办", synonyms) == readings


def test_a_dictionary_of_its_own_keeps_an_office_word_whole():
    assert "云泽码" in Segmenter(["云泽码"]).words("出示云泽码进入")
    assert Segmenter(["云泽码"]).signature != SEGMENTER.signature
    assert Segmenter(["云泽码"]).signature == Segmenter(["云泽码", "云泽码"]).signature


def test_one_segmenter_serves_many_threads():
    failures: list[BaseException] = []

    def cut() -> None:
        try:
            for _ in range(200):
                assert "补办" in SEGMENTER.words("社保卡丢了怎么补办")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=cut) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
