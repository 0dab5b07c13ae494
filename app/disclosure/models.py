"""公开: the decision on each closed case, bound to the exact public text."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Disclosure(SQLModel, table=True):
    """One per handled case. States: waiting, published, withheld, withdrawn (C4, E14).

    The public texts are proposals until a person confirms exactly their digest.
    """

    __tablename__ = "disclosures"

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
