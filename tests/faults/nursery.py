"""Servers to be killed, made quickly: one process reads the code once and forks a real `huiying …` for each life.

`python -m tests.faults.nursery`; told by lines ``start serve`` (answers with a process id) and ``bury <id>``.
"""

import os
import signal
import subprocess
import sys
from typing import Self

from tests.live import ROOT, LiveOffice


class Nursery:
    """The test's end of it."""

    def __init__(self, live: LiveOffice) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "tests.faults.nursery",
                str(live.data_dir / "nursery.log"),
            ],
            cwd=ROOT,
            env=live.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def start(self, command: str) -> int:
        """A new `huiying command`; its process id."""
        return int(self._asked(f"start {command}"))

    def kill(self, process: int) -> None:
        """kill -9, and wait until it is gone."""
        os.kill(process, signal.SIGKILL)
        assert self._asked(f"bury {process}") == str(-signal.SIGKILL)

    def _asked(self, words: str) -> str:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def main(log: str) -> None:
    """Fork and bury as told; whoever is left at the end is killed."""
    import waitress.server  # noqa: F401  what every server needs is read before the first fork

    import app.cli
    import app.web  # noqa: F401

    living: set[int] = set()
    while line := sys.stdin.readline():
        what, _, rest = line.strip().partition(" ")
        if what == "start":
            process = os.fork()
            if process == 0:
                _live(rest, log)
            living.add(process)
            print(process, flush=True)
        else:
            _, status = os.waitpid(int(rest), 0)
            living.discard(int(rest))
            print(os.waitstatus_to_exitcode(status), flush=True)
    for process in living:
        os.kill(process, signal.SIGKILL)


def _live(command: str, log: str) -> None:
    """The life of one server: `huiying command` and nothing else."""
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, nothing), (1, written), (2, written)):
        os.dup2(file, number)
    from app.cli import main as huiying

    code = 1
    try:
        huiying([command], standalone_mode=False)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
