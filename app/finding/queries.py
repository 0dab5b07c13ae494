"""How much can be found, what does experience say, and what did people search in vain?"""

from datetime import date

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.cases.models import Case
from app.finding.models import AnswerFeedback, UnansweredSearch
from app.log.models import Event
from app.messages.models import Requester
from kb.analysis import fold
from kb.experience import bonus
from kb.models import AnswerEntry, LearnedPhrasing, Synonym
from kb.states import EntryState


def count_in_force(session: Session) -> int:
    """How many entries are published."""
    wanted = select(func.count()).select_from(AnswerEntry)
    return session.exec(wanted.where(AnswerEntry.state == EntryState.PUBLISHED.value)).one()


def experience(session: Session, today: date) -> dict[str, float]:
    """What experience adds to the score of an answer, by key; the last two years count."""
    since = date(today.year - 2, today.month, 1)
    counted: dict[str, list[tuple[str, date, int]]] = {}
    rows = session.exec(
        select(
            col(AnswerEntry.key),
            col(AnswerFeedback.kind),
            col(AnswerFeedback.month),
            col(AnswerFeedback.times),
        )
        .join(AnswerFeedback, col(AnswerFeedback.entry_id) == AnswerEntry.id)
        .where(AnswerFeedback.month >= since)
    )
    for key, kind, month, times in rows:
        counted.setdefault(key, []).append((kind, month, times))
    return {key: bonus(given, today) for key, given in counted.items()}


def feedback(session: Session, entry_id: int) -> dict[str, int]:
    """How often people did what with an answer, by kind (`kb.experience.Feedback`)."""
    wanted = select(AnswerFeedback.kind, func.sum(AnswerFeedback.times))
    wanted = wanted.where(AnswerFeedback.entry_id == entry_id).group_by(AnswerFeedback.kind)
    return {kind: int(times) for kind, times in session.exec(wanted)}


def rejected(session: Session, case_id: int) -> set[str]:
    """The keys of the answers that somebody said do not fit a letter."""
    wanted = select(Event.subject_id).where(Event.case_id == case_id, Event.action == "answer_rejected")
    return set(session.exec(wanted))


def learned_of_withdrawn(session: Session) -> list[str]:
    """The numbers of the cases whose words were learned and whose writers withdrew since."""
    wanted = (
        select(Case.number)
        .join(LearnedPhrasing, col(LearnedPhrasing.source) == Case.number)
        .join(Requester, col(Requester.id) == Case.requester_id)
        .where(col(Requester.withdrawn_at).is_not(None))
        .distinct()
    )
    return list(session.exec(wanted))


def synonyms(session: Session, limit: int = 500) -> list[Synonym]:
    """The office's own synonyms, those of one word together."""
    order = (col(Synonym.same_as), col(Synonym.word))
    return list(session.exec(select(Synonym).order_by(*order).limit(limit)))


def synonyms_in(session: Session, text: str) -> list[Synonym]:
    """The office's own synonyms one of whose words stands in ``text``."""
    said = fold(text)
    return [row for row in synonyms(session) if row.word in said or row.same_as in said]


def count_synonyms(session: Session) -> int:
    """How many synonyms there are."""
    return session.exec(select(func.count()).select_from(Synonym)).one()


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
