"""What is public. Public pages, files and feeds read these tables and no others."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class PublishedCase(SQLModel, table=True):
    """A case as anybody may see it; after a withdrawal only number, times and reason remain.

    ``place``, ``category``, its group and ``platform`` are what may be said of them (`anonymity.py`), which
    changes with the other cases of the week.
    """

    __tablename__ = "published_cases"
    __table_args__ = (
        Index("ix_published_order", "withdrawn_at", "published_at", "id"),
        Index("ix_published_received", "received_on", "id"),
        Index("ix_published_closed", "closed_on", "id"),
        Index("ix_published_changed", "changed_at", "id"),
        # What the list and the files are counted by: read without touching the long texts.
        Index(
            "ix_published_facets",
            "withdrawn_at",
            "department",
            "message_type",
            "category_group",
            "platform",
            "received_on",
            "closed_on",
            "changed_at",
        ),
    )

    id: int = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    title: str = ""
    message: str = ""
    summary: str = ""
    reply: str = ""
    message_type: str = ""
    category: str = ""
    category_group: str = Field(default="", sa_column_kwargs={"server_default": ""})
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
    # 惩戒公示, 强制性信息披露: why people are named, and the legal basis of it (E14); empty for all others.
    exception: str = Field(default="", sa_column_kwargs={"server_default": ""})
    legal_basis: str = Field(default="", sa_column_kwargs={"server_default": ""})
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


class ReadCount(SQLModel, table=True):
    """How often a form of the open data was fetched on a day (Asia/Shanghai): numbers only, nobody's address."""

    __tablename__ = "read_counts"
    __table_args__ = (UniqueConstraint("on", "form"),)

    id: int = Field(default=None, primary_key=True)
    on: date
    form: str  # a key of `reads.FORMS`, or case:<number>
    times: int = 0


class LicenceChoice(SQLModel, table=True):
    """Under which licence the data is given away from ``set_at`` on; none: the usual one (`licences.py`)."""

    __tablename__ = "licence_choices"

    id: int = Field(default=None, primary_key=True)
    name: str
    title: str
    path: str
    set_by: int | None = Field(default=None, foreign_key="staff.id")
    set_at: datetime = Field(sa_type=Instant)


class Leak(SQLModel, table=True):
    """泄露: a public case that showed what it should not have; what the report is written from (A22, E25)."""

    __tablename__ = "leaks"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    number: str
    kinds: list = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # what, never the values
    note: str = ""
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    found_at: datetime = Field(sa_type=Instant)
    found_by: int | None = Field(default=None, foreign_key="staff.id")
    withdrawn_at: datetime = Field(sa_type=Instant)
    reads: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
