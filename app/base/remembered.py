"""What was worked out before, and does it still hold? Values by key, for one state of things at a time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

State = TypeVar("State")
Value = TypeVar("Value")


class Remembered(Generic[State, Value]):
    """Values that hold while a state stands; all are forgotten when another one is asked for.

    At most ``most`` are kept, those asked for last. Shared by the threads of a process: two that ask for the same
    at once may both work it out, nobody waits for anybody.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: tuple[State, OrderedDict[Hashable, Value]] | None = None

    def get(self, state: State, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of ``key`` in this state, from ``make`` where it is not known. Raises what ``make`` raises."""
        with self._lock:
            if self._held is None or self._held[0] != state:
                self._held = state, OrderedDict()
            values = self._held[1]
            if key in values:
                values.move_to_end(key)
                return values[key]
        # Those who began in this state write into its values, which nobody reads once it has passed.
        value = make()
        with self._lock:
            values[key] = value
            if len(values) > self._most:
                values.popitem(last=False)
        return value
