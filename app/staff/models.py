"""Tables of people, their sessions, one-time sign-in addresses, tokens, and counted attempts."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class StaffMember(SQLModel, table=True):
    """One person. Sign-in names are never used again, also not after the person left."""

    __tablename__ = "staff"

    id: int = Field(default=None, primary_key=True)
    sign_in: str = Field(unique=True)
    name: str
    department_id: int | None = Field(default=None, foreign_key="departments.id", index=True)
    contractor: bool = False
    contract_ends_on: date | None = None
    password_hash: str | None = None
    sample: bool = False  # a sample password works on loopback only
    created_at: datetime = Field(sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)


class StaffRole(SQLModel, table=True):
    """One role of one person."""

    __tablename__ = "staff_roles"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    role: str = Field(primary_key=True)


class SignInSession(SQLModel, table=True):
    """A signed-in browser. The cookie holds a random value; here is only its keyed digest."""

    __tablename__ = "sign_in_sessions"

    id: int = Field(default=None, primary_key=True)
    token_digest: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    address: str = ""
    browser: str = ""


class SignInLink(SQLModel, table=True):
    """A one-time sign-in address, 24 hours."""

    __tablename__ = "sign_in_links"

    id: int = Field(default=None, primary_key=True)
    token_digest: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    made_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class ApiToken(SQLModel, table=True):
    """A program's key to `/api/v1`, with scopes; kept as keyed digest."""

    __tablename__ = "api_tokens"

    id: int = Field(default=None, primary_key=True)
    token_digest: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    label: str = ""
    scopes: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Attempt(SQLModel, table=True):
    """A failed try (sign-in, look-up code), counted per key; keys are keyed digests of account or address."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_key", "purpose", "key", "at"),)

    id: int = Field(default=None, primary_key=True)
    purpose: str
    key: str
    at: datetime = Field(sa_type=Instant)


class Office(SQLModel, table=True):
    """The one office this installation serves, and what it chose on the first-run page."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("only"),)

    id: int = Field(default=None, primary_key=True)
    only: bool = True
    name: str
    place: str = ""
    profile: str = "default"
    settings: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    sample: bool = False
    set_up_at: datetime | None = Field(default=None, sa_type=Instant)
