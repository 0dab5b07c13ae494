"""How does the door of platforms know its accounts while the database is away, and without asking at each push?"""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from app.base.errors import AppError, Unavailable

Key = TypeVar("Key")
Value = TypeVar("Value")

FRESH_SECONDS = 2.0
"""How long a closed account or a changed key may still be honoured. The platforms' own caches are longer."""
PATIENCE_SECONDS = 0.7
"""How long a request waits for a newer value before it makes do with the old one."""
FIRST_PATIENCE_SECONDS = 3.0
"""How long it waits where there is no old one. The platforms give up after five seconds."""


class _Reading(Generic[Value]):
    """One look into the database, shared by all who wait for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Value | None = None
        self.refusal: AppError | None = None


class Kept(Generic[Key, Value]):
    """Values read from the database in threads beside the requests: two seconds old at most while the
    database answers, as old as need be while it is away or hangs. What the database refuses (`AppError`:
    no such account, closed) is refused at once."""

    def __init__(self, read: Callable[[Key], Value]) -> None:
        self._read = read
        self._values: dict[Key, tuple[float, Value]] = {}
        self._readings: dict[Key, _Reading[Value]] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value:
        """The value of ``key``. Raises what `read` refuses with, or `Unavailable`."""
        kept = self._values.get(key)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        with self._lock:
            reading = self._readings.get(key)
            is_new = reading is None
            if reading is None:
                reading = self._readings[key] = _Reading()
                run = copy_context().run  # the clock may be moved in it
                threading.Thread(
                    target=run, args=(self._look, key, reading), name="door", daemon=True
                ).start()
        # Whoever finds a look under way that has taken its time does not wait once more.
        patience = (PATIENCE_SECONDS if is_new else 0.0) if kept else FIRST_PATIENCE_SECONDS
        reading.done.wait(patience)
        if reading.refusal is not None:
            raise reading.refusal
        if reading.done.is_set() and reading.value is not None:
            return reading.value
        if kept:
            return kept[1]
        raise Unavailable("数据库暂时连不上，这条消息没有收下")

    def _look(self, key: Key, reading: _Reading[Value]) -> None:
        try:
            reading.value = self._read(key)
            self._values[key] = (time.monotonic() + FRESH_SECONDS, reading.value)
        except AppError as refusal:
            reading.refusal = refusal
            self._values.pop(key, None)
        except Exception:  # the database is away: whoever has an old value goes on with it
            reading.value = None
        finally:
            with self._lock:
                self._readings.pop(key, None)
            reading.done.set()
