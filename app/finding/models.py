"""What did people do with answers, and what did they search in vain?"""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class UnansweredSearch(SQLModel, table=True):
    """A public search without an answer, redacted, counted, without who asked."""

    __tablename__ = "unanswered_searches"

    id: int = Field(default=None, primary_key=True)
    text: str = Field(unique=True)
    times: int = 1
    last_at: datetime = Field(sa_type=Instant, index=True)


class AnswerFeedback(SQLModel, table=True):
    """How often in a month an answer was put into a reply, refused, found helpful or not; nobody is kept."""

    __tablename__ = "answer_feedback"
    __table_args__ = (
        UniqueConstraint("entry_id", "kind", "month", name="uq_answer_feedback_entry_id_kind_month"),
    )

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    kind: str = Field(max_length=16)
    # The first day of the month (Asia/Shanghai).
    month: date = Field(index=True)
    times: int = 0
