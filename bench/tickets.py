"""How is django-helpdesk brought here and asked the same: take in what a citizen writes, and keep it?"""

import hashlib
import os
import pickle
import sqlite3
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlencode

from bench.servers import ROOT, running

VERSION = "2.6.1"
_NEEDED = ROOT / "bench" / "tickets.txt"
_SITE = ROOT / "bench" / "tickets_site.py"
_TOKEN = (
    "0123456789abcdefghijABCDEFGHIJ01"  # both in the cookie and in the form, as its own page would have it
)


class NotHere(Exception):
    """It could not be installed; the words say why."""


def python() -> Path:
    """A Python of its own below `var/`, installed once by hash. Raises `NotHere`."""
    digest = hashlib.sha256(_NEEDED.read_bytes()).hexdigest()[:12]
    home = ROOT / "var" / "bench" / f"django-helpdesk-{digest}"
    found, done = home / "bin" / "python", home / "complete"
    if done.exists():
        return found
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(found), "-m", "pip", "install", "-q", "--no-input", "--require-hashes", "-r", str(_NEEDED)],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as problem:
        lines = str(getattr(problem, "stderr", None) or problem).strip().splitlines()
        raise NotHere(lines[-1] if lines else type(problem).__name__) from None
    done.touch()
    return found


def made(database: Path) -> None:
    """An empty helpdesk with one queue."""
    subprocess.run([str(python()), str(_SITE), "make", str(database)], check=True, capture_output=True)


def serving(database: Path, port: int, workers: int, log: Path) -> AbstractContextManager[int]:
    """It listens."""
    return running(
        str(_SITE),
        "serve",
        str(database),
        f"127.0.0.1:{port}",
        str(workers),
        port=port,
        environment=os.environ,
        log=log,
        python=python(),
    )


def ready_made(folder: Path, port: int, count: int) -> Path:
    """Its public form, filled in, as bytes."""
    file, told = folder / f"forms-{port}", []
    for number in range(count):
        form = {
            "csrfmiddlewaretoken": _TOKEN,
            "queue": "1",
            "title": f"{number} 号楼的路灯坏了",
            "body": f"{number} 号楼的路灯坏了",
            "submitter_email": f"bench{number}@example.com",
            "priority": "3",
        }
        body = urlencode(form).encode("ascii")
        head = (
            f"POST /tickets/submit/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: csrftoken={_TOKEN}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        told.append(head.encode("ascii") + body)
    file.write_bytes(pickle.dumps(told))
    return file


def kept(database: Path) -> int:
    """How many tickets it has."""
    connection = sqlite3.connect(database)
    try:
        number: int = connection.execute("SELECT count(*) FROM helpdesk_ticket").fetchone()[0]
    finally:
        connection.close()
    return number
