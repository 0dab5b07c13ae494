"""While the database is away pushes wait on this machine's disk: none lost, none doubled, nobody overtakes."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql
from sqlmodel import select

from app.base.db import Database, sqlite_module
from app.base.errors import Unavailable
from app.base.keys import Keys
from app.messages import intake as intake_module
from app.messages import queries
from app.messages.intake import Intake
from app.messages.models import Arrival
from app.messages.spool import Full, Spool
from tests.conftest import NOW, SECRET, TheOffice, open_office
from tests.live import eventually

SECOND = timedelta(seconds=1)


def a_push(number: int, account_id: int = 1, after: timedelta = timedelta(0)) -> dict[str, Any]:
    body = f"<xml>{number}号楼\n没有灯\0</xml>".encode()
    return {
        "account_id": account_id, "platform": "wechat", "received_at": NOW + number * SECOND + after,
        "fingerprint": f"{number:064}", "raw": body, "opened": body[::-1], "state": "waiting", "error": "",
        "error_words": "", "tries": 0, "receipt": {},
    }  # fmt: skip


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def taken(spool: Spool) -> list[dict[str, Any]]:
    got: list[dict[str, Any]] = []
    spool.drain(lambda rows: got.extend(map(dict, rows)))
    return got


def test_what_went_in_comes_out_byte_for_byte_in_the_order_of_receipt(spool: Spool) -> None:
    assert spool.is_empty and taken(spool) == []
    pushes = [a_push(number) for number in range(5)]
    for push in (pushes[1], pushes[0], *pushes[2:]):
        spool.append(push)
    standing = spool.standing()
    assert (standing.pushes, standing.oldest_at, spool.is_empty) == (5, NOW, False)
    assert taken(spool) == pushes
    assert spool.is_empty and spool.standing().pushes == 0


def test_nothing_is_taken_away_before_all_of_it_is_kept(spool: Spool) -> None:
    for number in range(3):
        spool.append(a_push(number))

    def refuse(_rows: object) -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        spool.drain(refuse)
    spool.append(a_push(3))  # what comes meanwhile
    assert [row["fingerprint"][-1] for row in taken(spool)] == ["0", "1", "2", "3"]


def test_a_line_that_a_power_failure_cut_short_was_never_acknowledged(spool: Spool, tmp_path: Path) -> None:
    """Every cut of the last line: the pushes before it are whole, the next one is kept."""
    spool.append(a_push(0))
    file = tmp_path / "spool" / "coming"
    whole = file.read_bytes()
    spool.append(a_push(1))
    line = file.read_bytes()[len(whole) :]
    for cut in (1, 8, 9, 40, len(line) - 2, len(line) - 1):
        file.write_bytes(whole + line[:cut])
        spool.append(a_push(2))
        assert [row["fingerprint"][-1] for row in taken(spool)][-1] == "2"
        spool.append(a_push(0))
    file.write_bytes(whole + line[:-20] + b"x" * 19 + b"\n")  # bits that fell over
    assert [row["fingerprint"][-1] for row in taken(spool)] == ["0"]


def test_full_is_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=1000)
    with pytest.raises(Full):
        for number in range(10):
            spool.append(a_push(number))
    before = spool.standing().pushes
    assert 0 < before < 10 and len(taken(spool)) == before


def test_a_disk_that_is_full_leaves_no_half_line(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.append(a_push(0))
    monkeypatch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(28, "no space")))
    with pytest.raises(OSError, match="no space"):
        spool.append(a_push(1))
    monkeypatch.undo()
    spool.append(a_push(2))
    assert [row["fingerprint"][-1] for row in taken(spool)] == ["0", "2"]


def test_many_who_append_and_one_who_drains_lose_nothing(spool: Spool, tmp_path: Path) -> None:
    got: list[str] = []

    def keep(rows: Any) -> None:
        got.extend(row["fingerprint"] for row in rows)

    with ThreadPoolExecutor(5) as pool:
        appended = [pool.submit(Spool(tmp_path).append, a_push(number)) for number in range(60)]
        for _ in range(20):
            spool.drain(keep)
        for one in appended:
            one.result(30)
    spool.drain(keep)
    assert sorted(got) == [f"{number:064}" for number in range(60)]


# ---------------------------------------------------------------- with the database


def accept(intake: Intake, office: TheOffice, number: int) -> dict[str, Any]:
    push = a_push(number, office.accounts["wechat"].id)
    return intake.accept(
        push["account_id"], "wechat", push["received_at"], push["fingerprint"], push["raw"], push["opened"]
    )


def in_order(office: TheOffice) -> list[str]:
    with office.db.reading() as session:
        ids = queries.waiting_ids(session, 1000)
        found = {row.id: row.fingerprint for row in session.exec(select(Arrival))}
    return [found[one].lstrip("0") or "0" for one in ids]


def test_a_file_that_is_held_for_long_is_not_waited_for(
    sqlite_office: TheOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6 on SQLite: an exclusive lock of another program, longer than a platform waits."""
    office, intake = sqlite_office, Intake(sqlite_office.db)
    accept(intake, office, 0)
    monkeypatch.setattr(intake_module, "AWAY_AFTER_SECONDS", 0.2)
    other = sqlite_module().connect(office.db.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for number in (1, 2, 3, 4):
        assert accept(intake, office, number) == {}
    accept(intake, office, 3)  # the platform tells it again
    assert intake.spool.standing().pushes == 5
    other.execute("ROLLBACK")
    other.close()
    eventually(lambda: intake.spool.is_empty, what="the spool being taken over")
    accept(intake, office, 5)
    assert in_order(office) == ["0", "1", "2", "3", "4", "5"]


def test_what_an_earlier_process_left_is_taken_over_at_the_start(office: TheOffice) -> None:
    Spool(office.db.folder).append(a_push(7, office.accounts["wechat"].id))
    intake = Intake(office.db)
    intake.start()
    eventually(lambda: in_order(office) == ["7"], what="the spool being taken over")


def test_a_push_that_the_database_will_never_take_holds_up_nobody(office: TheOffice) -> None:
    spool = Spool(office.db.folder)
    own = office.accounts["wechat"].id
    for push in (a_push(1, own), a_push(2, 987_654), a_push(3, own)):  # the account of one is gone
        spool.append(push)
    Intake(office.db).start()
    eventually(lambda: in_order(office) == ["1", "3"], what="the spool being taken over")
    eventually(lambda: spool.is_empty, what="the end")
    assert spool.standing().set_aside == 1


def test_a_full_spool_refuses_so_that_the_platform_comes_again(
    sqlite_office: TheOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = sqlite_office
    intake = Intake(office.db, spool=Spool(tmp_path / "small", most_bytes=10))
    monkeypatch.setattr(intake_module, "AWAY_AFTER_SECONDS", 0.1)
    other = sqlite_module().connect(office.db.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        accept(intake, office, 1)
    other.execute("ROLLBACK")
    other.close()


def test_a_postgresql_that_hangs_in_the_midst_is_not_waited_for(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: the server's process stops answering while it holds our connection; nothing is refused by it."""
    office = open_office(Database(postgresql_url, Keys(SECRET), tmp_path))
    intake = Intake(office.db)
    accept(intake, office, 0)
    monkeypatch.setattr(intake_module, "AWAY_AFTER_SECONDS", 0.2)
    with office.db.reading() as session:
        asked = sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        processes = list(session.execute(asked).scalars())
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        for number in range(1, 6):
            assert accept(intake, office, number) == {}
        assert intake.spool.standing().pushes == 5
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    eventually(lambda: intake.spool.is_empty, what="the spool being taken over")
    accept(intake, office, 6)
    assert in_order(office) == ["0", "1", "2", "3", "4", "5", "6"]
    office.db.close()
