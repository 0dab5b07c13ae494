"""Finding: suggestions for a letter, what people did with them, the office's own words, what was asked in vain."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotAllowed, NotFound
from app.base.rows import insert_once
from app.calendar.workdays import day_of
from app.departments import queries as departments
from app.finding import queries
from app.finding.index import AnswerIndex
from app.finding.models import AnswerFeedback, UnansweredSearch
from app.log import service as log
from app.redaction.service import RedactionFailed, redact
from app.staff.roles import Person, Role
from kb import service as kb
from kb.analysis import fold
from kb.errors import EntryNotFound
from kb.experience import Feedback, month_of
from kb.models import AnswerEntry, LearnedPhrasing, Synonym

# A hit that would be right less often than this, even alone, costs a clerk more time than it saves.
_WORTH_SUGGESTING = 0.03


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


def suggest(
    session: Session, index: AnswerIndex, text: str, *, limit: int = 3, case_id: int | None = None
) -> list[Suggestion]:
    """Answers in force for a letter, best first; none where nothing is worth looking at.

    With ``case_id`` those are left out that somebody said do not fit this letter.
    """
    refused = queries.rejected(session, case_id) if case_id is not None else set()
    found = [
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
        for match in index.search(session, text, limit + len(refused), correct=False).matches
        if match.likely >= _WORTH_SUGGESTING and match.entry.key not in refused
    ]
    return found[:limit]


def note_unanswered(session: Session, now: datetime, text: str, times: int = 1) -> bool:
    """Count so many searches without an answer, redacted, without who asked (B11); False if they are not kept.

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
    if not insert_once(session, UnansweredSearch, text=public, times=times, last_at=now):
        counted = update(UnansweredSearch).where(col(UnansweredSearch.text) == public)
        session.execute(counted.values(times=UnansweredSearch.times + times, last_at=now))
    return True


def drop_search(session: Session, now: datetime, person: Person, search_id: int) -> None:
    """不用答: an editor takes a search off the list of work; asked again, it is counted anew. Raises `NotFound`."""
    _may(person, (Role.EDITOR,), "整理公众的搜索")
    found = session.get(UnansweredSearch, search_id)
    if found is None:
        raise NotFound("这一条已经删去了")
    session.delete(found)
    log.record(session, now, person, "search_dropped", subject_type="search", subject_id=search_id)


_SHORTEST_SEARCH = 3
_LONGEST_SEARCH = 100
_MOST_SEARCHES = 5_000
"""Different searches kept; beyond that the rarest makes room."""


# ------------------------------------------------------------------ experience


def note_feedback(session: Session, now: datetime, entry_id: int, kind: Feedback) -> None:
    """Count what somebody did with an answer (`kb.experience`); nobody is kept, only the month."""
    month = month_of(day_of(now))
    insert_once(session, AnswerFeedback, entry_id=entry_id, kind=kind.value, month=month)
    session.execute(
        update(AnswerFeedback)
        .where(
            col(AnswerFeedback.entry_id) == entry_id,
            col(AnswerFeedback.kind) == kind.value,
            col(AnswerFeedback.month) == month,
        )
        .values(times=AnswerFeedback.times + 1)
        .execution_options(synchronize_session=False)
    )


def reject(session: Session, now: datetime, person: Person, key: str, case_id: int) -> None:
    """不合适: whoever drafts says that a suggested answer does not fit this letter. Raises `NotFound`."""
    _may(person, (Role.CLERK, Role.HANDLER), "评价建议答案")
    entry = session.exec(select(AnswerEntry).where(AnswerEntry.key == key)).one_or_none()
    if entry is None:
        raise NotFound("没有这条答案。请刷新页面再试")
    # The same letter counts once: the page may be sent twice.
    if key in queries.rejected(session, case_id):
        return
    note_feedback(session, now, entry.id, Feedback.REJECTED)
    log.record(
        session, now, person, "answer_rejected", subject_type="answer", subject_id=key, case_id=case_id
    )


def learn_from_letter(session: Session, now: datetime, entry_id: int, letter: str, source: str) -> bool:
    """Keep how a citizen asked for the answer that a reply gave, redacted; False if nothing was kept.

    ``source`` names the letter, so that its words go with it (`forget_letter`). What could
    not be checked for personal data is not kept.
    """
    try:
        places = departments.office_places(session)
        words = redact(letter[:_LONGEST_LETTER], places=places).text
    except RedactionFailed:
        return False
    return kb.learn_phrasing(session, now, entry_id, words, source)


def forget_letter(session: Session, now: datetime, number: str) -> int:
    """Forget the words learned from one case's letter: it was withheld or taken down; how many there were."""
    return kb.forget_phrasings(session, now, number)


def forget_withdrawn(session: Session, now: datetime) -> int:
    """Job: forget the words of letters whose writers took their consent back or closed their account (A25)."""
    return sum(forget_letter(session, now, number) for number in queries.learned_of_withdrawn(session))


def drop_phrasing(session: Session, now: datetime, person: Person, phrasing_id: int) -> LearnedPhrasing:
    """An editor forgets a way of asking that was learned. Raises `NotFound`."""
    _may(person, (Role.EDITOR,), "整理问法")
    try:
        dropped = kb.drop_phrasing(session, now, phrasing_id)
    except EntryNotFound as error:
        raise NotFound(error.message_zh) from None
    key = session.get_one(AnswerEntry, dropped.entry_id).key
    log.record(session, now, person, "phrasing_dropped", subject_type="answer", subject_id=key)
    return dropped


_LONGEST_LETTER = 300


# ------------------------------------------------------------------ the office's own words


MOST_SYNONYMS = 500


def set_synonym(session: Session, now: datetime, person: Person, word: str, same_as: str) -> Synonym:
    """Search ``word`` as ``same_as`` as well, and the other way round, from now on. Raises `Invalid`."""
    _may(person, (Role.EDITOR,), "改同义词")
    word, same_as = fold(word).strip(), fold(same_as).strip()
    for field, value in (("word", word), ("same_as", same_as)):
        if not 2 <= len(value) <= 20 or not value.isalnum():
            raise Invalid("请写 2 到 20 个字，不带标点和空格", field=field)
    if word == same_as:
        raise Invalid("两个词一样，不用再写", field="same_as")
    if queries.count_synonyms(session) >= MOST_SYNONYMS:
        raise Invalid(f"同义词最多 {MOST_SYNONYMS} 组。请先删掉不用的", field="word")
    synonym = kb.set_synonym(session, word, same_as)
    log.record(session, now, person, "synonym_set", subject_type="synonym", subject_id=word, same_as=same_as)
    return synonym


def drop_synonym(session: Session, now: datetime, person: Person, word: str) -> None:
    """Search ``word`` only as itself again. Raises `NotFound`."""
    _may(person, (Role.EDITOR,), "改同义词")
    if not kb.drop_synonym(session, word):
        raise NotFound("没有这组同义词，可能已被删除")
    log.record(session, now, person, "synonym_dropped", subject_type="synonym", subject_id=word)


def _may(person: Person, roles: tuple[Role, ...], what: str) -> None:
    if not person.may(*roles):
        raise NotAllowed(f"{what}要由有此角色的人来做。需要时请找系统管理员调整角色", code="wrong_role")
