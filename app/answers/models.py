"""Where was an agreed answer used?"""

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
