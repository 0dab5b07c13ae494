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
        Index("ix_arrivals_state", "state", "received_at", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    # No index of their own on these two: each would cost every push another page to be synced. The unique
    # key begins with the account, and who looks for a time knows the state.
    account_id: int = Field(foreign_key="official_accounts.id")
    platform: str
    received_at: datetime = Field(sa_type=Instant)
    fingerprint: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opened: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = "waiting"
    error: str = ""  # name of the error
    error_words: str = ""
    tries: int = 0
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    # What the citizen was shown at once: {"entry", "version", "number", "due_on"}; empty where nothing.
    receipt: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}"))


class ArrivalHours(SQLModel, table=True):
    """How many pushes and items came on an account in one hour: what silence is measured against."""

    __tablename__ = "arrival_hours"

    account_id: int = Field(foreign_key="official_accounts.id", primary_key=True)
    hour_at: datetime = Field(sa_type=Instant, primary_key=True)
    number: int


class ToldNumber(SQLModel, table=True):
    """A number and code that a citizen was told at once, where the message then went into another case."""

    __tablename__ = "told_numbers"

    id: int = Field(default=None, primary_key=True)
    number: str = Field(index=True)
    code_sealed: str  # purpose "lookup"
    case_id: int = Field(foreign_key="cases.id", index=True)


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
    # They took back what the platform had told us of them: what was sealed here is gone since then.
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(SQLModel, table=True):
    """留言 as read from an arrival. `external_id` is the platform's, unique within the account."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id", name="uq_message_external"),
        Index("ix_messages_notice", "account_id", "notice", "received_at"),
    )

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
    notice: str = ""  # a value of connectors.contract.Notice
    answer: str = ""  # what stands below it on the platform as our account's reply, whoever gave it
    gone_at: datetime | None = Field(default=None, sa_type=Instant)  # taken away on the platform
    sent_at: datetime | None = Field(default=None, sa_type=Instant)  # platform's time
    received_at: datetime = Field(sa_type=Instant, index=True)  # ours


class Attachment(SQLModel, table=True):
    """A picture, voice or video of a message: as the platform names it, and as it is kept (see `media`)."""

    __tablename__ = "attachments"
    __table_args__ = (Index("ix_attachments_state", "state", "next_try_at"),)

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="messages.id", index=True)
    kind: str
    media_id: str = ""
    url: str = ""
    file_name: str = ""
    state: str = "waiting"  # waiting | stored | gone | refused
    path: str = ""  # below the attachments' folder
    media_type: str = ""  # told from the bytes
    size: int = 0  # bytes, as kept
    sha256: str = ""  # hex, as kept
    reason: str = ""  # why it is not here: a key of `media.REASONS`, or the platform's words
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=Instant)
    stored_at: datetime | None = Field(default=None, sa_type=Instant)
    # Who of the office took it, to show what was done (处理后); None: it came with the message.
    added_by: int | None = Field(default=None, foreign_key="staff.id")


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
