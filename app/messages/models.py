"""What came in: raw arrivals, messages as read, requesters, attachments."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Arrival(SQLModel, table=True):
    """A push or fetched item, kept as it came before anybody understands it.

    `raw` are the bytes of the platform, `opened` the verified (decrypted) bytes that a connector reads.
    One row for the same push, however often it came (`fingerprint`). States: waiting, read, event
    (kept, no case), unsupported, failed.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint("account_id", "fingerprint", name="uq_arrival_fingerprint"),
        Index("ix_arrivals_state", "state", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    platform: str
    received_at: datetime = Field(sa_type=Instant, index=True)
    fingerprint: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opened: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = "waiting"
    error: str = ""  # name of the error
    error_words: str = ""
    tries: int = 0
    read_at: datetime | None = Field(default=None, sa_type=Instant)


class Requester(SQLModel, table=True):
    """留言人 on one official account: a keyed pseudonym; the platform's id only sealed (A25)."""

    __tablename__ = "requesters"

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    pseudonym: str = Field(unique=True)
    address_sealed: str = ""  # platform user id; purpose "requester"
    contact_sealed: str = ""  # telephone or mail the person left; purpose "requester"
    name_sealed: str = ""
    last_message_at: datetime | None = Field(default=None, sa_type=Instant)
    window_opened_at: datetime | None = Field(default=None, sa_type=Instant)
    sent_in_window: int = 0
    unsubscribed_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(SQLModel, table=True):
    """留言 as read from an arrival. `external_id` is the platform's, unique within the account."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("account_id", "external_id", name="uq_message_external"),)

    id: int = Field(default=None, primary_key=True)
    arrival_id: int | None = Field(default=None, foreign_key="arrivals.id", index=True)
    account_id: int = Field(foreign_key="official_accounts.id")
    platform: str
    kind: str
    external_id: str
    requester_id: int | None = Field(default=None, foreign_key="requesters.id", index=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    title: str = ""
    text: str = ""
    page_url: str = ""
    thread: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    extra: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    public_consent: bool = True
    sent_at: datetime | None = Field(default=None, sa_type=Instant)  # platform's time
    received_at: datetime = Field(sa_type=Instant, index=True)  # ours


class Attachment(SQLModel, table=True):
    """A picture, voice or file of a message, as the platform names it."""

    __tablename__ = "attachments"

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="messages.id", index=True)
    kind: str
    media_id: str = ""
    url: str = ""
    file_name: str = ""
    state: str = "waiting"  # waiting | stored | gone
    path: str = ""


class ImportRun(SQLModel, table=True):
    """One imported file and its report, a line a row."""

    __tablename__ = "import_runs"

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    file_name: str
    by_id: int | None = None
    at: datetime = Field(sa_type=Instant)
    report: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    added: int = 0
    known: int = 0
    refused: int = 0
