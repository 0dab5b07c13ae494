"""Accepting: on disk before the platform hears of it, many in one transaction, each kept once."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby

import pytest
from sqlalchemy import text as sql
from sqlmodel import select

from app.base.db import sqlite_module
from app.messages.intake import Intake
from app.messages.models import Arrival
from app.official_accounts.models import OfficialAccount
from tests.conftest import NOW, TheOffice
from tests.live import eventually

MINUTE = timedelta(minutes=1)


@pytest.fixture
def intake(office: TheOffice) -> Intake:
    return Intake(office.db)


def accept(intake: Intake, office: TheOffice, number: int, after: timedelta = timedelta(0)) -> None:
    body = f"push {number}".encode()
    intake.accept(office.accounts["wechat"].id, "wechat", NOW + after, f"{number:064}", body, body)


def kept(office: TheOffice) -> list[bytes]:
    with office.db.reading() as session:
        return sorted(session.exec(select(Arrival.raw)))


def last_arrival(office: TheOffice) -> datetime | None:
    with office.db.reading() as session:
        return session.get_one(OfficialAccount, office.accounts["wechat"].id).last_arrival_at


def test_what_was_accepted_is_there_for_everybody(office: TheOffice, intake: Intake) -> None:
    accept(intake, office, 1)
    accept(intake, office, 1)
    accept(intake, office, 2)
    assert kept(office) == [b"push 1", b"push 2"]


def test_pushes_that_wait_for_the_disk_wait_for_it_together(sqlite_office: TheOffice) -> None:
    """While somebody else writes, nineteen more come in: they cost one commit and not nineteen."""
    office = sqlite_office
    intake = Intake(office.db)
    accept(intake, office, 0)
    told: list[str] = []
    intake._straight._connection.set_trace_callback(told.append)
    with ThreadPoolExecutor(20) as pool:
        with office.db.writing() as session:
            session.connection()
            first = pool.submit(accept, intake, office, 1)
            eventually(intake._pen.locked, what="the first at its writing")
            others = [pool.submit(accept, intake, office, number) for number in range(2, 21)]
            eventually(lambda: len(intake._queue) == 19, what="the queue")
        for one in (first, *others):
            one.result(30)
    steps = [(word, len(list(same))) for word, same in groupby(one.split()[0] for one in told)]
    assert steps == [("INSERT", 1), ("BEGIN", 1), ("INSERT", 19), ("COMMIT", 1)]
    assert len(kept(office)) == 21


def test_whoever_comes_alone_writes_in_its_own_thread(office: TheOffice, intake: Intake) -> None:
    accept(intake, office, 1)
    intake._writer_of_pid = os.getpid()
    intake._start_writer = lambda: pytest.fail("handed over")  # type: ignore[method-assign]
    accept(intake, office, 2)
    assert kept(office) == [b"push 1", b"push 2"]


def test_a_connection_that_broke_is_made_anew_for_the_very_push(office: TheOffice, intake: Intake) -> None:
    accept(intake, office, 1)
    intake._straight._connection.close()
    accept(intake, office, 2)
    assert kept(office) == [b"push 1", b"push 2"]
    assert intake.spool.is_empty


def test_a_child_process_does_not_use_the_connection_of_its_parent(sqlite_office: TheOffice) -> None:
    intake = Intake(sqlite_office.db)
    accept(intake, sqlite_office, 1)
    intake._straight._of_process -= 1  # as a fork would see it
    assert not intake._straight.is_open
    accept(intake, sqlite_office, 2)
    assert kept(sqlite_office) == [b"push 1", b"push 2"]


def test_the_account_knows_its_newest_arrival_in_whatever_order_they_are_written(
    office: TheOffice, intake: Intake
) -> None:
    for number, after in ((1, 5 * MINUTE), (2, 2 * MINUTE), (3, 9 * MINUTE), (4, 1 * MINUTE)):
        accept(intake, office, number, after)
    assert last_arrival(office) == NOW + 9 * MINUTE
    accept(Intake(office.db), office, 5, 3 * MINUTE)  # another process, which has not heard of the newer one
    assert last_arrival(office) == NOW + 9 * MINUTE


def test_a_flood_of_pushes_does_not_write_the_account_anew_with_each(
    office: TheOffice, intake: Intake
) -> None:
    for second in range(12):
        accept(intake, office, second, timedelta(seconds=second))
    assert last_arrival(office) == NOW + timedelta(seconds=10)


def test_what_the_database_does_not_take_waits_in_the_spool_and_nobody_overtakes(
    office: TheOffice, intake: Intake
) -> None:
    with office.db.writing() as session:
        session.execute(sql("ALTER TABLE arrivals RENAME TO arrivals_away"))
    accept(intake, office, 1)
    with office.db.writing() as session:
        session.execute(sql("ALTER TABLE arrivals_away RENAME TO arrivals"))
    accept(intake, office, 2)
    eventually(lambda: kept(office) == [b"push 1", b"push 2"], what="the spool being taken over")


def test_a_file_that_another_program_holds_is_waited_for(sqlite_office: TheOffice) -> None:
    """A backup or an administrator's shell: SQLite's own lock, taken by somebody who is not us."""
    office, intake = sqlite_office, Intake(sqlite_office.db)
    accept(intake, office, 1)
    path = office.db.url.removeprefix("sqlite:///")
    other = sqlite_module().connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(accept, intake, office, 2)
        eventually(intake._pen.locked, what="the writer at work")
        assert kept(office) == [b"push 1"] and not accepted.done()
        other.execute("ROLLBACK")
        accepted.result(30)
    other.close()
    assert kept(office) == [b"push 1", b"push 2"]
