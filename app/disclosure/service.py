"""公开: propose the public text of every handled case, let a person decide on exactly that text."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases import queries as cases
from app.cases.deadlines import LABELS as TYPE_LABELS
from app.cases.deadlines import MessageType
from app.cases.models import Case
from app.cases.transitions import Status
from app.departments import queries as departments
from app.disclosure import decision, queries, rescan
from app.disclosure.decision import REQUEST_LABELS, PublicTexts, RequestKind, State
from app.disclosure.models import Disclosure, PublicRequest
from app.duty import queries as duty
from app.finding import service as finding
from app.log import service as log
from app.messages import abuse
from app.messages.classify import title_of
from app.notices import service as notices
from app.redaction.masking import RULE_VERSION, TOKENS, Hit, Redaction
from app.redaction.masking import Action as HitAction
from app.redaction.numbers import Kind
from app.redaction.service import RedactionFailed, mark_of, record_rules, redact
from app.replies import queries as replies
from app.staff import queries as staff
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


def choose(
    session: Session, now: datetime, person: Person, disclosure_id: int, kept: Collection[int]
) -> Disclosure:
    """Hide or keep what was found in the letter, hit by hit; the proposal is written anew from the original.

    ``kept``: places in the list of the letter's hits. What may never stay readable cannot be kept.
    """
    disclosure, case = _waiting(session, person, disclosure_id)
    of_letter = [hit for hit in disclosure.hits if hit["field"] == "message"]
    hits = decision.chosen(of_letter, kept)
    message = decision.rewritten(case.text, hits) if _may_be_shown(case) else ""
    title = title_of(message) if message and case.title == title_of(case.text) else disclosure.title
    texts = decision.tidied(title, disclosure.summary, message, disclosure.reply)
    decision.check_texts(texts, disclosure.flags)
    disclosure.hits = [*hits, *(hit for hit in disclosure.hits if hit["field"] != "message")]
    _take(disclosure, texts)
    kept_kinds = sorted({hit["kind"] for hit in hits if hit["action"] == HitAction.KEPT})
    _record(session, now, person, "disclosure_chosen", disclosure, digest=texts.digest, kept=kept_kinds)
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
    readable = _check_readable(session, texts, exception)
    rules = record_rules(session, now)
    _take(disclosure, texts)
    disclosure.rule_version = rules.version
    # What was knowingly left readable is what the next rules are compared with.
    disclosure.scanned_with, disclosure.readable = mark_of(rules), readable
    _decide(disclosure, now, person, State.PUBLISHED, exception, legal_basis, note)
    _record(
        session, now, person, "disclosure_confirmed", disclosure,
        digest=texts.digest, rule_version=rules.version, hits=len(disclosure.hits), exception=exception,
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
    """Decide that the case is not shown, with a coded reason that is counted in public (C4).

    What the library learned of its words goes with it.
    """
    disclosure, case = _waiting(session, person, disclosure_id)
    decision.check_reason(reason, legal_basis)
    _decide(disclosure, now, person, State.WITHHELD, reason, legal_basis, note)
    finding.forget_letter(session, now, case.number)
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
    forget_texts(session, disclosure)
    finding.forget_letter(session, now, number)
    _record(
        session, now, person, "disclosure_withdrawn", disclosure,
        code=reason, reason=decision.WITHDRAWALS[reason],
    )  # fmt: skip
    return disclosure


def forget_texts(session: Session, disclosure: Disclosure) -> None:
    """The history keeps no text: what was read by everybody and is taken down is kept by nobody."""
    disclosure.title = disclosure.message = disclosure.summary = disclosure.reply = ""
    disclosure.hits = []
    session.add(disclosure)


def reconsider(session: Session, now: datetime, person: Person, disclosure_id: int) -> Disclosure:
    """Put a case that was withheld back to the list, with a fresh proposal."""
    _check_role(person, Role.DISCLOSER)
    listed = queries.get(session, disclosure_id)
    if listed.disclosure.state != State.WITHHELD:
        raise Conflict("只有不予公开的办件可以重新审看")
    _propose(session, now, listed.case, listed.disclosure)
    _record(session, now, person, "disclosure_reconsidered", listed.disclosure)
    return listed.disclosure


def correct(session: Session, now: datetime, person: Person, disclosure_id: int) -> Disclosure:
    """Bring a public case back to the list as it reads now, to be worded better.

    It stays public until the new words are confirmed; what leaks is withdrawn instead.
    """
    _check_role(person, Role.DISCLOSER)
    found = queries.get(session, disclosure_id).disclosure
    if found.state != State.PUBLISHED:
        raise Conflict("只有已公开的办件可以更正")
    found.state = State.WAITING.value
    found.decided_by = found.decided_at = None
    _record(session, now, person, "disclosure_to_correct", found)
    return found


# ------------------------------------------------------------------ what is asked about public cases


def ask(session: Session, now: datetime, case: Case, kind: str, words: str, *, own: bool) -> PublicRequest:
    """Somebody asks to take a public case down or to correct it, or says that it leaks: work for an officer.

    ``own``: whoever asks has the look-up code. The same asked again is one piece of work.
    """
    wanted = decision.check_request(kind, words)
    known = [
        row
        for row in queries.requests_of(session, case.id)
        if row.state == "open" and row.kind == wanted.value
    ]
    found = known[0] if known else PublicRequest(case_id=case.id, kind=wanted.value, times=0, asked_at=now)
    found.times += 1
    found.own = found.own or own
    if own or not found.words:
        found.words = words.strip()
    session.add(found)
    session.flush()
    log.record(
        session, now, None, "public_request", subject_type="public_request", subject_id=found.id, case_id=case.id,
        kind=wanted.value, own=own,
    )  # fmt: skip
    told = staff.people(session, role=Role.DISCLOSER)
    if wanted is RequestKind.LEAK:
        told += staff.people(session, role=Role.DUTY_LEADER)
    _tell(
        session, now, {member.id for member in told}, f"public_request:{found.id}", "public_request",
        f"公开办件 {case.number}：{REQUEST_LABELS[wanted]}", f"/desk/disclosures/requests/{found.id}",
    )  # fmt: skip
    return found


def decide_request(
    session: Session, now: datetime, person: Person, request_id: int, *, granted: bool, answer: str = ""
) -> PublicRequest:
    """Close a request with what the one who asked is told. A refusal says why; the words are blanked.

    Doing what was asked is one floor up: `app.opendata.service.grant`.
    """
    found = queries.request(session, request_id)
    # Correcting is screening; taking down may not wait for the morning.
    roles = (Role.DISCLOSER,) if found.kind == RequestKind.CORRECT else (Role.DISCLOSER, Role.DUTY_LEADER)
    _check_role(person, *roles)
    if found.state != "open":
        raise Conflict("这个申请刚才已经有人办了")
    if not granted and not answer.strip():
        raise Invalid("不照办要说明理由，申请人会看到", field="answer")
    found.state = "done" if granted else "refused"
    found.answer, found.words = answer.strip()[:500], ""
    found.decided_by, found.decided_at = person.id, now
    session.add(found)
    log.record(
        session, now, person, "public_request_decided",
        subject_type="public_request", subject_id=found.id, case_id=found.case_id, kind=found.kind, granted=granted,
    )  # fmt: skip
    return found


def tell_of_leak(session: Session, now: datetime, leak_id: int, number: str) -> None:
    """Who must know of a leak at once: disclosure officers, duty leaders, and whoever is on duty."""
    who = {shift.staff_id for shift in duty.on_duty(session, now)}
    for role in (Role.DISCLOSER, Role.DUTY_LEADER):
        who |= {member.id for member in staff.people(session, role=role)}
    words = f"公开办件 {number} 泄露个人信息，已撤下。较大以上的要在 4 小时内报告"
    _tell(session, now, who, f"leak:{leak_id}", "leak", words, f"/desk/disclosures/leaks/{leak_id}")


def _tell(
    session: Session, now: datetime, who: Collection[int], key: str, kind: str, words: str, address: str
) -> None:
    for staff_id in sorted(who):
        notices.tell(session, now, staff_id, key=f"{key}:{staff_id}", kind=kind, text=words, address=address)


def rescan_public(session: Session, now: datetime) -> int:
    """Job: look at what is public with the rules of today; how many cases were looked at.

    What may never stay readable is taken down (`opendata.publish_decided` takes it off page, files and feed);
    anything else that is new is put before the disclosure officers. A text whose scan did not come to an end
    counts as not publishable and is taken down too.
    """
    rules = mark_of(record_rules(session, now))
    found = queries.unscanned(session, rules, AT_A_TIME)
    places = departments.office_places(session) if found else frozenset()
    for case, disclosure in found:
        _rescan(session, now, case, disclosure, places)
        disclosure.scanned_with = rules
        session.add(disclosure)
    return len(found)


def _rescan(
    session: Session, now: datetime, case: Case, disclosure: Disclosure, places: frozenset[str]
) -> None:
    words = {field: getattr(disclosure, field) for field in SPEAKERS}
    scanned = [_redacted(field, text, places) for field, text in words.items()]
    done = [redaction for redaction in scanned if redaction is not None]
    verdict = rescan.judge(done, disclosure.readable, excepted=disclosure.reason in decision.EXCEPTIONS)
    disclosure.readable = dict(verdict.readable)
    if verdict.leaks or len(done) < len(scanned):
        note = "新的脱敏规则发现还能读到：" + "、".join(decision.HARD_KINDS[kind] for kind in verdict.leaks)
        if not verdict.leaks:
            note = "新的脱敏规则没能检查完"
        withdraw(session, now, None, case.number, reason="privacy", note=note)
    elif not verdict.news:
        return
    kinds = [TOKENS[Kind(kind)] for kind in (verdict.leaks or verdict.news)]
    what = "、".join(kinds) or "没能检查完的文字"
    done_with_it = "已撤下" if disclosure.state == State.WITHDRAWN else "请再看一遍，不宜公开就撤下"
    _tell(
        session, now, {member.id for member in staff.people(session, role=Role.DISCLOSER)},
        f"rescan:{disclosure.id}:{now.isoformat()}", "rescan",
        f"脱敏规则更新后，公开办件 {case.number} 里发现{what}，{done_with_it}", f"/desk/disclosures/{disclosure.id}",
    )  # fmt: skip
    _record(session, now, None, "disclosure_rescanned", disclosure, kinds=kinds, state=disclosure.state)


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
    if not _may_be_shown(case):
        texts |= {"title": texts["summary"], "message": ""}
    disclosure.flags = _flags(case, redactions)
    disclosure.hits = [_hit(field, hit) for field, redaction in done.items() for hit in redaction.hits]
    disclosure.rule_version = RULE_VERSION
    disclosure.state = State.WAITING.value
    disclosure.proposed_at = now
    disclosure.decided_by = disclosure.decided_at = None
    disclosure.scanned_with, disclosure.readable = "", None
    disclosure.reason = disclosure.legal_basis = disclosure.note = ""
    _take(disclosure, decision.tidied(**texts))
    session.add(disclosure)
    session.flush()


def _may_be_shown(case: Case) -> bool:
    """Whether the citizen's own words may be proposed: no objection, and nobody is abused in them (A26)."""
    return case.public_consent and not abuse.judge(case.text).flagged


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
        abusive=abuse.judge(case.text).flagged,
    )


def _hit(field: str, hit: Hit) -> dict[str, Any]:
    """Where something was found and by which cue; the words themselves stay in the case only."""
    return {"field": field, **asdict(hit)}


def _summary(case: Case) -> str:
    label = TYPE_LABELS[MessageType(case.message_type)]
    return decision.summary_of(label, case.category)


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
    if _has_handled(session, person, listed.case.id):
        raise NotAllowed("这件您办理过。公开审看要由没有办理过它的人来做", code="author")
    if listed.disclosure.state != State.WAITING:
        label = decision.STATE_LABELS[State(listed.disclosure.state)]
        raise Conflict(f"这件刚才已经有了决定：{label}。请回到列表")
    return listed.disclosure, listed.case


def may_decide(session: Session, person: Person, disclosure: Disclosure) -> bool:
    """Whether this person may decide on it: a disclosure officer who had no hand in the case."""
    return (
        person.may(Role.DISCLOSER)
        and not person.contractor
        and not _has_handled(session, person, disclosure.case_id)
    )


def _has_handled(session: Session, person: Person, case_id: int) -> bool:
    written = replies.authors(session, replies.of_case(session, case_id))
    is_author = any(person.id in authors for authors in written.values())
    return is_author or queries.has_handled(session, case_id, person.id)


def _check_role(person: Person | None, *roles: Role) -> None:
    """Screening apart from handling, and never outsourced (E27). The system itself may."""
    if person is None:
        return
    if person.contractor:
        raise NotAllowed("外包人员不能审看和公开（审核和发布不可外包）", code="contractor")
    if not person.may(*roles):
        raise NotAllowed(f"这一步要由{'、'.join(ROLE_LABELS[role] for role in roles)}来做", code="wrong_role")


def _check_readable(session: Session, texts: PublicTexts, exception: str) -> dict[str, int]:
    """Look at the confirmed words once more with the rules of today; which kinds stay readable, how often."""
    places = departments.office_places(session)
    checked = {
        field: redact(text, by=SPEAKERS[field], places=places) for field, text in asdict(texts).items()
    }
    decision.check_nothing_hard(
        {field: {hit.kind for hit in redaction.masked} for field, redaction in checked.items()}, exception
    )
    readable = Counter(hit.kind for redaction in checked.values() for hit in redaction.masked)
    return dict(sorted(readable.items()))


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
