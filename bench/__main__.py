"""Measure and print the table. ``--seconds`` per cell of the webhook, ``--answers`` in the library."""

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.base.db import sqlite_module
from bench import exports, redaction, resting, suggestions, webhook
from bench.table import HEAD, Row


def rows(folder: Path, seconds: float, answers: int) -> Iterator[Row]:
    """Everything, each part in a folder of its own."""
    parts = {
        "webhook": lambda own: webhook.measure(own, seconds),
        "resting": resting.measure,
        "exports": exports.measure,
        "redaction": redaction.measure,
        "suggestions": lambda own: suggestions.measure(own, answers),
    }
    for name, measure in parts.items():
        own = folder / name
        own.mkdir()
        yield from measure(own)


def main() -> None:
    """`python -m bench`"""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures as ratios against a peer")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--answers", type=int, default=suggestions.ANSWERS)
    given = parser.parse_args()
    begun = time.monotonic()
    print(
        f"Python {platform.python_version()}, SQLite {sqlite_module().sqlite_version}, {platform.machine()}\n"
    )
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as folder:
        for row in rows(Path(folder), given.seconds, given.answers):
            print(row, flush=True)
    print(f"\nratio = ours ÷ theirs, measured in the same run; {time.monotonic() - begun:.0f} s in all")


if __name__ == "__main__":
    main()
