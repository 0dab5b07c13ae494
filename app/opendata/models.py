"""What is public. Public pages, files and feeds read these tables and no others."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class PublishedCase(SQLModel, table=True):
    """A case as anybody may see it; after a withdrawal only number, times and reason remain."""

    __tablename__ = "published_cases"
    __table_args__ = (Index("ix_published_order", "withdrawn_at", "published_at", "id"),)

    id: int = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    title: str = ""
    message: str = ""
    summary: str = ""
    reply: str = ""
    message_type: str = ""
    category: str = ""
    place: str = ""
    platform: str = ""
    department: str = ""
    outcome: str = ""
    basis: str = ""
    received_on: date | None = None
    due_on: date | None = None
    replied_on: date | None = None
    closed_on: date | None = None
    on_time: bool | None = None
    working_days: int | None = None
    due_days: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    answer_key: str = ""
    digest: str = ""
    rule_version: str = ""
    published_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = ""


class Change(SQLModel, table=True):
    """One line of the change feed of a data set: created, changed, withdrawn; in commit order."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_feed", "dataset", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset: str
    key: str
    kind: str  # created | changed | withdrawn
    reason: str = ""
    at: datetime = Field(sa_type=Instant)
