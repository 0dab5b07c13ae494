"""答复, the opinions on it, its deliveries, and what is done to a comment beside answering it."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Reply(SQLModel, table=True):
    """One text to the citizen. What it was approved for is `digest`: words, targets, route, basis.

    States: draft, in_review, sent_back, approved (route complete, not yet released), released,
    withdrawn, superseded (by a correction).
    """

    __tablename__ = "replies"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    state: str = Field(default="draft", index=True)
    text: str = ""
    basis: str = ""  # 依据, in words
    author_id: int = Field(foreign_key="staff.id", index=True)
    entry_id: int | None = Field(default=None, foreign_key="answer_entries.id")
    entry_version: int | None = None
    # "entry:version" after a major change of the answer; bound into the digest, so earlier approvals are void
    bound_answer: str = ""
    targets: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # message ids, sorted
    # form of a platform → short text the author chose; goes out there when the whole does not fit
    short_texts: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    # form of a platform → endings one of which may be added where the same words went out before; kept when
    # the text is sent for review, and approved with it
    endings: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}"))
    route: str = "ordinary"
    digest: str = ""
    step: str = Field(default="", index=True)  # awaited review step while in review, "release" when approved
    dismissals: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # finding → reason
    corrects_id: int | None = Field(default=None, foreign_key="replies.id")
    created_at: datetime = Field(sa_type=Instant)
    saved_at: datetime = Field(sa_type=Instant)
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    released_by: int | None = Field(default=None, foreign_key="staff.id")


class ReplyOpinion(SQLModel, table=True):
    """审核意见 about one exact text."""

    __tablename__ = "reply_opinions"

    id: int = Field(default=None, primary_key=True)
    reply_id: int = Field(foreign_key="replies.id", index=True)
    step: str
    verdict: str  # approve | send_back | release
    reviewer_id: int = Field(foreign_key="staff.id", index=True)
    reviewer_name: str
    digest: str
    gates: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    code: str = ""
    note: str = ""
    at: datetime = Field(sa_type=Instant)


class Delivery(SQLModel, table=True):
    """送达: one released reply to one message, an outbox row.

    States: ready → intent → done | failed | unknown; by_hand (to be entered in the platform's own
    system) → entered; on_page (the coded progress page); elsewhere
    (answered in the platform's own back end: ours was not sent). `unknown` is shown to a person and never
    resent by itself (reliability §0.5).
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("reply_id", "message_id", name="uq_delivery"),
        Index("ix_deliveries_outbox", "state", "next_try_at", "id"),
        Index("ix_deliveries_sent", "account_id", "intent_at"),
    )

    id: int = Field(default=None, primary_key=True)
    reply_id: int = Field(foreign_key="replies.id", index=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    message_id: int = Field(foreign_key="messages.id")
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    requester_id: int | None = Field(default=None, foreign_key="requesters.id")
    platform: str
    state: str = "ready"
    text: str  # exactly what goes out, but for the ending
    ending: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the one added at the last try
    digest: str  # of the reply it was approved under
    tries: int = 0
    next_try_at: datetime = Field(sa_type=Instant)
    intent_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    fence: int = 0
    refreshed: bool = False  # the token was refreshed once for this row
    reference: str = ""  # the platform's receipt
    error_class: str = ""
    error_code: str = ""
    error_words: str = ""
    fallback: str = ""  # "page" when the coded progress page stands in
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = None  # who entered it by hand or settled an unknown outcome
    settled_note: str = ""
    created_at: datetime = Field(sa_type=Instant)


class Moderation(SQLModel, table=True):
    """One thing done to a comment at its platform by a person's decision: featured, deleted … An outbox row.

    States as of a `Delivery`: ready → intent → done | failed | unknown; dropped: taken back before the call.
    What became of an unknown one a person looks up; nothing does it again by itself. ``settled_by``: who
    looked it up, took it back, or put a failed one aside.
    """

    __tablename__ = "moderations"
    __table_args__ = (Index("ix_moderations_outbox", "state", "next_try_at", "id"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    message_id: int = Field(foreign_key="messages.id", index=True)
    account_id: int = Field(foreign_key="official_accounts.id")
    action: str  # a name of the connector's ACTIONS
    reason: str = ""  # a key of `moderating.REASONS`
    note: str = ""
    state: str = "ready"
    tries: int = 0
    next_try_at: datetime = Field(sa_type=Instant)
    intent_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    fence: int = 0
    refreshed: bool = False  # the token was refreshed once for this row
    error_class: str = ""
    error_code: str = ""
    error_words: str = ""
    asked_by: int = Field(foreign_key="staff.id")
    asked_at: datetime = Field(sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = Field(default=None, foreign_key="staff.id")
