"""How long do 100,000 public cases take in every shape, and how much memory? Against the leanest script.

The bar is 60 s and 500 MB (reliability §3). Ours: the snapshot, every set as CSV and JSON Lines with digests,
zipped, from one view. Theirs: Python's sqlite3, csv and json, row after row into two files, nothing else.
Each in a process of its own, so that the memory is its own.
"""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from app import migrations
from app.base.clock import UTC
from app.base.db import Database, sqlite_module
from app.base.keys import Keys
from app.opendata.catalog import Publisher
from app.opendata.models import PublishedCase
from app.opendata.service import write_snapshot
from app.statistics.service import SOURCES
from bench.table import Row
from tests.live import SECRET

CASES = 100_000
AT_ONCE = 5_000
NOW = datetime(2026, 10, 9, 2, 42, tzinfo=UTC)
LETTER = "小区门口的路灯坏了，晚上看不见路，老人孩子出门都不方便，请问什么时候能修好？" * 4
REPLY = "您好！路灯已经报修，三个工作日内修好。修好以前请走东门，那里有照明。" * 6


def measure(folder: Path, cases: int = CASES) -> Iterator[Row]:
    """Both, one after the other."""
    _fill(folder, cases)
    seen = {name: _run(name, folder) for name in WAYS}
    for place, (what, unit) in enumerate((("export of 100,000 cases", "s"), ("its peak of memory", "MB"))):
        yield Row(what, seen["ours"][place], "sqlite3, csv and json alone", seen["theirs"][place], unit)


def _fill(folder: Path, cases: int) -> None:
    db = Database(f"sqlite:///{folder / 'cases.db'}", Keys(SECRET), folder)
    migrations.migrate(db)
    for first in range(0, cases, AT_ONCE):
        with db.writing() as session:
            session.execute(
                insert(PublishedCase), [_case(number) for number in range(first, first + AT_ONCE)]
            )
    db.close()


def _case(number: int) -> dict[str, Any]:
    day = date(2024, 1, 1) + timedelta(days=number // 150)
    at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(days=3)
    return PublishedCase(
        number=f"{day:%Y%m%d}-{number:06d}", title=f"路灯不亮了，第 {number} 处", message=LETTER,
        summary="关于路灯的投诉", reply=REPLY, message_type="complaint", category="市政", place="城东区",
        platform="wechat", department="城市管理局", outcome="solved", received_on=day, due_on=day,
        replied_on=day, closed_on=day, on_time=True, working_days=1, digest="0" * 64, rule_version="2026.10",
        published_at=at, changed_at=at,
    ).model_dump(exclude={"id"})  # fmt: skip


def _run(way: str, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of one way."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.exports", way, str(folder)], check=True, capture_output=True, text=True
    )
    seconds, megabytes = told.stdout.split()
    return float(seconds), float(megabytes)


def _ours(folder: Path) -> None:
    db = Database(f"sqlite:///{folder / 'cases.db'}", Keys(SECRET), folder)
    with db.reading() as session, (folder / "snapshot.zip").open("wb") as target:
        write_snapshot(session, NOW, target, SOURCES, Publisher("云泽市", "https://yunze.example"))


def _theirs(folder: Path) -> None:
    connection = sqlite_module().connect(str(folder / "cases.db"))
    found = connection.execute("SELECT * FROM published_cases ORDER BY id")
    names = [column[0] for column in found.description]
    with (folder / "cases.csv").open("w", newline="") as table, (folder / "cases.jsonl").open("w") as lines:
        writer = csv.writer(table)
        writer.writerow(names)
        for row in found:
            writer.writerow(row)
            lines.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")


WAYS: dict[str, Callable[[Path], None]] = {"ours": _ours, "theirs": _theirs}


if __name__ == "__main__":
    begun = time.monotonic()
    WAYS[sys.argv[1]](Path(sys.argv[2]))
    # Not getrusage: its peak begins with that of the process this one was forked from.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    print(f"{time.monotonic() - begun:.2f} {peak:.1f}")
