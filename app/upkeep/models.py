"""What has still to follow a change of the agreed wording?"""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class FollowUp(SQLModel, table=True):
    """One thing that used an earlier version of an answer, and what became of it (beyond 6).

    ``kind``: draft, review, reply, form, copy. ``state``: open, done, dismissed.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint(
            "entry_id", "version", "kind", "subject", name="uq_follow_ups_entry_id_version_kind_subject"
        ),
    )

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id")
    version: int  # the new one; 0: the answer was retired
    kind: str = Field(max_length=16)
    subject: str = Field(max_length=64)  # id of the reply, name of the form, id of the library
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    used_version: int
    significance: str = Field(default="", max_length=16)
    what: str = ""  # what was done or is to be done, in words
    state: str = Field(default="open", max_length=16, index=True)
    created_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = Field(default=None, foreign_key="staff.id")
    note: str = ""


class FollowedTo(SQLModel, table=True):
    """How far a reader has followed the changes of the library."""

    __tablename__ = "followed_to"

    reader: str = Field(primary_key=True, max_length=40)
    position: int = 0


class CheckedLink(SQLModel, table=True):
    """A web page that answers in force rest on or show, as it was when it was looked at last (C17, E12)."""

    __tablename__ = "checked_links"
    __table_args__ = (UniqueConstraint("url", name="uq_checked_links_url"),)

    id: int = Field(default=None, primary_key=True)
    url: str = Field(max_length=500)
    state: str = Field(default="new", max_length=16)  # `app.upkeep.links.State`
    status: int = 0  # HTTP; 0: it was not reached
    failures: int = 0  # in a row
    # Eight digits of the digest of each sentence; what a page says, without keeping what it says.
    sentences: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    added_at: datetime = Field(sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
