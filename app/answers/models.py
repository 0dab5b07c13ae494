"""Where was an agreed answer used, and how many people did it help?"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class AnswerUse(SQLModel, table=True):
    """One reply that kept an entry in one version (A9)."""

    __tablename__ = "answer_uses"
    __table_args__ = (UniqueConstraint("reply_id", "entry_id", name="uq_answer_use"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    version: int
    reply_id: int = Field(foreign_key="replies.id", index=True)
    case_id: int = Field(foreign_key="cases.id")
    at: datetime = Field(sa_type=Instant)


class AnswerVote(SQLModel, table=True):
    """How many readers found one version of an answer helpful; nobody is kept."""

    __tablename__ = "answer_votes"
    __table_args__ = (UniqueConstraint("entry_id", "version", name="uq_answer_votes_entry_id_version"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id")
    version: int
    helpful: int = 0
    not_helpful: int = 0


class VoteMark(SQLModel, table=True):
    """Somebody voted on an answer today: a keyed digest that is forgotten after a day, never an address."""

    __tablename__ = "vote_marks"

    mark: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(sa_type=Instant, index=True)
