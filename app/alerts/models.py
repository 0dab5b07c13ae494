"""舆情: what somebody must notice."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Alert(SQLModel, table=True):
    """A signal on one case: a sensitive word, a burst. Unique by (case, signal)."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("case_id", "signal", name="uq_alert"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    signal: str
    words: str
    raised_at: datetime = Field(sa_type=Instant, index=True)
    due_at: datetime | None = Field(default=None, sa_type=Instant)  # somebody has to look until then
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = None
    settled_note: str = ""


class ScanState(SQLModel, table=True):
    """How far the scan has come in the log: its events are numbered in the order of their commits."""

    __tablename__ = "alert_scans"

    id: int = Field(default=None, primary_key=True)
    last_event_id: int = 0
