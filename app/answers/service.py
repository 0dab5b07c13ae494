"""问答库: which answer fits, who may change one, where it was used, what was asked in vain.

The rules of the library itself are in `kb`; here stands who may, what was written down, and that
people are told.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.answers import queries
from app.answers.models import AnswerUse, UnansweredSearch
from app.answers.reviewing import PUBLISHERS
from app.base import clock, db
from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, Unavailable
from app.base.rows import insert_once
from app.calendar.workdays import day_of
from app.cases.models import Case
from app.departments import queries as departments
from app.log import service as log
from app.notices import service as notices
from app.redaction.masking import FLAG_LABELS, Flag
from app.redaction.service import RedactionFailed, redact
from app.staff import queries as staff
from app.staff.roles import Person, Role
from connectors.errors import UnreadableFile
from connectors.tables import read_records
from kb import queries as library
from kb import service as kb
from kb.documents import Hit
from kb.entries import LONGEST_QUESTION
from kb.errors import EntryConflict, EntryInvalid, EntryNotFound, IndexUnavailable
from kb.exchange import HEADINGS, ReadRow, comparable, heading_key, is_whole, read_rows
from kb.index import SearchIndex
from kb.models import AnswerEntry, EntryOpinion, EntryVersion
from kb.ranking import Level
from kb.review import ReviewError, Step, Verdict
from kb.states import EntryKind

logger = logging.getLogger("huiying.answers")

# An automatic acknowledgement is no answer to anything.
SUGGESTED = frozenset({EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value})
_AT_ONCE = 1_000
"""Entries an index is rebuilt from while a page waits (about two seconds); more are done beside it."""
_LOOK_EVERY = 2.0  # seconds between two looks at the index's own files, and between two tries to repair it
_AHEAD_FOR = 5.0  # seconds after which an index ahead of the database is taken to be another database's


# ------------------------------------------------------------------ finding


@dataclass(frozen=True)
class Match:
    """One answer found, as it is in force now. ``terms``: the words of the search it holds, folded."""

    entry: AnswerEntry
    version: EntryVersion
    level: Level
    confidence: float
    reasons: tuple[str, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a search found, best first. ``rebuilding``: the index is being made, so nothing was looked at."""

    matches: tuple[Match, ...] = ()
    rebuilding: bool = False
    did_you_mean: str | None = None

    @property
    def sure(self) -> bool:
        """Whether we speak of an answer."""
        return bool(self.matches) and self.matches[0].level == Level.HIGH


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


class AnswerIndex:
    """The search index of the library: derived, disposable, never the last word.

    Shared by the threads of a process; several processes may use one folder, and one of them writes at a
    time (a file lock that the system frees with its holder). Whatever is wrong with the files leads to a
    rebuild from the database, never to an error (reliability §0.12, F4); whatever is found is looked up in
    the database before anybody sees it. ``now`` tells the instant that validity is judged by.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = clock.now) -> None:
        self._index = SearchIndex(folder)
        self._now = now
        self._following = threading.Lock()
        self._beside: threading.Thread | None = None
        self._seen = -1
        self._look_at = 0.0
        self._not_before = 0.0
        self._ahead_since: float | None = None
        self._spoilt = False

    @property
    def rebuilding(self) -> bool:
        """Whether this process is making the index anew beside its pages."""
        return self._beside is not None and self._beside.is_alive()

    def search(self, session: Session, text: str, limit: int = 10) -> Found:
        """The answers in force that may answer ``text``, best first; nothing while the index is rebuilt."""
        self.follow(session)
        return self._found(session, text, limit) or self._repaired(session, text, limit)

    def follow(self, session: Session) -> None:
        """Bring the index up to date with the changes of the library; rebuild it where it cannot be."""
        last = library.last_change(session)
        at = time.monotonic()
        if at < self._not_before or self.rebuilding:
            return
        if last == self._seen and at < self._look_at and not self._spoilt:
            return
        # The first search of all waits for the index; the others go on with what there is.
        if not self._following.acquire(timeout=_LOOK_EVERY if self._seen < 0 else 0):
            return
        try:
            self._catch_up(session, last)
        except Exception as failure:
            # A full disk, another writer, damaged files: the pages go on, and it is tried again soon.
            self._later(failure)
        finally:
            self._following.release()

    def rebuild(self, session: Session) -> int:
        """Make the index anew from the database, now; how many answers it holds. Raises `Unavailable`."""
        try:
            self._write(session, wait=30.0)
            return len(self._index)
        except (IndexUnavailable, OSError) as failure:
            raise Unavailable(
                "搜索索引没能重建：正在由另一个进程更新，或磁盘写不进去。请稍后再试"
            ) from failure

    def _found(self, session: Session, text: str, limit: int) -> Found | None:
        """What the index finds, checked; None if it cannot be used."""
        try:
            hits = self._index.search(text, 2 * limit + 10, library.synonyms(session))
            other = None if hits and hits[0].answers else self._better(text, hits)
        except IndexUnavailable as failure:
            logger.warning("answer index unavailable", exc_info=failure)
            self._spoilt = True
            return None
        live = library.by_keys(session, [hit.key for hit in hits])
        today = day_of(self._now())
        matches = (
            Match(*live[hit.key], hit.level, hit.confidence, hit.reasons, hit.matched_terms)
            for hit in hits
            if hit.key in live and _is_worth_reading(hit) and is_suggested(*live[hit.key], today)
        )
        return Found(tuple(matches)[:limit], did_you_mean=other)

    def _better(self, text: str, hits: Sequence[Hit]) -> str | None:
        """The text in other words that sound alike, if they find something more likely."""
        other = self._index.did_you_mean(text)
        found = self._index.search(other, 1) if other else []
        return other if found and (not hits or found[0].confidence > hits[0].confidence) else None

    def _repaired(self, session: Session, text: str, limit: int) -> Found:
        self.follow(session)
        return self._found(session, text, limit) or Found(rebuilding=True)

    def _catch_up(self, session: Session, last: int) -> None:
        position = self._position()
        if position is None or self._is_of_another(position, last):
            self._rebuild(session)
            return
        while changes := library.changes_since(session, position):
            documents, gone = library.documents_of(session, sorted({row.entry_id for row in changes}))
            position = changes[-1].id
            self._index.update(documents, gone, position, wait=0.0)
        self._now_at(position)

    def _position(self) -> int | None:
        """Where the index stands; None if there is none that can be used."""
        try:
            return None if self._spoilt else self._index.position
        except IndexUnavailable:
            return None

    def _is_of_another(self, position: int, last: int) -> bool:
        """Whether the index knows changes that the database does not: it was restored from a backup.

        For a moment that is normal: another process may follow a change that this session began before.
        """
        if position <= last:
            self._ahead_since = None
            return False
        self._ahead_since = self._ahead_since or time.monotonic()
        return time.monotonic() - self._ahead_since > _AHEAD_FOR

    def _rebuild(self, session: Session) -> None:
        if queries.count_in_force(session) <= _AT_ONCE:
            self._write(session, wait=0.0)
            return
        own = db.beside(session)
        self._beside = threading.Thread(target=self._rebuild_beside, args=(own,), daemon=True, name="reindex")
        self._beside.start()

    def _rebuild_beside(self, own: Session) -> None:
        try:
            with own:
                self._write(own, wait=0.0)
        except Exception as failure:
            self._later(failure)

    def _write(self, session: Session, *, wait: float) -> None:
        position = library.last_change(session)
        self._index.rebuild(library.documents_for_index(session), position, wait=wait)
        self._index.warm()
        self._ahead_since = None
        self._now_at(position)

    def _later(self, failure: Exception) -> None:
        """Try again soon; that another process is writing just now is nothing to write down."""
        if getattr(failure, "code", "") != "busy":
            logger.warning("answer index not followed", exc_info=failure)
        self._not_before = time.monotonic() + _LOOK_EVERY

    def _now_at(self, position: int) -> None:
        self._seen, self._spoilt = position, False
        self._look_at = time.monotonic() + _LOOK_EVERY


def is_suggested(entry: AnswerEntry, version: EntryVersion, today: date) -> bool:
    """Whether a published entry may be offered on ``today``: an answer, begun and not yet run out."""
    begun = version.valid_from <= today
    return entry.kind in SUGGESTED and begun and (version.valid_until is None or today <= version.valid_until)


# Below these shares of right answers a hit only costs the reader time; a clerk's more than a citizen's.
_WORTH_READING = 0.02
_WORTH_SUGGESTING = 0.05


def _is_worth_reading(hit: Hit) -> bool:
    """Single characters in common are no likeness, unless a whole phrasing is nearly the same."""
    return hit.level != Level.LOW or bool(hit.matched_terms and hit.confidence >= _WORTH_READING)


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


# ------------------------------------------------------------------ changing


WRITERS = (Role.EDITOR,)
PROPOSERS = (Role.EDITOR, Role.CLERK, Role.HANDLER)


def propose(
    session: Session,
    now: datetime,
    person: Person | None,
    *,
    entry_id: int | None = None,
    seen: str | None = None,
    **content: Any,
) -> EntryVersion:
    """Write down a new entry, or the next version of one, as a draft.

    ``content``: the fields of `kb.service.propose`. ``seen``: the digest of the newest version when the
    person began to write. Raises `Invalid` (with its field), `NotFound`, `Conflict` if somebody was faster.
    """
    _may(person, WRITERS, "编写问答条目")
    newest = library.latest_version(session, entry_id) if entry_id is not None and seen else None
    if newest is not None and newest.digest != seen:
        raise Conflict("您写的时候有人改过这一条。请先看新的一版，再把您的改动加进去", code="changed")
    return _propose(session, now, person, entry_id, content)


def propose_from_case(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    *,
    reply_text: str = "",
    reply_basis: str = "",
    **changes: Any,
) -> EntryVersion:
    """Make a draft of what a citizen was told, so that the next one is told the same.

    Whoever handles letters may. Question and text are those of `draft_from_case`, unless ``changes`` has
    the person's own; either way what points to a person is hidden before anything is kept.
    """
    _may(person, PROPOSERS, "拟问答条目")
    content = draft_from_case(case, reply_text, reply_basis) | changes
    places = departments.office_places(session)
    for name, by in (("question", "citizen"), ("text", "office")):
        content[name] = redact(str(content[name]), by=by, places=places).text
    content["phrasings"] = [redact(words, places=places).text for words in content.get("phrasings", ())]
    return _propose(session, now, person, None, content, case=case)


def draft_from_case(case: Case, reply_text: str, reply_basis: str = "") -> dict[str, Any]:
    """Question, text, category and basis for an entry, from a letter and its reply, both redacted."""
    question = redact(case.title.rstrip("…")).text
    return {
        "question": question[:LONGEST_QUESTION],
        "text": redact(reply_text, by="office").text if reply_text else "",
        "category": case.category,
        "basis": [{"title": reply_basis.strip()}] if reply_basis.strip() else [],
        "owner_department_id": case.department_id,
    }


def care_needed(case: Case) -> list[str]:
    """What an editor should think of before a letter becomes an example, in words."""
    return [FLAG_LABELS[Flag(flag)] for flag in redact(case.text).flags]


def submit(session: Session, now: datetime, person: Person | None, version_id: int) -> EntryVersion:
    """送审. Clause B13: `Invalid` without 依据 or 核实人; `Conflict` for what is no longer the draft."""
    _may(person, WRITERS, "送审问答条目")
    with _in_our_words():
        version = kb.submit(session, now, version_id, person.id if person else 0)
    _record(session, now, person, "answer_submitted", version, digest=version.digest)
    _tell_next(session, now, version)
    return version


def give_opinion(
    session: Session,
    now: datetime,
    person: Person,
    version_id: int,
    *,
    step: Step | str,
    verdict: Verdict | str,
    digest: str,
    gates: tuple[str, ...] | list[str] = (),
    code: str = "",
    note: str = "",
) -> EntryOpinion:
    """初审, 复审 or 终审 on exactly the text with ``digest`` (clauses A18, B15, C13, E9, E27)."""
    _may(person, (Role.REVIEWER,), "审核问答条目")
    if step not in set(Step) or verdict not in set(Verdict):
        raise Invalid("请选择通过或退回修改", field="verdict")
    with _in_our_words():
        opinion = kb.give_opinion(
            session,
            now,
            version_id,
            step=Step(step),
            verdict=Verdict(verdict),
            reviewer_id=person.id,
            reviewer_name=person.name,
            contractor=person.contractor,
            gates=gates,
            note=note,
            code=code or None,
            seen=digest,
        )
    version = session.get_one(EntryVersion, version_id)
    _record(
        session,
        now,
        person,
        "answer_reviewed",
        version,
        step=opinion.step,
        verdict=opinion.verdict,
        digest=digest,
    )
    if opinion.verdict == Verdict.SEND_BACK:
        _tell_author(session, now, version, "sent_back", "被退回修改")
    else:
        _tell_next(session, now, version)
    return opinion


def publish(
    session: Session, now: datetime, person: Person | None, version_id: int, *, digest: str | None = None
) -> AnswerEntry:
    """签发: the version is what everybody is told from now on; never one's own (B13, B15).

    ``digest``: what was on the screen. Raises `Conflict` if the reviews are not complete on exactly this text.
    """
    _may(person, PUBLISHERS, "签发问答条目")
    version = session.get(EntryVersion, version_id)
    if version is not None and digest not in (None, version.digest):
        raise Conflict("文字在您看过之后变了，没有签发。请重新看一遍", code="text_changed")
    with _in_our_words():
        entry = kb.publish(
            session,
            now,
            version_id,
            person.id if person else 0,
            contractor=bool(person and person.contractor),
        )
    published = session.get_one(EntryVersion, version_id)
    _record(session, now, person, "answer_published", published, digest=published.digest)
    _tell_author(session, now, published, "published", "已签发")
    return entry


def retire(
    session: Session, now: datetime, person: Person | None, entry_id: int, *, reason: str
) -> AnswerEntry:
    """停用: nobody is told this any more; its versions stay readable inside. Needs a reason."""
    _may(person, PUBLISHERS, "停用问答条目")
    if not reason.strip():
        raise Invalid("请写明停用的原因", field="reason")
    with _in_our_words():
        entry = kb.retire(session, now, entry_id)
    log.record(
        session, now, person, "answer_retired",
        subject_type="answer", subject_id=entry.key, reason=reason.strip()[:500],
    )  # fmt: skip
    return entry


def record_use(
    session: Session, now: datetime, *, reply_id: int, entry_id: int, version: int, case_id: int
) -> bool:
    """Note that a released reply said what an entry says (A9); True the first time."""
    return insert_once(
        session, AnswerUse, reply_id=reply_id, entry_id=entry_id, version=version, case_id=case_id, at=now
    )


def flag_stale(session: Session, now: datetime) -> int:
    """Job: tell editors and owners of answers past their review date or validity; how many were told.

    Each is told once per version and reason (C15, C17); what has run out is no longer offered to anybody.
    """
    editors = [one.id for one in staff.people(session, role=Role.EDITOR)]
    told = 0
    for entry, version in kb.flag_stale(session, now):
        expired = version.valid_until is not None and version.valid_until < day_of(now)
        kind, words = ("answer_expired", "已过有效期") if expired else ("answer_due", "到了复核日期")
        text = f"答案“{version.question[:40]}”{words}，请复核"
        for staff_id in dict.fromkeys([*_owners(session, entry), *editors]):
            key = f"{kind}:{entry.id}:{version.number}:{staff_id}"
            address = f"/desk/answers/{entry.id}"
            told += (
                notices.tell(session, now, staff_id, key=key, kind=kind, text=text, address=address)
                is not None
            )
    return told


# ------------------------------------------------------------------ importing


ADDED, KNOWN, REFUSED = "added", "known", "refused"


@dataclass(frozen=True)
class ImportedRow:
    """What became of one row of a file. ``outcome``: added, known (asked before) or refused."""

    row: int
    outcome: str
    words: str
    question: str = ""
    entry_id: int | None = None


def import_file(
    session: Session, now: datetime, person: Person | None, file_name: str, data: bytes
) -> list[ImportedRow]:
    """Take a table of questions and answers in as drafts, nothing twice; a report for each row.

    .xlsx, .csv or .jsonl, also entries exported by another library: those must be whole by their digest
    (E15), and where they came from is logged. Raises `Invalid` for a file that cannot be read.
    """
    _may(person, WRITERS, "导入问答条目")
    try:
        records = read_records(file_name, data, is_heading)
    except UnreadableFile as error:
        raise Invalid(error.message_zh, field="file", code="unreadable") from None
    known = {comparable(question): number for number, question in queries.questions(session)}
    report = []
    for read in read_rows(cells for _, cells in records):
        number, cells = records[read.number - 1]
        done = _import_row(session, now, person, number, cells, read, known)
        if done.entry_id is not None:
            known.setdefault(comparable(done.question), done.entry_id)
        report.append(done)
    counted = {kind: sum(row.outcome == kind for row in report) for kind in (ADDED, KNOWN, REFUSED)}
    log.record(session, now, person, "import", subject_type="answers", subject_id="file", **counted)
    return report


def _import_row(
    session: Session,
    now: datetime,
    person: Person | None,
    number: int,
    cells: Mapping[str, Any],
    read: ReadRow,
    known: Mapping[str, int],
) -> ImportedRow:
    question = str(read.fields.get("question", ""))
    if cells.get("format") and not is_whole(cells):
        return ImportedRow(number, REFUSED, "内容与来源库的指纹不符，可能被改过，没有收。", question)
    if read.problems:
        return ImportedRow(number, REFUSED, "".join(read.problems), question)
    if same := known.get(comparable(question)):
        return ImportedRow(number, KNOWN, "库里已有这个问题，没有重复收。", question, same)
    content = dict(read.fields)
    named = str(content.get("owner_name") or "")
    owner = departments.by_name(session, named) if named else None
    content["owner_department_id"] = owner.id if owner else None
    try:
        version = _propose(session, now, person, None, content, origin=_origin(cells))
    except Invalid as refusal:
        return ImportedRow(number, REFUSED, refusal.message, question)
    words = "已收为草稿。" if owner else "已收为草稿，请补填承办单位。"
    return ImportedRow(number, ADDED, words, question, version.entry_id)


def _origin(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Where an exchanged entry came from: its key, version, owner and digest there (E15)."""
    if not cells.get("format"):
        return {}
    return {"origin": {name: cells.get(name) for name in ("key", "version", "owner", "digest")}}


def is_heading(words: str) -> bool:
    """Whether a table's column with this heading means something here."""
    return heading_key(words) in HEADINGS


# ------------------------------------------------------------------ helpers


def _owners(session: Session, entry: AnswerEntry) -> list[int]:
    if entry.owner_department_id is None:
        return []
    handlers = staff.people(session, role=Role.HANDLER, department_id=entry.owner_department_id)
    return [one.id for one in handlers]


def _propose(
    session: Session,
    now: datetime,
    person: Person | None,
    entry_id: int | None,
    content: Mapping[str, Any],
    case: Case | None = None,
    origin: Mapping[str, Any] | None = None,
) -> EntryVersion:
    wanted = content.get("owner_department_id")
    owner = departments.get(session, wanted) if wanted else None
    if wanted and owner is None:
        raise Invalid("没有这个承办单位，请重新选择", field="owner_department_id")
    with _in_our_words():
        version = kb.propose(
            session,
            now,
            author_id=person.id if person else 0,
            author_name=person.name if person else "",
            contractor=bool(person and person.contractor),
            entry_id=entry_id,
            **{**content, **({"owner_name": owner.name} if owner else {})},
        )
    _record(
        session, now, person, "answer_proposed", version, case=case, digest=version.digest, **(origin or {})
    )
    return version


def _may(person: Person | None, roles: tuple[Role, ...], what: str) -> None:
    """None is the system, at the shell of whoever runs the machine."""
    if person is not None and not person.may(*roles):
        raise NotAllowed(f"{what}要由有此角色的人来做。需要时请找系统管理员调整角色", code="wrong_role")


def _record(
    session: Session,
    now: datetime,
    person: Person | None,
    action: str,
    version: EntryVersion,
    *,
    case: Case | None = None,
    **data: Any,
) -> None:
    key = session.get_one(AnswerEntry, version.entry_id).key
    log.record(
        session, now, person, action,
        subject_type="answer", subject_id=key, case_id=case.id if case else None, version=version.number, **data,
    )  # fmt: skip


def _tell_next(session: Session, now: datetime, version: EntryVersion) -> None:
    """Tell those who may take the next step, other than who wrote or already reviewed."""
    waiting = next((row for row in library.waiting_for_review(session) if row.version.id == version.id), None)
    if waiting is None:
        return
    roles = (Role.REVIEWER,) if waiting.step else PUBLISHERS
    kind = f"answer_{waiting.step or 'publish'}"
    said = (
        {opinion.reviewer_id for opinion in library.opinions(session, version.id)} if waiting.step else set()
    )
    people = {one.id for role in roles for one in staff.people(session, role=role)}
    for staff_id in sorted(people - said - {version.author_id}):
        notices.tell(
            session,
            now,
            staff_id,
            key=f"{kind}:{version.entry_id}:{version.digest[:16]}:{staff_id}",
            kind=kind,
            text=f"问答条目等您{'审核' if waiting.step else '签发'}：{version.question[:40]}",
            address=f"/desk/answers/{version.entry_id}/review",
        )


def _tell_author(session: Session, now: datetime, version: EntryVersion, kind: str, words: str) -> None:
    if staff.member(session, version.author_id) is None:
        return
    notices.tell(
        session,
        now,
        version.author_id,
        key=f"answer_{kind}:{version.entry_id}:{version.digest[:16]}:{version.author_id}",
        kind=f"answer_{kind}",
        text=f"您起草的问答条目{words}：{version.question[:40]}",
        address=f"/desk/answers/{version.entry_id}",
    )


# ------------------------------------------------------------------ the library's refusals in our words

_REFUSALS: Mapping[str, type[AppError]] = {
    "contractor": NotAllowed,
    "author": NotAllowed,
    "same_person": NotAllowed,
    "gates": Invalid,
    "unknown_gate": Invalid,
    "return_code": Invalid,
    "note": Invalid,
}
_FIELDS = {"gates": "gate", "unknown_gate": "gate", "return_code": "code", "note": "note"}


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Refusals of the library as those of the app; its sentences are already written for people."""
    try:
        yield
    except ReviewError as error:
        kind = _REFUSALS.get(error.code, Conflict)
        raise kind(error.message_zh, field=_FIELDS.get(error.code), code=error.code) from None
    except EntryInvalid as error:
        raise Invalid(error.message_zh, field=error.field, code=error.code or None) from None
    except EntryConflict as error:
        raise Conflict(error.message_zh, code=error.code or None) from None
    except EntryNotFound as error:
        raise NotFound(error.message_zh, code=error.code or None) from None
