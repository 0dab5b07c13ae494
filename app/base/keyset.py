"""How does a page of a list say where the next one begins? By an instant and a row's number, in the address."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Tuple, literal, tuple_

from app.base.errors import Invalid
from app.base.types import Instant

LARGEST_ID = 2**31 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(at: datetime, row_id: int) -> str:
    """The cursor of a row that is sorted by (instant, id), exact to the microsecond."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}_{row_id}"


def read(text: str) -> tuple[datetime, int]:
    """What `written` wrote. Raises `Invalid` for anything else: addresses are typed by strangers."""
    micros, _, number = text.partition("_")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), min(int(number), LARGEST_ID)
    except (ValueError, OverflowError):
        raise Invalid("这个翻页地址不对。请回到列表第一页", field="after") from None


def place(at: datetime, row_id: int) -> Tuple:
    """The same as a value to compare columns with; typed, so that SQLite compares instants as it stores them."""
    return tuple_(literal(at, Instant()), literal(row_id))
