"""Self-test, backup and restore, as whoever runs the machine does them."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from app.base.db import Database
from app.base.keys import Keys
from app.cases import queries
from app.cases.models import Case
from app.cases.transitions import Status
from app.log import queries as log_queries
from tests.app.commands.huiying import Ended, Huiying
from tests.conftest import SECRET, TheOffice
from tests.factories import a_case
from tests.live import HUIYING


@pytest.fixture
def huiying(sqlite_office: TheOffice, tmp_path: Path) -> Huiying:
    """The office with its cast and two cases."""
    with sqlite_office.db.writing() as session:
        a_case(session, sqlite_office, status=Status.IN_PROGRESS)
        a_case(session, sqlite_office, sender="oOTHER")
    return Huiying(sqlite_office.db.url, tmp_path / "data")


def _codes(url: str, secret: str = SECRET) -> dict[str, str]:
    db = Database(url, Keys(secret))
    with db.reading() as session:
        found = {case.number: queries.lookup_code(session, case) for case in session.exec(select(Case))}
    db.close()
    return found


def _canonical(at: datetime) -> str:
    """As the chain writes it, and so the export."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


# ------------------------------------------------------------------ check


def test_a_sound_installation_passes(huiying: Huiying) -> None:
    done = huiying("check", "--json")
    assert done.status == 0, done
    states = {row["check"]: row["state"] for row in done.rows}
    assert {"schema", "sqlite", "calendar 2026", "keys", "account 云泽wechat"} <= set(states)
    assert "bad" not in states.values()
    assert all(set(row) == {"check", "state", "words"} and row["words"] for row in done.rows)


def test_another_secret_is_noticed(huiying: Huiying) -> None:
    done = Huiying(huiying.url, huiying.data_dir, "another secret 0123456789abcdef0123456789")(
        "check", "--json"
    )
    assert done.status == 1
    (bad,) = (row for row in done.rows if row["state"] == "bad")
    assert bad["check"] == "keys" and "HUIYING_SECRET_KEY" in bad["words"]


def test_before_migrate_it_says_what_to_do(tmp_path: Path) -> None:
    fresh = Huiying(f"sqlite:///{tmp_path}/new.db", tmp_path / "data")
    done = fresh("check")
    assert done.status == 1 and "huiying migrate" in done.out
    assert "huiying migrate" in fresh.refused("cases", "list")


def test_a_new_installation_lacks_people_and_nothing_else(tmp_path: Path) -> None:
    fresh = Huiying(f"sqlite:///{tmp_path}/new.db", tmp_path / "data")
    assert fresh("migrate").status == 0
    done = fresh("check", "--json")
    assert done.status == 0
    assert {row["check"]: row["state"] for row in done.rows}["staff"] == "warn"


# ------------------------------------------------------------------ backup and restore


def test_what_was_backed_up_comes_back_with_its_log_and_its_codes(huiying: Huiying, tmp_path: Path) -> None:
    (huiying.data_dir / "attachments").mkdir(parents=True)
    (huiying.data_dir / "attachments" / "1.jpg").write_bytes(b"picture")
    copy = tmp_path / "copy"
    assert huiying("backup", copy).status == 0
    assert {path.name for path in copy.iterdir()} == {"attachments", "backup.json", "huiying.db"}
    assert (copy / "huiying.db").stat().st_mode & 0o077 == 0

    other = Huiying(f"sqlite:///{tmp_path}/restored.db", tmp_path / "other")
    assert other("restore", copy).status == 0
    assert (other.data_dir / "attachments" / "1.jpg").read_bytes() == b"picture"
    before, after = huiying("verify-log", "--json").rows, other("verify-log", "--json").rows
    assert before == after and after[0]["ok"] and after[0]["events"] > 0
    assert _codes(other.url) == _codes(huiying.url) != {}
    assert other("check").status == 0
    assert other("cases", "list", "--json").rows == huiying("cases", "list", "--json").rows


def test_a_backup_overwrites_nothing_and_a_restore_neither(huiying: Huiying, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    huiying("backup", copy)
    assert "不是空的" in huiying.refused("backup", copy)
    assert "没有动它" in huiying.refused("restore", copy)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda copy: (copy / "backup.json").unlink(), "没有完整的备份"),
        (lambda copy: (copy / "backup.json").write_text("{"), "没有完整的备份"),
        (lambda copy: (copy / "backup.json").write_text(json.dumps({"format": 99})), "别的版本"),
        (lambda copy: (copy / "huiying.db").unlink(), "备份里没有 huiying.db"),
        (lambda copy: (copy / "huiying.db").write_bytes(b"no database at all" * 400), "已损坏"),
    ],
)
def test_a_damaged_backup_is_refused_in_words(
    huiying: Huiying, tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    copy = tmp_path / "copy"
    huiying("backup", copy)
    spoil(copy)
    other = Huiying(f"sqlite:///{tmp_path}/restored.db", tmp_path / "other")
    assert words in other.refused("restore", copy)


# ------------------------------------------------------------------ the log


def test_a_changed_log_is_found_by_number(huiying: Huiying, tmp_path: Path) -> None:
    db = Database(huiying.url, Keys(SECRET))
    with db.reading() as session:
        rows = list(log_queries.walk(session))
    db.close()
    file = tmp_path / "log.jsonl"

    def verify() -> Ended:
        lines = (json.dumps({**row, "at": _canonical(row["at"])}, ensure_ascii=False) for row in rows)
        file.write_text("\n".join(lines), "utf-8")
        return huiying("verify-log", file, "--json")

    assert verify().rows == huiying("verify-log", "--json").rows
    rows[2]["actor_name"] = "somebody else"
    done = verify()
    assert done.status == 1
    assert (done.rows[0]["ok"], done.rows[0]["broken_at"]) == (False, rows[2]["id"])


@pytest.mark.parametrize("content", ["not JSON", '{"id": 1}', "[1]", '"text"'])
def test_what_is_no_log_is_refused_in_words(huiying: Huiying, tmp_path: Path, content: str) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(content, "utf-8")
    assert "不是导出的流转记录" in huiying.refused("verify-log", file)


def test_a_file_that_is_not_there_is_said_in_one_line(huiying: Huiying, tmp_path: Path) -> None:
    assert "出错" in huiying.refused("verify-log", tmp_path / "nothing.jsonl")


# ------------------------------------------------------------------ settings, jobs, wrong use


def test_settings_are_listed_without_a_secret(huiying: Huiying) -> None:
    done = huiying("settings", "--json")
    assert done.status == 0
    assert all(set(row) == {"name", "value", "default", "meaning"} for row in done.rows)
    assert SECRET not in done.out and "HUIYING_SECRET_KEY" in done.out


def test_a_job_is_run_by_hand_as_of_a_moment(huiying: Huiying) -> None:
    for _ in range(2):
        done = huiying("run-job", "take_in_arrivals", "--now", "2026-10-09T10:42+08:00", "--json")
        assert (done.status, done.rows) == (0, [{"job": "take_in_arrivals", "done": 0}])
    assert "huiying jobs list" in huiying.refused("run-job", "make_coffee")
    names = {row["name"] for row in huiying("jobs", "list", "--json").rows}
    assert {"take_in_arrivals", "remind_departments", "close_replied"} <= names


@pytest.mark.parametrize(
    "words", [("explode",), ("deadline",), ("run-job", "close_replied", "--now", "soon")]
)
def test_wrong_use_ends_with_two(huiying: Huiying, words: tuple[str, ...]) -> None:
    assert huiying(*words).status == 2


def test_a_reader_of_the_pipe_that_has_read_enough_is_no_fault(huiying: Huiying) -> None:
    with subprocess.Popen(
        [*HUIYING, "staff", "list"],
        env=os.environ | huiying.settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    away = Huiying("postgresql+psycopg://nobody@127.0.0.1:9/nothing", tmp_path)
    assert "HUIYING_DATABASE_URL" in away.refused("cases", "list")
