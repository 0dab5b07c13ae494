"""公开: the decision on each closed case, bound to the exact public text."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Disclosure(SQLModel, table=True):
    """One per handled case. States: waiting, published, withheld, withdrawn (C4, E14).

    The public texts are proposals until a person confirms exactly their digest.
    """

    __tablename__ = "disclosures"
    __table_args__ = (Index("ix_disclosures_state_scanned_with", "state", "scanned_with", "id"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", unique=True)
    state: str = Field(default="waiting", index=True)
    title: str = ""
    message: str = ""  # redacted; empty when the citizen objected
    summary: str = ""  # staff-written
    reply: str = ""
    hits: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    flags: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    rule_version: str = ""
    digest: str = ""
    reason: str = ""  # coded: privacy | secret | other …
    legal_basis: str = ""
    note: str = ""
    proposed_at: datetime = Field(sa_type=Instant, index=True)
    decided_by: int | None = Field(default=None, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_by: int | None = None
    scanned_with: str = ""  # the rules that last looked at the public text; empty: none since it was decided
    readable: dict | None = Field(default=None, sa_column=Column(JSON))  # kinds they left readable, how often


class PublicRequest(SQLModel, table=True):
    """申请: somebody asks to take a public case down, to correct it, or says that it leaks (beyond 18; PIPL 46, 47).

    One open at a time for a case and a kind: further ones raise ``times``. The words are for staff only and
    are blanked with the decision.
    """

    __tablename__ = "public_requests"
    __table_args__ = (Index("ix_public_requests_state", "state", "id"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str  # withdraw | correct | leak
    words: str = ""
    own: bool = False  # whoever asked had the look-up code
    times: int = 1
    state: str = "open"  # open | done | refused
    answer: str = ""  # what the one who asked is told
    asked_at: datetime = Field(sa_type=Instant)
    decided_by: int | None = Field(default=None, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
