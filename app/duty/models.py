"""The duty roster (C27): who is on duty, for which duty, from when to when."""

from datetime import datetime

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
    handover_note: str = ""
