"""How do the writers of one SQLite file take turns, so that no push waits for seconds behind a busy job?

SQLite's own busy handler sleeps up to 100 ms between two tries; a job that writes one short transaction
after the other then keeps everybody else out, and pushes run into the platform's five seconds. Writers of
ours therefore stand in line: whoever is next holds the gate (one lock) until the writer before is done
(the other lock), so that a writer that comes again at once finds somebody in front of it. SQLite's lock
stays what protects the data: this one is only manners, and is passed by when its holder hangs.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_FIRST_WAIT, _LONGEST_WAIT = 0.0001, 0.001  # seconds


@contextlib.contextmanager
def turn(path: Path, patience: float) -> Iterator[None]:
    """Hold the turn over ``path`` inside the block; after ``patience`` seconds go on without it."""
    until = time.monotonic() + patience
    gate, writing = _opened(path.with_name(f"{path.name}-gate")), _opened(path)
    try:
        _wait(gate, until)
        _wait(writing, until)
        os.close(gate)
        gate = -1
        yield
    finally:
        for handle in (gate, writing):
            if handle >= 0:
                os.close(handle)  # which also gives the lock back


def is_wanted(path: Path) -> bool:
    """Whether somebody else writes now or waits for it."""
    return any(_is_held(one) for one in (path.with_name(f"{path.name}-gate"), path))


def _is_held(path: Path) -> bool:
    handle = _opened(path)
    try:
        return not _taken(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


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
