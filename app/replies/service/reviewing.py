"""送审、三审、签发: who says what about exactly which text, until it may go out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.answers import service as answers
from app.base.errors import Conflict, Invalid, NotAllowed
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.consistency import service as consistency
from app.consistency.comparing import Point
from app.messages.models import Message, Requester
from app.replies import checklist, queries, sending
from app.replies.checklist import Finding
from app.replies.models import Delivery, Reply, ReplyOpinion
from app.replies.queries import REVIEWING, WRITING, Standing
from app.replies.rendering import is_private, render
from app.replies.routes import RELEASE, STEP_LABELS, Route
from app.replies.sending import SUPERSEDED, WINDOW_WORDS, DeliveryState
from app.replies.service.checking import check, departures
from app.replies.service.within import (
    ANSWERED,
    LONGEST_NOTE,
    change,
    error_columns,
    opened,
    our_failure,
    record,
    record_delivery,
    tell,
)
from app.staff.roles import Person, Role
from connectors.registry import count_text, platform
from kb.review import RETURN_CODES, VERDICT_LABELS, ReviewError, Step, Verdict, check_form

LEVELS = ("ordinary", "important", "sensitive")


def submit(
    session: Session,
    now: datetime,
    person: Person,
    reply_id: int,
    *,
    dismissals: Mapping[str, str] | None = None,
    own_hosts: Iterable[str] = (),
    alike: Iterable[int] = (),
) -> Reply:
    """送审. ``dismissals``: finding → reason why it stays. Blocks stop it, warnings need a reason (A7).

    Where the text departs from the answer it used, or from those ``alike``, is kept for the reviewers (A9).

    Raises `Invalid` (code ``findings``), `Conflict` when the very text was sent back, `NotAllowed`.
    """
    reply, case = opened(session, person, reply_id)
    if reply.state not in WRITING:
        raise Conflict("这份答复已经送审，不用再送", code="in_review")
    alike = list(alike)
    found = check(session, now, reply, case, own_hosts=own_hosts, alike=alike)
    reasons = {**reply.dismissals, **(dismissals or {})}
    if left := checklist.unanswered(found, reasons):
        more = f"（共 {len(left)} 处）" if len(left) > 1 else ""
        raise Invalid(f"还不能送审：{left[0].what}{more}", code="findings", field=left[0].key)
    keys = {finding.key for finding in found}
    reply.dismissals = {key: reason.strip()[:LONGEST_NOTE] for key, reason in reasons.items() if key in keys}
    reply.endings = queries.endings_of(session, queries.targets_of(session, case))
    stands = queries.standing(session, reply, case)
    if stands.sent_back:
        raise Conflict("这段文字已被退回，一个字也没有改。请修改后再送审", code="sent_back")
    _keep(session, stands)
    _keep_departures(session, now, reply, found, departures(session, reply, alike))
    reply.submitted_at = now
    action = Action.CORRECT if reply.corrects_id and case.status in ANSWERED else Action.SUBMIT_REPLY
    cases.move(session, now, person, case, action, reply=reply.id, digest=reply.digest, route=reply.route)
    return reply


def withdraw(session: Session, now: datetime, person: Person, reply_id: int) -> Reply:
    """撤回送审, until the first opinion on this text. Raises `Conflict` when a reviewer was faster."""
    reply, case = opened(session, person, reply_id)
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
    accept_note: str = "",
) -> Reply:
    """初审, 复审 or 终审, whichever is awaited, on exactly the text with ``digest``.

    Approving needs all five gates (A18), and a word in important replies; sending back needs one of the
    eight reasons (C13). An issuer may also send back what waits for release. Raises `NotAllowed`
    (role, author, contractor, same person), `Conflict` (text changed, step taken), `Invalid` (the form).
    ``seen_step``: the step the reviewer was shown; refused if a colleague has taken it meanwhile.
    ``accept_note``: why the text may depart from the library; needed once to approve one that does (A9).
    """
    reply, case = opened(session, person, reply_id)
    stands = _under_review(session, reply, case)
    verdict, gates, note = _verdict(verdict), list(gates), note.strip()[:LONGEST_NOTE]
    if seen_step and stands.step and seen_step != stands.step:
        awaits = STEP_LABELS[stands.step]
        raise Conflict(f"刚才别人已经审过，现在等的是{awaits}。请看过再审", code="wrong_step")
    if stands.step == RELEASE and verdict == Verdict.SEND_BACK:
        queries.require_release(session, stands, person, digest)
        step = Step.FINAL
    else:
        step = _awaited_review(stands)
        queries.require_review(stands, person, step, digest)
    _check_form(stands.route, verdict, gates, code, note)
    if verdict == Verdict.APPROVE:
        consistency.accept(session, now, person, reply_id=reply.id, digest=stands.digest, note=accept_note)
    opinion = _say(session, now, person, stands, step.value, verdict.value, gates, code, note)
    _keep(session, queries.standing(session, reply, case))
    if verdict == Verdict.SEND_BACK:
        _send_back(session, now, person, stands, opinion)
    return reply


def raise_level(session: Session, now: datetime, person: Person, reply_id: int, *, to: str) -> Reply:
    """升级为重要 or 敏感: the case goes by the stricter route; its reviews begin again by themselves (E10).

    Upwards only; taking a class down is for the clerk, on the case. Raises `Invalid`, `NotAllowed`.
    """
    reply, case = opened(session, person, reply_id)
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
    record(session, now, person, "raise_level", reply, before=before, to=to)
    _keep(session, queries.standing(session, reply, case))
    return reply


def release(session: Session, now: datetime, person: Person, reply_id: int, *, digest: str) -> Reply:
    """签发: the complete chain is checked once more, then the reply goes into the outbox (B15, B16).

    1. Route complete on exactly this text, by people who may. 2. The case is answered. 3. One delivery
    a target: sent by the platform, entered by hand, or shown on the progress page. 4. What it corrects
    is superseded. Raises `NotAllowed`, `Conflict`, `Invalid`.
    """
    reply, case = opened(session, person, reply_id)
    stands = _under_review(session, reply, case)
    queries.require_release(session, stands, person, digest)
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
        put_out(session, now, reply, message_id)
    if reply.entry_id is not None and reply.entry_version is not None:
        used = {"entry_id": reply.entry_id, "version": reply.entry_version}
        answers.record_use(session, now, reply_id=reply.id, case_id=case.id, **used)
    if person.id != reply.author_id:
        tell(session, now, reply.author_id, case, f"released:{reply.id}", "released", "答复已签发")
    return reply


def _keep_departures(
    session: Session, now: datetime, reply: Reply, found: Iterable[Finding], points: Sequence[Point]
) -> None:
    """Keep the points with the author's reasons, for exactly the text that is under review."""
    said = {
        part: reply.dismissals.get(one.key, "")
        for one in found
        if one.code in {"differs", checklist.LEFT_OUT}
        for part in (one.left_out or (one.where,))
    }
    named = {(point.label, point.library, point.said): point for point in points}
    reasons = {name: said.get("|".join(name) if name[2] else name[1], "") for name in named}
    consistency.keep(session, now, reply_id=reply.id, digest=reply.digest, found=points, reasons=reasons)


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


def _check_fits(session: Session, now: datetime, stands: Standing) -> None:
    reply = stands.reply
    for one in queries.previews(session, now, reply, stands.targets):
        if not one.fits:
            raise Conflict(f"{one.label}放不下这份答复，不能签发。请退回起草人写短版", code="too_long")


def _keep(session: Session, stands: Standing) -> None:
    """Keep where the reply stands, for lists; whoever acts works it out anew."""
    reply = stands.reply
    reply.route, reply.targets, reply.digest = stands.route.key, stands.targets, stands.digest
    reply.step = stands.step or ""
    reply.state = STATES.get(reply.step, "in_review")
    session.add(reply)
    cases.review_step(session, stands.case, reply.step)
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
        record(session, now, person, f"review_{step}", stands.reply, reason=reason, **said)
    return opinion


def _send_back(
    session: Session, now: datetime, person: Person, stands: Standing, opinion: ReplyOpinion
) -> None:
    reply, case = stands.reply, stands.case
    cases.move(session, now, person, case, Action.SEND_BACK, reply=reply.id, code=opinion.code)
    key = f"sent_back:{opinion.id}"
    tell(session, now, reply.author_id, case, key, "sent_back", f"{person.name}退回了您的答复，请修改")


def _supersede(session: Session, now: datetime, reply: Reply) -> None:
    """The corrected reply gives way; what of it has not gone out yet stays here."""
    wrong = session.get(Reply, reply.corrects_id) if reply.corrects_id else None
    if wrong is None:
        return
    wrong.state = "superseded"
    session.add(wrong)
    waiting = select(Delivery).where(Delivery.reply_id == wrong.id, Delivery.state == DeliveryState.READY)
    for row in session.exec(waiting):
        change(
            session,
            row,
            row.state,
            state=DeliveryState.FAILED,
            **error_columns(our_failure(SUPERSEDED, "final")),
        )


def put_out(
    session: Session, now: datetime, reply: Reply, message_id: int, *, on_page: bool = False
) -> Delivery:
    """One outbox row for one target, exactly as it will go out; ``on_page``: to the progress page alone."""
    message = session.get_one(Message, message_id)
    requester = session.get(Requester, message.requester_id) if message.requester_id else None
    private = is_private(message.platform, message.kind)
    state = DeliveryState.ON_PAGE if on_page else sending.FIRST_STATE[platform(message.platform).delivers]
    row = Delivery(
        reply_id=reply.id,
        case_id=message.case_id or reply.case_id,
        message_id=message.id,
        account_id=message.account_id,
        requester_id=message.requester_id,
        platform=message.platform,
        state=state,
        text=render(reply.text, message.platform, private, count_text, reply.short_texts, reply.endings).text,
        digest=reply.digest,
        next_try_at=now,
        done_at=now if state == DeliveryState.ON_PAGE else None,
        created_at=now,
    )
    problem = queries.window_problem_of(now, message.platform, private, requester)
    if state == DeliveryState.READY and problem:
        row.state, row.fallback = DeliveryState.FAILED, sending.PAGE
        row.error_class, row.error_code, row.error_words = "window", problem, WINDOW_WORDS[problem]
    session.add(row)
    session.flush()
    record_delivery(session, now, None, row, "delivery_made", state=row.state, fallback=row.fallback)
    return row
