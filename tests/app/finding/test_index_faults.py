"""F4: processes killed while they write the index, and every file of it damaged in turn."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.finding.index import AnswerIndex
from tests.app.answers.acting import LOST_CARD, PERMIT, published
from tests.conftest import NOW, SECRET, TheOffice

pytestmark = pytest.mark.faults

LOST = "我的社保卡丢了，怎么补办"
DAMAGES = 60
KILLS = 20

WRITER = f"""
import sys, pathlib
from app.base.db import Database
from app.base.keys import Keys
from app.finding.index import AnswerIndex
db = Database(sys.argv[1], Keys({SECRET!r}))
index = AnswerIndex(pathlib.Path(sys.argv[2]))
print("ready", flush=True)
while True:
    with db.reading() as session:
        index.rebuild(session)
"""


def found(office: TheOffice, index: AnswerIndex) -> list[str] | None:
    """What is found; None while it says that it is being rebuilt."""
    with office.db.reading() as session:
        answer = index.search(session, LOST)
    return None if answer.rebuilding else [match.version.question for match in answer.matches]


@pytest.fixture
def library(sqlite_office: TheOffice) -> TheOffice:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
        published(session, sqlite_office, PERMIT)
    return sqlite_office


def test_whatever_is_damaged_the_answer_is_right(library: TheOffice, tmp_path: Path) -> None:
    folder, chance = tmp_path / "index", random.Random(20261009)
    found(library, AnswerIndex(folder, now=lambda: NOW))
    for _ in range(DAMAGES):
        file = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
        data = bytearray(file.read_bytes())
        if data and chance.random() < 0.5:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        else:
            del data[chance.randrange(len(data) + 1) :]
        file.write_bytes(data)
        answer = found(library, AnswerIndex(folder, now=lambda: NOW))
        assert answer is None or LOST_CARD["question"] in answer, file.name


def test_a_killed_writer_leaves_no_lock_and_no_wrong_answer(library: TheOffice, tmp_path: Path) -> None:
    folder, chance = tmp_path / "index", random.Random(20261010)
    index = AnswerIndex(folder, now=lambda: NOW)
    for _ in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WRITER, library.db.url, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            writer.wait(chance.random() * 0.2)  # anywhere in its work
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        answer = found(library, index)
        assert answer is None or LOST_CARD["question"] in answer
    with library.db.reading() as session:
        assert index.rebuild(session) == 2  # the lock went with its holder
