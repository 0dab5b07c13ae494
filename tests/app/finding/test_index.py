"""The search index: always what the library says, whatever happens to its files."""

import shutil
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.answers import service
from app.base.db import Database
from app.finding.index import AnswerIndex
from app.finding.service import set_synonym, suggest
from kb.documents import Hit
from tests.app.answers.acting import LOST_CARD, PERMIT, approved, published
from tests.conftest import NOW, TheOffice

LOST = "我的社保卡丢了，怎么补办"


@pytest.fixture
def index(tmp_path: Path) -> AnswerIndex:
    return AnswerIndex(tmp_path / "index", now=lambda: NOW)


def keys(db: Database, index: AnswerIndex, text: str = LOST) -> list[str]:
    with db.reading() as session:
        return [match.version.question for match in index.search(session, text).matches]


def publish(office: TheOffice, content: dict = LOST_CARD, **changes: object) -> int:
    with office.db.writing() as session:
        return published(session, office, content, **changes)[0].id


def test_a_published_answer_is_found_at_once_and_a_retired_one_no_more(
    office: TheOffice, index: AnswerIndex
) -> None:
    assert keys(office.db, index) == []
    number = publish(office)
    assert keys(office.db, index) == ["社保卡丢了怎么补办"]
    with office.db.writing() as session:
        service.retire(session, NOW, office.people["编辑小叶"], number, reason="办法修订")
    assert keys(office.db, index) == []


def test_a_question_that_comes_again_is_worked_out_once_until_the_library_changes(
    sqlite_office: TheOffice, index: AnswerIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(sqlite_office)
    first = keys(sqlite_office.db, index)
    worked_out: list[str] = []
    search = index._index.search

    def counted(text: str, *args: object, **kwargs: object) -> list[Hit]:
        worked_out.append(text)
        return search(text, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(index._index, "search", counted)
    for _ in range(3):
        assert keys(sqlite_office.db, index) == first
    assert worked_out == []
    publish(sqlite_office, PERMIT)
    keys(sqlite_office.db, index)
    assert worked_out == [LOST]
    with sqlite_office.db.writing() as session:
        set_synonym(session, NOW, sqlite_office.people["编辑小叶"], "医保本", "社保卡")
    keys(sqlite_office.db, index)
    assert worked_out == [LOST, LOST]


@pytest.mark.clause("B13")
def test_the_matters_are_those_of_published_answers_as_they_stand(
    sqlite_office: TheOffice, index: AnswerIndex
) -> None:
    def matters() -> list[str]:
        with sqlite_office.db.reading() as session:
            return index.matters(session)

    assert matters() == []
    number = publish(sqlite_office)
    assert matters() == ["社会保障"] == matters()
    with sqlite_office.db.writing() as session:
        service.retire(session, NOW, sqlite_office.people["编辑小叶"], number, reason="办法修订")
    assert matters() == []


def test_what_is_not_published_is_not_found(office: TheOffice, index: AnswerIndex) -> None:
    with office.db.writing() as session:
        approved(session, office)
    assert keys(office.db, index) == []


def test_a_new_version_is_what_is_offered(office: TheOffice, index: AnswerIndex) -> None:
    number = publish(office)
    publish(office, text="改为网上补办，带身份证领取。", entry_id=number)
    with office.db.reading() as session:
        first = suggest(session, index, LOST)[0]
    assert (first.version, first.text) == (2, "改为网上补办，带身份证领取。")


@pytest.mark.clause("C15")
@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"valid_until": date(2026, 10, 9)}, True),  # Friday: today is the last day
        ({"valid_from": date(2026, 10, 10), "valid_until": None}, False),  # from tomorrow, a make-up Saturday
        ({"kind": "acknowledgement"}, False),
        ({"kind": "clarification"}, True),
    ],
)
def test_only_answers_in_force_today_are_offered(
    sqlite_office: TheOffice, index: AnswerIndex, content: dict, found: bool
) -> None:
    publish(sqlite_office, **content)
    assert bool(keys(sqlite_office.db, index)) is found


def test_an_answer_past_its_last_day_is_no_longer_offered(sqlite_office: TheOffice, tmp_path: Path) -> None:
    publish(sqlite_office, valid_until=date(2026, 10, 9))
    tomorrow = AnswerIndex(tmp_path / "index", now=lambda: NOW + timedelta(days=1))
    assert keys(sqlite_office.db, tomorrow) == []


def test_a_suggestion_says_how_sure_and_why(sqlite_office: TheOffice, index: AnswerIndex) -> None:
    publish(sqlite_office)
    publish(sqlite_office, PERMIT)
    with sqlite_office.db.reading() as session:
        first, *_ = suggest(session, index, "社保卡不见了怎么办？")
    assert first.level == "高"
    assert first.reasons
    assert (first.owner, first.valid_until) == ("人力资源和社会保障局", date(2027, 6, 30))


def test_nothing_is_suggested_for_what_nobody_agreed_upon(
    sqlite_office: TheOffice, index: AnswerIndex
) -> None:
    publish(sqlite_office)
    with sqlite_office.db.reading() as session:
        assert suggest(session, index, "隔壁夜里施工太吵") == []


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _emptied(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"")


def _flipped(folder: Path) -> None:
    for file in folder.rglob("*.seg"):
        file.write_bytes(bytes(byte ^ 0xFF for byte in file.read_bytes()))


def _without_pointer(folder: Path) -> None:
    (folder / "current.json").unlink()


def _by_other_rules(folder: Path) -> None:
    for about in folder.rglob("about.json"):
        about.write_text('{"layout": 0, "rules": "old"}')


def _position_lost(folder: Path) -> None:
    for position in folder.rglob("position.json"):
        position.write_text("{")


@pytest.mark.parametrize(
    "harm", [_gone, _emptied, _flipped, _without_pointer, _by_other_rules, _position_lost]
)
def test_a_damaged_index_is_rebuilt_and_the_search_is_right(
    sqlite_office: TheOffice, tmp_path: Path, index: AnswerIndex, harm
) -> None:
    publish(sqlite_office)
    assert keys(sqlite_office.db, index)
    harm(tmp_path / "index")
    fresh = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    assert keys(sqlite_office.db, fresh) == ["社保卡丢了怎么补办"]
    publish(sqlite_office, PERMIT)
    for one in (index, fresh):
        assert "没有租赁合同怎样申领居住证" in keys(sqlite_office.db, one, "租房没合同能办居住证吗")


def test_a_disk_that_takes_nothing_means_being_rebuilt_not_an_error(
    sqlite_office: TheOffice, tmp_path: Path, index: AnswerIndex
) -> None:
    publish(sqlite_office)
    (tmp_path / "index").write_text("a file where the folder should be")
    with sqlite_office.db.reading() as session:
        found = index.search(session, LOST)
    assert found.rebuilding
    assert found.matches == ()


def test_a_database_from_a_backup_is_not_answered_from_a_newer_index(
    sqlite_office: TheOffice, tmp_path: Path, index: AnswerIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.finding import index as finding

    publish(sqlite_office)
    keys(sqlite_office.db, index)
    for position in (tmp_path / "index").rglob("position.json"):
        position.write_text("99")
    monkeypatch.setattr(finding, "_AHEAD_FOR", -1.0)
    fresh = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    assert keys(sqlite_office.db, fresh) == ["社保卡丢了怎么补办"]
    assert [p.read_text() for p in (tmp_path / "index").rglob("position.json")].count("1")


def test_a_large_library_is_rebuilt_beside_its_pages(
    office: TheOffice, index: AnswerIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.finding import index as finding

    publish(office)
    monkeypatch.setattr(finding, "_AT_ONCE", 0)
    with office.db.reading() as session:
        assert index.search(session, LOST).rebuilding
        assert index._beside is not None
        index._beside.join(30)
        assert index.search(session, LOST).matches


def test_a_writer_in_another_process_holds_nobody_up(
    sqlite_office: TheOffice, tmp_path: Path, index: AnswerIndex
) -> None:
    publish(sqlite_office)
    keys(sqlite_office.db, index)
    other = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    publish(sqlite_office, PERMIT)
    with index._index._lock(0.0):  # as the other process does while it writes
        assert keys(sqlite_office.db, other) == ["社保卡丢了怎么补办"]


def test_threads_and_processes_share_one_folder(sqlite_office: TheOffice, tmp_path: Path) -> None:
    publish(sqlite_office)
    indexes = [AnswerIndex(tmp_path / "index", now=lambda: NOW) for _ in range(2)]
    problems: list[BaseException] = []

    def search(index: AnswerIndex, session_of: Database) -> None:
        try:
            for _ in range(5):
                with session_of.reading() as session:
                    index.search(session, LOST)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=search, args=(one, sqlite_office.db)) for one in indexes * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert keys(sqlite_office.db, indexes[0]) == keys(sqlite_office.db, indexes[1]) == ["社保卡丢了怎么补办"]


def test_reindex_says_how_much_it_holds(office: TheOffice, index: AnswerIndex) -> None:
    publish(office)
    publish(office, PERMIT)
    with office.db.reading() as session:
        assert index.rebuild(session) == 2
