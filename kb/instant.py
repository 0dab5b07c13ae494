"""How is a moment in time kept? Always in UTC, always aware, on every database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """Column type for a moment: takes aware datetimes of any zone, gives aware UTC ones.

    Naive values are refused with ``ValueError``, because nobody can tell which moment they mean.
    SQLite drops the zone, PostgreSQL answers in the zone of the connection; both come back as UTC.
    Use as ``Field(sa_type=Instant)``.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; hand the database UTC."""
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError("an instant needs a time zone; a naive datetime was given")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return aware UTC, whatever the driver gave."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
