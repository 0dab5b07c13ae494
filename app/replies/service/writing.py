"""How is a reply written, and what is found in it before it is sent for review?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.replies import queries
from app.replies.models import Reply
from app.replies.queries import REVIEWING, WROTE
from app.replies.rendering import clean, is_private_form, render, short_form
from app.replies.service.checking import check, entry_of
from app.replies.service.within import ANSWERED, LONGEST_NOTE, check_writer, one_at_a_time, record
from app.staff import queries as staff
from app.staff.roles import Person
from connectors.registry import count_text
from kb import queries as library
from kb.models import EntryVersion
from kb.wording import with_parts

LONGEST_TEXT = 10_000
WRITABLE = frozenset({Status.ACCEPTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING_CITIZEN})


def draft(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    *,
    text: str,
    basis: str | None = None,
    entry: tuple[int, int] | None = None,
    short_texts: Mapping[str, str] | None = None,
    dismissals: Mapping[str, str] | None = None,
    writer_id: int | None = None,
    reopen: bool = True,
) -> Reply:
    """Save the draft of a case's reply: one per case; None leaves what is kept as it is.

    Changing a reply that is under review takes it back to draft (with ``reopen``; autosave passes False
    and is refused). Its approvals stay written, but they are of another text and no longer count.
    Reasons (``dismissals``) are added to those kept.
    ``writer_id``: who had written it when the page was opened, so that nobody overwrites a colleague
    unseen. Raises `Invalid`, `NotAllowed`, `Conflict`.
    """
    check_writer(session, person, case)
    one_at_a_time(session, case.id)
    reply = _current(session, case) or _new(session, now, person, case)
    _check_not_overwriting(session, person, reply, writer_id)
    changes = _changes(reply, text, basis, entry, short_texts, dismissals)
    if not changes and reply.id is not None:
        return reply
    if reply.state in REVIEWING and not _only_reasons(changes):
        if not reopen:
            raise Conflict("这份答复已经送审。要改请点“修改文字”，已有的审核会作废", code="in_review")
        cases.move(session, now, person, case, Action.WITHDRAW_REPLY, why="edited")
        reply.state, reply.step = "draft", ""
    _write(session, now, person, reply, changes)
    return reply


def insert_answer(session: Session, now: datetime, person: Person, case: Case, entry_id: int) -> Reply:
    """Put the agreed wording of a library entry into the draft; the reply keeps (entry, version) (A9)."""
    version = library.version_in_force(session, entry_id)
    if version is None:
        raise NotFound("这条答案已经停用，请换一条")
    kept = queries.current(session, case.id)
    text = "\n".join(part for part in (kept.text if kept else "", version.text) if part)
    basis = (kept.basis if kept else "") or basis_words(version)
    kept_as = (entry_id, version.number)
    return draft(session, now, person, case, text=text, basis=basis, entry=kept_as, reopen=False)


def basis_words(version: EntryVersion) -> str:
    """依据 of a library entry in one line: 《…》（文号）；…"""
    named = [(str(item.get("title") or "").strip("《》 "), item.get("number")) for item in version.basis]
    return "；".join(f"《{title}》" + (f"（{number}）" if number else "") for title, number in named if title)


def repair(session: Session, now: datetime, person: Person, case: Case, key: str) -> Reply:
    """Put the library's words where the draft says otherwise or leaves them out. ``key``: of a finding of `check`."""
    reply = queries.current(session, case.id)
    found = check(session, now, reply, case) if reply else []
    repairable = (finding for finding in found if finding.found or finding.left_out)
    wanted = next((finding for finding in repairable if finding.key == key), None)
    if reply is None or wanted is None:
        raise NotFound("草稿里已经没有这一处了")
    text = reply.text.replace(wanted.found, wanted.expected) if wanted.found else reply.text
    return draft(session, now, person, case, text=with_parts(text, wanted.left_out))


def offer_short_text(session: Session, reply: Reply, form: str, link: str) -> str:
    """A short form for one platform to begin with: the library's or the first sentence, and where the whole is.

    ``form`` as in `rendering.form_of`; ``link``: address of the progress page. Empty where none fits.
    """
    entry = entry_of(session, reply)
    library_short = (entry.short_text or "") if entry else ""
    key, private = form.partition(".")[0], is_private_form(form)
    targets = queries.targets_of(session, session.get_one(Case, reply.case_id))
    endings = queries.endings_for(session, reply, targets)

    def fits(text: str) -> bool:
        return render(text, key, private, count_text, endings=endings).fits

    return short_form(reply.text, library_short, link, fits)


def correct(
    session: Session, now: datetime, person: Person, case: Case, text: str, *, basis: str | None = None
) -> Reply:
    """更正: begin a new reply that stands in for the released one. It passes all reviews again.

    The case moves when the correction is sent for review. Raises `NotAllowed` before anything was released.
    """
    check_writer(session, person, case)
    one_at_a_time(session, case.id)
    wrong = queries.last_released(session, case.id)
    if wrong is None or case.status not in ANSWERED:
        raise NotAllowed("这件还没有答复，不用更正。请直接写答复", code="nothing_to_correct")
    reply = _current(session, case)
    if reply is None:
        reply = _blank(now, person, case)
        reply.corrects_id, reply.basis = wrong.id, wrong.basis
        reply.entry_id, reply.entry_version = wrong.entry_id, wrong.entry_version
    _write(session, now, person, reply, _changes(reply, text, basis, None, None, None))
    return reply


def _current(session: Session, case: Case) -> Reply | None:
    reply = queries.current(session, case.id)
    if reply is not None:
        session.refresh(reply)
    return reply


def _new(session: Session, now: datetime, person: Person, case: Case) -> Reply:
    if case.status in ANSWERED:
        raise NotAllowed("这件已经答复。要改请用“更正答复”", code="answered")
    if case.status not in WRITABLE:
        raise NotAllowed("这件现在还不能写答复。请先受理", code="wrong_status")
    return _blank(now, person, case)


def _blank(now: datetime, person: Person, case: Case) -> Reply:
    return Reply(case_id=case.id, author_id=person.id, created_at=now, saved_at=now)


def _check_not_overwriting(session: Session, person: Person, reply: Reply, writer_id: int | None) -> None:
    if writer_id is None or reply.id is None or reply.author_id in (person.id, writer_id):
        return
    name = staff.names(session, [reply.author_id]).get(reply.author_id, "别人")
    raise Conflict(f"{name}刚改过这份草稿。您写的还在这一页，请先复制，再刷新后合并", code="overtaken")


def _changes(
    reply: Reply,
    text: str,
    basis: str | None,
    entry: tuple[int, int] | None,
    short_texts: Mapping[str, str] | None,
    dismissals: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Which columns are really different from what is kept."""
    wanted: dict[str, Any] = {"text": _limited(text, "text", "答复")}
    if basis is not None:
        wanted["basis"] = _limited(basis, "basis", "依据")
    if entry is not None:
        wanted["entry_id"], wanted["entry_version"] = entry
    if short_texts is not None:
        shorts = {form: _limited(short, "short", "短版") for form, short in short_texts.items()}
        wanted["short_texts"] = {form: short for form, short in sorted(shorts.items()) if short}
    if dismissals is not None:
        given = {key[:80]: reason.strip()[:LONGEST_NOTE] for key, reason in dismissals.items()}
        wanted["dismissals"] = reply.dismissals | {key: reason for key, reason in given.items() if reason}
    return {name: value for name, value in wanted.items() if getattr(reply, name) != value}


def _limited(text: str, field: str, words: str) -> str:
    cleaned = clean(text)
    if len(cleaned) > LONGEST_TEXT:
        raise Invalid(f"{words}最多 {LONGEST_TEXT} 字，现在有 {len(cleaned)} 字", field=field)
    return cleaned


def _only_reasons(changes: Mapping[str, Any]) -> bool:
    """Reasons are said beside the text, they are no part of it."""
    return changes.keys() <= {"dismissals"}


def _write(session: Session, now: datetime, person: Person, reply: Reply, changes: Mapping[str, Any]) -> None:
    is_new = reply.id is None
    is_other = reply.author_id != person.id
    for name, value in changes.items():
        setattr(reply, name, value)
    reply.author_id, reply.saved_at = person.id, now
    session.add(reply)
    session.flush()
    if is_new or is_other:
        # Whoever wrote may not review (E9): the log remembers all of them.
        record(session, now, person, WROTE, reply)
