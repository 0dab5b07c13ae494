"""Faults say at the end how often they struck and what came of it, whatever else pytest shows."""

import os
from collections.abc import Callable

import pytest

_COUNTED: list[str] = []


@pytest.fixture
def counted() -> Callable[[str], None]:
    """Write one line of counts under the results."""
    return _COUNTED.append


@pytest.fixture
def times() -> int:
    """By how much every count is multiplied: ten times for a release (`make faults RELEASE=1`)."""
    return 10 if os.environ.get("RELEASE") else 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _COUNTED:
        terminalreporter.section("faults, counted")
        for line in _COUNTED:
            terminalreporter.write_line(line)
