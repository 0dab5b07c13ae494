"""What is done with a reply: draft, check, send for review, review, release, deliver, settle, correct."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.answers import service as answers
from app.base import db as base_db
from app.base.db import Database
from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound
from app.cases import service as cases
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.cases.transitions import Action, Status
from app.duty import queries as duty
from app.log import service as log
from app.messages.models import Message, Requester
from app.notices import service as notices
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.official_accounts.service import HeldToken
from app.redaction import service as redaction
from app.redaction.masking import TOKENS
from app.redaction.numbers import Kind
from app.replies import checklist, queries, sending
from app.replies.checklist import Difference, Draft, Finding, PersonalData
from app.replies.models import Delivery, Reply, ReplyOpinion
from app.replies.queries import REVIEWING, WRITING, WROTE, Standing
from app.replies.rendering import clean, form_of, is_private, is_private_form, render, short_form
from app.replies.routes import (
    RELEASE,
    ROUTES,
    STEP_LABELS,
    Route,
    check_complete,
    check_release,
    check_reviewer,
    digest_of_reply,
)
from app.replies.sending import (
    APPROVAL_VOID,
    OURS,
    SUPERSEDED,
    WINDOW_WORDS,
    DeliveryState,
    Follow,
    follow,
)
from app.staff import queries as staff
from app.staff.roles import Person, Role
from connectors.contract import Connector, OutgoingReply, Receipt, Sender
from connectors.errors import DeliveryError
from connectors.registry import count_text, platform
from kb import consistency
from kb import queries as library
from kb.models import EntryVersion
from kb.review import RETURN_CODES, VERDICT_LABELS, ReviewError, Step, Verdict, check_form

LONGEST_TEXT = 10_000
LONGEST_NOTE = 500
AT_ONCE = 20
"""How many deliveries one run tries; the next run takes the others."""
WRITABLE = frozenset({Status.ACCEPTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING_CITIZEN})
ANSWERED = frozenset({Status.REPLIED, Status.CLOSED})
WRITERS = (Role.CLERK, Role.HANDLER)
SETTLERS = (Role.CLERK, Role.HANDLER, Role.DUTY_LEADER)
LEVELS = ("ordinary", "important", "sensitive")


# ------------------------------------------------------------------ writing


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
    _check_writer(session, person, case)
    _one_at_a_time(session, case.id)
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
    """Put the library's words where the draft says otherwise. ``key``: of a finding of `check`."""
    reply = queries.current(session, case.id)
    found = check(session, now, reply, case) if reply else []
    wanted = next((finding for finding in found if finding.key == key and finding.found), None)
    if reply is None or wanted is None:
        raise NotFound("草稿里已经没有这一处了")
    return draft(session, now, person, case, text=reply.text.replace(wanted.found, wanted.expected))


def offer_short_text(session: Session, reply: Reply, form: str, link: str) -> str:
    """A short form for one platform to begin with: the library's or the first sentence, and where the whole is.

    ``form`` as in `rendering.form_of`; ``link``: address of the progress page. Empty where none fits.
    """
    entry = _entry(session, reply)
    library_short = (entry.short_text or "") if entry else ""
    key, private = form.partition(".")[0], is_private_form(form)
    return short_form(reply.text, library_short, link, lambda text: count_text(key, text, private).fits)


def correct(
    session: Session, now: datetime, person: Person, case: Case, text: str, *, basis: str | None = None
) -> Reply:
    """更正: begin a new reply that stands in for the released one. It passes all reviews again.

    The case moves when the correction is sent for review. Raises `NotAllowed` before anything was released.
    """
    _check_writer(session, person, case)
    _one_at_a_time(session, case.id)
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


def check(
    session: Session, now: datetime, reply: Reply, case: Case, *, own_hosts: Iterable[str] = ()
) -> list[Finding]:
    """What is found in the draft as it stands (see `checklist`). ``own_hosts``: of our own public pages."""
    entry = _entry(session, reply)
    targets = queries.targets_of(session, case)
    seen = queries.previews(session, now, targets, reply.text, reply.short_texts)
    forms = {
        form_of(one.platform, one.private): render(
            reply.text, one.platform, one.private, count_text, reply.short_texts
        )
        for one in seen
    }
    return checklist.findings(
        Draft(
            text=reply.text,
            question=f"{case.title}\n{case.text}",
            basis=reply.basis,
            message_type=case.message_type,
            has_entry=entry is not None,
            must_keep=entry.must_keep if entry else (),
            forms=list(forms.values()),
            platform_labels={one.form: one.label for one in seen},
            allowed_hosts=_allowed_hosts(session, entry) | set(own_hosts),
            personal_data=_personal_data("\n".join([reply.text, *reply.short_texts.values()])),
            differences=_differences(reply.text, entry),
            closed_windows=[one.label for one in seen if one.problem],
        )
    )


# ------------------------------------------------------------------ reviewing


def submit(
    session: Session,
    now: datetime,
    person: Person,
    reply_id: int,
    *,
    dismissals: Mapping[str, str] | None = None,
    own_hosts: Iterable[str] = (),
) -> Reply:
    """送审. ``dismissals``: finding → reason why it stays. Blocks stop it, warnings need a reason (A7).

    Raises `Invalid` (code ``findings``), `Conflict` when the very text was sent back, `NotAllowed`.
    """
    reply, case = _open(session, person, reply_id)
    if reply.state not in WRITING:
        raise Conflict("这份答复已经送审，不用再送", code="in_review")
    found = check(session, now, reply, case, own_hosts=own_hosts)
    reasons = {**reply.dismissals, **(dismissals or {})}
    if left := checklist.unanswered(found, reasons):
        more = f"（共 {len(left)} 处）" if len(left) > 1 else ""
        raise Invalid(f"还不能送审：{left[0].what}{more}", code="findings", field=left[0].key)
    keys = {finding.key for finding in found}
    reply.dismissals = {key: reason.strip()[:LONGEST_NOTE] for key, reason in reasons.items() if key in keys}
    stands = queries.standing(session, reply, case)
    if stands.sent_back:
        raise Conflict("这段文字已被退回，一个字也没有改。请修改后再送审", code="sent_back")
    _keep(session, stands)
    reply.submitted_at = now
    action = Action.CORRECT if reply.corrects_id and case.status in ANSWERED else Action.SUBMIT_REPLY
    cases.move(session, now, person, case, action, reply=reply.id, digest=reply.digest, route=reply.route)
    return reply


def withdraw(session: Session, now: datetime, person: Person, reply_id: int) -> Reply:
    """撤回送审, until the first opinion on this text. Raises `Conflict` when a reviewer was faster."""
    reply, case = _open(session, person, reply_id)
    stands = _under_review(session, reply, case)
    if person.id not in stands.authors and not person.may(Role.CLERK):
        raise NotAllowed("只有起草人或受理员可以撤回")
    if any(opinion.digest == stands.digest for opinion in stands.opinions):
        raise Conflict("已经有人审过，不能撤回。要改请直接修改文字，已有的审核会作废", code="reviewed")
    cases.move(session, now, person, case, Action.WITHDRAW_REPLY, reply=reply.id)
    reply.state, reply.step = "draft", ""
    session.add(reply)
    return reply


def give_opinion(
    session: Session,
    now: datetime,
    person: Person,
    reply_id: int,
    *,
    verdict: Verdict | str,
    digest: str,
    gates: Iterable[str] = (),
    code: str = "",
    note: str = "",
    seen_step: str = "",
) -> Reply:
    """初审, 复审 or 终审, whichever is awaited, on exactly the text with ``digest``.

    Approving needs all five gates (A18), and a word in important replies; sending back needs one of the
    eight reasons (C13). An issuer may also send back what waits for release. Raises `NotAllowed`
    (role, author, contractor, same person), `Conflict` (text changed, step taken), `Invalid` (the form).
    ``seen_step``: the step the reviewer was shown; refused if a colleague has taken it meanwhile.
    """
    reply, case = _open(session, person, reply_id)
    stands = _under_review(session, reply, case)
    verdict, gates, note = _verdict(verdict), list(gates), note.strip()[:LONGEST_NOTE]
    if seen_step and stands.step and seen_step != stands.step:
        awaits = STEP_LABELS[stands.step]
        raise Conflict(f"刚才别人已经审过，现在等的是{awaits}。请看过再审", code="wrong_step")
    if stands.step == RELEASE and verdict == Verdict.SEND_BACK:
        _may_release(session, stands, person, digest)
        step = Step.FINAL
    else:
        step = _awaited_review(stands)
        check_reviewer(
            stands.route,
            stands.opinions,
            stands.digest,
            step=step,
            person=person,
            authors=stands.authors,
            seen=digest,
        )
    _check_form(stands.route, verdict, gates, code, note)
    opinion = _say(session, now, person, stands, step.value, verdict.value, gates, code, note)
    _keep(session, queries.standing(session, reply, case))
    if verdict == Verdict.SEND_BACK:
        _send_back(session, now, person, stands, opinion)
    return reply


def raise_level(session: Session, now: datetime, person: Person, reply_id: int, *, to: str) -> Reply:
    """升级为重要 or 敏感: the case goes by the stricter route; its reviews begin again by themselves (E10).

    Upwards only; taking a class down is for the clerk, on the case. Raises `Invalid`, `NotAllowed`.
    """
    reply, case = _open(session, person, reply_id)
    _under_review(session, reply, case)
    if not person.may(Role.REVIEWER, Role.ISSUER) or person.contractor:
        raise NotAllowed("升级要由审核员或签发人来做", code="wrong_role")
    if to not in LEVELS or LEVELS.index(to) <= LEVELS.index(case.sensitivity):
        raise Invalid("只能往上升级：一般、重要、敏感", field="to")
    before = case.sensitivity
    raised = session.execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.version) == case.version)
        .values(sensitivity=to, version=case.version + 1)
        .execution_options(synchronize_session=False)
    )
    if raised.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("刚才有人先改了这一件。请刷新后再做")
    session.refresh(case)
    _record(session, now, person, "raise_level", reply, before=before, to=to)
    _keep(session, queries.standing(session, reply, case))
    return reply


def release(session: Session, now: datetime, person: Person, reply_id: int, *, digest: str) -> Reply:
    """签发: the complete chain is checked once more, then the reply goes into the outbox (B15, B16).

    1. Route complete on exactly this text, by people who may. 2. The case is answered. 3. One delivery
    a target: sent by the platform, entered by hand, or shown on the progress page. 4. What it corrects
    is superseded. Raises `NotAllowed`, `Conflict`, `Invalid`.
    """
    reply, case = _open(session, person, reply_id)
    stands = _under_review(session, reply, case)
    _may_release(session, stands, person, digest)
    _check_fits(session, now, stands)
    _keep(session, stands)
    _say(session, now, person, stands, RELEASE, "release", [], "", "")
    cases.move(session, now, person, case, Action.RELEASE_REPLY, reply=reply.id, digest=reply.digest)
    reply.state, reply.step, reply.released_at, reply.released_by = "released", "", now, person.id
    _supersede(session, now, reply)
    if case.replied_at is None or reply.corrects_id is None:
        case.replied_at = now
    session.add_all((reply, case))
    session.flush()
    for message_id in reply.targets:
        _put_out(session, now, reply, message_id)
    if reply.entry_id is not None and reply.entry_version is not None:
        used = {"entry_id": reply.entry_id, "version": reply.entry_version}
        answers.record_use(session, now, reply_id=reply.id, case_id=case.id, **used)
    if person.id != reply.author_id:
        _tell(session, now, reply.author_id, case, f"released:{reply.id}", "released", "答复已签发")
    return reply


# ------------------------------------------------------------------ delivering


@dataclass(frozen=True)
class _Claim:
    """What a sender holds after its intent was committed. The fence is checked when it reports."""

    delivery_id: int
    fence: int
    account_id: int
    intent_at: datetime
    connector: Sender
    reply: OutgoingReply


@dataclass(frozen=True)
class _Failure:
    """Why a try did not end in success, in a class of `connectors.errors.ERROR_CLASSES`."""

    kind: str
    code: str
    words: str  # the platform's, or empty
    message: str  # in Chinese


class _Watch:
    """The time in a run that lasts: what it was told at its start, and how long ago that is."""

    def __init__(self, now: datetime) -> None:
        self._told, self._started = now, time.monotonic()

    def now(self) -> datetime:
        return self._told + timedelta(seconds=time.monotonic() - self._started)


def deliver_released(
    db: Database, now: datetime, *, limit: int = AT_ONCE, transport: httpx.BaseTransport | None = None
) -> int:
    """Send what was released and is due; safe to run in several processes at once. Returns how many.

    For each: 1. in one transaction check the approvals from the database (I4) and commit the intent;
    2. call the platform, in no transaction; 3. write down what came of it, if the row is still ours.
    An intent whose sender is gone becomes unknown, and a person looks.
    """
    watch = _Watch(now)
    _give_up_lost(db, now)
    with db.reading() as session:
        waiting = queries.due(session, now, limit)
    for delivery_id in waiting:
        with db.writing() as session:
            claim = _claim(session, watch.now(), delivery_id, transport)
        if claim is not None:
            outcome = _call(db, watch, claim, transport)
            with db.writing() as session:
                _report(session, watch.now(), claim, outcome)
    return len(waiting)


def _claim(
    session: Session, now: datetime, delivery_id: int, transport: httpx.BaseTransport | None
) -> _Claim | None:
    row = session.get(Delivery, delivery_id, populate_existing=True)
    if row is None or row.state != DeliveryState.READY or row.next_try_at > now:
        return None  # another process was faster
    account = session.get(OfficialAccount, row.account_id)
    assert account is not None  # a foreign key
    if account.stopped_at is not None:
        return None  # 紧急停发: it waits
    if failure := _unsendable(session, now, row, account):
        _fail(session, now, row, failure)
        return None
    connector = _connector(session, account, transport)
    if isinstance(connector, _Failure):
        _fail(session, now, row, connector)
        return None
    lease_until = now + sending.LEASE
    values = {"tries": row.tries + 1, "intent_at": now, "lease_until": lease_until, "fence": row.fence + 1}
    if not _change(session, row, DeliveryState.READY, state=DeliveryState.INTENT, **values):
        return None
    reply = _outgoing(session, row)
    return _Claim(row.id, row.fence, account.id, now, connector, reply)


def _call(
    db: Database, watch: _Watch, claim: _Claim, transport: httpx.BaseTransport | None
) -> Receipt | _Failure:
    """One call, in no transaction. What happens before it can never have reached the citizen."""
    try:
        token = accounts.token_for(db, watch.now(), claim.account_id, transport=transport)
    except DeliveryError as error:
        return _failure(error, sending.before_the_call(error.kind))
    if not sending.may_start(watch.now() - claim.intent_at):
        return _Failure("back_off", "late", "", "系统刚才停顿了一下，没有发出，稍后自动再试。")
    try:
        return claim.connector.send(claim.reply, token.value if token else None)
    except DeliveryError as error:
        if error.kind == "refresh" and token is not None:
            return _refreshed(db, watch, claim, token, error, transport)
        return _failure(error, error.kind)


def _refreshed(
    db: Database,
    watch: _Watch,
    claim: _Claim,
    token: HeldToken,
    error: DeliveryError,
    transport: httpx.BaseTransport | None,
) -> _Failure:
    """The platform refused the token: have it fetched anew, once for all who were refused."""
    try:
        accounts.token_for(
            db,
            watch.now(),
            claim.account_id,
            force=True,
            seen_generation=token.generation,
            transport=transport,
        )
    except DeliveryError as worse:
        return _failure(worse, sending.before_the_call(worse.kind))
    return _failure(error, error.kind)


def _report(session: Session, now: datetime, claim: _Claim, outcome: Receipt | _Failure) -> None:
    """Write down what came of a try, unless the row is somebody else's by now (fence).

    That it arrived is good news also when it comes late: then nobody need look, nor send it again.
    """
    row = session.get(Delivery, claim.delivery_id, populate_existing=True)
    if row is None or row.fence != claim.fence:
        return
    if isinstance(outcome, Receipt):
        if row.state in UNDECIDED:
            _arrived(session, now, row, outcome.reference or "")
    elif row.state == DeliveryState.INTENT:
        _failed_try(session, now, row, outcome)


UNDECIDED = (DeliveryState.INTENT, DeliveryState.UNKNOWN, DeliveryState.READY)


def _arrived(session: Session, now: datetime, row: Delivery, reference: str) -> None:
    if not _change(session, row, row.state, state=DeliveryState.DONE, done_at=now, reference=reference[:200]):
        return
    _count_sent(session, row)
    accounts.clear_trouble(session, now, row.account_id)
    _record_delivery(session, now, None, row, "delivered")


def _failed_try(session: Session, now: datetime, row: Delivery, failure: _Failure) -> None:
    then = follow(failure.kind, tries=row.tries, refreshed=row.refreshed)
    if then.state == DeliveryState.READY:
        assert then.after is not None
        _change(
            session,
            row,
            DeliveryState.INTENT,
            state=DeliveryState.READY,
            next_try_at=now + then.after,
            refreshed=row.refreshed or then.refreshed,
            **_error(failure),
        )
        return
    _end(session, now, row, then, failure)


def _fail(session: Session, now: datetime, row: Delivery, failure: _Failure) -> None:
    """Give a delivery up before any call."""
    _end(session, now, row, follow(failure.kind, tries=row.tries, refreshed=True), failure)


def _end(session: Session, now: datetime, row: Delivery, then: Follow, failure: _Failure) -> None:
    fallback = "" if failure.code in sending.NEVER_AGAIN else then.fallback
    if not _change(session, row, row.state, state=then.state, fallback=fallback, **_error(failure)):
        return
    if then.state == DeliveryState.UNKNOWN:
        _count_sent(session, row)  # it may have arrived: count it, rather than send a sixth
    if then.trouble:
        accounts.note_trouble(session, now, row.account_id, failure.message)
    _record_delivery(session, now, None, row, "not_delivered", error=failure.kind, code=failure.code)
    _tell_about(session, now, row, failure)


def _give_up_lost(db: Database, now: datetime) -> None:
    """Intents whose sender has surely gone: nobody knows whether the platform has them."""
    lost = select(Delivery.id).where(Delivery.state == DeliveryState.INTENT, col(Delivery.lease_until) <= now)
    with db.reading() as session:
        found = list(session.exec(lost))
    for delivery_id in found:
        with db.writing() as session:
            row = session.get(Delivery, delivery_id, populate_existing=True)
            if row and row.state == DeliveryState.INTENT and row.lease_until and row.lease_until <= now:
                _end(session, now, row, sending.AT_ONCE["unknown"], _our("interrupted", "unknown"))


# ------------------------------------------------------------------ what people do with deliveries


def settle_delivery(
    session: Session, now: datetime, person: Person, delivery_id: int, *, arrived: bool, note: str = ""
) -> Delivery:
    """结果不明: a person has looked on the platform. It arrived, or it is sent once more."""
    row = _delivery(session, person, delivery_id, sending.SETTLE)
    values: dict[str, Any] = {"settled_by": person.id, "settled_note": note.strip()[:LONGEST_NOTE]}
    if arrived:
        values |= {"state": DeliveryState.DONE, "done_at": now}
    else:
        values |= _again(now)
    _settle(session, row, values)
    _record_delivery(session, now, person, row, "settle_delivery", arrived=arrived)
    return row


def enter_by_hand(
    session: Session, now: datetime, person: Person, delivery_id: int, *, note: str = ""
) -> Delivery:
    """已人工录入: somebody has typed the reply into the platform's own system; by whom and when is kept."""
    row = _delivery(session, person, delivery_id, sending.ENTER)
    words = {"settled_by": person.id, "settled_note": note.strip()[:LONGEST_NOTE]}
    _settle(session, row, {"state": DeliveryState.ENTERED, "done_at": now, **words})
    _record_delivery(session, now, person, row, "enter_by_hand")
    return row


def retry(session: Session, now: datetime, person: Person, delivery_id: int) -> Delivery:
    """再发一次: put a failed delivery back in line. Refused while the platform's window is closed."""
    row = _delivery(session, person, delivery_id, sending.RETRY)
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    if problem := queries.window_problem_of(now, row.platform, requester):
        raise Invalid(WINDOW_WORDS[problem], code="window")
    _settle(session, row, _again(now))
    _record_delivery(session, now, person, row, "retry_delivery")
    return row


def _again(now: datetime) -> dict[str, Any]:
    return {"state": DeliveryState.READY, "tries": 0, "next_try_at": now, "refreshed": False, "fallback": ""}


def _delivery(session: Session, person: Person, delivery_id: int, choice: str) -> Delivery:
    if not person.may(*SETTLERS):
        raise NotAllowed("发送结果由受理员、经办人或值班长处理", code="wrong_role")
    wanted = select(Delivery).join(Case, col(Case.id) == Delivery.case_id)
    row = session.exec(wanted.where(Delivery.id == delivery_id, visible_cases(person))).first()
    if row is None:
        raise NotFound("没有这条发送记录，或者它不在您的单位")
    if choice not in sending.choices(row.state, row.error_code):
        now_is = sending.STATE_LABELS[row.state]
        raise Conflict(f"这条现在是“{now_is}”，不能这样处理。请刷新后再看", code="wrong_state")
    return row


def _settle(session: Session, row: Delivery, values: Mapping[str, Any]) -> None:
    if not _change(session, row, row.state, **{"settled_by": None, "settled_note": "", **values}):
        raise Conflict("刚才有人先处理了这一条。请刷新后再看")


# ------------------------------------------------------------------ within: writing


def _one_at_a_time(session: Session, case_id: int) -> None:
    """Two people at one case's reply wait for each other."""
    base_db.lock(session, f"reply of case {case_id}")


def _open(session: Session, person: Person, reply_id: int) -> tuple[Reply, Case]:
    """A reply that this person may see, with its case, as both are now; nobody else acts on it meanwhile."""
    wanted = select(Reply.case_id).join(Case, col(Case.id) == Reply.case_id)
    case_id = session.exec(wanted.where(Reply.id == reply_id, visible_cases(person))).first()
    if case_id is None:
        raise NotFound("没有这份答复，或者这件不在您的单位")
    _one_at_a_time(session, case_id)
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    return reply, session.get_one(Case, case_id, populate_existing=True)


def _check_writer(session: Session, person: Person, case: Case) -> None:
    if not person.may(*WRITERS):
        raise NotAllowed("答复由受理员或经办人起草", code="wrong_role")
    if not person.may(Role.CLERK) and person.department_id != case.department_id:
        raise NotAllowed("这件现在由别的单位承办，您可以看，但不能写答复", code="wrong_department")


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
        _record(session, now, person, WROTE, reply)


def _entry(session: Session, reply: Reply) -> EntryVersion | None:
    if reply.entry_id is None or reply.entry_version is None:
        return None
    return library.version(session, reply.entry_id, reply.entry_version)


def _allowed_hosts(session: Session, entry: EntryVersion | None) -> set[str]:
    """Where links may lead: what the office allows, and what the reviewed entry itself names."""
    office = staff.office(session)
    allowed = set(office.settings.get("allowed_hosts", ())) if office else set()
    if entry is not None:
        named = " ".join([entry.text, *(str(item.get("url") or "") for item in entry.basis)])
        allowed.update(checklist.hosts(named))
    return allowed


def _personal_data(text: str) -> list[PersonalData] | None:
    """What of a person stands in a reply; None where the rules could not finish, and a person must look.

    Names and addresses only where something points to them: an office's text is full of places.
    """
    try:
        hits = redaction.redact(text, by="office").masked
    except redaction.RedactionFailed:
        return None
    found = [(hit, text[hit.start : hit.end]) for hit in hits]
    return [
        PersonalData(TOKENS[Kind(hit.kind)], words, hit.kind in NEVER_SENT)
        for hit, words in found
        if hit.kind != Kind.LINK and not (hit.kind in GUESSED and _is_guess(hit.value_cue, words))
    ]


GUESSED = frozenset({Kind.NAME, Kind.ADDRESS})
NEVER_SENT = frozenset({Kind.ID_CARD, Kind.BANK_CARD, Kind.PASSPORT})
"""No reply may carry them, whatever the reason."""


def _is_guess(cue: str, words: str) -> bool:
    return "词性" in cue or (cue == "地址" and not any(character.isdigit() for character in words))


def _differences(text: str, entry: EntryVersion | None) -> list[Difference]:
    if entry is None:
        return []
    found = consistency.differences(text, entry.text, basis=entry.basis)
    return [Difference(consistency.FACT_LABELS[one.kind], one.library, one.reply) for one in found]


# ------------------------------------------------------------------ within: reviewing


def _under_review(session: Session, reply: Reply, case: Case) -> Standing:
    if reply.state not in REVIEWING or case.status != Status.IN_REVIEW:
        raise Conflict("这份答复现在不在审核中。请刷新后看看现在的情况", code="not_in_review")
    return queries.standing(session, reply, case)


def _awaited_review(stands: Standing) -> Step:
    if stands.step is None:
        raise Conflict("这段文字已被退回，等起草人修改后再送审", code="sent_back")
    if stands.step == RELEASE:
        raise Conflict("三审已经完成，等签发人签发", code="complete")
    return Step(stands.step)


def _verdict(value: Verdict | str) -> Verdict:
    if value not in set(Verdict):
        raise Invalid("请选择通过或退回修改", field="verdict")
    return Verdict(value)


def _check_form(route: Route, verdict: Verdict, gates: Sequence[str], code: str, note: str) -> None:
    try:
        check_form(verdict, gates=gates, code=code or None, note=note)
    except ReviewError as error:
        raise Invalid(error.message_zh, field=FIELDS.get(error.code), code=error.code) from None
    if route.note and verdict == Verdict.APPROVE and not note:
        raise Invalid("重要、敏感的答复，通过时也要写审核意见", field="note", code="note")


FIELDS = {"gates": "gates", "unknown_gate": "gates", "return_code": "code", "note": "note"}


def _may_release(session: Session, stands: Standing, person: Person, seen: str) -> None:
    check_release(
        stands.route,
        stands.opinions,
        stands.digest,
        person=person,
        authors=stands.authors,
        principals=queries.principals_of(session, stands.case),
        seen=seen,
    )


def _check_fits(session: Session, now: datetime, stands: Standing) -> None:
    reply = stands.reply
    for one in queries.previews(session, now, stands.targets, reply.text, reply.short_texts):
        if not one.fits:
            raise Conflict(f"{one.label}放不下这份答复，不能签发。请退回起草人写短版", code="too_long")


def _keep(session: Session, stands: Standing) -> None:
    """Keep where the reply stands, for lists; whoever acts works it out anew."""
    reply = stands.reply
    reply.route, reply.targets, reply.digest = stands.route.key, stands.targets, stands.digest
    reply.step = stands.step or ""
    reply.state = STATES.get(reply.step, "in_review")
    session.add(reply)
    session.flush()


STATES = {"": "sent_back", RELEASE: "approved"}


def _say(
    session: Session,
    now: datetime,
    person: Person,
    stands: Standing,
    step: str,
    verdict: str,
    gates: Sequence[str],
    code: str,
    note: str,
) -> ReplyOpinion:
    opinion = ReplyOpinion(
        reply_id=stands.reply.id,
        step=step,
        verdict=verdict,
        reviewer_id=person.id,
        reviewer_name=person.name,
        digest=stands.digest,
        gates=list(gates),
        code=code if verdict == Verdict.SEND_BACK else "",
        note=note,
        at=now,
    )
    session.add(opinion)
    session.flush()
    if step != RELEASE:  # a release is logged where the case moves
        words = [VERDICT_LABELS[Verdict(verdict)], RETURN_CODES.get(opinion.code, ""), note]
        said = {"digest": stands.digest, "gates": list(gates), "verdict": verdict, "code": opinion.code}
        reason = "；".join(word for word in words if word)
        _record(session, now, person, f"review_{step}", stands.reply, reason=reason, **said)
    return opinion


def _send_back(
    session: Session, now: datetime, person: Person, stands: Standing, opinion: ReplyOpinion
) -> None:
    reply, case = stands.reply, stands.case
    cases.move(session, now, person, case, Action.SEND_BACK, reply=reply.id, code=opinion.code)
    key = f"sent_back:{opinion.id}"
    _tell(session, now, reply.author_id, case, key, "sent_back", f"{person.name}退回了您的答复，请修改")


def _supersede(session: Session, now: datetime, reply: Reply) -> None:
    """The corrected reply gives way; what of it has not gone out yet stays here."""
    wrong = session.get(Reply, reply.corrects_id) if reply.corrects_id else None
    if wrong is None:
        return
    wrong.state = "superseded"
    session.add(wrong)
    waiting = select(Delivery).where(Delivery.reply_id == wrong.id, Delivery.state == DeliveryState.READY)
    for row in session.exec(waiting):
        _change(session, row, row.state, state=DeliveryState.FAILED, **_error(_our(SUPERSEDED, "final")))


def _put_out(session: Session, now: datetime, reply: Reply, message_id: int) -> Delivery:
    """One outbox row for one target, exactly as it will go out."""
    message = session.get_one(Message, message_id)
    requester = session.get(Requester, message.requester_id) if message.requester_id else None
    private = is_private(message.platform, message.kind)
    state = sending.FIRST_STATE[platform(message.platform).delivers]
    row = Delivery(
        reply_id=reply.id,
        case_id=message.case_id or reply.case_id,
        message_id=message.id,
        account_id=message.account_id,
        requester_id=message.requester_id,
        platform=message.platform,
        state=state,
        text=render(reply.text, message.platform, private, count_text, reply.short_texts).text,
        digest=reply.digest,
        next_try_at=now,
        done_at=now if state == DeliveryState.ON_PAGE else None,
        created_at=now,
    )
    problem = queries.window_problem_of(now, message.platform, requester)
    if state == DeliveryState.READY and problem:
        row.state, row.fallback = DeliveryState.FAILED, sending.PAGE
        row.error_class, row.error_code, row.error_words = "window", problem, WINDOW_WORDS[problem]
    session.add(row)
    session.flush()
    _record_delivery(session, now, None, row, "delivery_made", state=row.state, fallback=row.fallback)
    return row


# ------------------------------------------------------------------ within: delivering


def _unsendable(session: Session, now: datetime, row: Delivery, account: OfficialAccount) -> _Failure | None:
    """Why this row must not be sent now, asked of the database in the transaction of the intent."""
    if not _is_approved(session, row):
        return _our(APPROVAL_VOID, "final")
    if account.closed_at is not None:
        return _our("account_closed", "final")
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    if problem := queries.window_problem_of(now, row.platform, requester):
        return _Failure("window", problem, "", WINDOW_WORDS[problem])
    return None


def _is_approved(session: Session, row: Delivery) -> bool:
    """Whether exactly these words to exactly this person passed every review and were released (A18, B16).

    Everything is read from the database again: one changed character anywhere, and nothing is sent.
    """
    reply = session.get_one(Reply, row.reply_id, populate_existing=True)
    message = session.get_one(Message, row.message_id, populate_existing=True)
    digest = digest_of_reply(reply.text, reply.targets, reply.route, reply.basis, reply.short_texts)
    said = queries.opinions(session, reply.id)
    private = is_private(message.platform, message.kind)
    try:
        check_complete(ROUTES[reply.route], queries.as_opinions(said), digest)
    except (ReviewError, KeyError):
        return False
    released = [one for one in said if one.verdict == "release" and one.digest == digest]
    wrote = queries.authors(session, [reply])[reply.id]
    people = {one.reviewer_id for one in said if one.digest == digest}
    return (
        reply.state == "released"
        and reply.digest == digest == row.digest
        and bool(released)
        and people.isdisjoint(wrote)
        and row.message_id in reply.targets
        and (row.account_id, row.requester_id) == (message.account_id, message.requester_id)
        and row.text == render(reply.text, message.platform, private, count_text, reply.short_texts).text
    )


def _connector(
    session: Session, account: OfficialAccount, transport: httpx.BaseTransport | None
) -> Sender | _Failure:
    try:
        connector: Connector = accounts.connector_for(session, account, transport=transport)
    except (AppError, ValueError, TypeError):  # settings that do not make a connector
        return _our("settings", "stop")
    return connector if isinstance(connector, Sender) else _our("not_offered", "human")


def _outgoing(session: Session, row: Delivery) -> OutgoingReply:
    message = session.get_one(Message, row.message_id)
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    sealed = requester.address_sealed if requester else ""
    return OutgoingReply(
        text=row.text,
        recipient=session.info["keys"].unseal(sealed, "requester") if sealed else None,
        thread=dict(message.thread),
        idempotency_key=f"{row.id}-{row.digest[:16]}",
    )


def _change(session: Session, row: Delivery, was: str, **values: Any) -> bool:
    """Change a delivery only if it still is what was read: state and fencing token in one UPDATE."""
    changed = session.execute(
        update(Delivery)
        .where(col(Delivery.id) == row.id, col(Delivery.state) == was, col(Delivery.fence) == row.fence)
        .values(**{name: str(value) if name == "state" else value for name, value in values.items()})
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def _count_sent(session: Session, row: Delivery) -> None:
    """One more of the few messages the platform allows in this window."""
    if row.requester_id is not None:
        session.execute(
            update(Requester)
            .where(col(Requester.id) == row.requester_id)
            .values(sent_in_window=Requester.sent_in_window + 1)
            .execution_options(synchronize_session=False)
        )


def _error(failure: _Failure) -> dict[str, str]:
    words = f"{failure.message}（{failure.words}）" if failure.words else failure.message
    return {"error_class": failure.kind, "error_code": failure.code[:40], "error_words": words[:400]}


def _failure(error: DeliveryError, kind: str) -> _Failure:
    return _Failure(kind, error.code, error.words, error.message_zh)


def _our(code: str, kind: str) -> _Failure:
    return _Failure(kind, code, "", OURS[code])


def _record(
    session: Session, now: datetime, person: Person | None, action: str, reply: Reply, **data: Any
) -> None:
    log.record(
        session, now, person, action, subject_type="reply", subject_id=reply.id, case_id=reply.case_id, **data
    )


def _record_delivery(
    session: Session, now: datetime, person: Person | None, row: Delivery, action: str, **data: Any
) -> None:
    log.record(
        session, now, person, action, subject_type="delivery", subject_id=row.id, case_id=row.case_id, **data
    )


def _tell(
    session: Session, now: datetime, staff_id: int, case: Case, key: str, kind: str, words: str
) -> None:
    notices.tell(
        session,
        now,
        staff_id,
        key=f"{key}:{staff_id}",
        kind=kind,
        text=f"{case.number} {words}",
        address=f"/desk/cases/{case.number}",
        case_id=case.id,
    )


def _tell_about(session: Session, now: datetime, row: Delivery, failure: _Failure) -> None:
    """Tell whoever wrote and handles it that it did not arrive; of a broken approval also who is on duty."""
    case, reply = session.get_one(Case, row.case_id), session.get_one(Reply, row.reply_id)
    to = {reply.author_id, case.handler_id}
    if failure.code == APPROVAL_VOID:
        to |= {reply.released_by, *(shift.staff_id for shift in duty.on_duty(session, now))}
    if failure.kind == "stop":
        to.add(session.get_one(OfficialAccount, row.account_id).responsible_id)
    words = f"答复{sending.STATE_LABELS[row.state]}：{failure.message}"
    for staff_id in {one for one in to if one is not None}:
        _tell(
            session, now, staff_id, case, f"delivery:{row.id}:{row.fence}:{row.state}", "not_delivered", words
        )
