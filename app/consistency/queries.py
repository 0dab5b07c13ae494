"""Where do replies depart from the library, and what in it contradicts itself?"""

from collections.abc import Iterator

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.consistency.models import AnswerConflict, ReplyDifference
from kb.models import AnswerEntry, EntryVersion
from kb.queries import is_in_force
from kb.states import EntryState

PAGE = 50


def of_reply(session: Session, reply_id: int, digest: str) -> list[ReplyDifference]:
    """What was found in exactly this text, in the order it was found."""
    wanted = select(ReplyDifference).where(
        ReplyDifference.reply_id == reply_id, ReplyDifference.digest == digest
    )
    return list(session.exec(wanted.order_by(col(ReplyDifference.place))))


def in_force(session: Session) -> Iterator[tuple[AnswerEntry, EntryVersion]]:
    """Every published entry with its version in force."""
    wanted = (
        select(AnswerEntry, EntryVersion)
        .join(EntryVersion, is_in_force())
        .where(AnswerEntry.state == EntryState.PUBLISHED.value)
        .order_by(col(AnswerEntry.id))
    )
    yield from session.exec(wanted)


def conflicts(session: Session) -> list[AnswerConflict]:
    """Every contradiction ever found that still stands written."""
    return list(session.exec(select(AnswerConflict).order_by(col(AnswerConflict.id))))


def conflict_of(session: Session, entry_id: int, other_id: int) -> AnswerConflict | None:
    """What was found between these two."""
    return session.exec(
        select(AnswerConflict).where(AnswerConflict.entry_id == entry_id, AnswerConflict.other_id == other_id)
    ).first()


def open_conflicts(session: Session, *, before: int | None = None, limit: int = PAGE) -> list[AnswerConflict]:
    """Open contradictions, the newest first, those before number ``before``."""
    wanted = select(AnswerConflict).where(AnswerConflict.state == "open")
    if before is not None:
        wanted = wanted.where(col(AnswerConflict.id) < before)
    return list(session.exec(wanted.order_by(col(AnswerConflict.id).desc()).limit(limit)))


def count_open_conflicts(session: Session) -> int:
    """How many contradictions are open."""
    wanted = select(func.count()).select_from(AnswerConflict).where(AnswerConflict.state == "open")
    return session.exec(wanted).one()


def shown(session: Session, entry_ids: set[int]) -> dict[int, tuple[AnswerEntry, EntryVersion]]:
    """These entries with their version in force, or the last one that was."""
    wanted = (
        select(AnswerEntry, EntryVersion)
        .join(EntryVersion, is_in_force())
        .where(col(AnswerEntry.id).in_(entry_ids))
    )
    return {row[0].id: (row[0], row[1]) for row in session.exec(wanted)}
