"""Tables of handling departments and of who is responsible for what."""

from datetime import datetime

from sqlalchemy import JSON, Column
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
    handler_id: int | None = Field(default=None, foreign_key="staff.id")
    reason: str = ""
    version: int = 1
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
