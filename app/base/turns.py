"""How do the writers of one SQLite file take turns, so that no push waits for seconds behind a busy job?

SQLite's own busy handler sleeps up to 100 ms between two tries; a job that writes one short transaction
after the other then keeps everybody else out, and pushes run into the platform's five seconds. Writers of
ours therefore stand in line at a file lock that is asked every few milliseconds. SQLite's lock stays what
protects the data: this one is only manners, and is passed by when its holder hangs.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_FIRST_WAIT, _LONGEST_WAIT = 0.0005, 0.004  # seconds


@contextlib.contextmanager
def turn(path: Path, patience: float) -> Iterator[None]:
    """Hold the turn over ``path`` inside the block; after ``patience`` seconds go on without it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(handle, time.monotonic() + patience)
        yield
    finally:
        os.close(handle)  # which also gives the turn back


def _wait(handle: int, until: float) -> None:
    pause = _FIRST_WAIT
    while not _taken(handle) and time.monotonic() < until:
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_WAIT)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
