"""Notices to staff: the inbox, unique by key so that nobody is told twice; and what of it leaves the house."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint
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


class NoticeTarget(SQLModel, table=True):
    """Where notices go outside the house: a group's robot, a mailbox; for one person, a department or all.

    One that goes ``via`` another uses its settings: a person named in a group, a mailbox served by the same
    server. Neither `staff_id` nor `department_id`: everybody's notices of `kinds`.
    """

    __tablename__ = "notice_targets"

    id: int = Field(default=None, primary_key=True)
    way: str  # a key of connectors.robots.registry.WAYS
    name: str
    staff_id: int | None = Field(default=None, foreign_key="staff.id", index=True)
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    via_id: int | None = Field(default=None, foreign_key="notice_targets.id")
    kinds: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # empty: all
    settings: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    secrets_sealed: str = ""  # JSON of the secret settings; purpose "notice_target"
    handle_sealed: str = ""  # a person's userid or mail address; purpose "notice_target"
    link_base: str = ""  # with which address links in it begin
    next_at: datetime | None = Field(default=None, sa_type=Instant)  # not before: the limit of a minute
    trouble: str = ""
    added_at: datetime = Field(sa_type=Instant)
    added_by: int | None = None
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class NoticeSending(SQLModel, table=True):
    """One notice on its way to one target, once: the outbox, written in the notice's own transaction."""

    __tablename__ = "notice_sendings"
    __table_args__ = (
        UniqueConstraint("notice_id", "target_id", name="uq_notice_sending"),
        Index("ix_notice_sendings_due", "state", "next_try_at"),
    )

    id: int = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notices.id")
    target_id: int = Field(foreign_key="notice_targets.id", index=True)
    state: str = "ready"
    next_try_at: datetime = Field(sa_type=Instant)
    tries: int = 0
    fence: int = 0
    batch: str = Field(default="", index=True)  # those that left together in one message carry the same
    intent_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    error_code: str = ""
    error_words: str = ""
