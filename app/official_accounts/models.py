"""Tables of official accounts, their filings, their platform tokens and how far each was read."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class OfficialAccount(SQLModel, table=True):
    """政务新媒体账号. One per department and platform while it is open (A1); a person answers for it (B7)."""

    __tablename__ = "official_accounts"
    __table_args__ = (
        Index(
            "uq_account_department_platform",
            "department_id",
            "platform",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)  # unguessable, part of the webhook address
    platform: str = Field(index=True)
    name: str
    department_id: int = Field(foreign_key="departments.id", index=True)
    responsible_id: int = Field(foreign_key="staff.id")
    settings: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # not secret
    secrets_sealed: str = ""  # JSON of the secret settings, sealed; purpose "account"
    secrets_changed_at: datetime | None = Field(default=None, sa_type=Instant)
    opened_on: date
    created_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)  # 紧急停发: nothing is sent
    last_arrival_at: datetime | None = Field(default=None, sa_type=Instant)
    trouble: str = ""  # the last reason to stop and alarm, in words; empty when fine
    trouble_at: datetime | None = Field(default=None, sa_type=Instant)
    # The breaker of sending: failures in a row, and until when nothing is tried (see `breaker`).
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    held_until: datetime | None = Field(default=None, sa_type=Instant)
    # The second gate: calls only from the addresses the platform names.
    gate_on: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    gate_addresses: list = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    gate_read_at: datetime | None = Field(default=None, sa_type=Instant)
    keys_changed_at: datetime | None = Field(default=None, sa_type=Instant)  # a rotation of keys has begun
    grant_ends_at: datetime | None = Field(default=None, sa_type=Instant)  # as the platform says
    # Endings that may be added to a reply where the platform refuses the same words twice.
    endings: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]"))


class Registration(SQLModel, table=True):
    """备案: opening, change, suspension or cancellation, each with its own number and due day (B2, B3, B4)."""

    __tablename__ = "registrations"

    id: int = Field(default=None, primary_key=True)
    number: int = Field(unique=True)  # gap-free, never used again
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    kind: str  # open | change | suspend | cancel
    occurred_on: date
    due_on: date
    filed_at: datetime | None = Field(default=None, sa_type=Instant)
    filed_by: int | None = None
    note: str = ""


class AccountToken(SQLModel, table=True):
    """The access token of one account. One owner at a time fetches it (lease), everybody reads it."""

    __tablename__ = "account_tokens"

    account_id: int = Field(primary_key=True, foreign_key="official_accounts.id")
    token_sealed: str = ""
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    lease_holder: str = ""
    generation: int = 0


class FetchState(SQLModel, table=True):
    """How far a polled account was read, and how many calls today's budget has used."""

    __tablename__ = "fetch_states"

    account_id: int = Field(primary_key=True, foreign_key="official_accounts.id")
    cursor: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    calls_on: date | None = None
    calls: int = 0
    fetched_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str = ""
