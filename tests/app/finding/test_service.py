"""What people search in vain is work for the library; what they do with answers shifts the order a little."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.base.errors import Invalid, NotAllowed, NotFound
from app.finding import queries, service
from app.finding.index import AnswerIndex
from app.finding.models import AnswerFeedback, UnansweredSearch
from app.messages.models import Requester
from app.redaction.service import RedactionFailed
from kb import queries as library
from kb import service as kb
from kb.experience import Feedback
from tests.app.answers.acting import PERMIT, published
from tests.conftest import NOW, TheOffice
from tests.factories import a_case


@pytest.mark.clause("B11")
def test_searches_without_answer_are_counted_redacted(office: TheOffice) -> None:
    with office.db.writing() as session:
        for minutes in range(3):
            at = NOW + timedelta(minutes=minutes)
            assert service.note_unanswered(session, at, "我电话13800138000 夜里 施工找谁")
        assert not service.note_unanswered(session, NOW, " 喂 ")
    with office.db.reading() as session:
        (kept,) = queries.unanswered(session)
    assert (kept.times, kept.last_at) == (3, NOW + timedelta(minutes=2))
    assert "13800138000" not in kept.text
    assert "施工找谁" in kept.text


def test_what_cannot_be_checked_is_not_kept(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(text: str, **_options: object) -> None:
        raise RedactionFailed("不行")

    monkeypatch.setattr(service, "redact", fails)
    with sqlite_office.db.writing() as session:
        assert not service.note_unanswered(session, NOW, "隔壁夜里施工找谁")


def test_what_is_kept_does_not_grow_without_end(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_MOST_SEARCHES", 3)
    with sqlite_office.db.writing() as session:
        for _ in range(2):
            service.note_unanswered(session, NOW, "常有人问的施工问题")
        for number in "甲乙丙丁":
            service.note_unanswered(session, NOW, f"偶尔有人问的{number}问题")
    with sqlite_office.db.reading() as session:
        kept = session.exec(select(UnansweredSearch)).all()
    assert len(kept) == 3
    assert "常有人问的施工问题" in {row.text for row in kept}


# ------------------------------------------------------------------ experience


def hits(office: TheOffice, index: AnswerIndex, text: str) -> list[str]:
    with office.db.reading() as session:
        return [match.entry.key for match in index.search(session, text).matches]


TWINS = ("社保卡丢了到哪里补办", "社保卡丢了去哪里补办")


def test_what_is_put_into_replies_comes_before_what_is_refused(
    sqlite_office: TheOffice, tmp_path: Path
) -> None:
    with sqlite_office.db.writing() as session:
        first, second = (published(session, sqlite_office, question=words)[0] for words in TWINS)
        keys = [first.key, second.key]
    query = "社保卡丢了在哪里补办"
    before = hits(sqlite_office, AnswerIndex(tmp_path / "index", now=lambda: NOW), query)
    assert set(before) == set(keys)
    last = before[-1]
    with sqlite_office.db.writing() as session:
        ids = {first.key: first.id, second.key: second.id}
        for _ in range(30):
            service.note_feedback(session, NOW, ids[last], Feedback.INSERTED)
            service.note_feedback(session, NOW, ids[before[0]], Feedback.REJECTED)
    fresh = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    assert hits(sqlite_office, fresh, query)[0] == last
    # Experience decides between equals; the very question is still found by its words.
    word_for_word = TWINS[0] if last == second.key else TWINS[1]
    assert hits(sqlite_office, fresh, word_for_word)[0] == before[0]


def test_feedback_is_counted_by_month(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        for days in (0, 1, 40):
            service.note_feedback(session, NOW + timedelta(days=days), entry.id, Feedback.INSERTED)
    with office.db.reading() as session:
        rows = session.exec(select(AnswerFeedback).order_by(AnswerFeedback.month)).all()
        assert [(row.month.month, row.times) for row in rows] == [(10, 2), (11, 1)]
        assert queries.feedback(session, entry.id) == {"inserted": 3}
        assert queries.experience(session, NOW.date()).keys() == {entry.key}


def test_a_suggestion_that_does_not_fit_is_not_made_again_and_counts_once(
    office: TheOffice, tmp_path: Path
) -> None:
    index = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    with office.db.writing() as session:
        entry, _ = published(session, office)
        case = a_case(session, office)
    for _ in range(2):
        with office.db.writing() as session:
            service.reject(session, NOW, office.people["小陈"], entry.key, case.id)
    with office.db.reading() as session:
        assert queries.feedback(session, entry.id) == {"rejected": 1}
        assert service.suggest(session, index, "社保卡丢了怎么补办", case_id=case.id) == []
        assert service.suggest(session, index, "社保卡丢了怎么补办")
    with office.db.writing() as session, pytest.raises(NotFound):
        service.reject(session, NOW, office.people["小陈"], "nothing", case.id)


def test_an_answered_letter_teaches_its_words_without_its_writer(office: TheOffice, tmp_path: Path) -> None:
    letter = "我电话13800138000，市民卡让洗衣机绞烂了，要重新弄一张"
    index = AnswerIndex(tmp_path / "index", now=lambda: NOW)
    with office.db.writing() as session:
        entry, _ = published(session, office)
        published(session, office, PERMIT)
        assert service.learn_from_letter(session, NOW, entry.id, letter, "20261009-AAAAAA")
        assert not service.learn_from_letter(session, NOW, entry.id, letter, "20261009-BBBBBB")
    with office.db.reading() as session:
        (learned,) = library.learned_phrasings(session, [entry.id])[entry.id]
    assert "13800138000" not in learned.text
    assert "洗衣机" in learned.text
    assert hits(office, index, "洗衣机把市民卡绞烂了")[0] == entry.key
    with office.db.writing() as session:
        service.drop_phrasing(session, NOW, office.people["编辑小叶"], learned.id)
    assert hits(office, index, "洗衣机绞烂了") == []


@pytest.mark.clause("A25")
def test_words_learned_from_a_letter_go_when_its_writer_withdraws(office: TheOffice) -> None:
    with office.db.writing() as session:
        entry, _ = published(session, office)
        stays, goes = a_case(session, office), a_case(session, office, sender="oTESTopenid0000000000000002")
        for words, case in (("洗衣机绞烂了卡", stays), ("小狗咬坏了卡片", goes)):
            assert service.learn_from_letter(session, NOW, entry.id, words, case.number)
        session.get_one(Requester, goes.requester_id).withdrawn_at = NOW
    with office.db.writing() as session:
        assert service.forget_withdrawn(session, NOW) == 1
        assert service.forget_withdrawn(session, NOW) == 0
        (left,) = library.learned_phrasings(session, [entry.id])[entry.id]
        assert left.source == stays.number


def test_so_many_ways_of_asking_are_kept_and_no_more(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
        for number in range(kb.MOST_LEARNED + 3):
            at = NOW + timedelta(minutes=number)
            kb.learn_phrasing(session, at, entry.id, f"第 {number} 种问法", f"case-{number}")
        kept = library.learned_phrasings(session, [entry.id])[entry.id]
        assert len(kept) == kb.MOST_LEARNED
        assert kept[0].text == f"第 {kb.MOST_LEARNED + 2} 种问法"
        assert kb.forget_phrasings(session, NOW, "case-10") == 1


# ------------------------------------------------------------------ the office's own words


def test_the_offices_own_words_count_at_once_and_until_they_are_dropped(
    office: TheOffice, tmp_path: Path
) -> None:
    index, editor = AnswerIndex(tmp_path / "index", now=lambda: NOW), office.people["编辑小叶"]
    with office.db.writing() as session:
        entry, _ = published(session, office)
    assert hits(office, index, "市民一卡通") == []
    with office.db.writing() as session:
        service.set_synonym(session, NOW, editor, "市民一卡通", "社保卡")
    assert hits(office, index, "市民一卡通") == [entry.key]
    with office.db.writing() as session:
        service.drop_synonym(session, NOW, editor, "市民一卡通")
        with pytest.raises(NotFound):
            service.drop_synonym(session, NOW, editor, "市民一卡通")
    assert hits(office, index, "市民一卡通") == []


@pytest.mark.parametrize(
    ("word", "same_as", "field"),
    [
        ("卡", "社保卡", "word"),
        ("市民卡", "", "same_as"),
        ("市民卡", "市 民 卡！", "same_as"),
        ("市民卡", "市民卡", "same_as"),
    ],
)
def test_words_that_say_nothing_are_refused(
    sqlite_office: TheOffice, word: str, same_as: str, field: str
) -> None:
    with sqlite_office.db.writing() as session, pytest.raises(Invalid) as refused:
        service.set_synonym(session, NOW, sqlite_office.people["编辑小叶"], word, same_as)
    assert refused.value.field == field


def test_only_editors_change_the_offices_words(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session, pytest.raises(NotAllowed):
        service.set_synonym(session, NOW, sqlite_office.people["小陈"], "市民卡", "社保卡")
