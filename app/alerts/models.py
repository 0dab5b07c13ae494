"""舆情: what somebody must notice, the steps it goes through, the papers it needs, the words it is found by."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.types import Instant


class Alert(SQLModel, table=True):
    """A signal on one case: a sensitive word, a burst. Unique by (case, signal).

    `stage` is the last step done (a value of `steps.Stage`), `due_at` when the next must be.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("case_id", "signal", name="uq_alert"),
        Index("ix_alerts_open", "settled_at", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    signal: str
    words: str
    raised_at: datetime = Field(sa_type=Instant, index=True)
    due_at: datetime | None = Field(default=None, sa_type=Instant)  # somebody has to look until then
    stage: str = "warned"
    level: str = ""  # a value of `steps.Level` once somebody has judged
    responsible_id: int | None = Field(default=None, foreign_key="staff.id")
    major_at: datetime | None = Field(default=None, sa_type=Instant)  # from here the report's clock runs
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: int | None = None
    settled_note: str = ""


class AlertStep(SQLModel, table=True):
    """One of 预警, 研判, 处置, 回应, 了结: when, by whom, in which words, and by when it should have been (B18)."""

    __tablename__ = "alert_steps"

    id: int = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alerts.id", index=True)
    step: str
    at: datetime = Field(sa_type=Instant)
    by_id: int | None = None
    note: str
    due_at: datetime | None = Field(default=None, sa_type=Instant)


class AlertPaper(SQLModel, table=True):
    """重大舆情报告 or 转送单: numbered, to one contact, with the acknowledgement that is waited for (A22, D16)."""

    __tablename__ = "alert_papers"
    __table_args__ = (
        UniqueConstraint("kind", "year", "serial", name="uq_alert_paper_number"),
        Index("ix_alert_papers_waiting", "acknowledged_at", "acknowledge_by"),
    )

    id: int = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alerts.id", index=True)
    kind: str  # a value of `papers.Kind`
    year: int
    serial: int
    contact_id: int = Field(foreign_key="liaison_contacts.id")
    facts: str
    judgement: str
    measures: str
    due_at: datetime = Field(sa_type=Instant)  # by when it had to leave
    issued_at: datetime = Field(sa_type=Instant)
    issued_by: int
    acknowledge_by: datetime | None = Field(default=None, sa_type=Instant)
    acknowledged_at: datetime | None = Field(default=None, sa_type=Instant)
    acknowledged_by: int | None = None
    acknowledged_note: str = ""


class AlertWord(SQLModel, table=True):
    """What the office itself says of a word: to be watched for, or (a shipped one) not."""

    __tablename__ = "alert_words"
    __table_args__ = (UniqueConstraint("topic", "word", name="uq_alert_word"),)

    id: int = Field(default=None, primary_key=True)
    topic: str
    word: str
    watched: bool
    set_by: int | None = None
    set_at: datetime = Field(sa_type=Instant)


class LiaisonContact(SQLModel, table=True):
    """Whom to report to or pass on to: 宣传、网信、机构编制、公安 … (C28). How to reach them is sealed."""

    __tablename__ = "liaison_contacts"

    id: int = Field(default=None, primary_key=True)
    unit: str
    sphere: str
    how_sealed: str  # telephone, fax, duty room; purpose "liaison"
    added_at: datetime = Field(sa_type=Instant)
    added_by: int | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class ScanState(SQLModel, table=True):
    """How far the scan has come in the log: its events are numbered in the order of their commits."""

    __tablename__ = "alert_scans"

    id: int = Field(default=None, primary_key=True)
    last_event_id: int = 0
