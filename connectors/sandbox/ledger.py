"""What would each citizen have seen on their phone? Written down before the platform answers."""

import json
import os
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """``kind``: reply (we sent it), receipt (automatic answer to a push), unavailable (the platform's
    notice that the account does not answer), comment (a public reply below ``about``)."""

    at: str
    person: str
    kind: str
    text: str
    about: str = ""


UNAVAILABLE = "该公众号暂时无法提供服务，请稍后再试"


class Ledger:
    """Append-only. With a path every entry is one line of JSON, on disk before ``add`` returns, so that
    a test may kill anything at any time and read it afterwards."""

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = Path(path) if path else None
        self._lock = threading.Lock()
        self._entries = _load(self._path) if self._path and self._path.exists() else []

    def add(self, at: datetime, person: str, kind: str, text: str, about: str = "") -> None:
        """Write down what this person sees from now on."""
        entry = Entry(at.isoformat(), person, kind, text, about)
        with self._lock:
            if self._path:
                _append(self._path, entry)
            self._entries.append(entry)

    def entries(self) -> tuple[Entry, ...]:
        """Everything, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def seen_by(self, person: str, kind: str | None = None) -> list[str]:
        """The texts this person saw, oldest first; of one kind if asked."""
        return [e.text for e in self.entries() if e.person == person and kind in (None, e.kind)]


def _append(path: Path, entry: Entry) -> None:
    line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode("utf-8"))
        os.fsync(handle)
    finally:
        os.close(handle)


def _load(path: Path) -> list[Entry]:
    """A last line without its end was never acknowledged: it does not count."""
    lines = path.read_text("utf-8").split("\n")[:-1]
    return [Entry(**json.loads(line)) for line in lines]
