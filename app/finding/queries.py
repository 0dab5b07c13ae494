"""How much can be found, and what did people search in vain?"""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.finding.models import UnansweredSearch
from kb.models import AnswerEntry
from kb.states import EntryState


def count_in_force(session: Session) -> int:
    """How many entries are published."""
    wanted = select(func.count()).select_from(AnswerEntry)
    return session.exec(wanted.where(AnswerEntry.state == EntryState.PUBLISHED.value)).one()


def unanswered(session: Session, limit: int = 20) -> list[UnansweredSearch]:
    """What the public asked most and found no answer to; redacted when it was kept."""
    order = (col(UnansweredSearch.times).desc(), col(UnansweredSearch.last_at).desc())
    return list(session.exec(select(UnansweredSearch).order_by(*order).limit(limit)))


def count_unanswered(session: Session) -> int:
    """How many different searches are kept."""
    return session.exec(select(func.count()).select_from(UnansweredSearch)).one()


def oldest_rare(session: Session) -> UnansweredSearch | None:
    """The search asked least, of those the one asked longest ago."""
    order = (col(UnansweredSearch.times), col(UnansweredSearch.last_at))
    return session.exec(select(UnansweredSearch).order_by(*order).limit(1)).first()
