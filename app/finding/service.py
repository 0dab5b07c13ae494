"""Finding: suggestions for a letter, and what was asked in vain."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col

from app.base.rows import insert_once
from app.departments import queries as departments
from app.finding import queries
from app.finding.index import AnswerIndex
from app.finding.models import UnansweredSearch
from app.redaction.service import RedactionFailed, redact

# A hit below this share of right answers costs a clerk more time than it saves.
_WORTH_SUGGESTING = 0.05


@dataclass(frozen=True)
class Suggestion:
    """An answer offered to whoever drafts a reply. ``level`` is 高, 中 or 低."""

    entry_id: int
    key: str
    version: int
    question: str
    text: str
    level: str
    reasons: list[str]
    owner: str
    valid_until: date | None


def suggest(session: Session, index: AnswerIndex, text: str, *, limit: int = 3) -> list[Suggestion]:
    """Answers in force for a letter, best first; none where nothing is worth looking at."""
    return [
        Suggestion(
            entry_id=match.entry.id,
            key=match.entry.key,
            version=match.version.number,
            question=match.version.question,
            text=match.version.text,
            level=str(match.level),
            reasons=list(match.reasons),
            owner=match.entry.owner_name,
            valid_until=match.version.valid_until,
        )
        for match in index.search(session, text, limit).matches
        if match.confidence >= _WORTH_SUGGESTING
    ]


def note_unanswered(session: Session, now: datetime, text: str) -> bool:
    """Count a search without an answer, redacted, without who asked (B11); False if it is not kept.

    A text that could not be checked for personal data is not kept, nor is one that is hardly a question.
    """
    try:
        places = departments.office_places(session)
        public = " ".join(redact(text[:_LONGEST_SEARCH], places=places).text.split())
    except RedactionFailed:
        return False
    if len(public) < _SHORTEST_SEARCH:
        return False
    if queries.count_unanswered(session) >= _MOST_SEARCHES and (rare := queries.oldest_rare(session)):
        session.delete(rare)
    if not insert_once(session, UnansweredSearch, text=public, times=1, last_at=now):
        counted = update(UnansweredSearch).where(col(UnansweredSearch.text) == public)
        session.execute(counted.values(times=UnansweredSearch.times + 1, last_at=now))
    return True


_SHORTEST_SEARCH = 3
_LONGEST_SEARCH = 100
_MOST_SEARCHES = 5_000
"""Different searches kept; beyond that the rarest makes room."""
