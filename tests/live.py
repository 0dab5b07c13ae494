"""A running office: the real `huiying serve` in a process of its own, platforms' stand-ins, a real browser."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from app.base.db import Database
from app.base.keys import Keys
from connectors.sandbox.wechat import WeChatSandbox

Found = TypeVar("Found")
SECRET = "a secret for the running office, 0123456789"
ROOT = Path(__file__).parent.parent
HUIYING = (sys.executable, "-W", "ignore::SyntaxWarning", "-m", "app")
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
# `.ci/run` says that nothing may be skipped; elsewhere a machine without a browser skips these by name.
_skip = CHROMIUM is None and not os.environ.get("HUIYING_TEST_ALL")
needs_browser = pytest.mark.skipif(_skip, reason="no Chromium on this machine")


def eventually(look: Callable[[], Found], *, within: float = 90.0, what: str = "it") -> Found:
    """The first true thing that ``look`` gives; fails when there is none in time. Waits for an event, not a time."""
    end = time.monotonic() + within
    never = threading.Event()
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {within:g} s")
        never.wait(0.05)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has, below those that systems give to connections that go out (32768 on, 49152 on): until a
    server has started, which takes seconds, no connection of another test takes it away."""
    for number in random.sample(range(10_000, 32_000), 100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe, suppress(OSError):
            probe.bind((host, number))
            return number
    raise AssertionError(f"no port can be had on {host}")


@dataclass
class LiveOffice:
    """Settings of one running installation and the processes that serve it."""

    data_dir: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = self.port or free_port(self.host)

    @property
    def listen(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.listen}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYING_")}
        return kept | {
            "HUIYING_DATA_DIR": str(self.data_dir),
            "HUIYING_DATABASE_URL": self.database_url,
            "HUIYING_LISTEN": self.listen,
            "HUIYING_PUBLIC_URL": self.url,
            "HUIYING_SECRET_KEY": SECRET,
            **self.more,
        }

    def run(self, *arguments: str, wrong: bool = False) -> str:
        """`huiying …` to its end; what it printed. With ``wrong``, it must fail, and its error comes back."""
        done = subprocess.run(
            [*HUIYING, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if wrong:
            assert done.returncode in {1, 2}, done.stdout + done.stderr
            return done.stderr
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        """`huiying … --json`, one object a line."""
        return [
            json.loads(line) for line in self.run(*arguments, "--json").splitlines() if line.startswith("{")
        ]

    def start(self, command: str = "serve", *arguments: str, ready: bool = True) -> subprocess.Popen[bytes]:
        """Start a process that serves, and wait until it may."""
        log = (self.data_dir / f"{command}.log").open("ab")
        process = subprocess.Popen(
            [*HUIYING, command, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        if ready and command != "jobs":
            eventually(self._is_ready, what="the server")
        return process

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self, process: subprocess.Popen[bytes] | None = None) -> None:
        """kill -9: no chance to tidy up."""
        for one in [process] if process else list(self.processes):
            if one.poll() is None:
                one.send_signal(signal.SIGKILL)
            one.wait(20)
            self.processes.remove(one)

    def stop(self) -> None:
        """Ask politely, then insist."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.processes.clear()

    def database(self) -> Database:
        """The office's database, to look into and for set-up steps that have tests of their own."""
        return Database(self.database_url, Keys(SECRET), self.data_dir)

    def log_text(self) -> str:
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.data_dir.glob("*.log")))


@contextmanager
def live_office(tmp_path: Path, database_url: str | None = None, **fields: Any) -> Iterator[LiveOffice]:
    """An installation in ``tmp_path``, migrated, stopped at the end."""
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    office = LiveOffice(data_dir, database_url or f"sqlite:///{data_dir}/huiying.db", **fields)
    try:
        office.run("migrate")
        yield office
    finally:
        office.stop()


def add_wechat(office: LiveOffice, sandbox: WeChatSandbox, department: str, responsible: str) -> str:
    """Register the sandbox's official account; its webhook address."""
    made = office.json(
        "accounts",
        "add",
        "wechat",
        "--name",
        "云泽发布",
        "--department",
        department,
        "--responsible",
        responsible,
        "--original-id",
        sandbox.original_id,
        "--app-id",
        sandbox.app_id,
        "--app-secret",
        sandbox.app_secret,
        "--token",
        sandbox.key.token,
        "--aes-key",
        sandbox.key.aes_key,
        "--api-base",
        sandbox.url,
    )
    address: str = made[-1]["webhook_url"]
    return address


@contextmanager
def browser() -> Iterator[Any]:
    """A real Chromium."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "no Chromium on this machine; .ci/run installs one"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-quic",
                "--no-first-run",
            ],
        )
        try:
            yield opened
        finally:
            opened.close()
