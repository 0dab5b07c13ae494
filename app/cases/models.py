"""办件 and what happens beside its status: extensions, reminders, supervisions, questions, ratings."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Case(SQLModel, table=True):
    """办件. `number` is shown outside, the primary key never. Overdue is computed, never stored."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_queue", "open", "sooner_at", "id"),
        Index("ix_cases_department", "department_id", "open", "sooner_at", "id"),
        Index("ix_cases_handler", "handler_id", "open", "sooner_at", "id"),
        Index("ix_cases_status", "status", "sooner_at", "id"),
        Index("ix_cases_remind", "open", "remind_at"),
        Index("ix_cases_due", "open", "due_on"),
        Index("ix_cases_place", "place", "received_at"),
    )

    id: int = Field(default=None, primary_key=True)
    number: str = Field(unique=True)  # YYYYMMDD- and 6 random characters
    lookup_code_sealed: str  # 8 characters; purpose "lookup"
    status: str = "new"
    open: bool = True  # False once the status is final: what the queue's index needs
    platform: str = Field(index=True)
    account_id: int = Field(foreign_key="official_accounts.id", index=True)
    requester_id: int | None = Field(default=None, foreign_key="requesters.id", index=True)
    title: str
    text: str  # the first message, as received
    message_type: str = "consultation"
    category: str = ""
    category_by: int | None = None  # who confirmed or corrected it: what may be learned from
    place: str = ""
    sensitivity: str = "ordinary"  # ordinary | important | sensitive
    complex: bool = False
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    handler_id: int | None = Field(default=None, foreign_key="staff.id")  # named responsible person (A2)
    assisting: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    routing: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # suggestion, reason
    master_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    public_consent: bool = True
    profile: str = "default"
    profile_version: int = 0  # 0: the preset as shipped
    pace: str = "ordinary"  # ordinary | urgent | alert: the latter two run by the hour
    received_at: datetime = Field(sa_type=Instant, index=True)
    due_at: datetime = Field(sa_type=Instant, index=True)
    due_on: date
    due_provisional: bool = False
    due_days: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    calendar_version: str = ""
    restarted_at: datetime | None = Field(default=None, sa_type=Instant)  # 重办: the time began anew
    clock_changes: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    step: str = ""  # what is done next, a value of `steps.Step`; empty: nothing
    step_due_at: datetime | None = Field(default=None, sa_type=Instant)
    remind_at: datetime | None = Field(default=None, sa_type=Instant)  # when to look at the ladder again
    window_closes_at: datetime | None = Field(default=None, sa_type=Instant)
    sooner_at: datetime = Field(sa_type=Instant)
    assigned_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    replied_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    outcome: str = ""  # solved | partly | explained | not_ours | cannot
    ended_reason: str = ""  # why declined or invalid
    returns: int = 0
    reopened: int = 0
    supervised: bool = False
    version: int = 1  # raised by every act; a stale one is refused


class Extension(SQLModel, table=True):
    """延期: asked before the deadline with a reason, decided by a supervisor."""

    __tablename__ = "extensions"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    working_days: int
    reason: str
    asked_by: int
    asked_at: datetime = Field(sa_type=Instant)
    decided_by: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    granted: bool | None = None
    note: str = ""


class Reminder(SQLModel, table=True):
    """催办: one step of the ladder for one due instant; the unique key makes it fire once."""

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("case_id", "step", "due_at", name="uq_reminder_step"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    step: str
    due_at: datetime = Field(sa_type=Instant)
    sent_at: datetime = Field(sa_type=Instant)
    to_id: int | None = None
    by_id: int | None = None
    note: str = ""
    label: str = ""  # the rung's words when it was given


class Supervision(SQLModel, table=True):
    """督办: a superior takes the case under watch; more than a reminder."""

    __tablename__ = "supervisions"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    by_id: int
    at: datetime = Field(sa_type=Instant)
    note: str = ""


class Inquiry(SQLModel, table=True):
    """A question inside a case: to the citizen (ask), or to another department (verify, co_sign, assist)."""

    __tablename__ = "inquiries"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str  # ask | verify | co_sign | assist
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    question: str
    asked_by: int
    asked_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    answer: str = ""
    answered_by: int | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    agrees: bool | None = None  # of a co-signature
    lapsed_at: datetime | None = Field(default=None, sa_type=Instant)  # nobody answered in time


class Return(SQLModel, table=True):
    """退单: a department gives a case back, with the duty relied on; a dispatcher decides."""

    __tablename__ = "case_returns"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    department_id: int = Field(foreign_key="departments.id")
    by_id: int
    at: datetime = Field(sa_type=Instant)
    reason: str
    basis: str  # 职责依据
    accepted: bool | None = None
    decided_by: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    note: str = ""


class Slip(SQLModel, table=True):
    """催办单, 督办单: one numbered paper, 催〔2026〕17号. Numbers have no holes and are never used again."""

    __tablename__ = "slips"
    __table_args__ = (UniqueConstraint("kind", "year", "serial", name="uq_slip_number"),)

    id: int = Field(default=None, primary_key=True)
    kind: str  # reminder | supervision
    year: int
    serial: int
    case_id: int = Field(foreign_key="cases.id", index=True)
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    to_id: int | None = None
    copies: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # staff ids
    words: str
    due_at: datetime = Field(sa_type=Instant)
    issued_at: datetime = Field(sa_type=Instant)
    issued_by: int | None = None  # None: the ladder


class ProfileVersion(SQLModel, table=True):
    """An office's own values of a deadline profile; the newest version of a key counts for new letters."""

    __tablename__ = "profile_versions"
    __table_args__ = (UniqueConstraint("key", "version", name="uq_profile_version"),)

    id: int = Field(default=None, primary_key=True)
    key: str
    version: int
    limits: dict = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    reason: str = ""
    set_by: int | None = None
    set_at: datetime = Field(sa_type=Instant)


class LadderVersion(SQLModel, table=True):
    """An office's own ladder of reminders; the newest version counts."""

    __tablename__ = "ladder_versions"

    id: int = Field(default=None, primary_key=True)
    version: int = Field(unique=True)
    rungs: list = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    set_by: int | None = None
    set_at: datetime = Field(sa_type=Instant)


class Rating(SQLModel, table=True):
    """满意度 by the citizen: one per case (B21)."""

    __tablename__ = "ratings"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", unique=True)
    score: int  # 1 (不满意) … 5 (满意)
    solved: bool
    at: datetime = Field(sa_type=Instant)


class OfflineAction(SQLModel, table=True):
    """Who did what, when, away from the desk (D5): separate from the words sent."""

    __tablename__ = "offline_actions"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    by_id: int
    done_on: date
    what: str
    at: datetime = Field(sa_type=Instant)
