"""`huiying sample`: what it says, and that the second start says it is already there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.base import clock
from app.base.config import Settings
from app.base.db import Database
from app.commands.sample import sample
from app.commands.shell import Shell
from app.sample import service
from app.sample.house import PASSWORD
from tests.conftest import SECRET

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # Friday 20 November 2026


@pytest.fixture
def shell(sqlite_db: Database, tmp_path: Path) -> Shell:
    settings = Settings(sqlite_db.url, tmp_path, ("127.0.0.1:8000",), "http://127.0.0.1:8000", SECRET)
    return Shell(settings, sqlite_db)


def run(shell: Shell, *words: str) -> Result:
    with clock.at(NOW):
        return CliRunner().invoke(sample, list(words), obj=shell, catch_exceptions=False)


def test_loading_tells_the_addresses_one_line_a_role_and_the_password(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.load, "__kwdefaults__", {**(service.load.__kwdefaults__ or {}), "total": 8})
    told = run(shell, "load").output
    assert "办件 8 件" in told
    assert "http://127.0.0.1:8000/desk/" in told
    assert "chenxiao（陈晓）" in next(line for line in told.splitlines() if line.startswith("受理员："))
    assert told.count("管理员：") == 3
    assert PASSWORD in told
    assert "示例" in told
    assert "已在" in run(shell, "load", "--if-empty").output
    assert "已清除" in run(shell, "remove").output
