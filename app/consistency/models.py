"""In what did a reply depart from the agreed wording, and which answers contradict each other?"""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class ReplyDifference(SQLModel, table=True):
    """One point in which a submitted text departs from an answer; kept with the text's digest (A9).

    ``reason`` is the author's; a reviewer accepts the point with words of their own, or sends the text back.
    """

    __tablename__ = "reply_differences"
    __table_args__ = (
        UniqueConstraint("reply_id", "digest", "place", name="uq_reply_differences_reply_id_digest_place"),
    )

    id: int = Field(default=None, primary_key=True)
    reply_id: int = Field(foreign_key="replies.id", index=True)
    digest: str = Field(max_length=64)
    place: int  # its number within the comparison
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    version: int
    was_used: bool = False  # the reply keeps this entry; False: it was found to be about the same
    kind: str = Field(max_length=24)
    library: str = ""
    said: str = ""
    reason: str = ""
    found_at: datetime = Field(sa_type=Instant)
    accepted_by: int | None = Field(default=None, foreign_key="staff.id")
    accepted_note: str = ""
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)


class AnswerConflict(SQLModel, table=True):
    """Two answers in force to nearly the same question that say different things."""

    __tablename__ = "answer_conflicts"
    __table_args__ = (UniqueConstraint("entry_id", "other_id", name="uq_answer_conflicts_entry_id_other_id"),)

    id: int = Field(default=None, primary_key=True)
    # Of two own answers the older one; of an own and an imported one the own.
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    other_id: int = Field(foreign_key="answer_entries.id", index=True)
    entry_version: int
    other_version: int
    # {"kind", "ours", "theirs"} each
    points: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    state: str = Field(default="open", max_length=16, index=True)  # open | settled | gone
    found_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = Field(default=None, foreign_key="staff.id")
    note: str = ""
