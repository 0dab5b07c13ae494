"""What has still to follow a change of the agreed wording?"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
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
