"""Faults say at the end how often they struck and what came of it, whatever else pytest shows."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.base.db import Database
from tests.faults.platforms import Failing, failing

_COUNTED = "counted"


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Write one line of counts under the results; it travels with the report, also out of another process."""
    return lambda line: record_property(_COUNTED, line)


@pytest.fixture
def made(db: Database, tmp_path: Path) -> Iterator[Failing]:
    """An office whose platforms fail when told to."""
    with failing(db, tmp_path / "data") as one:
        yield one


@pytest.fixture
def made_small(sqlite_db: Database, tmp_path: Path) -> Iterator[Failing]:
    """The same on SQLite alone."""
    with failing(sqlite_db, tmp_path / "data") as one:
        yield one


@pytest.fixture
def times() -> int:
    """By how much every count is multiplied: ten times for a release (`make faults RELEASE=1`)."""
    return 10 if os.environ.get("RELEASE") else 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ())]
    lines = [line for one in reports for name, line in one.user_properties if name == _COUNTED]
    if lines:
        terminalreporter.section("faults, counted")
        for line in dict.fromkeys(lines):
            terminalreporter.write_line(line)
