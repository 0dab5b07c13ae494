"""What need not be read again while many rows are worked through in one transaction?

Settings of the office (its table of responsibilities, calendar, deadlines, who is on duty) stand still for the
length of `standing_still`. Nothing outlives the block: the next transaction reads them anew.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session

_KEPT = "standing"

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def standing_still(session: Session) -> Iterator[None]:
    """Inside, what was read by a `standing` read is not read again. For transactions that change none of it.

    Rows that were read are held to the end as well: asked for by their number again they are at hand.
    """
    held: list[Any] = []

    def hold(_session: OrmSession, row: Any) -> None:
        held.append(row)

    session.info[_KEPT] = {}
    event.listen(session, "loaded_as_persistent", hold)
    try:
        yield
    finally:
        event.remove(session, "loaded_as_persistent", hold)
        del session.info[_KEPT]


def standing(read: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Session, P], R]:
    """Mark a read of what rarely changes; its other arguments must be hashable. Outside of `standing_still`
    it reads as ever. Nobody may change what comes back in place."""

    @wraps(read)
    def once(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
        kept: dict[Hashable, Any] | None = session.info.get(_KEPT)
        if kept is None:
            return read(session, *args, **kwargs)
        key = (read, args, tuple(sorted(kwargs.items())))
        if key not in kept:
            kept[key] = read(session, *args, **kwargs)
        found: R = kept[key]
        return found

    return once
