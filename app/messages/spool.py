"""Where do pushes wait while the database is away? In one file of this machine, synced before we say "success".

Touches the world: one line a push (checksum, JSON) appended under a lock that all processes of the machine
share. It is emptied into the database in the order of receipt, each push by its fingerprint, so that a push
told twice, or written by a commit nobody heard the end of, is kept once. Full is full: the push is refused,
and the platform comes again. A line cut short by a power failure was never acknowledged.
"""

import base64
import contextlib
import fcntl
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

FOLDER = "spool"
MOST_BYTES = 256 * 1024 * 1024
"""About 200,000 pushes of a usual size; more than an hour at 50 a second."""
AT_ONCE = 200
_BYTES = ("raw", "opened")


class Full(Exception):
    """No room for another push: it must be refused."""


@dataclass(frozen=True)
class Standing:
    """What waits: how many pushes, how many bytes, since when; and what could never be taken over."""

    pushes: int = 0
    bytes: int = 0
    oldest_at: datetime | None = None
    set_aside: int = 0


class Spool:
    """The spool of one machine below the data folder. Safe for any number of processes and threads."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder / FOLDER
        self._most_bytes = most_bytes
        self._coming = self._folder / "coming"
        self._going = self._folder / "going"
        self._aside = self._folder / "set-aside"

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits: then pushes may go straight to the database."""
        return not _size(self._coming) and not _size(self._going)

    def append(self, row: Row) -> None:
        """Keep one push; it is on the disk when this returns. Raises `Full`, OSError."""
        line = _line(row)
        with self._locked("coming.lock"):
            if _size(self._coming) + _size(self._going) + len(line) > self._most_bytes:
                raise Full
            is_new = not self._coming.exists()
            handle = os.open(self._coming, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _write(handle, line if _ends_a_line(handle) else b"\n" + line)
            finally:
                os.close(handle)
            if is_new:
                _sync_folder(self._folder)

    def drain(self, keep: Callable[[Sequence[Row]], None]) -> int:
        """Hand everything to ``keep`` in the order of receipt, some at a time; how many were handed over.

        What ``keep`` raises ends it: nothing is taken away before all of it is kept. One process at a time;
        a second one does nothing. Pushes that come meanwhile are taken over in the next turn.
        """
        if self.is_empty:
            return 0
        handed = 0
        with self._locked("going.lock", wait=False) as is_ours:
            while is_ours and not self.is_empty:
                self._take_turn()
                rows = sorted(_rows(self._going), key=lambda row: row["received_at"])
                for first in range(0, len(rows), AT_ONCE):
                    keep(rows[first : first + AT_ONCE])
                self._going.unlink(missing_ok=True)
                handed += len(rows)
        return handed

    def set_aside(self, row: Row) -> None:
        """Keep for a person what the database will never take, so that it does not hold up the others."""
        with self._locked("aside.lock"):
            handle = os.open(self._aside, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _write(handle, _line(row))
            finally:
                os.close(handle)

    def standing(self) -> Standing:
        """What waits now, for the screen and the metrics."""
        waiting = [row["received_at"] for file in (self._going, self._coming) for row in _rows(file)]
        return Standing(
            pushes=len(waiting),
            bytes=_size(self._coming) + _size(self._going),
            oldest_at=min(waiting, default=None),
            set_aside=sum(1 for _ in _rows(self._aside)),
        )

    def _take_turn(self) -> None:
        """What has come becomes what goes, unless an earlier turn was not finished."""
        with self._locked("coming.lock"):
            if not _size(self._going) and self._coming.exists():
                self._coming.replace(self._going)

    @contextlib.contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold one of the locks; False where another holds it and we do not wait."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            yield False
            return
        try:
            yield True
        finally:
            os.close(handle)  # which gives the lock back


def _line(row: Row) -> bytes:
    plain = {name: value for name, value in row.items() if name not in _BYTES and name != "received_at"}
    plain |= {name: base64.b64encode(row[name]).decode("ascii") for name in _BYTES}
    plain["received_at"] = row["received_at"].isoformat()
    body = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file; one that a power failure cut short is no push we answered for."""
    try:
        lines = file.open("rb")
    except FileNotFoundError:
        return
    with lines:
        for line in lines:
            body = line.rstrip(b"\n")[9:]
            if line[:8] != b"%08x" % zlib.crc32(body):
                continue
            row = json.loads(body)
            row |= {name: base64.b64decode(row[name]) for name in _BYTES}
            row["received_at"] = datetime.fromisoformat(row["received_at"])
            yield row


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _ends_a_line(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _write(handle: int, line: bytes) -> None:
    """All of it, on the disk; on a full disk none of it."""
    before = os.fstat(handle).st_size
    try:
        left = memoryview(line)
        while left:
            left = left[os.write(handle, left) :]
        os.fdatasync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
