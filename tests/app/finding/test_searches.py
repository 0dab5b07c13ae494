"""A citizen does not wait until a search in vain is written down, and a full disk does not spoil the page."""

import logging
from datetime import datetime

import pytest
from sqlalchemy.exc import OperationalError

from app.finding import queries, service
from app.finding.searches import Searches
from tests.conftest import NOW, TheOffice
from tests.live import eventually


def counted(office: TheOffice) -> dict[str, tuple[int, datetime]]:
    with office.db.reading() as session:
        return {row.text: (row.times, row.last_at) for row in queries.unanswered(session)}


@pytest.mark.clause("B11")
def test_what_was_searched_in_vain_is_soon_counted(office: TheOffice) -> None:
    searches = Searches(office.db, now=lambda: NOW)
    for words in ("隔壁夜里施工", "路灯不亮", "隔壁夜里施工"):
        searches.in_vain(words)
    eventually(lambda: counted(office) == {"隔壁夜里施工": (2, NOW), "路灯不亮": (1, NOW)})
    searches.in_vain("隔壁夜里施工")
    eventually(lambda: counted(office)["隔壁夜里施工"] == (3, NOW))


def test_a_flood_of_different_searches_takes_no_memory(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.finding.searches._MOST_WAITING", 2)
    searches = Searches(sqlite_office.db, now=lambda: NOW)
    for words in ("问题甲甲", "问题乙乙", "问题丙丙", "问题甲甲"):
        searches.in_vain(words)
    searches.settle()
    assert counted(sqlite_office) == {"问题甲甲": (2, NOW), "问题乙乙": (1, NOW)}


def test_while_the_database_takes_nothing_they_are_let_go_with_a_line_that_tells_no_words(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("", {}, Exception("database or disk is full"))

    searches = Searches(sqlite_office.db, now=lambda: NOW)
    with monkeypatch.context() as broken, caplog.at_level(logging.WARNING):
        broken.setattr(service, "note_unanswered", full)
        searches.in_vain("隔壁夜里施工")
        searches.settle()
    assert "searches not counted" in caplog.text
    assert "施工" not in caplog.text
    searches.in_vain("路灯不亮")
    searches.settle()
    assert counted(sqlite_office) == {"路灯不亮": (1, NOW)}
