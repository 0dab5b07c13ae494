"""A process beside the test that does one of the office's jobs when it is told to: for "at once" and for kills.

`python -m tests.faults.side DATABASE_URL`; told by lines ``<what> <instant>``; answers ``done <number>``.
"""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent.parent


class Side:
    """One such process, ready and waiting."""

    def __init__(self, database_url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.side", database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        if self._process.returncode is None:
            self._process.stdin.close()
            self._process.wait(30)
            self._process.stdout.close()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._process.kill()
        self._process.wait(30)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()

    def begin(self, what: str, at: datetime) -> None:
        """Tell it what to do and do not wait."""
        self._is_told(f"{what} {at.isoformat()}")

    def _hears(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def _is_told(self, words: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()

    @staticmethod
    def together(*told: tuple["Side", str, datetime]) -> list[int]:
        """Let each do its job at the same time; how much each did. Fails if one of them failed."""
        for side, _, _ in told:
            side._is_told("ready? -")
        assert [side._hears() for side, _, _ in told] == ["ready"] * len(told)
        for side, what, at in told:
            side._is_told(f"{what} {at.isoformat()}")
        answers = [side._hears() for side, _, _ in told]
        assert all(answer.startswith("done ") for answer in answers), answers
        return [int(answer.removeprefix("done ")) for answer in answers]


def main(database_url: str) -> None:
    """Do what is told, until there is nothing more to hear."""
    from app import jobs
    from app.base.db import Database
    from app.base.keys import Keys
    from tests.conftest import SECRET

    db = Database(database_url, Keys(SECRET))
    names = {"take_in": "take_in_arrivals", "remind": "remind_departments", "deliver": "deliver_released"}
    for line in sys.stdin:
        what, _, at = line.strip().partition(" ")
        if what == "ready?":
            print("ready", flush=True)
            continue
        try:
            print("done", jobs.run(db, names[what], datetime.fromisoformat(at)), flush=True)
        except Exception as error:  # the test wants to hear of whatever it was
            print("failed", type(error).__name__, str(error).replace("\n", " ")[:200], flush=True)
    db.close()


if __name__ == "__main__":
    main(sys.argv[1])
