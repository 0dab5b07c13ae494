"""公开: propose the public text of every handled case, let a person decide on exactly that text."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Conflict, NotAllowed, NotFound
from app.cases import queries as cases
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import MessageType
from app.cases.models import Case
from app.cases.transitions import Status
from app.departments import queries as departments
from app.disclosure import decision, queries
from app.disclosure.decision import PublicTexts, State
from app.disclosure.models import Disclosure
from app.log import service as log
from app.messages.classify import title_of
from app.redaction.masking import RULE_VERSION, Hit, Redaction
from app.redaction.service import RedactionFailed, record_rules, redact
from app.replies import queries as replies
from app.staff.roles import LABELS as ROLE_LABELS
from app.staff.roles import Person, Role

AT_A_TIME = 100
"""Cases proposed in one run of the job: the writer's lock is not held for longer than that takes."""

# Whose words a field is: an office's own telephone numbers in a reply stay readable.
SPEAKERS: Mapping[str, str] = {
    "title": "citizen",
    "message": "citizen",
    "summary": "office",
    "reply": "office",
}


def propose_closed(session: Session, now: datetime) -> int:
    """Job: give every closed or declined case a proposal of what would be public; how many were made.

    Clause C4. A case that was reopened or corrected and closed again is proposed anew; what is public
    of it stays until somebody confirms the new text.
    """
    found = queries.unproposed(session, AT_A_TIME)
    if found:
        record_rules(session, now)
    for case, disclosure in found:
        proposed = disclosure or Disclosure(case_id=case.id, proposed_at=now)
        _propose(session, now, case, proposed)
        _record(session, now, None, "disclosure_proposed", proposed, flags=proposed.flags)
    return len(found)


def edit(
    session: Session,
    now: datetime,
    person: Person,
    disclosure_id: int,
    *,
    title: str,
    summary: str,
    message: str,
    reply: str,
) -> Disclosure:
    """Keep the officer's own wording as the proposal, to be read once more before it is confirmed."""
    disclosure, _ = _waiting(session, person, disclosure_id)
    texts = decision.tidied(title, summary, message, reply)
    decision.check_texts(texts, disclosure.flags)
    _take(disclosure, texts)
    _record(session, now, person, "disclosure_edited", disclosure, digest=texts.digest)
    return disclosure


def confirm(
    session: Session,
    now: datetime,
    person: Person,
    disclosure_id: int,
    *,
    digest: str,
    title: str,
    summary: str,
    message: str,
    reply: str,
    considered: Collection[str] = (),
    note: str = "",
    exception: str = "",
    legal_basis: str = "",
) -> Disclosure:
    """Decide that exactly these texts are public; ``digest`` is what the officer had on the screen.

    ``considered``: the flags the officer looked at by name (D19). ``exception``: a key of
    `decision.EXCEPTIONS` where the law names people, with its ``legal_basis`` (E14). Making it public is
    one floor up: `app.opendata.service.publish`, or its job. Raises `Conflict` when the texts are not those that
    were seen, `Invalid` for what may not stay readable, `NotAllowed` for who may not screen.
    """
    disclosure, _ = _waiting(session, person, disclosure_id)
    texts = decision.tidied(title, summary, message, reply)
    if digest != texts.digest:
        raise Conflict("文字在您看过之后变了，没有公开。请重新看一遍再确认", code="text_changed")
    decision.check_texts(texts, disclosure.flags)
    decision.check_care(disclosure.flags, considered)
    decision.check_exception(exception, legal_basis)
    version = _check_readable(session, texts, exception)
    _take(disclosure, texts)
    disclosure.rule_version = version
    _decide(disclosure, now, person, State.PUBLISHED, exception, legal_basis, note)
    _record(
        session, now, person, "disclosure_confirmed", disclosure,
        digest=texts.digest, rule_version=version, hits=len(disclosure.hits), exception=exception,
    )  # fmt: skip
    return disclosure


def withhold(
    session: Session,
    now: datetime,
    person: Person,
    disclosure_id: int,
    *,
    reason: str,
    legal_basis: str = "",
    note: str = "",
) -> Disclosure:
    """Decide that the case is not shown, with a coded reason that is counted in public (C4)."""
    disclosure, _ = _waiting(session, person, disclosure_id)
    decision.check_reason(reason, legal_basis)
    _decide(disclosure, now, person, State.WITHHELD, reason, legal_basis, note)
    _record(
        session, now, person, "disclosure_withheld", disclosure,
        code=reason, reason=decision.REASONS[reason].label, legal_basis=legal_basis.strip(),
    )  # fmt: skip
    return disclosure


def withdraw(
    session: Session, now: datetime, person: Person | None, number: str, *, reason: str, note: str = ""
) -> Disclosure:
    """Take a public case down, with a coded reason. ``person`` None: the system.

    The disclosure officer, and the duty leader at night: a leak does not wait for the morning.
    """
    _check_role(person, Role.DISCLOSER, Role.DUTY_LEADER)
    decision.check_withdrawal(reason)
    case = cases.by_number(session, number)
    disclosure = queries.of_case(session, case.id) if case else None
    if disclosure is None:
        raise NotFound("没有公开过这一件。请核对编号")
    if disclosure.state == State.WITHDRAWN:
        raise Conflict("这件已经撤下了")
    disclosure.state = State.WITHDRAWN.value
    disclosure.reason = reason
    disclosure.note = note.strip()
    disclosure.withdrawn_at = now
    disclosure.withdrawn_by = person.id if person else None
    session.add(disclosure)
    _record(
        session, now, person, "disclosure_withdrawn", disclosure,
        code=reason, reason=decision.WITHDRAWALS[reason],
    )  # fmt: skip
    return disclosure


def reconsider(session: Session, now: datetime, person: Person, disclosure_id: int) -> Disclosure:
    """Put a case that was withheld back to the list, with a fresh proposal."""
    _check_role(person, Role.DISCLOSER)
    listed = queries.get(session, disclosure_id)
    if listed.disclosure.state != State.WITHHELD:
        raise Conflict("只有不予公开的办件可以重新审看")
    _propose(session, now, listed.case, listed.disclosure)
    _record(session, now, person, "disclosure_reconsidered", listed.disclosure)
    return listed.disclosure


def originals(session: Session, case: Case) -> dict[str, str]:
    """The words as they were written, field by field; for staff and for the proposal, never public."""
    reply = replies.last_released(session, case.id)
    said = reply.text if reply else _words_of_ending(case)
    return {"title": case.title, "message": case.text, "summary": _summary(case), "reply": said}


# ------------------------------------------------------------------ inside


def _propose(session: Session, now: datetime, case: Case, disclosure: Disclosure) -> None:
    words = originals(session, case)
    places = departments.office_places(session)
    redactions = {field: _redacted(field, text, places) for field, text in words.items()}
    done = {field: redaction for field, redaction in redactions.items() if redaction is not None}
    texts = {field: done[field].text if field in done else "" for field in words}
    if case.title == title_of(case.text):
        # Cut from the letter before anything was hidden, perhaps through the middle of a number.
        texts["title"] = title_of(texts["message"])
    if not case.public_consent:
        texts |= {"title": texts["summary"], "message": ""}
    disclosure.flags = _flags(case, redactions)
    disclosure.hits = [_hit(field, hit) for field, redaction in done.items() for hit in redaction.hits]
    disclosure.rule_version = RULE_VERSION
    disclosure.state = State.WAITING.value
    disclosure.proposed_at = now
    disclosure.decided_by = disclosure.decided_at = None
    disclosure.reason = disclosure.legal_basis = disclosure.note = ""
    _take(disclosure, decision.tidied(**texts))
    session.add(disclosure)
    session.flush()


def _redacted(field: str, text: str, places: frozenset[str]) -> Redaction | None:
    """What may be read of ``text``; None when the rules did not come to an end."""
    try:
        return redact(text, by=SPEAKERS[field], places=places)
    except RedactionFailed:
        return None


def _flags(case: Case, redactions: Mapping[str, Redaction | None]) -> list[str]:
    """What the citizen's words touch, and whether everything was looked at."""
    of_citizen = [found for field, found in redactions.items() if SPEAKERS[field] == "citizen" and found]
    return decision.guards(
        {flag for redaction in of_citizen for flag in redaction.flags},
        case.message_type,
        case.sensitivity,
        consent=case.public_consent,
        failed=any(redaction is None for redaction in redactions.values()),
    )


def _hit(field: str, hit: Hit) -> dict[str, Any]:
    """Where something was found and by which cue; the words themselves stay in the case only."""
    return {"field": field, **asdict(hit)}


def _summary(case: Case) -> str:
    label = TYPE_LABELS[MessageType(case.message_type)]
    return decision.summary_of(label, case.category, case.place)


def _words_of_ending(case: Case) -> str:
    """What a declined case was told instead of a reply."""
    if case.status != Status.DECLINED:
        return ""
    return f"不予受理。原因：{case.ended_reason}" if case.ended_reason else "不予受理。"


def _waiting(session: Session, person: Person, disclosure_id: int) -> tuple[Disclosure, Case]:
    """The decision, if it is this person's to take now. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    _check_role(person, Role.DISCLOSER)
    session.get(Disclosure, disclosure_id, with_for_update=True)
    listed = queries.get(session, disclosure_id)
    written = replies.authors(session, replies.of_case(session, listed.case.id))
    if any(person.id in authors for authors in written.values()):
        raise NotAllowed("这件的答复是您起草的。公开审看要由没有办理过它的人来做", code="author")
    if listed.disclosure.state != State.WAITING:
        label = decision.STATE_LABELS[State(listed.disclosure.state)]
        raise Conflict(f"这件刚才已经有了决定：{label}。请回到列表")
    return listed.disclosure, listed.case


def _check_role(person: Person | None, *roles: Role) -> None:
    """Screening apart from handling, and never outsourced (E27). The system itself may."""
    if person is None:
        return
    if person.contractor:
        raise NotAllowed("外包人员不能审看和公开（审核和发布不可外包）", code="contractor")
    if not person.may(*roles):
        raise NotAllowed(f"这一步要由{'、'.join(ROLE_LABELS[role] for role in roles)}来做", code="wrong_role")


def _check_readable(session: Session, texts: PublicTexts, exception: str) -> str:
    """Look at the confirmed words once more with the rules of today; the version of these rules."""
    places = departments.office_places(session)
    checked = {
        field: redact(text, by=SPEAKERS[field], places=places) for field, text in asdict(texts).items()
    }
    decision.check_nothing_hard(
        {field: {hit.kind for hit in redaction.masked} for field, redaction in checked.items()}, exception
    )
    return RULE_VERSION


def _take(disclosure: Disclosure, texts: PublicTexts) -> None:
    for field, text in asdict(texts).items():
        setattr(disclosure, field, text)
    disclosure.digest = texts.digest


def _decide(
    disclosure: Disclosure,
    now: datetime,
    person: Person,
    state: State,
    reason: str,
    legal_basis: str,
    note: str,
) -> None:
    disclosure.state = state.value
    disclosure.reason = reason
    disclosure.legal_basis = legal_basis.strip()
    disclosure.note = note.strip()
    disclosure.decided_by = person.id
    disclosure.decided_at = now


def _record(
    session: Session, now: datetime, person: Person | None, action: str, disclosure: Disclosure, **data: Any
) -> None:
    session.add(disclosure)
    log.record(
        session, now, person, action,
        subject_type="disclosure", subject_id=disclosure.id, case_id=disclosure.case_id, **data,
    )  # fmt: skip
