"""口径变更: a change of an answer reaches the drafts, reviews, forms, sent replies and copies that used the old one.

The library numbers its changes in order of commit; a job follows them, so nothing is missed and nothing is
done twice, however often it runs (A9, C21, beyond 6).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import Invalid, NotFound
from app.base.rows import insert_once
from app.calendar.workdays import day_of
from app.cases import queries as cases
from app.cases.models import Case
from app.log import service as log
from app.notices import service as notices
from app.replies import service as replies
from app.replies.models import Reply
from app.replies.queries import REVIEWING
from app.staff import queries as staff
from app.staff.roles import Person, Role
from app.upkeep import links, queries
from app.upkeep.following import CORRECTION_DAYS, Kind, heaviest, what_follows
from app.upkeep.models import CheckedLink, FollowedTo, FollowUp
from app.upkeep.queries import Using
from connectors.addresses import may_call
from connectors.calls import fetch_file
from connectors.errors import DeliveryError
from kb import queries as library
from kb import service as kb
from kb.models import AnswerEntry, EntryVersion
from kb.states import RECHECK_LABELS, EntryState, RecheckReason, Significance

READER = "replies"
AT_ONCE = 100
"""Changes of the library followed in one run; the next run takes the others."""


def follow_answers(session: Session, now: datetime) -> int:
    """Job: take every change of the library to what used the earlier wording; how many things were touched."""
    position = queries.position(session, READER)
    changes = library.changes_since(session, position, AT_ONCE)
    touched = 0
    for entry_id in dict.fromkeys(change.entry_id for change in changes):
        entry = session.get_one(AnswerEntry, entry_id)
        touched += _follow(session, now, entry)
    if changes:
        _now_at(session, READER, changes[-1].id)
    touched += _copies_up_to_date(session, now)
    return touched


def note_reader(session: Session, reader: str, position: int) -> None:
    """A neighbour read our feed up to ``position``; an earlier position is no news."""
    name = f"copy:{reader[:32]}"
    if position > queries.position(session, name):
        _now_at(session, name, position)


def draft_correction(session: Session, now: datetime, person: Person, follow_up_id: int) -> Reply:
    """起草更正 of a reply that said the old wording; it passes all reviews like any reply. Raises `NotFound`."""
    row = _open(session, follow_up_id)
    case = session.get(Case, row.case_id) if row.case_id else None
    if row.kind != Kind.REPLY or case is None:
        raise NotFound("这一项不是已发出的答复，不能起草更正")
    seen = cases.visible_case(session, person, case.number)
    reply = replies.correct_to(session, now, person, seen, row.entry_id)
    _settle(session, now, row, person, "done", f"已起草更正（答复 {reply.id}）")
    return reply


def dismiss(session: Session, now: datetime, person: Person, follow_up_id: int, note: str) -> FollowUp:
    """不用改, and why; the reason is kept. Raises `Invalid` without words."""
    row = _open(session, follow_up_id)
    if not note.strip():
        raise Invalid("请写明为什么不用改", field="note")
    _settle(session, now, row, person, "dismissed", note.strip()[:500])
    return row


def affected(session: Session, now: datetime, entry: AnswerEntry, version: EntryVersion) -> dict[str, int]:
    """What saving ``version`` would reach: kind → how many, for the page of whoever publishes it."""
    writing = queries.being_written(session, entry.id, version.number)
    sent = queries.released_since(session, entry.id, version.number, now - _days(session))
    reviewed = sum(one.reply.state in REVIEWING for one in writing)
    counted = {
        Kind.DRAFT: len(writing) - reviewed,
        Kind.REVIEW: reviewed,
        Kind.REPLY: len(sent),
        Kind.FORM: len(_stale_forms(session, entry, version)),
        Kind.COPY: len(queries.readers(session)) if not entry.origin else 0,
    }
    return {kind.value: number for kind, number in counted.items() if number}


# ------------------------------------------------------------------ pages that answers rest on


LINK_READER = "links"
GATHERED = 1_000
"""Changes of the library gone through for addresses in one round."""
LOOKED_AT = 20
"""Pages looked at in one round; nobody waits for them."""
LOOK_SECONDS = 10.0


def check_links(db: Database, now: datetime, *, may_reach: Callable[[str], bool] = may_call) -> int:
    """Job: look at the pages that answers rest on; how many were looked at (C17, E12).

    A page that is gone or lost a sentence makes work for the owners of the answers. Only public addresses are
    called (``may_reach``), no redirect is followed, and no transaction is open meanwhile.
    """
    with db.writing() as session:
        _gather_links(session, now)
        waiting = [(row.id, row.url) for row in queries.due_links(session, now, LOOKED_AT)]
    seen = [(number, _look(url, may_reach)) for number, url in waiting]
    is_online = any(one.status for _, one in seen)
    for number, one in seen:
        with db.writing() as session:
            _judge_link(session, now, number, one, is_online)
    return len(seen)


def _gather_links(session: Session, now: datetime) -> None:
    """Note the addresses of entries that changed since the last round."""
    position = queries.position(session, LINK_READER)
    changes = library.changes_since(session, position, GATHERED)
    if not changes:
        return
    for url in sorted(queries.links_in(session, sorted({change.entry_id for change in changes}))):
        insert_once(session, CheckedLink, url=url, added_at=now, due_at=now)
    _now_at(session, LINK_READER, changes[-1].id)


def _look(url: str, may_reach: Callable[[str], bool]) -> links.Seen:
    """One look at a page, bounded in bytes and seconds. Never raises."""
    try:
        got = fetch_file(url, longest=links.LONGEST, total_seconds=LOOK_SECONDS, may_reach=may_reach)
    except DeliveryError as failure:
        is_long = failure.code == "too_large"
        return links.Seen(200 if is_long else 0, is_inside=failure.code == "address_inside")
    sentences = links.sentences_of(got.data, got.content_type) if got.status == 200 else ()
    return links.Seen(got.status, sentences)


def _judge_link(session: Session, now: datetime, number: int, seen: links.Seen, is_online: bool) -> None:
    row = session.get(CheckedLink, number)
    if row is None:
        return
    entries = queries.resting_on(session, row.url)
    if not entries:
        session.delete(row)  # nothing in force names it any more; whoever does again puts it back
        return
    judged = links.judge(row.state, row.failures, tuple(row.sentences), seen, is_online=is_online)
    row.state, row.failures, row.sentences = judged.state.value, judged.failures, list(judged.sentences)
    row.status, row.checked_at, row.due_at = seen.status, now, now + judged.due_in
    session.add(row)
    for entry in entries:
        if judged.is_back:
            _settle_dead(session, now, entry.id, row.url)
        if judged.news is not None:
            _to_look_at(session, now, entry, judged.news, row.url)


def _settle_dead(session: Session, now: datetime, entry_id: int, url: str) -> None:
    for one in library.open_rechecks(session, entry_id):
        if one.reason == RecheckReason.DEAD_LINK and one.detail.startswith(url[:_SHOWN]):
            kb.settle_recheck(session, now, one.id, "", "网址又能打开了")


def _to_look_at(session: Session, now: datetime, entry: AnswerEntry, reason: RecheckReason, url: str) -> None:
    """Work for the owner, with what was found and when."""
    told = f"{url[:_SHOWN]}（{day_of(now)} 查的）"
    raised = kb.recheck(session, now, entry.id, reason, told)
    version = library.version_in_force(session, entry.id)
    if raised is None or version is None:
        return
    words = f"“{version.question[:40]}”{RECHECK_LABELS[reason]}，请核对依据和附件"
    _tell_owners(session, now, entry, f"answer_recheck:{raised.id}", words, f"/desk/answers/{entry.id}")


_SHOWN = 200


# ------------------------------------------------------------------ within


def _follow(session: Session, now: datetime, entry: AnswerEntry) -> int:
    version = library.version_in_force(session, entry.id)
    if version is None:
        return _follow_retired(session, now, entry) if entry.state == EntryState.RETIRED else 0
    touched = 0
    for one in queries.being_written(session, entry.id, version.number):
        touched += _reach_draft(session, now, entry, version, one)
    sent = 0
    for one in queries.released_since(session, entry.id, version.number, now - _days(session)):
        sent += _note(session, now, entry, version, Kind.REPLY, str(one.reply.id), one)
    for form in _stale_forms(session, entry, version):
        touched += _note(session, now, entry, version, Kind.FORM, form, None)
    touched += _note_copies(session, now, entry, version)
    if sent:
        words = f"“{version.question[:40]}”改为第 {version.number} 版，近期有 {sent} 件答复用的是旧口径，请看要不要更正"
        _tell_owners(session, now, entry, f"follow_up:{entry.id}:{version.number}", words)
    return touched + sent


def _follow_retired(session: Session, now: datetime, entry: AnswerEntry) -> int:
    """Nobody is told this any more: what is being written goes back to its author."""
    gone = (entry.current_version or 0) + 1
    touched = 0
    for one in queries.being_written(session, entry.id, gone):
        kind = Kind.REVIEW if one.reply.state in REVIEWING else Kind.DRAFT
        what = "所用的答案已停用" + ("，已退回草稿，原来的审核作废" if kind is Kind.REVIEW else "，请改写")
        if _add(session, now, entry, 0, kind, str(one.reply.id), one, Significance.MAJOR, what):
            replies.hold_to(session, now, one.reply.id, 0, "所用的答案已停用")
            touched += 1
    return touched


def _reach_draft(
    session: Session, now: datetime, entry: AnswerEntry, version: EntryVersion, one: Using
) -> int:
    kind = Kind.REVIEW if one.reply.state in REVIEWING else Kind.DRAFT
    if not _note(session, now, entry, version, kind, str(one.reply.id), one):
        return 0
    if _significance(session, entry, one.version, version) is Significance.MAJOR:
        why = f"所用的答案有重大改动（第 {version.number} 版）"
        replies.hold_to(session, now, one.reply.id, version.number, why)
    else:
        notices.tell(
            session,
            now,
            one.reply.author_id,
            key=f"answer_changed:{one.reply.id}:{version.number}:{one.reply.author_id}",
            kind="answer_changed",
            text=f"{one.case.number} 所用的答案改为第 {version.number} 版，请核对",
            address=f"/desk/cases/{one.case.number}",
            case_id=one.case.id,
        )
    return 1


def _note(
    session: Session,
    now: datetime,
    entry: AnswerEntry,
    version: EntryVersion,
    kind: Kind,
    subject: str,
    one: Using | None,
) -> bool:
    used = one.version if one else _before(session, entry, version)
    significance = _significance(session, entry, used, version)
    what = what_follows(kind, significance)
    if not what:
        return False
    return _add(session, now, entry, version.number, kind, subject, one, significance, what, used)


def _add(
    session: Session,
    now: datetime,
    entry: AnswerEntry,
    number: int,
    kind: Kind,
    subject: str,
    one: Using | None,
    significance: Significance,
    what: str,
    used: int = 0,
) -> bool:
    """Write a thing to follow down once; a newer version takes the place of what an older one asked for."""
    earlier = select(FollowUp).where(
        FollowUp.entry_id == entry.id,
        FollowUp.kind == kind.value,
        FollowUp.subject == subject,
        FollowUp.state == "open",
        col(FollowUp.version) != number,
    )
    for row in session.exec(earlier):
        row.state, row.settled_at, row.note = "done", now, f"第 {number} 版接着处理"
        session.add(row)
    return insert_once(
        session,
        FollowUp,
        entry_id=entry.id,
        version=number,
        kind=kind.value,
        subject=subject,
        case_id=one.case.id if one else None,
        used_version=one.version if one else used,
        significance=significance.value,
        what=what,
        created_at=now,
    )


def _significance(session: Session, entry: AnswerEntry, used: int, version: EntryVersion) -> Significance:
    between = (
        one.significance
        for one in library.versions(session, entry.id)
        if used < one.number <= version.number and one.published_at is not None
    )
    return heaviest(between)


def _before(session: Session, entry: AnswerEntry, version: EntryVersion) -> int:
    """The number of the version that was in force before this one, 0 for none."""
    earlier = (
        one.number
        for one in library.versions(session, entry.id)
        if one.number < version.number and one.published_at is not None
    )
    return max(earlier, default=0)


def _stale_forms(session: Session, entry: AnswerEntry, version: EntryVersion) -> list[str]:
    """Forms whose words stayed while the text they stand for changed."""
    number = _before(session, entry, version)
    old = library.version(session, entry.id, number) if number else None
    if old is None or old.text == version.text:
        return []
    forms = [name for name, words in version.forms.items() if old.forms.get(name) == words]
    same_short = bool(version.short_text) and old.short_text == version.short_text
    return sorted(forms) + (["short_text"] if same_short else [])


def _note_copies(session: Session, now: datetime, entry: AnswerEntry, version: EntryVersion) -> int:
    """Neighbours that read us and have not come to this change yet."""
    if entry.origin or not _before(session, entry, version):
        return 0
    return sum(
        _note(session, now, entry, version, Kind.COPY, library_.library, None)
        for library_, position in queries.readers(session)
        if position < library.last_change(session)
    )


def _copies_up_to_date(session: Session, now: datetime) -> int:
    """Close what waited for a neighbour that has come to the last change since."""
    behind = {one.library for one, place in queries.readers(session) if place < library.last_change(session)}
    waiting = select(FollowUp).where(FollowUp.kind == Kind.COPY.value, FollowUp.state == "open")
    done = [row for row in session.exec(waiting) if row.subject not in behind]
    for row in done:
        row.state, row.settled_at, row.note = "done", now, "已取走"
        session.add(row)
    return len(done)


def _tell_owners(
    session: Session,
    now: datetime,
    entry: AnswerEntry,
    key: str,
    words: str,
    address: str = "/desk/answers/upkeep",
) -> None:
    people = {one.id for one in staff.people(session, role=Role.EDITOR)}
    if entry.owner_department_id is not None:
        owners = staff.people(session, role=Role.HANDLER, department_id=entry.owner_department_id)
        people |= {one.id for one in owners}
    for staff_id in sorted(people):
        notices.tell(
            session, now, staff_id,
            key=f"{key}:{staff_id}", kind=key.partition(":")[0], text=words, address=address,
        )  # fmt: skip


def _days(session: Session) -> timedelta:
    office = staff.office(session)
    return timedelta(
        days=int(office.settings.get("correction_days", CORRECTION_DAYS)) if office else CORRECTION_DAYS
    )


def _now_at(session: Session, reader: str, position: int) -> None:
    if not insert_once(session, FollowedTo, reader=reader, position=position):
        row = session.get_one(FollowedTo, reader, populate_existing=True)
        row.position = max(row.position, position)
        session.add(row)
        session.flush()


def _open(session: Session, follow_up_id: int) -> FollowUp:
    row = session.get(FollowUp, follow_up_id)
    if row is None or row.state != "open":
        raise NotFound("这一项已经处理过了")
    return row


def _settle(session: Session, now: datetime, row: FollowUp, person: Person, state: str, note: str) -> None:
    row.state, row.settled_at, row.settled_by, row.note = state, now, person.id, note
    session.add(row)
    session.flush()
    log.record(
        session, now, person, "settle_follow_up",
        subject_type="follow_up", subject_id=row.id, case_id=row.case_id, reason=note, state=state,
    )  # fmt: skip
