"""The table of what was done: append-only and hash-chained (clauses E20, D21)."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Event(SQLModel, table=True):
    """One step of somebody (or of the system, where `actor_id` is empty).

    `data` holds codes, digests and staff's words, never a citizen's.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_case", "case_id", "id"), Index("ix_events_action", "action", "at"))

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor_id: int | None = Field(default=None, index=True)
    actor_name: str = ""
    action: str
    subject_type: str
    subject_id: str
    case_id: int | None = None
    data: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    previous_hash: str = ""
    hash: str = ""
