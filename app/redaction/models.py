"""Which rules of redaction were in force, and since when? Published texts name one of these."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class RuleVersion(SQLModel, table=True):
    """A version of the rules, first seen by this installation at `created_at` (clause E14)."""

    __tablename__ = "redaction_rule_versions"
    __table_args__ = (UniqueConstraint("version", "digest"),)

    id: int = Field(default=None, primary_key=True)
    version: str
    digest: str
    """SHA-256 of the rules' source."""
    note: str = ""
    created_at: datetime = Field(sa_type=Instant)
