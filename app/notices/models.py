"""Notices to staff: the in-app inbox. Unique by key, so that nobody is told twice."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Notice(SQLModel, table=True):
    """One thing one person must know. Words are ours, never a citizen's."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_inbox", "staff_id", "read_at", "id"),)

    id: int = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id")
    key: str = Field(unique=True)
    kind: str
    text: str
    address: str = ""  # where the link leads, within /desk/
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    created_at: datetime = Field(sa_type=Instant)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
