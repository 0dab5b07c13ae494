"""Which arrangements of rest and make-up days do we know, from which notice, and since when?

A new version of a year stands beside the old one: a due date names the calendar it was computed with.
"""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class CalendarYear(SQLModel, table=True):
    """One version of one year's arrangement; the highest version counts."""

    __tablename__ = "calendar_years"
    __table_args__ = (UniqueConstraint("year", "version"),)

    id: int = Field(default=None, primary_key=True)
    year: int = Field(index=True)
    """The year in the title of the notice; its days may lie in the last days of the year before."""
    version: int = 1
    source: str
    """Title and 文号 of the State Council's notice, or its address."""
    digest: str
    """SHA-256 of the days, so that the same arrangement is not loaded twice."""
    loaded_at: datetime = Field(sa_type=Instant)
    loaded_by: int | None = None
    """The person's id; empty for the years shipped with the product."""


class CalendarDay(SQLModel, table=True):
    """A day that does not follow the weekly rule: a rest day, or a make-up workday (调休上班)."""

    __tablename__ = "calendar_days"
    __table_args__ = (UniqueConstraint("year", "version", "on"),)

    id: int = Field(default=None, primary_key=True)
    year: int
    version: int
    on: date
    kind: str
    """The value of `workdays.Kind`: rest or work."""
    name: str
    local: bool = False
    """Set by this office and not by the notice; carried into the year's next version."""
