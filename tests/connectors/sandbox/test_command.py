"""Can a stand-in be started from the shell, and does it end when told to?"""

import re
import signal
import subprocess
import sys

import httpx
import pytest

from connectors.registry import PLATFORMS, platform
from connectors.sandbox.command import DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_stand_in_runs_until_it_is_interrupted(name: str) -> None:
    command = [sys.executable, "-m", "connectors.sandbox", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address is not None, line
            assert httpx.get(f"{address[0]}/sandbox/ledger").json()["entries"] == []
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("name", [name for name in DEFAULTS if name in PLATFORMS])
def test_the_values_it_starts_with_are_valid_settings(name: str) -> None:
    fields = {field.name: field for field in platform(name).connector.SETTINGS}
    for option, value in DEFAULTS[name].items():
        assert fields[option.replace("-", "_")].problem(value) is None
