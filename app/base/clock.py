"""What time is it? The only place that asks; everything else is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_moved: ContextVar[timedelta | None] = ContextVar("clock_moved", default=None)
_moved_everywhere: timedelta = timedelta(0)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC) + (_moved.get() or _moved_everywhere)


def move(by: timedelta) -> None:
    """Shift the clock of this process (training and fault tests; never called by the product's own code)."""
    global _moved_everywhere
    _moved_everywhere = by


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let `now()` start from ``instant`` (aware) inside the block; used by `--now` and by tests."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _moved.set(instant.astimezone(UTC) - datetime.now(UTC))
    try:
        yield
    finally:
        _moved.reset(token)
