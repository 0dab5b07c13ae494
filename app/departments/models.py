"""Tables of handling departments and of who is responsible for what."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Department(SQLModel, table=True):
    """A handling department 承办单位. Leaders end the reminder ladder (C26, B22)."""

    __tablename__ = "departments"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    short: str = ""
    deputy_leader_id: int | None = None  # 分管领导, 直接责任人
    principal_id: int | None = None  # 主要领导, 第一责任人
    created_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class Responsibility(SQLModel, table=True):
    """One row of the responsibility table: category × place × keywords → department, with the reason."""

    __tablename__ = "responsibilities"

    id: int = Field(default=None, primary_key=True)
    category: str = Field(index=True)
    place: str = ""
    keywords: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    department_id: int = Field(foreign_key="departments.id", index=True)
    assisting: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # department ids
    handler_id: int | None = Field(default=None, foreign_key="staff.id")
    reason: str = ""
    version: int = 1
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class LearnedModel(SQLModel, table=True):
    """What was learned from the office's own cases, with how good it was in cross-validation.

    ``kind``: category | department. The one in force has no ``ended_at``; one that is not better than it is
    kept with its figures only, without weights.
    """

    __tablename__ = "learned_models"
    __table_args__ = (Index("ix_learned_models_in_force", "kind", "ended_at"),)

    id: int = Field(default=None, primary_key=True)
    kind: str
    trained_at: datetime = Field(sa_type=Instant)
    examples: int
    labels: int
    macro_f1: float
    accuracy: float
    threshold: float | None = None  # the margin from which 95 % were right; None: there is none
    auto_share: float = 0.0
    auto_precision: float = 0.0
    weights: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class AssignmentRule(SQLModel, table=True):
    """From which confidence on a new case is assigned without a person; a version a change, none: never."""

    __tablename__ = "assignment_rules"

    id: int = Field(default=None, primary_key=True)
    least_confidence: float | None = None  # 0.5 to 1; None: off
    set_by: int | None = Field(default=None, foreign_key="staff.id")
    set_at: datetime = Field(sa_type=Instant)
