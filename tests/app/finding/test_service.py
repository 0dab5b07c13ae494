"""What people search in vain is work for the library, and nobody's secret."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.finding import queries, service
from app.finding.models import UnansweredSearch
from app.redaction.service import RedactionFailed
from tests.conftest import NOW, TheOffice


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
