"""The search index: found by meaning words, never half written, and rebuilt whatever happens to it."""

import threading
from pathlib import Path

import pytest

from kb.documents import Document
from kb.errors import IndexUnavailable
from kb.index import SearchIndex

CARD = Document(
    "card",
    "社保卡丢了怎么补办？",
    ("社保卡遗失补领",),
    "请先拨打12333挂失，再持身份证到就近服务网点补办社保卡，当场领取。",
    frozenset({"answer"}),
)
PERMIT = Document(
    "permit",
    "居住证到期了怎么续签？",
    (),
    "居住证每年签注一次，可以在云泽政务服务网办理，也可以到派出所窗口办理。",
    frozenset({"answer"}),
)
FUND = Document(
    "fund",
    "租房可以提取住房公积金吗？",
    ("公积金租房提取",),
    "可以。在云泽市无自有住房的，每年可以提取一次公积金支付房租，在网上申请。",
    frozenset({"answer"}),
)
SCHOOL = Document(
    "school",
    "外地孩子在云泽市上小学要什么材料？",
    (),
    "需要居住证、户口簿和务工证明，每年五月在教育入学平台报名。",
    frozenset({"answer"}),
)
LIBRARY = Document(
    "library", "什么是咨询问答库？", (), "咨询问答库是各单位统一的答复口径。", frozenset({"clarification"})
)
ALL = (CARD, PERMIT, FUND, SCHOOL, LIBRARY)


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> SearchIndex:
    index = SearchIndex(tmp_path_factory.mktemp("search") / "answers")
    index.rebuild(ALL, position=7)
    return index


def keys(index: SearchIndex, query: str, **given) -> list[str]:
    return [hit.key for hit in index.search(query, **given)]


@pytest.mark.clause("A9", "D9")
@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("社保卡补办", "card"),
        ("社保卡弄丢了，咋办理？", "card"),
        ("設保卡丟了怎麼補辦？社保卡", "card"),
        ("社保卡 １２３３３", "card"),
        ("居住證續簽", "permit"),
        ("我在外面租房子住，能不能取公积金交房租", "fund"),
        ("小孩外地户口怎么报名读小学", "school"),
        ("咨询答问库", "library"),
        ("你好，我前天坐公交车时把社保卡掉了，现在人在外地，请问补办要带什么，多久能拿到？谢谢", "card"),
    ],
)
def test_the_right_entry_is_found_whatever_the_wording(full, query, key):
    assert keys(full, query)[0] == key


@pytest.mark.parametrize("query", ["", "   ", "？！……", "*", "key:card", "\x00", "'); DROP TABLE", "😀"])
def test_no_query_breaks_the_search(full, query):
    assert keys(full, query) == []


def test_a_query_of_any_length_is_answered(full):
    assert keys(full, "社保卡丢了怎么补办" * 5000)[0] == "card"


@pytest.mark.parametrize(
    ("synonyms", "found"), [({}, []), ({"市民卡": "社保卡"}, ["card"]), ({"社保卡": "市民卡"}, ["card"])]
)
def test_synonyms_count_in_both_directions_and_at_once(full, synonyms, found):
    assert keys(full, "市民卡", synonyms=synonyms) == found


def test_a_search_can_be_narrowed(full):
    assert keys(full, "咨询问答库", tag="clarification") == ["library"]
    assert "library" not in keys(full, "咨询问答库", tag="answer")
    assert "card" not in keys(full, "社保卡补办", without=["card"])
    assert len(full.search("居住证", limit=1)) == 1


def test_the_reasons_are_words_of_the_question(full):
    hit = full.search("社保卡怎样补办")[0]
    assert "社保卡" in hit.matched_terms or "社保" in hit.matched_terms
    assert any("补办" in reason for reason in hit.reasons)
    assert full.search("社保卡丢了怎么补办？")[0].reasons[0] == "问题相同"


def test_how_it_is_asked_is_no_reason_and_a_reason_claims_no_more_than_it_knows(full):
    hits = full.search("请问居住证怎么办")
    assert hits
    for hit in hits:
        assert not any("怎么" in reason or "请问" in reason for reason in hit.reasons), hit.reasons
        assert all(
            reason.startswith(("问题相同", "都问到：", "答复中提到：", "有相近的字词"))
            for reason in hit.reasons
        )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("居主证续签", "居住证续签"),
        ("公机金提取", "公积金提取"),
        ("居住证续签", None),
        ("abc123", None),
        ("", None),
    ],
)
def test_homophones_are_recognised_as_slips(full, written, meant):
    assert full.did_you_mean(written) == meant


def test_changes_are_seen_by_other_readers_at_once(tmp_path):
    folder = tmp_path / "answers"
    writer, reader = SearchIndex(folder), SearchIndex(folder)
    writer.rebuild([CARD, PERMIT])
    assert keys(reader, "公积金") == []
    before = reader.generation
    writer.update([FUND], removed_keys=["permit"], position=3)
    assert reader.generation != before
    assert keys(reader, "公积金") == ["fund"]
    assert keys(reader, "居住证续签") == []
    assert (len(reader), reader.position) == (2, 3)
    writer.update([Document("card", "市民卡怎么挂失？", (), "拨打12333。")])
    assert keys(reader, "市民卡挂失") == ["card"]
    assert len(reader) == 2


def test_a_rebuilt_index_replaces_the_old_one_in_one_step(tmp_path):
    folder = tmp_path / "answers"
    index = SearchIndex(folder)
    for documents in ([CARD], [PERMIT], [FUND], [SCHOOL]):
        index.rebuild(documents)
        assert len(index) == 1
    assert keys(index, "社保卡") == []
    assert keys(index, "上小学") == ["school"]
    assert len(list(folder.glob("index-*"))) == 2


def test_a_rebuild_that_fails_leaves_the_old_index_in_use(tmp_path):
    index = SearchIndex(tmp_path / "answers")
    index.rebuild([CARD])

    def interrupted():
        yield PERMIT
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        index.rebuild(interrupted())
    assert keys(index, "社保卡") == ["card"]


@pytest.mark.clause("D9")
def test_search_goes_on_in_the_old_index_while_a_new_one_is_made(tmp_path):
    index, reader = SearchIndex(tmp_path / "answers"), SearchIndex(tmp_path / "answers")
    index.rebuild([CARD])
    seen = []

    def meanwhile():
        yield PERMIT
        seen.extend(keys(one, "社保卡") for one in (index, reader))
        yield FUND
        seen.extend(keys(one, "公积金") for one in (index, reader))

    index.rebuild(meanwhile())
    assert seen == [["card"], ["card"], [], []]
    assert [keys(one, "公积金") for one in (index, reader)] == [["fund"], ["fund"]]


def test_an_update_that_fails_changes_nothing_and_the_next_one_works(tmp_path):
    index = SearchIndex(tmp_path / "answers")
    index.rebuild([CARD])

    def interrupted():
        yield PERMIT
        raise OSError("disk full")

    with pytest.raises(IndexUnavailable):
        index.update(interrupted(), removed_keys=["card"])
    assert keys(index, "社保卡") == ["card"]
    index.update([FUND])
    assert len(index) == 2


def test_without_an_index_the_caller_is_told_to_rebuild(tmp_path):
    index = SearchIndex(tmp_path / "answers")
    for attempt in (
        lambda: index.search("社保卡"),
        lambda: index.update([CARD]),
        lambda: index.generation,
        lambda: index.position,
        lambda: len(index),
        lambda: index.did_you_mean("社保卡"),
        index.warm,
    ):
        with pytest.raises(IndexUnavailable):
            attempt()
    index.rebuild([CARD])
    assert keys(index, "社保卡") == ["card"]


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("LOCK"))


@pytest.mark.parametrize("harm", [b"", b"\x80\x04garbage", None], ids=["emptied", "overwritten", "gone"])
def test_a_damaged_index_is_never_more_than_unavailable(tmp_path, harm):
    SearchIndex(tmp_path / "whole").rebuild([CARD, PERMIT])
    for number in range(len(files_of(tmp_path / "whole"))):
        folder = tmp_path / f"copy-{number}"
        index = SearchIndex(folder)
        index.rebuild([CARD, PERMIT])
        victim = files_of(folder)[number]
        victim.unlink() if harm is None else victim.write_bytes(harm)
        fresh = SearchIndex(folder)
        try:
            found = keys(fresh, "社保卡补办")
        except IndexUnavailable:
            found = ["card"]
        assert found[:1] == ["card"], victim.name
        fresh.rebuild([CARD])
        assert keys(fresh, "社保卡补办") == ["card"]


def test_an_index_made_with_another_dictionary_is_not_used(tmp_path):
    SearchIndex(tmp_path / "answers").rebuild([CARD])
    other = SearchIndex(tmp_path / "answers", words=["云泽市民通"])
    with pytest.raises(IndexUnavailable) as refused:
        other.search("社保卡")
    assert refused.value.code == "old"


def test_an_index_others_could_have_written_is_not_opened(tmp_path):
    index = SearchIndex(tmp_path / "answers")
    index.rebuild([CARD])
    assert (tmp_path / "answers").stat().st_mode & 0o777 == 0o700
    (tmp_path / "answers").chmod(0o777)
    with pytest.raises(IndexUnavailable) as refused:
        index.search("社保卡")
    assert refused.value.code == "unsafe"


def test_threads_search_while_another_writes(tmp_path):
    index = SearchIndex(tmp_path / "answers")
    index.rebuild([CARD])
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            try:
                assert "card" in keys(index, "社保卡补办")
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        index.update([Document(f"extra-{number}", f"第{number}路公交车几点发车？", (), "六点。")])
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(index) == 11
