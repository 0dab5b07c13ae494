"""问答库: who may change an answer, what became of it, where it was used.

The rules of the library itself are in `kb`; here stands who may, what was written down, and that
people are told.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.answers import queries
from app.answers.forms import FORMS, Rendered, problems, rendered
from app.answers.models import AnswerUse, AnswerVote, VoteMark
from app.answers.reviewing import PUBLISHERS
from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany
from app.base.rows import insert_once
from app.calendar.workdays import day_of
from app.cases.models import Case
from app.departments import queries as departments
from app.finding import service as finding
from app.log import service as log
from app.messages.classify import letter_of
from app.notices import service as notices
from app.official_accounts import queries as accounts
from app.redaction.sensitive import FLAG_LABELS, Flag
from app.redaction.service import redact
from app.staff import queries as staff
from app.staff.roles import Person, Role
from connectors.errors import UnreadableFile
from connectors.registry import count_text
from connectors.tables import read_records
from kb import queries as library
from kb import service as kb
from kb.entries import LONGEST_QUESTION
from kb.errors import EntryConflict, EntryInvalid, EntryNotFound
from kb.exchange import HEADINGS, ReadRow, comparable, heading_key, is_whole, read_rows
from kb.experience import Feedback
from kb.models import AnswerEntry, BasisDocument, EntryOpinion, EntryVersion, Recheck
from kb.review import THREE_REVIEWS, ReviewError, Step, Verdict, awaited
from kb.states import EntryKind, RecheckReason

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
    places = departments.office_places(session)
    content = draft_from_case(case, reply_text, reply_basis, places=places) | changes
    for name, by in (("question", "citizen"), ("text", "office")):
        content[name] = redact(str(content[name]), by=by, places=places).text
    content["phrasings"] = [redact(words, places=places).text for words in content.get("phrasings", ())]
    return _propose(session, now, person, None, content, case=case)


def draft_from_case(
    case: Case, reply_text: str, reply_basis: str = "", *, places: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Question, text, category and basis for an entry, from a letter and its reply, both redacted.

    ``places``: the office's own, which are nobody's name (`departments.queries.office_places`).
    """
    question = redact(case.title.rstrip("…"), places=places).text
    return {
        "question": question[:LONGEST_QUESTION],
        "text": redact(reply_text, by="office", places=places).text if reply_text else "",
        "category": case.category,
        "basis": [{"title": reply_basis.strip()}] if reply_basis.strip() else [],
        "owner_department_id": case.department_id,
    }


def care_needed(case: Case) -> list[str]:
    """What an editor should think of before a letter becomes an example, in words."""
    return [FLAG_LABELS[Flag(flag)] for flag in redact(case.text).flags]


def submit(
    session: Session, now: datetime, person: Person | None, version_id: int, *, address: str = ""
) -> EntryVersion:
    """送审. Clause B13: `Invalid` without 依据 or 核实人; `Conflict` for what is no longer the draft.

    ``address``: of our public pages, in which short forms end. A form that does not fit is refused, never cut.
    """
    _may(person, WRITERS, "送审问答条目")
    _check_forms(session, version_id, address)
    with _in_our_words():
        version = kb.submit(session, now, version_id, person.id if person else 0)
    _record(session, now, person, "answer_submitted", version, digest=version.digest)
    _tell_next(session, now, version)
    return version


def forms_of(session: Session, entry: AnswerEntry, version: EntryVersion, address: str) -> list[Rendered]:
    """How a version reads in every form the office uses; ``address``: of our public pages.

    A platform on which the office has no account asks nothing of anybody.
    """
    used = {"website", "hotline"} | {row.platform for row in accounts.all_open(session)}
    return rendered(
        version.text,
        short_text=version.short_text,
        forms=version.forms,
        must_keep=version.must_keep,
        link=f"{address}/answers/{entry.key}",
        count=count_text,
        among=[form for form in FORMS if form.platform in used],
    )


def _check_forms(session: Session, version_id: int, address: str) -> None:
    version = session.get(EntryVersion, version_id)
    if version is None:
        return  # the library says so in its own words
    entry = session.get_one(AnswerEntry, version.entry_id)
    if entry.kind not in GOES_OUT:
        return
    for field, words in problems(forms_of(session, entry, version, address), version.must_keep):
        raise Invalid(words, field=field, code="too_long")


GOES_OUT = frozenset({EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value})
"""Kinds that are told on every platform; an acknowledgement is rendered where it is sent."""


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
    """Note that a released reply said what an entry says (A9), and how it was asked for; True the first time."""
    new = insert_once(
        session, AnswerUse, reply_id=reply_id, entry_id=entry_id, version=version, case_id=case_id, at=now
    )
    if new:
        case = session.get_one(Case, case_id)
        finding.note_feedback(session, now, entry_id, Feedback.INSERTED)
        finding.learn_from_letter(session, now, entry_id, letter_of(case.title, case.text), case.number)
    return new


def flag_stale(session: Session, now: datetime) -> int:
    """Job: tell editors and owners of answers past their review date or validity, and make it work for them;
    how many were told.

    Each is told once per version and reason (C15, C17); what has run out is no longer offered to anybody.
    """
    editors = [one.id for one in staff.people(session, role=Role.EDITOR)]
    told = 0
    for entry, version in kb.flag_stale(session, now):
        expired = version.valid_until is not None and version.valid_until < day_of(now)
        kind, words = ("answer_expired", "已过有效期") if expired else ("answer_due", "到了复核日期")
        text = f"答案“{version.question[:40]}”{words}，请复核"
        reason = RecheckReason.EXPIRED if expired else RecheckReason.REVIEW_BY
        day = version.valid_until if expired else version.review_by
        kb.recheck(session, now, entry.id, reason, f"{words}（{day}）")
        for staff_id in dict.fromkeys([*_owners(session, entry), *editors]):
            key = f"{kind}:{entry.id}:{version.number}:{staff_id}"
            address = f"/desk/answers/{entry.id}"
            told += (
                notices.tell(session, now, staff_id, key=key, kind=kind, text=text, address=address)
                is not None
            )
    return told


def repeal(
    session: Session, now: datetime, person: Person, document_id: int, *, on: date, replaced_by: str = ""
) -> int:
    """废止: a document no longer holds; every answer in force that cites it must be looked at again (C17).

    How many are. Their owners and the editors are told. Raises `NotFound`, `NotAllowed`.
    """
    _may(person, WRITERS, "登记依据废止")
    with _in_our_words():
        raised = kb.repeal(session, now, document_id, on=on, replaced_by=replaced_by)
    log.record(
        session, now, person, "repeal_document",
        subject_type="document", subject_id=document_id, on=on.isoformat(), entries=len(raised),
    )  # fmt: skip
    editors = {one.id for one in staff.people(session, role=Role.EDITOR)}
    for row in raised:
        entry = session.get_one(AnswerEntry, row.entry_id)
        for staff_id in sorted(editors | set(_owners(session, entry))):
            notices.tell(
                session, now, staff_id,
                key=f"answer_recheck:{row.id}:{staff_id}", kind="answer_recheck",
                text=f"{row.detail}，请复核引用它的答案", address=f"/desk/answers/{entry.id}",
            )  # fmt: skip
    return len(raised)


def document(session: Session, document_id: int) -> BasisDocument:
    """One document that answers rest on. Raises `NotFound`."""
    with _in_our_words():
        return kb.document_of(session, document_id)


def reinstate(session: Session, now: datetime, person: Person, document_id: int) -> None:
    """The document holds after all. Raises `NotFound`, `NotAllowed`."""
    _may(person, WRITERS, "恢复依据")
    with _in_our_words():
        kb.reinstate(session, now, document_id)
    log.record(session, now, person, "reinstate_document", subject_type="document", subject_id=document_id)


def settle_recheck(session: Session, now: datetime, person: Person, recheck_id: int, note: str) -> Recheck:
    """已核对: the wording still holds, in words; editors and handlers may. Raises `Invalid`, `NotFound`."""
    _may(person, (Role.EDITOR, Role.HANDLER), "核对问答条目")
    with _in_our_words():
        row = kb.settle_recheck(session, now, recheck_id, person.name, note)
    log.record(
        session, now, person, "settle_recheck",
        subject_type="recheck", subject_id=row.id, reason=note.strip()[:500],
    )  # fmt: skip
    return row


# ------------------------------------------------------------------ helpful


MOST_VOTES = 20
"""Answers one visitor may judge in a day; more is no reader."""


def vote(session: Session, now: datetime, entry: AnswerEntry, visitor: str, *, helpful: bool) -> bool:
    """有没有帮助: count one reader's judgement of the version in force; False if this visitor did today.

    ``visitor``: an address, kept nowhere: only a keyed digest of it with the answer and the day, forgotten
    after a day (D19). Raises `TooMany` for somebody who judges everything.
    """
    keys, day = session.info["keys"], day_of(now)
    for place in range(MOST_VOTES):
        if insert_once(session, VoteMark, mark=keys.digest(f"{day}|{visitor}|{place}", "votes"), at=now):
            break
    else:
        raise TooMany("今天提交的次数太多了，请明天再来")
    mark = keys.digest(f"{day}|{visitor}|{entry.key}", "votes")
    if not insert_once(session, VoteMark, mark=mark, at=now):
        return False
    number = entry.current_version or 0
    insert_once(session, AnswerVote, entry_id=entry.id, version=number)
    counted = AnswerVote.helpful if helpful else AnswerVote.not_helpful
    column = "helpful" if helpful else "not_helpful"
    session.execute(
        update(AnswerVote)
        .where(col(AnswerVote.entry_id) == entry.id, col(AnswerVote.version) == number)
        .values({column: counted + 1})
        .execution_options(synchronize_session=False)
    )
    finding.note_feedback(session, now, entry.id, Feedback.HELPFUL if helpful else Feedback.NOT_HELPFUL)
    return True


def forget_votes(session: Session, now: datetime) -> int:
    """Job: forget who judged what before yesterday; how many marks."""
    gone = session.execute(delete(VoteMark).where(col(VoteMark.at) < now - timedelta(days=1)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


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
    given = library.review_opinions(session, version.id)
    step = awaited(THREE_REVIEWS, given, version.digest)
    roles = (Role.REVIEWER,) if step else PUBLISHERS
    kind = f"answer_{step or 'publish'}"
    said = {opinion.reviewer_id for opinion in given} if step else set()
    people = {one.id for role in roles for one in staff.people(session, role=role)}
    for staff_id in sorted(people - said - {version.author_id}):
        notices.tell(
            session,
            now,
            staff_id,
            key=f"{kind}:{version.entry_id}:{version.digest[:16]}:{staff_id}",
            kind=kind,
            text=f"问答条目等您{'审核' if step else '签发'}：{version.question[:40]}",
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
