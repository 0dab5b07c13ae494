"""The duty roster (C27): who is on duty, for which duty, from when to when; who stands in for whom."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Shift(SQLModel, table=True):
    """One person's turn. `duty`: publishing (发布) or reading (读网)."""

    __tablename__ = "shifts"

    id: int = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    duty: str = "reading"
    starts_at: datetime = Field(sa_type=Instant, index=True)
    ends_at: datetime = Field(sa_type=Instant, index=True)
    taken_over_at: datetime | None = Field(default=None, sa_type=Instant)
    handover_note: str = ""  # what the one who took over noted
    note_left: str = ""  # what the one who left wants the next to know
    left_at: datetime | None = Field(default=None, sa_type=Instant)


class Substitution(SQLModel, table=True):
    """替班: somebody is asked to take a shift over, and says yes or no. Without a yes nothing changes."""

    __tablename__ = "substitutions"
    __table_args__ = (Index("ix_substitutions_waiting", "to_id", "answered_at"),)

    id: int = Field(default=None, primary_key=True)
    shift_id: int = Field(foreign_key="shifts.id", index=True)
    from_id: int = Field(foreign_key="staff.id")
    to_id: int = Field(foreign_key="staff.id")
    reason: str
    asked_by: int
    asked_at: datetime = Field(sa_type=Instant)
    agreed: bool | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
