"""What is in the library? Reads for screens, exports, indexes; no rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from kb.documents import Document
from kb.models import (
    AnswerEntry,
    BasisDocument,
    Citation,
    EntryOpinion,
    EntryVersion,
    LearnedPhrasing,
    LibraryChange,
    Recheck,
    Synonym,
)
from kb.review import THREE_REVIEWS, Opinion, Step, Verdict, awaited, sent_back
from kb.states import ChangeKind, EntryKind, EntryState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submitted version and the step it waits for; ``step`` None: reviewed, waits for publication."""

    entry: AnswerEntry
    version: EntryVersion
    step: Step | None


def entry(session: Session, id: int) -> AnswerEntry | None:
    """Return the entry with this id."""
    return session.get(AnswerEntry, id)


def by_key(session: Session, key: str) -> AnswerEntry | None:
    """Return the entry with this public key."""
    return session.exec(select(AnswerEntry).where(AnswerEntry.key == key)).one_or_none()


def version(session: Session, entry_id: int, number: int) -> EntryVersion | None:
    """Return one version of an entry by its number."""
    return session.exec(
        select(EntryVersion).where(EntryVersion.entry_id == entry_id, EntryVersion.number == number)
    ).one_or_none()


def versions(session: Session, entry_id: int) -> list[EntryVersion]:
    """Return all versions of an entry, the newest first."""
    return list(
        session.exec(
            select(EntryVersion)
            .where(EntryVersion.entry_id == entry_id)
            .order_by(col(EntryVersion.number).desc())
        )
    )


def latest_version(session: Session, entry_id: int) -> EntryVersion | None:
    """Return the version proposed last, whether published or not."""
    return session.exec(
        select(EntryVersion)
        .where(EntryVersion.entry_id == entry_id)
        .order_by(col(EntryVersion.number).desc())
        .limit(1)
    ).one_or_none()


def version_in_force(session: Session, entry_id: int) -> EntryVersion | None:
    """Return the version that is said to people now; None if the entry is not published."""
    found = session.exec(
        _in_force().where(AnswerEntry.id == entry_id, AnswerEntry.state == EntryState.PUBLISHED.value)
    ).one_or_none()
    return found[1] if found else None


def opinions(session: Session, version_id: int) -> list[EntryOpinion]:
    """Return the opinions on a version in the order they were given."""
    return list(
        session.exec(
            select(EntryOpinion).where(EntryOpinion.version_id == version_id).order_by(col(EntryOpinion.id))
        )
    )


def review_opinions(session: Session, version_id: int) -> list[Opinion]:
    """Return the opinions on a version as the values that ``kb.review`` judges."""
    return [_as_opinion(row) for row in opinions(session, version_id)]


def published(
    session: Session,
    *,
    kind: str | None = None,
    category: str | None = None,
    owner_department_id: int | None = None,
    valid_on: date | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[tuple[AnswerEntry, EntryVersion]]:
    """Return published entries with their version in force, the last changed first.

    ``valid_on`` keeps those that hold on that day. For the next page hand in
    ``(entry.updated_at, entry.id)`` of the last row as ``after``.
    """
    query = _in_force().where(AnswerEntry.state == EntryState.PUBLISHED.value)
    if kind is not None:
        query = query.where(AnswerEntry.kind == kind)
    if category is not None:
        query = query.where(EntryVersion.category == category)
    if owner_department_id is not None:
        query = query.where(AnswerEntry.owner_department_id == owner_department_id)
    if valid_on is not None:
        query = query.where(
            EntryVersion.valid_from <= valid_on,
            or_(col(EntryVersion.valid_until).is_(None), col(EntryVersion.valid_until) >= valid_on),
        )
    if after is not None:
        query = query.where(tuple_(col(AnswerEntry.updated_at), col(AnswerEntry.id)) < after)
    order = (col(AnswerEntry.updated_at).desc(), col(AnswerEntry.id).desc())
    return [(found[0], found[1]) for found in session.exec(query.order_by(*order).limit(limit))]


def by_keys(session: Session, keys: list[str]) -> dict[str, tuple[AnswerEntry, EntryVersion]]:
    """Return the published ones of these entries by key: what a search hit is checked against."""
    # The state is looked at here: as a condition it leads SQLite to walk through all that is published.
    found = session.exec(_in_force().where(col(AnswerEntry.key).in_(keys)))
    return {
        entry.key: (entry, version) for entry, version in found if entry.state == EntryState.PUBLISHED.value
    }


def count_by_state(session: Session) -> dict[str, int]:
    """Return how many entries are in each state."""
    rows = session.exec(select(AnswerEntry.state, func.count()).group_by(AnswerEntry.state))
    return dict(rows.all())


def categories(session: Session) -> list[str]:
    """Return the categories of what is published, in order."""
    query = (
        select(EntryVersion.category)
        .join(AnswerEntry, is_in_force())
        .where(AnswerEntry.state == EntryState.PUBLISHED.value, EntryVersion.category != "")
        .distinct()
    )
    return sorted(session.exec(query))


def waiting_for_review(session: Session) -> list[Waiting]:
    """Return submitted versions that wait for a step or for publication, the longest waiting first."""
    newest = (
        select(EntryVersion.entry_id, func.max(EntryVersion.number).label("number"))
        .group_by(col(EntryVersion.entry_id))
        .subquery()
    )
    rows = session.exec(
        select(AnswerEntry, EntryVersion)
        .join(EntryVersion, col(EntryVersion.entry_id) == AnswerEntry.id)
        .join(
            newest,
            (newest.c.entry_id == EntryVersion.entry_id) & (newest.c.number == EntryVersion.number),
        )
        .where(col(EntryVersion.submitted_at).is_not(None), col(EntryVersion.published_at).is_(None))
        .order_by(col(EntryVersion.submitted_at), col(EntryVersion.id))
    ).all()
    waiting = []
    for found, candidate in rows:
        given = review_opinions(session, candidate.id)
        if sent_back(given, candidate.digest) is None:
            waiting.append(Waiting(found, candidate, awaited(THREE_REVIEWS, given, candidate.digest)))
    return waiting


def approved_acknowledgement(session: Session, today: date) -> tuple[AnswerEntry, EntryVersion] | None:
    """Return the automatic acknowledgement 自动回执 that may be sent now; None: nothing may be sent.

    Clause A18: what goes out by itself was reviewed too. The one published last counts.
    """
    query = (
        _in_force()
        .where(
            AnswerEntry.kind == EntryKind.ACKNOWLEDGEMENT.value,
            AnswerEntry.state == EntryState.PUBLISHED.value,
            EntryVersion.valid_from <= today,
            or_(col(EntryVersion.valid_until).is_(None), col(EntryVersion.valid_until) >= today),
        )
        .order_by(col(EntryVersion.published_at).desc(), col(EntryVersion.id).desc())
        .limit(1)
    )
    found = session.exec(query).one_or_none()
    return (found[0], found[1]) if found else None


def documents_for_index(session: Session) -> Iterator[Document]:
    """Yield everything published in the form the search index takes, for a rebuild."""
    learned: dict[int, list[str]] = {}
    for entry_id, text in session.exec(select(LearnedPhrasing.entry_id, LearnedPhrasing.text)):
        learned.setdefault(entry_id, []).append(text)
    rows = session.exec(
        _in_force().where(AnswerEntry.state == EntryState.PUBLISHED.value).execution_options(yield_per=500)
    )
    for found, candidate in rows:
        yield _document(found, candidate, learned.get(found.id, ()))


def documents_of(session: Session, entry_ids: list[int]) -> tuple[list[Document], list[str]]:
    """Return what an index must hold for these entries: documents to put in, keys to take out."""
    rows = session.exec(_in_force().where(col(AnswerEntry.id).in_(entry_ids))).all()
    live = [row for row in rows if row[0].state == EntryState.PUBLISHED.value]
    gone = [found.key for found, _ in rows if found.state != EntryState.PUBLISHED.value]
    learned = {
        entry_id: [one.text for one in rows_]
        for entry_id, rows_ in learned_phrasings(session, entry_ids).items()
    }
    return [_document(found, candidate, learned.get(found.id, ())) for found, candidate in live], gone


def learned_phrasings(session: Session, entry_ids: list[int]) -> dict[int, list[LearnedPhrasing]]:
    """Return how people asked for these entries in letters, by entry, the newest first."""
    wanted = select(LearnedPhrasing).where(col(LearnedPhrasing.entry_id).in_(entry_ids))
    found: dict[int, list[LearnedPhrasing]] = {}
    for row in session.exec(wanted.order_by(col(LearnedPhrasing.at).desc(), col(LearnedPhrasing.id).desc())):
        found.setdefault(row.entry_id, []).append(row)
    return found


def changes_since(
    session: Session, id: int, limit: int = 500, *, said_only: bool = False
) -> list[LibraryChange]:
    """Return the changes after this one, in order of commit; an index that follows them misses none.

    ``said_only``: leave out those that only concern how people ask (`learn_phrasing`).
    """
    query = select(LibraryChange).where(col(LibraryChange.id) > id)
    if said_only:
        query = query.where(LibraryChange.kind != ChangeKind.PHRASED.value)
    return list(session.exec(query.order_by(col(LibraryChange.id)).limit(limit)))


def last_change(session: Session) -> int:
    """Return the id of the last change, 0 before the first: where a rebuilt index stands."""
    return session.exec(select(func.max(LibraryChange.id))).one() or 0


# ------------------------------------------------------------------ documents


def documents_by_identity(session: Session, identities: list[str]) -> list[BasisDocument]:
    """The documents with these identities (`kb.basis.identity_of`)."""
    return list(session.exec(select(BasisDocument).where(col(BasisDocument.identity).in_(identities))))


def citing(session: Session, document_id: int) -> list[tuple[AnswerEntry, EntryVersion]]:
    """The answers in force that rest on a document, the last changed first."""
    query = (
        _in_force()
        .join(
            Citation,
            (col(Citation.entry_id) == AnswerEntry.id) & (col(Citation.version) == EntryVersion.number),
        )
        .where(Citation.document_id == document_id, AnswerEntry.state == EntryState.PUBLISHED.value)
        .order_by(col(AnswerEntry.updated_at).desc(), col(AnswerEntry.id).desc())
    )
    return [(row[0], row[1]) for row in session.exec(query)]


def documents(
    session: Session, search: str = "", *, after: int = 0, limit: int = 50
) -> list[tuple[BasisDocument, int]]:
    """Documents with how many answers in force rest on them, in the order they were first cited."""
    times = (
        select(func.count())
        .select_from(Citation)
        .join(
            AnswerEntry,
            (col(AnswerEntry.id) == Citation.entry_id)
            & (col(AnswerEntry.current_version) == Citation.version)
            & (col(AnswerEntry.state) == EntryState.PUBLISHED.value),
        )
        .where(Citation.document_id == BasisDocument.id)
        .correlate(BasisDocument)
        .scalar_subquery()
    )
    query = select(BasisDocument, times).where(col(BasisDocument.id) > after)
    if search:
        named = (col(BasisDocument.title), col(BasisDocument.number))
        query = query.where(or_(*(column.contains(search, autoescape=True) for column in named)))
    return [(row[0], row[1]) for row in session.exec(query.order_by(col(BasisDocument.id)).limit(limit))]


def documents_of_version(session: Session, entry_id: int, version: int) -> list[BasisDocument]:
    """The documents one version rests on, as they are known now."""
    query = (
        select(BasisDocument)
        .join(Citation, col(Citation.document_id) == BasisDocument.id)
        .where(Citation.entry_id == entry_id, Citation.version == version)
        .order_by(col(BasisDocument.id))
    )
    return list(session.exec(query))


def of_origin(session: Session, origin: str) -> list[AnswerEntry]:
    """Every entry that came from a library."""
    return list(session.exec(select(AnswerEntry).where(AnswerEntry.origin == origin)))


def imported_in_force(session: Session) -> list[tuple[AnswerEntry, EntryVersion]]:
    """Every published entry that came from elsewhere, with its version in force."""
    query = _in_force().where(AnswerEntry.origin != "", AnswerEntry.state == EntryState.PUBLISHED.value)
    return [(row[0], row[1]) for row in session.exec(query)]


def open_rechecks(session: Session, entry_id: int) -> list[Recheck]:
    """Why an entry must be looked at again, the oldest reason first."""
    query = select(Recheck).where(Recheck.entry_id == entry_id, col(Recheck.settled_at).is_(None))
    return list(session.exec(query.order_by(col(Recheck.id))))


def synonyms(session: Session) -> dict[str, str]:
    """Return the office's synonyms: word → the word it is the same as."""
    return {row.word: row.same_as for row in session.exec(select(Synonym))}


def is_in_force() -> ColumnElement[bool]:
    """Joins an entry with its version in force; a version that waits or was replaced does not match."""
    return (col(EntryVersion.entry_id) == AnswerEntry.id) & (
        col(EntryVersion.number) == AnswerEntry.current_version
    )


def _in_force() -> Select[AnswerEntry, EntryVersion]:
    return select(AnswerEntry, EntryVersion).join(EntryVersion, is_in_force())


def _document(found: AnswerEntry, candidate: EntryVersion, learned: Iterable[str] = ()) -> Document:
    return Document(
        key=found.key,
        question=candidate.question,
        phrasings=(*candidate.phrasings, *learned),
        text=candidate.text,
        tags=frozenset({found.kind}),
    )


def _as_opinion(row: EntryOpinion) -> Opinion:
    return Opinion(
        step=Step(row.step),
        verdict=Verdict(row.verdict),
        reviewer_id=row.reviewer_id,
        digest=row.digest,
        note=row.note,
        gates=tuple(row.gates),
        code=row.code,
    )
