"""Which neighbouring libraries do we know, and what came from them?"""

from datetime import datetime

from sqlalchemy import JSON, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class NeighbourLibrary(SQLModel, table=True):
    """A library whose signed answers may come here; its id is the digest of its public key.

    With ``url`` we ask it ourselves; without, its answers came by way of another one.
    """

    __tablename__ = "neighbour_libraries"

    id: int = Field(default=None, primary_key=True)
    library: str = Field(max_length=64, unique=True)
    name: str = Field(default="", max_length=100)
    level: str = Field(default="city", max_length=16)
    public_key: str = Field(max_length=64)
    url: str = Field(default="", max_length=500)
    # What we were told last by this library, for the next question.
    cursor: str = Field(default="", max_length=200)
    is_refused: bool = False
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    trouble: str = ""
    added_at: datetime = Field(sa_type=Instant)


class ImportedAnswer(SQLModel, table=True):
    """One answer of another library as its owner signed it; the entry made of it is only read here."""

    __tablename__ = "imported_answers"
    __table_args__ = (UniqueConstraint("origin", "origin_key", name="uq_imported_answers_origin_origin_key"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int | None = Field(default=None, foreign_key="answer_entries.id", index=True)
    origin: str = Field(max_length=64)
    origin_key: str = Field(max_length=16)
    # The number of the change at its origin: a later one replaces an earlier one, never the reverse.
    sequence: int
    origin_version: int = 0
    statement: dict = Field(sa_column=Column(JSON, nullable=False))
    signature: str = Field(max_length=128)
    # Ids of the libraries it passed, the origin first; our own id never comes in again.
    path: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    imported_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
