"""What can be done with the library: propose, submit, review, publish, retire, look for what is stale.

Every function takes the session first and the moment as an argument, and never commits. What is
logged and who may do it is for the caller; that nobody reviews their own text is decided here.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import delete
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from kb import queries
from kb.basis import distinct
from kb.entries import (
    REVIEW_AFTER,
    Content,
    check_proposal,
    check_ready,
    check_whole,
    digest_of_content,
    new_key,
)
from kb.errors import EntryConflict, EntryInvalid, EntryNotFound
from kb.exchange import content_of_form
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
from kb.review import THREE_REVIEWS, ReviewError, Step, Verdict, check, check_form, is_complete, sent_back
from kb.states import ChangeKind, EntryKind, EntryState, RecheckReason, Significance

# Validity is counted in days of the office, not of UTC.
OFFICE_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")

# Names the lock under which changes get their numbers on PostgreSQL (any fixed number will do).
_CHANGES_LOCK = 7_205_011


def propose(
    session: Session,
    now: datetime,
    *,
    author_id: int,
    author_name: str,
    contractor: bool,
    question: str,
    text: str,
    phrasings: Iterable[str] = (),
    basis: Iterable[Mapping[str, Any]] = (),
    short_text: str | None = None,
    must_keep: Iterable[str] = (),
    verified_by: str = "",
    category: str = "",
    is_draft_policy: bool = False,
    licence: str = "",
    forms: Mapping[str, str] | None = None,
    attachments: Iterable[Mapping[str, Any]] = (),
    valid_from: date | None = None,
    valid_until: date | None = None,
    review_by: date | None = None,
    significance: str = Significance.ORDINARY.value,
    kind: str = EntryKind.ANSWER.value,
    owner_department_id: int | None = None,
    owner_name: str = "",
    entry_id: int | None = None,
) -> EntryVersion:
    """Write down a new entry, or the next version of ``entry_id``, as a draft.

    The same author's draft that nobody has seen is rewritten in place; what was submitted or
    reviewed stays as it was, and a new version follows it. A contractor may draft (never review,
    clause E27). Raises ``EntryInvalid`` (naming the field) and ``EntryNotFound``.
    """
    today = office_day(now)
    content = Content(
        question=question.strip(),
        text=text.strip(),
        phrasings=_lines(phrasings),
        short_text=short_text,
        must_keep=_lines(must_keep),
        basis=tuple(_basis_item(item) for item in basis),
        verified_by=verified_by.strip(),
        category=category.strip(),
        is_draft_policy=is_draft_policy,
        licence=licence.strip(),
        valid_from=valid_from or today,
        valid_until=valid_until,
        review_by=review_by or max(today, valid_from or today) + REVIEW_AFTER,
        significance=significance,
        forms={name: words.strip() for name, words in (forms or {}).items() if words.strip()},
        attachments=tuple(_attachment(item) for item in attachments),
    )
    entry = _entry_to_write(session, entry_id, now, kind)
    check_proposal(content, entry.kind, today)
    if owner_department_id is not None or owner_name or entry_id is None:
        entry.owner_department_id, entry.owner_name = owner_department_id, owner_name
    entry.updated_at = now
    session.add(entry)
    session.flush()
    author = {"author_id": author_id, "author_name": author_name, "author_contractor": contractor}
    return _write_version(session, entry, content, author | {"created_at": now})


def submit(session: Session, now: datetime, version_id: int, person_id: int) -> EntryVersion:
    """Hand the latest version in for review 送审.

    ``person_id`` is who submits; the author stays the author. Raises ``EntryInvalid`` if 依据 or
    核实人 is missing (clause B13), ``EntryConflict`` if the version is not the latest draft.
    """
    entry, version = _latest(session, version_id)
    if version.submitted_at is not None:
        raise EntryConflict("这一版本已送审，不需要重复送审。", code="already_submitted")
    check_ready(content_of(version), entry.kind, office_day(now))
    version.submitted_at, version.submitted_by = now, person_id
    if entry.state == EntryState.DRAFT:
        entry.state = EntryState.IN_REVIEW.value
    entry.updated_at = now
    session.add_all((entry, version))
    session.flush()
    return version


def give_opinion(
    session: Session,
    now: datetime,
    version_id: int,
    *,
    step: Step,
    verdict: Verdict,
    reviewer_id: int,
    reviewer_name: str,
    contractor: bool,
    gates: Iterable[str] = (),
    note: str = "",
    code: str | None = None,
    seen: str | None = None,
) -> EntryOpinion:
    """Write down one reviewer's opinion on the exact text of a submitted version.

    ``seen`` is the digest of what the reviewer had on the screen. Raises ``ReviewError`` (wrong
    step, author, same person, contractor, changed text, incomplete form) and ``EntryConflict``.
    """
    step, verdict, gates = Step(step), Verdict(verdict), list(gates)
    entry, version = _latest(session, version_id)
    if version.submitted_at is None:
        raise EntryConflict("这一版本还没有送审。", code="not_submitted")
    digest = current_digest(entry, version)
    check(
        THREE_REVIEWS,
        queries.review_opinions(session, version.id),
        digest,
        step=step,
        reviewer_id=reviewer_id,
        author_id=version.author_id,
        contractor=contractor,
        seen=seen,
    )
    check_form(verdict, gates=gates, code=code, note=note)
    opinion = EntryOpinion(
        version_id=version.id,
        step=step.value,
        verdict=verdict.value,
        reviewer_id=reviewer_id,
        reviewer_name=reviewer_name,
        digest=digest,
        gates=gates,
        code=code if verdict == Verdict.SEND_BACK else None,
        note=note.strip(),
        at=now,
    )
    if verdict == Verdict.SEND_BACK and entry.state == EntryState.IN_REVIEW:
        entry.state = EntryState.DRAFT.value
    entry.updated_at = now
    session.add_all((entry, opinion))
    session.flush()
    return opinion


def publish(
    session: Session, now: datetime, version_id: int, publisher_id: int, *, contractor: bool = False
) -> AnswerEntry:
    """Put a version into force 签发; allowed only after all three steps on its exact text.

    Raises ``ReviewError`` (not reviewed, changed since, contractor, author) and ``EntryConflict``.
    """
    entry, version = _latest(session, version_id)
    if contractor:
        raise ReviewError("contractor", "外包人员不能签发。请由本单位人员签发。")
    if publisher_id == version.author_id:
        raise ReviewError("author", "不能签发自己起草的文本。请由其他人员签发。")
    digest = current_digest(entry, version)
    opinions = queries.review_opinions(session, version.id)
    if sent_back(opinions, digest) is not None:
        raise ReviewError("sent_back", "这一版本已被退回修改，不能签发。")
    if not is_complete(THREE_REVIEWS, opinions, digest):
        raise ReviewError("not_reviewed", "这一版本还没有完成三审，不能签发。")
    first = entry.state != EntryState.PUBLISHED
    entry.state = EntryState.PUBLISHED.value
    entry.current_version = version.number
    entry.updated_at = now
    version.published_at, version.published_by = now, publisher_id
    session.add_all((entry, version))
    _settle_rechecks(session, now, entry.id, f"已发布第 {version.number} 版")
    _write_change(session, now, entry.id, ChangeKind.PUBLISHED if first else ChangeKind.CHANGED)
    return entry


def retire(session: Session, now: datetime, entry_id: int) -> AnswerEntry:
    """Take a published entry out of use 停用; its versions stay readable. Raises ``EntryConflict``."""
    entry = _own(_entry(session, entry_id))
    if entry.state != EntryState.PUBLISHED:
        raise EntryConflict("只有已发布的条目可以停用。", code="not_published")
    entry.state = EntryState.RETIRED.value
    entry.updated_at = now
    session.add(entry)
    _settle_rechecks(session, now, entry.id, "已停用")
    _write_change(session, now, entry.id, ChangeKind.RETIRED)
    return entry


def flag_stale(session: Session, now: datetime) -> list[tuple[AnswerEntry, EntryVersion]]:
    """Return published entries whose review date or validity is past, the most overdue first.

    Nothing is changed: the owners are told (by the caller), and an expired entry no longer counts
    as valid wherever the day is asked for.
    """
    today = office_day(now)
    rows = session.exec(
        select(AnswerEntry, EntryVersion)
        .join(EntryVersion, queries.is_in_force())
        .where(
            AnswerEntry.state == EntryState.PUBLISHED.value,
            AnswerEntry.origin == "",
            (col(EntryVersion.review_by) < today) | (col(EntryVersion.valid_until) < today),
        )
    ).all()
    return sorted(
        ((entry, version) for entry, version in rows),
        key=lambda row: (min(row[1].review_by, row[1].valid_until or date.max), row[0].id),
    )


# ------------------------------------------------------------------ documents and what must be looked at again


def repeal(
    session: Session, now: datetime, document_id: int, *, on: date, replaced_by: str = ""
) -> list[Recheck]:
    """Note that a document no longer holds 废止: every answer in force that cites it must be looked at again.

    Returns what is newly to be looked at. Raises ``EntryNotFound``.
    """
    document = document_of(session, document_id)
    document.repealed_on, document.replaced_by, document.updated_at = on, replaced_by.strip()[:300], now
    session.add(document)
    instead = f"，由《{document.replaced_by.strip('《》')}》代替" if document.replaced_by else ""
    words = f"依据《{document.title.strip('《》')}》自 {on} 起废止{instead}"
    return _to_look_at_again(session, now, document_id, words)


def reinstate(session: Session, now: datetime, document_id: int) -> BasisDocument:
    """The document holds after all; what was to be looked at again because of it is settled."""
    document = document_of(session, document_id)
    document.repealed_on, document.replaced_by, document.updated_at = None, "", now
    session.add(document)
    for entry, version in queries.citing(session, document_id):
        for row in queries.open_rechecks(session, entry.id):
            if row.reason == RecheckReason.REPEALED and document.title.strip("《》") in row.detail:
                _settle(session, now, row, "", f"依据仍然有效（第 {version.number} 版）")
    return document


def recheck(
    session: Session, now: datetime, entry_id: int, reason: RecheckReason, detail: str
) -> Recheck | None:
    """Put a published entry on the list of what must be looked at again; None if it is there already."""
    entry = _entry(session, entry_id)
    known = session.exec(
        select(Recheck).where(
            Recheck.entry_id == entry_id,
            Recheck.version == (entry.current_version or 0),
            Recheck.reason == reason.value,
            Recheck.detail == detail[:300],
        )
    ).first()
    if known is not None:
        return None
    row = Recheck(
        entry_id=entry_id,
        version=entry.current_version or 0,
        reason=reason.value,
        detail=detail[:300],
        raised_at=now,
    )
    session.add(row)
    session.flush()
    return row


def settle_recheck(session: Session, now: datetime, recheck_id: int, by: str, note: str) -> Recheck:
    """A person looked: the wording still holds, and why. Raises ``EntryNotFound`` and ``EntryInvalid``."""
    row = session.get(Recheck, recheck_id)
    if row is None or row.settled_at is not None:
        raise EntryNotFound("这一项已经处理过了。", code="recheck_not_found")
    if not note.strip():
        raise EntryInvalid("请写明核对的结果。", code="invalid", field="note")
    return _settle(session, now, row, by, note)


def document_of(session: Session, document_id: int) -> BasisDocument:
    """The document with this id. Raises ``EntryNotFound``."""
    document = session.get(BasisDocument, document_id)
    if document is None:
        raise EntryNotFound("没有这份依据文件。", code="document_not_found")
    return document


def _to_look_at_again(session: Session, now: datetime, document_id: int, words: str) -> list[Recheck]:
    raised = (
        recheck(session, now, entry.id, RecheckReason.REPEALED, words)
        for entry, _ in queries.citing(session, document_id)
    )
    return [row for row in raised if row is not None]


def _settle_rechecks(session: Session, now: datetime, entry_id: int, note: str) -> None:
    for row in queries.open_rechecks(session, entry_id):
        _settle(session, now, row, "", note)


def _settle(session: Session, now: datetime, row: Recheck, by: str, note: str) -> Recheck:
    row.settled_at, row.settled_by, row.note = now, by[:100], note.strip()[:500]
    session.add(row)
    session.flush()
    return row


# ------------------------------------------------------------------ from a neighbouring library


def take_in(
    session: Session,
    now: datetime,
    entry: AnswerEntry | None,
    form: Mapping[str, Any],
    *,
    origin: str,
    origin_name: str,
) -> AnswerEntry:
    """Put into force what another library has in force, word for word; ``form`` as in `kb.exchange`.

    It was reviewed where it comes from and is only read here. Raises ``EntryInvalid`` for a form that
    could not be kept.
    """
    content = content_of_form(form)
    check_whole(content, str(form["kind"]))
    if entry is None:
        entry = AnswerEntry(
            key=new_key(), kind=str(form["kind"]), origin=origin, created_at=now, updated_at=now
        )
    first = entry.state != EntryState.PUBLISHED
    newest = queries.latest_version(session, entry.id) if entry.id is not None else None
    number = newest.number + 1 if newest else 1
    entry.kind, entry.owner_name = str(form["kind"]), str(form.get("owner") or "")[:100]
    entry.state, entry.current_version, entry.updated_at = EntryState.PUBLISHED.value, number, now
    session.add(entry)
    session.flush()
    said = {"author_id": 0, "author_name": origin_name[:100], "created_at": now, "published_at": now}
    version = EntryVersion(
        entry_id=entry.id,
        number=number,
        submitted_at=now,
        **(_fields(content, key=entry.key, number=number) | said),
    )
    session.add(version)
    session.flush()
    _cite(session, version, now)
    _settle_rechecks(session, now, entry.id, f"来源已更新，第 {number} 版")
    _write_change(session, now, entry.id, ChangeKind.PUBLISHED if first else ChangeKind.CHANGED)
    return entry


def take_back(session: Session, now: datetime, entry: AnswerEntry) -> AnswerEntry:
    """What its library withdrew is withdrawn here."""
    if entry.state != EntryState.RETIRED:
        entry.state, entry.updated_at = EntryState.RETIRED.value, now
        session.add(entry)
        _write_change(session, now, entry.id, ChangeKind.RETIRED)
    return entry


def set_synonym(session: Session, word: str, same_as: str) -> Synonym:
    """Make a word be searched as another one; replaces what was said about the word before."""
    found = session.exec(select(Synonym).where(Synonym.word == word)).one_or_none()
    synonym = found or Synonym(word=word, same_as=same_as)
    synonym.same_as = same_as
    session.add(synonym)
    session.flush()
    return synonym


def drop_synonym(session: Session, word: str) -> bool:
    """Let a word be searched only as itself again; False if it was."""
    found = session.exec(select(Synonym).where(Synonym.word == word)).one_or_none()
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


MOST_LEARNED = 20
"""Ways of asking learned from letters that are kept for one entry; a new one then replaces the oldest."""


def learn_phrasing(session: Session, now: datetime, entry_id: int, text: str, source: str) -> bool:
    """Keep how somebody asked for an entry; False if that is known already or says nothing.

    ``text`` must be redacted by whoever hands it in; ``source`` names where it came from.
    """
    said = " ".join(text.split())[:400]
    held = queries.learned_phrasings(session, [entry_id]).get(entry_id, [])
    if len(said) < _SHORTEST_PHRASING or said in {row.text for row in held}:
        return False
    for row in held[MOST_LEARNED - 1 :]:
        session.delete(row)
    session.add(LearnedPhrasing(entry_id=entry_id, text=said, source=source, at=now))
    _write_change(session, now, entry_id, ChangeKind.PHRASED)
    return True


def drop_phrasing(session: Session, now: datetime, phrasing_id: int) -> LearnedPhrasing:
    """Forget a way of asking that was learned. Raises ``EntryNotFound``."""
    found = session.get(LearnedPhrasing, phrasing_id)
    if found is None:
        raise EntryNotFound("没有找到这种问法，可能已被删除。", code="phrasing_not_found")
    session.delete(found)
    _write_change(session, now, found.entry_id, ChangeKind.PHRASED)
    return found


def forget_phrasings(session: Session, now: datetime, source: str) -> int:
    """Forget every way of asking that came from one source; returns how many there were."""
    rows = session.exec(select(LearnedPhrasing).where(LearnedPhrasing.source == source)).all()
    for row in rows:
        session.delete(row)
        _write_change(session, now, row.entry_id, ChangeKind.PHRASED)
    return len(rows)


_SHORTEST_PHRASING = 4


def office_day(now: datetime) -> date:
    """Return the day it is in the office (Asia/Shanghai; without daylight saving since 1991)."""
    return now.astimezone(OFFICE_TIME).date()


def content_of(version: EntryVersion) -> Content:
    """Return what is reviewed of a version, as it is stored now."""
    return Content(
        question=version.question,
        text=version.text,
        phrasings=tuple(version.phrasings),
        short_text=version.short_text,
        must_keep=tuple(version.must_keep),
        basis=tuple(version.basis),
        verified_by=version.verified_by,
        category=version.category,
        is_draft_policy=version.is_draft_policy,
        licence=version.licence,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        review_by=version.review_by,
        significance=version.significance,
        forms=dict(version.forms),
        attachments=tuple(version.attachments),
    )


def current_digest(entry: AnswerEntry, version: EntryVersion) -> str:
    """Return the digest of a version computed from what is stored now, not the one stored with it."""
    return digest_of_content(content_of(version), key=entry.key, number=version.number)


def _entry(session: Session, entry_id: int) -> AnswerEntry:
    entry = session.get(AnswerEntry, entry_id)
    if entry is None:
        raise EntryNotFound("没有找到这个问答条目。", code="entry_not_found")
    return entry


def _entry_to_write(session: Session, entry_id: int | None, now: datetime, kind: str) -> AnswerEntry:
    if entry_id is not None:
        return _own(_entry(session, entry_id))
    return AnswerEntry(key=new_key(), kind=kind, created_at=now, updated_at=now)


def _own(entry: AnswerEntry) -> AnswerEntry:
    """Refuse to change what another library says (beyond 10)."""
    if entry.origin:
        raise EntryConflict("这一条来自别的问答库，只能看，不能改。要改请另拟一条。", code="imported")
    return entry


def _latest(session: Session, version_id: int) -> tuple[AnswerEntry, EntryVersion]:
    """Return a version that can still be worked on, with its entry."""
    entry_id = session.exec(select(EntryVersion.entry_id).where(EntryVersion.id == version_id)).one_or_none()
    if entry_id is None:
        raise EntryNotFound("没有找到这个版本。", code="version_not_found")
    # Two people at one entry wait for each other (PostgreSQL; SQLite has one writer anyway).
    session.exec(select(AnswerEntry.id).where(AnswerEntry.id == entry_id).with_for_update()).one()
    version = session.get_one(EntryVersion, version_id)
    newest = queries.latest_version(session, version.entry_id)
    if newest is not None and newest.number != version.number:
        raise EntryConflict("这一条目已有更新的版本，请打开最新版本。", code="newer_version")
    if version.published_at is not None:
        raise EntryConflict("这一版本已经发布。", code="already_published")
    return _entry(session, entry_id), version


def _write_version(
    session: Session, entry: AnswerEntry, content: Content, origin: dict[str, Any]
) -> EntryVersion:
    """Rewrite the author's own draft, or add the next version."""
    newest = queries.latest_version(session, entry.id)
    if newest is None or newest.submitted_at is not None or newest.author_id != origin["author_id"]:
        number = newest.number + 1 if newest else 1
        columns = _fields(content, key=entry.key, number=number) | origin
        version = EntryVersion(entry_id=entry.id, number=number, **columns)
    else:
        version = newest
        version.sqlmodel_update(_fields(content, key=entry.key, number=newest.number) | origin)
    session.add(version)
    session.flush()
    _cite(session, version, origin["created_at"])
    return version


def _cite(session: Session, version: EntryVersion, now: datetime) -> None:
    """Link a version with the documents it rests on, each kept once (clause C17)."""
    session.execute(
        delete(Citation).where(
            col(Citation.entry_id) == version.entry_id, col(Citation.version) == version.number
        )
    )
    wanted = distinct(version.basis)
    known = {row.identity: row for row in queries.documents_by_identity(session, [*wanted])}
    for identity, item in wanted.items():
        document = known.get(identity) or BasisDocument(identity=identity, updated_at=now)
        for name in ("title", "number", "url", "issued_on"):
            if not getattr(document, name):
                longest = BasisDocument.__table__.c[name].type.length  # type: ignore[attr-defined]
                setattr(document, name, str(item.get(name) or "")[:longest])
        session.add(document)
        session.flush()
        session.add(Citation(document_id=document.id, entry_id=version.entry_id, version=version.number))
    session.flush()


def _fields(content: Content, *, key: str, number: int) -> dict[str, Any]:
    """Return the columns of a version that come from its content, with the digest of all of them."""
    values = {name: getattr(content, name) for name in Content.__dataclass_fields__}
    columns = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return columns | {"digest": digest_of_content(content, key=key, number=number)}


def _write_change(session: Session, now: datetime, entry_id: int, kind: ChangeKind) -> None:
    """Number the change in order of commit, so that whoever follows ``id > last`` misses none.

    PostgreSQL gives out ids before the commit; without the lock a later id can be seen first.
    SQLite has one writer at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHANGES_LOCK})
    session.add(LibraryChange(entry_id=entry_id, kind=kind.value, at=now))
    session.flush()


def _lines(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values without blanks and repeats, in their order."""
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def _attachment(item: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: str(item.get(name) or "").strip()[:500] for name in _ATTACHMENT}
    return said | {"is_map": bool(item.get("is_map"))}


_ATTACHMENT = ("title", "url", "licence", "source", "map_number")


def _basis_item(item: Mapping[str, Any]) -> dict[str, Any]:
    issued_on = item.get("issued_on")
    return {
        "title": str(item.get("title") or "").strip(),
        "number": str(item.get("number") or "").strip(),
        "url": str(item.get("url") or "").strip(),
        "issued_on": issued_on.isoformat() if isinstance(issued_on, date) else (issued_on or None),
    }
