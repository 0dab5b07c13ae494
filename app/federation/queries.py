"""Which libraries are known, and what came from them?"""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.federation.models import ImportedAnswer, NeighbourLibrary
from kb.models import AnswerEntry, EntryVersion, LibraryChange
from kb.queries import is_in_force
from kb.states import ChangeKind


def libraries(session: Session) -> list[NeighbourLibrary]:
    """Every known library, those we ask ourselves first."""
    order = (col(NeighbourLibrary.url) == "", col(NeighbourLibrary.id))
    return list(session.exec(select(NeighbourLibrary).order_by(*order)))


def library(session: Session, library_id: str) -> NeighbourLibrary | None:
    """The library with this id."""
    return session.exec(select(NeighbourLibrary).where(NeighbourLibrary.library == library_id)).first()


def asked(session: Session) -> list[NeighbourLibrary]:
    """The libraries we ask ourselves."""
    wanted = select(NeighbourLibrary).where(
        NeighbourLibrary.url != "", col(NeighbourLibrary.is_refused).is_(False)
    )
    return list(session.exec(wanted.order_by(col(NeighbourLibrary.id))))


def imported(session: Session, origin: str, key: str) -> ImportedAnswer | None:
    """What is known of an answer of another library."""
    return session.exec(
        select(ImportedAnswer).where(ImportedAnswer.origin == origin, ImportedAnswer.origin_key == key)
    ).first()


def of_entry(session: Session, entry_id: int) -> ImportedAnswer | None:
    """Where an entry came from; None for our own."""
    return session.exec(select(ImportedAnswer).where(ImportedAnswer.entry_id == entry_id)).first()


def of_entries(session: Session, entry_ids: Sequence[int]) -> dict[int, ImportedAnswer]:
    """Where entries came from, those of our own left out."""
    wanted = select(ImportedAnswer).where(col(ImportedAnswer.entry_id).in_(entry_ids))
    return {row.entry_id: row for row in session.exec(wanted) if row.entry_id is not None}


def counts(session: Session) -> dict[str, int]:
    """How many answers in force came from each library."""
    wanted = (
        select(ImportedAnswer.origin, func.count())
        .where(col(ImportedAnswer.withdrawn_at).is_(None), col(ImportedAnswer.entry_id).is_not(None))
        .group_by(col(ImportedAnswer.origin))
    )
    return dict(session.exec(wanted).all())


def in_force(
    session: Session, entry_ids: Sequence[int]
) -> dict[int, tuple[AnswerEntry, EntryVersion | None]]:
    """These entries with their version in force, where they have one."""
    wanted = (
        select(AnswerEntry, EntryVersion)
        .outerjoin(EntryVersion, is_in_force())
        .where(col(AnswerEntry.id).in_(entry_ids))
    )
    return {row[0].id: (row[0], row[1]) for row in session.execute(wanted)}


def last_changes(session: Session, entry_ids: Sequence[int]) -> dict[int, LibraryChange]:
    """The last change of each of these entries."""
    last = (
        select(func.max(LibraryChange.id))
        .where(col(LibraryChange.entry_id).in_(entry_ids), LibraryChange.kind != ChangeKind.PHRASED.value)
        .group_by(col(LibraryChange.entry_id))
    )
    rows = session.exec(select(LibraryChange).where(col(LibraryChange.id).in_(last)))
    return {row.entry_id: row for row in rows}
