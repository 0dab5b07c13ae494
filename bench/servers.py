"""Starting what is measured, and how much memory a process and its children hold."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PATIENCE = 60.0


@contextmanager
def running(
    module: str,
    *arguments: str,
    port: int,
    environment: Mapping[str, str],
    log: Path,
    python: Path = Path(sys.executable),
) -> Iterator[int]:
    """`python -m module …` (or a file) that listens on ``port``; its process id. It is stopped at the end."""
    what = [module] if module.endswith(".py") else ["-m", module]
    with log.open("ab") as written:
        process = subprocess.Popen(
            [str(python), "-W", "ignore", *what, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            if port:
                _until_it_listens(port, process)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on {port}")


def memory(process: int) -> float:
    """Megabytes held by a process and its children; what they share is counted once (PSS)."""
    return sum(_held(one) for one in [process, *_children(process)]) / 1024


def _held(process: int) -> int:
    text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        own = [int(one) for one in (task / "children").read_text("ascii").split()]
        for child in own:
            found += [child, *_children(child)]
    return found
