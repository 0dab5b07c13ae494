"""What people searched in vain."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.base.types import Instant


class UnansweredSearch(SQLModel, table=True):
    """A public search without an answer, redacted, counted, without who asked."""

    __tablename__ = "unanswered_searches"

    id: int = Field(default=None, primary_key=True)
    text: str = Field(unique=True)
    times: int = 1
    last_at: datetime = Field(sa_type=Instant, index=True)
