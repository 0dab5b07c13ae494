"""Tables of the ground itself: leases, so that one process at a time does a thing, and what jobs did."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Lease(SQLModel, table=True):
    """Who may do ``name`` until when. Renewed while alive; runs out by itself."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    holder: str
    until_at: datetime = Field(sa_type=Instant)


class JobRun(SQLModel, table=True):
    """The last run of each job, for the board and `huiying jobs list`."""

    __tablename__ = "job_runs"

    name: str = Field(primary_key=True)
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    done: int = 0
    error: str = ""
