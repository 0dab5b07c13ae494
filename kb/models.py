"""What does the answer library keep? Entries, their versions, opinions on them, synonyms, changes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from kb.instant import Instant
from kb.states import EntryKind, EntryState, Significance


class AnswerEntry(SQLModel, table=True):
    """One question people ask and what the office agreed to say 问答条目; its words are in the versions."""

    __tablename__ = "answer_entries"

    id: int = Field(default=None, primary_key=True)
    # Shown outside instead of the id, which would tell how many entries there are.
    key: str = Field(max_length=16, unique=True, index=True)
    state: str = Field(default=EntryState.DRAFT.value, max_length=16, index=True)
    kind: str = Field(default=EntryKind.ANSWER.value, max_length=20, index=True)
    # The number of the version in force; kept after retirement, so that it can be shown what was said.
    current_version: int | None = None
    # The department is the app's; the library keeps its number and name as they are handed in.
    owner_department_id: int | None = Field(default=None, index=True)
    owner_name: str = Field(default="", max_length=100)
    # The library it came from, by its id; empty: our own. What came from elsewhere is only read here.
    origin: str = Field(default="", max_length=64, index=True)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant, index=True)


class EntryVersion(SQLModel, table=True):
    """One wording of an entry, as it was proposed and reviewed. Never changed once an opinion was given."""

    __tablename__ = "entry_versions"
    __table_args__ = (UniqueConstraint("entry_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    number: int
    question: str = Field(sa_type=Text)
    phrasings: list[str] = Field(default_factory=list, sa_type=JSON)
    text: str = Field(sa_type=Text)
    # For platforms that cannot carry the whole text.
    short_text: str | None = Field(default=None, sa_type=Text)
    # Form of a platform → the wording that goes out there, where neither text nor short_text will do.
    forms: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    must_keep: list[str] = Field(default_factory=list, sa_type=JSON)
    # Documents the answer rests on: {"title", "number" (文号), "url", "issued_on" (ISO date or null)}.
    basis: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # Pictures, tables, maps: {"title", "url", "licence", "source", "map_number" (审图号)} (clauses C23, C24).
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    verified_by: str = Field(default="", max_length=100)
    category: str = Field(default="", max_length=100, index=True)
    is_draft_policy: bool = False
    licence: str = Field(default="", max_length=100)
    valid_from: date
    # The last day on which the answer holds; None: until further notice.
    valid_until: date | None = Field(default=None, index=True)
    review_by: date = Field(index=True)
    significance: str = Field(default=Significance.ORDINARY.value, max_length=16)
    author_id: int = Field(index=True)
    author_name: str = Field(default="", max_length=100)
    # Contractors may draft; the mark lets reviewers see it (clause E27).
    author_contractor: bool = False
    created_at: datetime = Field(sa_type=Instant)
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    submitted_by: int | None = None
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    published_by: int | None = None
    digest: str = Field(max_length=64)


class EntryOpinion(SQLModel, table=True):
    """What one reviewer said 审核意见 about the exact text that ``digest`` stands for."""

    __tablename__ = "entry_opinions"

    id: int = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="entry_versions.id", index=True)
    step: str = Field(max_length=16)
    verdict: str = Field(max_length=16)
    reviewer_id: int
    reviewer_name: str = Field(default="", max_length=100)
    digest: str = Field(max_length=64)
    gates: list[str] = Field(default_factory=list, sa_type=JSON)
    code: str | None = Field(default=None, max_length=32)
    note: str = Field(default="", sa_type=Text)
    at: datetime = Field(sa_type=Instant)


class BasisDocument(SQLModel, table=True):
    """A document 依据 that answers rest on, kept once however often it is cited (clause C17)."""

    __tablename__ = "basis_documents"

    id: int = Field(default=None, primary_key=True)
    # Its number 文号, or its title where it has none, in one spelling.
    identity: str = Field(max_length=200, unique=True)
    title: str = Field(default="", max_length=300)
    number: str = Field(default="", max_length=100)
    url: str = Field(default="", max_length=500)
    issued_on: str = Field(default="", max_length=10)
    # The first day on which it no longer holds 废止; None: in force.
    repealed_on: date | None = None
    replaced_by: str = Field(default="", max_length=300)
    updated_at: datetime = Field(sa_type=Instant)


class Citation(SQLModel, table=True):
    """One version of an entry rests on one document."""

    __tablename__ = "citations"
    __table_args__ = (UniqueConstraint("entry_id", "version", "document_id"),)

    id: int = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="basis_documents.id", index=True)
    entry_id: int = Field(foreign_key="answer_entries.id")
    version: int


class Recheck(SQLModel, table=True):
    """Why an entry must be looked at again 复核; open until a newer version or a person settles it."""

    __tablename__ = "rechecks"
    __table_args__ = (UniqueConstraint("entry_id", "version", "reason", "detail"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id")
    version: int
    reason: str = Field(max_length=24, index=True)
    detail: str = Field(default="", max_length=300)
    raised_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    settled_by: str = Field(default="", max_length=100)
    note: str = Field(default="", sa_type=Text)


class Synonym(SQLModel, table=True):
    """A word people use, and the word it is searched as: 社会保障卡 → 社保卡."""

    __tablename__ = "synonyms"

    id: int = Field(default=None, primary_key=True)
    word: str = Field(max_length=50, unique=True)
    same_as: str = Field(max_length=50)


class LearnedPhrasing(SQLModel, table=True):
    """How somebody asked for an answer in a letter that was answered with it, redacted: another way to find it.

    Apart from the phrasings the office agreed on: nobody reviewed it, it is never shown, and it can be dropped.
    """

    __tablename__ = "learned_phrasings"
    __table_args__ = (UniqueConstraint("entry_id", "text", name="uq_learned_phrasings_entry_id_text"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    text: str = Field(max_length=400)
    # Where it came from, as the caller names it, so that it can go when that goes.
    source: str = Field(max_length=64, index=True)
    at: datetime = Field(sa_type=Instant)


class LibraryChange(SQLModel, table=True):
    """One line per publication, change or retirement, in order of commit; search indexes follow it."""

    __tablename__ = "library_changes"

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="answer_entries.id", index=True)
    kind: str = Field(max_length=16)
    at: datetime = Field(sa_type=Instant)
