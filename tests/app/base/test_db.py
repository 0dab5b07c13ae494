"""No update is lost between processes, readers cannot write, and an unsafe SQLite is not trusted with a WAL."""

import multiprocessing
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.base import leases
from app.base.db import Database, wal_is_safe
from app.base.keys import Keys
from app.base.models import Lease
from tests.conftest import NOW, SECRET

PROCESSES, ROUNDS = 4, 60


def _count_up(url: str) -> None:
    db = Database(url, Keys(SECRET))
    for _ in range(ROUNDS):
        with db.writing() as session:
            row = session.get(Lease, "counter", with_for_update=True)
            assert row is not None
            row.holder = str(int(row.holder) + 1)
            session.add(row)
    db.close()


def test_four_processes_that_read_change_and_write_lose_no_update(db: Database) -> None:
    with db.writing() as session:
        session.add(Lease(name="counter", holder="0", until_at=NOW))
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count_up, args=(db.url,)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    with db.reading() as session:
        row = session.get(Lease, "counter")
        assert row is not None and row.holder == str(PROCESSES * ROUNDS)


def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError), db.reading() as session:
        session.execute(text("INSERT INTO leases (name, holder, until_at) VALUES ('a', 'b', '2026-01-01')"))


def test_what_raises_inside_a_writing_block_leaves_nothing_behind(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        session.add(Lease(name="half", holder="done", until_at=NOW))
        session.flush()
        raise ZeroDivisionError
    with db.reading() as session:
        assert session.get(Lease, "half") is None


def test_sqlite_is_durable_and_checks_its_foreign_keys(sqlite_db: Database) -> None:
    wanted = {
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "secure_delete": 1,
        "trusted_schema": 0,
    }
    with sqlite_db.reading() as session:
        for pragma, value in wanted.items():
            assert session.execute(text(f"PRAGMA {pragma}")).scalar() == value, pragma


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 4), True)],
)
def test_a_wal_is_used_only_where_the_reset_fault_is_mended(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(SimpleNamespace(sqlite_version_info=version)) is safe  # type: ignore[arg-type]


def test_one_holds_the_lease_and_the_next_gets_it_when_it_runs_out(db: Database) -> None:
    from datetime import timedelta

    hold = timedelta(seconds=30)
    with db.writing() as session:
        assert leases.take(session, NOW, "jobs", "first", hold)
        assert not leases.take(session, NOW, "jobs", "second", hold)
        assert leases.take(session, NOW + timedelta(seconds=10), "jobs", "first", hold)
        assert not leases.take(session, NOW + timedelta(seconds=39), "jobs", "second", hold)
        assert leases.take(session, NOW + timedelta(seconds=41), "jobs", "second", hold)
