"""A row goes straight to the disk; whoever closes the database waits for the hand that writes it."""

import threading

import pytest
from sqlalchemy import insert, select

from app.base.db import Database
from app.base.errors import Unavailable
from app.base.straight import Straight
from kb.models import Synonym

WORD = {"word": "市民卡", "same_as": "社保卡"}


def words(db: Database) -> list[str]:
    with db.reading() as session:
        return [row for (row,) in session.execute(select(Synonym.word))]


def test_what_is_being_written_is_written_before_the_database_closes(db: Database) -> None:
    straight = Straight(db, 5.0)
    told = straight.statement(insert(Synonym), ["word", "same_as"])
    straight.open()
    writing, closing = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with straight.writing():
                writing.set()
                closing.wait(5)
                straight.tell(told, [WORD])
        except BaseException as failure:
            failed.append(failure)

    def close() -> None:
        closing.set()
        straight.close()

    writer, closer = threading.Thread(target=write), threading.Thread(target=close)
    writer.start()
    assert writing.wait(5)
    closer.start()
    writer.join(5)
    closer.join(5)
    assert failed == []
    assert words(db) == ["市民卡"]
    assert not straight.is_open


def test_a_hand_that_hangs_is_left_to_itself(db: Database) -> None:
    straight = Straight(db, 0.05)
    straight.open()
    writing, done = threading.Event(), threading.Event()

    def hang() -> None:
        with pytest.raises(Unavailable), straight.writing():
            writing.set()
            done.wait(5)
            straight.tell(straight.statement(insert(Synonym), ["word", "same_as"]), [WORD])

    hanging = threading.Thread(target=hang)
    hanging.start()
    assert writing.wait(5)
    straight.close()
    assert not straight.is_open
    done.set()
    hanging.join(5)
    assert words(db) == []
