"""Which replies are there, who must look at them now, and how far did each get?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.base.errors import AppError, NotFound
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.departments.models import Department
from app.log.models import Event
from app.messages.models import Message, Requester
from app.official_accounts.models import OfficialAccount
from app.replies import moderating
from app.replies.models import Delivery, Moderation, Reply, ReplyOpinion
from app.replies.rendering import form_of, is_private, is_private_form, label_of, render
from app.replies.routes import (
    RELEASE,
    Route,
    awaited_step,
    check_release,
    check_reviewer,
    digest_of_reply,
    route_for,
)
from app.replies.sending import NEEDS_A_PERSON, DeliveryState, window_problem
from app.staff.roles import Person, Role
from connectors.contract import Moderator
from connectors.registry import PLATFORMS, Count, count_text, platform
from kb.review import Opinion, SentBack, Step, Verdict

WRITING = ("draft", "sent_back")
REVIEWING = ("in_review", "approved")
WORKED_ON = (*WRITING, *REVIEWING)
PAGE = 25
WROTE = "draft_reply"
"""The action in the log by which somebody became an author of a reply."""
LOG_LABELS: Mapping[str, str] = {
    WROTE: "起草答复",
    "review_first": "初审",
    "review_second": "复审",
    "review_final": "终审",
    "raise_level": "升级",
    "delivery_made": "列入发送",
    "delivered": "已送达",
    "not_delivered": "没有送到",
    "settle_delivery": "核对送达结果",
    "enter_by_hand": "人工录入",
    "retry_delivery": "再发一次",
    "answer_changed": "所用的答案改了",
    "accept_differences": "接受口径差异",
    **moderating.LOG_LABELS,
}
"""What the steps of a reply are called in the log of its case."""


# ------------------------------------------------------------------ replies


def get(session: Session, reply_id: int) -> Reply | None:
    """One reply, whoever asks."""
    return session.get(Reply, reply_id)


def of_case(session: Session, case_id: int) -> list[Reply]:
    """Every reply to a case, the newest first."""
    return list(session.exec(select(Reply).where(Reply.case_id == case_id).order_by(col(Reply.id).desc())))


def current(session: Session, case_id: int) -> Reply | None:
    """The reply that is being written or reviewed; None when nothing is under way."""
    wanted = select(Reply).where(Reply.case_id == case_id, col(Reply.state).in_(WORKED_ON))
    return session.exec(wanted.order_by(col(Reply.id).desc()).limit(1)).first()


def last_released(session: Session, case_id: int) -> Reply | None:
    """What the citizen was told last."""
    wanted = select(Reply).where(Reply.case_id == case_id, Reply.state == "released")
    return session.exec(wanted.order_by(col(Reply.id).desc()).limit(1)).first()


def opinions(session: Session, reply_id: int) -> list[ReplyOpinion]:
    """Everything reviewers said about a reply, also about earlier texts of it, in order."""
    wanted = select(ReplyOpinion).where(ReplyOpinion.reply_id == reply_id)
    return list(session.exec(wanted.order_by(col(ReplyOpinion.id))))


def as_opinions(rows: Iterable[ReplyOpinion]) -> list[Opinion]:
    """Rows as the rule of reviews takes them; releases are no reviews."""
    return [
        Opinion(
            step=Step(row.step),
            verdict=Verdict(row.verdict),
            reviewer_id=row.reviewer_id,
            digest=row.digest,
            note=row.note,
            gates=tuple(row.gates),
            code=row.code or None,
        )
        for row in rows
        if row.verdict in set(Verdict)
    ]


def authors(session: Session, replies: Sequence[Reply]) -> dict[int, set[int]]:
    """Everybody who ever wrote in each reply: they may neither review nor release it (E9)."""
    found = {reply.id: {reply.author_id} for reply in replies}
    if found:
        wrote = select(Event.subject_id, Event.actor_id).where(
            Event.action == WROTE,
            Event.subject_type == "reply",
            col(Event.case_id).in_({reply.case_id for reply in replies}),
        )
        for reply_id, actor_id in session.exec(wrote):
            if actor_id is not None and int(reply_id) in found:
                found[int(reply_id)].add(actor_id)
    return found


def targets_of(session: Session, case: Case) -> list[int]:
    """To which messages the reply goes: the first of this case and of each case merged into it."""
    return targets_by_case(session, [case.id])[case.id]


def targets_by_case(session: Session, case_ids: Sequence[int]) -> dict[int, list[int]]:
    """`targets_of` for many cases at once."""
    merged = select(Case.id, Case.master_id).where(col(Case.master_id).in_(case_ids))
    master: dict[int, int] = {number: number for number in case_ids}
    master |= {number: chief for number, chief in session.exec(merged) if chief is not None}
    first = select(Message.case_id, func.min(Message.id)).where(col(Message.case_id).in_(master))
    found: dict[int, list[int]] = {number: [] for number in case_ids}
    for number, message_id in session.exec(first.group_by(col(Message.case_id))):
        found[master[number or 0]].append(message_id)
    return {number: sorted(targets) for number, targets in found.items()}


def principals_of(session: Session, case: Case) -> set[int]:
    """主要领导 who may release important replies: the case's department's, else any department's (E10)."""
    rows = session.exec(select(Department.id, Department.principal_id)).all()
    named = {department_id: person_id for department_id, person_id in rows if person_id is not None}
    own = named.get(case.department_id or 0)
    return {own} if own is not None else set(named.values())


# ------------------------------------------------------------------ where a reply stands


@dataclass(frozen=True)
class Standing:
    """Where the text stands as it is stored now. ``step``: awaited review or release; None: sent back."""

    reply: Reply
    case: Case
    route: Route
    targets: list[int]
    digest: str
    opinions: list[Opinion]
    authors: set[int]
    step: str | None
    sent_back: Opinion | None = None


def standing(session: Session, reply: Reply, case: Case) -> Standing:
    """Worked out anew from words, addressees and class as they are now; nothing cached is trusted."""
    return _standing(
        reply,
        case,
        targets_of(session, case),
        opinions(session, reply.id),
        authors(session, [reply])[reply.id],
    )


def _standing(
    reply: Reply, case: Case, targets: list[int], rows: list[ReplyOpinion], wrote: set[int]
) -> Standing:
    route = route_for(case.message_type, case.sensitivity)
    digest = digest_of(reply, targets, route.key)
    given = as_opinions(rows)
    try:
        step, refused = awaited_step(route, given, digest), None
    except SentBack as back:
        step, refused = None, back.opinion
    return Standing(reply, case, route, targets, digest, given, wrote, step, refused)


def digest_of(reply: Reply, targets: Sequence[int], route: str) -> str:
    """The fingerprint of a reply as its row has it now, for these addressees by this route."""
    return digest_of_reply(
        reply.text, targets, route, reply.basis, reply.short_texts, reply.bound_answer, reply.endings
    )


def require_review(stands: Standing, person: Person, step: Step, seen: str) -> None:
    """Refuse the review ``step`` that this person may not give now on what they read (``seen``: its digest).

    Raises `NotAllowed`, `Conflict` as `routes.check_reviewer`.
    """
    check_reviewer(
        stands.route,
        stands.opinions,
        stands.digest,
        step=step,
        person=person,
        authors=stands.authors,
        seen=seen,
    )


def require_release(session: Session, stands: Standing, person: Person, seen: str) -> None:
    """Refuse a release that this person may not give now. Raises as `routes.check_release`."""
    check_release(
        stands.route,
        stands.opinions,
        stands.digest,
        person=person,
        authors=stands.authors,
        principals=principals_of(session, stands.case) if stands.route.principal else (),
        seen=seen,
    )


def why_not(session: Session, stands: Standing, person: Person) -> AppError | None:
    """Why this person may not take the awaited step; None when they may."""
    if stands.step is None:
        return NotFound("已退回修改，等起草人改好再送审", code="sent_back")
    try:
        if stands.step == RELEASE:
            require_release(session, stands, person, stands.digest)
        else:
            require_review(stands, person, Step(stands.step), stands.digest)
    except AppError as refusal:
        return refusal
    return None


def may_release_at_once(session: Session, stands: Standing, person: Person) -> bool:
    """Whether this person may give the final review and release in one step (终审并签发)."""
    if stands.step != Step.FINAL or why_not(session, stands, person) is not None:
        return False
    given = Opinion(Step.FINAL, Verdict.APPROVE, person.id, stands.digest)
    then = replace(stands, opinions=[*stands.opinions, given], step=RELEASE)
    return why_not(session, then, person) is None


def in_review(session: Session, person: Person) -> list[Standing]:
    """Everything under review that this person may see, what runs out first on top."""
    wanted = (
        select(Reply, Case)
        .join(Case, col(Case.id) == Reply.case_id)
        .where(col(Reply.state).in_(REVIEWING), visible_cases(person))
        .order_by(col(Case.sooner_at), col(Reply.id))
    )
    found = list(session.exec(wanted))
    replies = [reply for reply, _ in found]
    said: dict[int, list[ReplyOpinion]] = {reply.id: [] for reply in replies}
    rows = select(ReplyOpinion).where(col(ReplyOpinion.reply_id).in_(said)).order_by(col(ReplyOpinion.id))
    for row in session.exec(rows) if said else ():
        said[row.reply_id].append(row)
    wrote, targets = authors(session, replies), targets_by_case(session, [case.id for _, case in found])
    return [
        _standing(reply, case, targets[case.id], said[reply.id], wrote[reply.id]) for reply, case in found
    ]


def waiting_for(session: Session, person: Person) -> list[Standing]:
    """待我审核: what this person can review or release now, what runs out first on top."""
    if person.contractor or not person.may(Role.REVIEWER, Role.ISSUER):
        return []
    return [found for found in in_review(session, person) if why_not(session, found, person) is None]


def count_waiting_for(session: Session, person: Person) -> int:
    """How many rows `waiting_for` has."""
    return len(waiting_for(session, person))


def by_author(session: Session, person: Person, states: Sequence[str]) -> list[tuple[Reply, Case]]:
    """What this person wrote and is in one of ``states`` (sent for review, sent back …)."""
    wanted = (
        select(Reply, Case)
        .join(Case, col(Case.id) == Reply.case_id)
        .where(Reply.author_id == person.id, col(Reply.state).in_(states), visible_cases(person))
        .order_by(col(Case.sooner_at), col(Reply.id))
    )
    return [(reply, case) for reply, case in session.exec(wanted)]


def sent_back_to(session: Session, person: Person) -> list[tuple[Reply, Case]]:
    """退回给我: replies this person wrote that a reviewer sent back."""
    return by_author(session, person, ("sent_back",))


def sent_for_review_by(session: Session, person: Person) -> list[tuple[Reply, Case]]:
    """What this person sent for review; `Reply.step` says who has it."""
    return by_author(session, person, REVIEWING)


def reviewed_by(session: Session, person: Person, limit: int = 20) -> list[tuple[ReplyOpinion, Case]]:
    """What this person reviewed lately, newest first."""
    wanted = (
        select(ReplyOpinion, Case)
        .join(Reply, col(Reply.id) == ReplyOpinion.reply_id)
        .join(Case, col(Case.id) == Reply.case_id)
        .where(ReplyOpinion.reviewer_id == person.id, visible_cases(person))
        .order_by(col(ReplyOpinion.id).desc())
        .limit(limit)
    )
    return [(opinion, case) for opinion, case in session.exec(wanted)]


# ------------------------------------------------------------------ what the citizen will see


@dataclass(frozen=True)
class Preview:
    """Exactly what goes out in one form. ``people``: how many get it; ``problem``: why the window is shut;
    ``endings``: of which one may be added, for whose longest ``whole`` and ``count`` keep room."""

    form: str
    label: str
    platform: str
    private: bool
    text: str
    whole: Count
    count: Count
    is_short: bool
    fits: bool
    delivers: str
    people: int
    closes_at: datetime | None = None
    problem: str | None = None
    endings: tuple[str, ...] = ()


def endings_of(session: Session, targets: Sequence[int]) -> dict[str, list[str]]:
    """Form → endings of the accounts on which these messages stand, where the platform refuses repeats."""
    wanted = (
        select(Message.platform, Message.kind, OfficialAccount.endings)
        .join(OfficialAccount, col(OfficialAccount.id) == Message.account_id)
        .where(col(Message.id).in_(targets))
        .order_by(col(Message.id))
    )
    found: dict[str, dict[str, None]] = {}
    for key, kind, endings in session.exec(wanted):
        private = is_private(key, kind)
        if endings and not private and platform(key).repeat_codes:
            found.setdefault(form_of(key, private), {}).update(dict.fromkeys(endings))
    return {form: list(some) for form, some in sorted(found.items())}


def endings_for(session: Session, reply: Reply, targets: Sequence[int]) -> Mapping[str, Sequence[str]]:
    """The endings that may be added to a reply: as it was sent for review; of a draft, as they are now."""
    return endings_of(session, targets) if reply.state in WRITING else reply.endings


def gone_out(session: Session, since: datetime, row: Delivery) -> list[str]:
    """With which endings the words of this delivery went out on its account since then, or may have, oldest
    first; with those too that the platform refused as repeated."""
    codes = platform(row.platform).repeat_codes
    refused = col(Delivery.error_code).in_(codes)
    out = and_(
        col(Delivery.state).in_((DeliveryState.INTENT, DeliveryState.DONE, DeliveryState.UNKNOWN)),
        col(Delivery.id) != row.id,
    )
    wanted = select(Delivery.ending).where(
        Delivery.account_id == row.account_id,
        col(Delivery.intent_at) >= since,
        Delivery.text == row.text,
        or_(out, refused),
    )
    return list(session.exec(wanted.order_by(col(Delivery.intent_at), col(Delivery.id))))


def previews(session: Session, now: datetime, reply: Reply, targets: Sequence[int]) -> list[Preview]:
    """One preview per form among the targets, the progress page first: it always shows the whole text."""
    wanted = select(Message, Requester).outerjoin(Requester, col(Requester.id) == Message.requester_id)
    rows = list(session.execute(wanted.where(col(Message.id).in_(targets)).order_by(col(Message.id))))
    forms: dict[str, list[tuple[Message, Requester | None]]] = {}
    for message, requester in rows:
        name = form_of(message.platform, is_private(message.platform, message.kind))
        forms.setdefault(name, []).append((message, requester))
    on_page, endings = forms.pop("website", []), endings_for(session, reply, targets)
    made = [_preview(now, "website", "website", reply, endings, on_page)]
    for name, some in forms.items():
        made.append(_preview(now, name, some[0][0].platform, reply, endings, some))
    return made


def _preview(
    now: datetime,
    form: str,
    key: str,
    reply: Reply,
    endings: Mapping[str, Sequence[str]],
    to: Sequence[tuple[Message, Requester | None]],
) -> Preview:
    private = is_private_form(form)
    made = render(reply.text, key, private, count_text, reply.short_texts, endings)
    whole = render(reply.text, key, private, count_text, endings=endings)
    window = platform(key).window_for(private)
    open_until = [
        requester.window_opened_at + window.lasts
        for _, requester in to
        if window and requester and requester.window_opened_at
    ]
    problems = [window_problem_of(now, key, private, requester) for _, requester in to]
    return Preview(
        form=form,
        label=label_of(form),
        platform=key,
        private=private,
        text=made.text,
        whole=whole.count,
        count=made.count,
        is_short=made.is_short,
        fits=made.fits,
        endings=made.endings,
        delivers=platform(key).delivers,
        people=len(to),
        closes_at=min(open_until) if open_until else None,
        problem=problems[0] if problems and all(problems) else None,
    )


def window_problem_of(
    now: datetime, platform_key: str, private: bool, requester: Requester | None
) -> str | None:
    """Why the platform would not carry a reply to this person now, or None; public ones know no window."""
    window = platform(platform_key).window_for(private)
    lasts: timedelta | None = window.lasts if window else None
    return window_problem(
        now,
        lasts=lasts,
        replies=window.replies if window else None,
        opened_at=requester.window_opened_at if requester else None,
        sent=requester.sent_in_window if requester else 0,
        unsubscribed_at=requester.unsubscribed_at if requester and window else None,
    )


@dataclass(frozen=True)
class Way:
    """How one of the people a case is about may be answered now. ``until``, ``left``: where the platform sets
    a time and a number; ``problem``: why not there any more."""

    label: str
    delivers: str
    private: bool
    until: datetime | None = None
    left: int | None = None
    problem: str = ""


def ways(session: Session, now: datetime, case: Case) -> list[Way]:
    """Who may still be answered how, until when: for each message that a reply would go to."""
    wanted = select(Message, Requester).outerjoin(Requester, col(Requester.id) == Message.requester_id)
    targets = targets_of(session, case)
    rows = session.execute(wanted.where(col(Message.id).in_(targets)).order_by(col(Message.id)))
    return [_way(now, message, requester) for message, requester in rows]


def left_in_window(found: Iterable[Way]) -> int | None:
    """How many replies their platform still carries to the one of them who has the fewest left; None where
    none is counted."""
    return min((one.left for one in found if one.left is not None and not one.problem), default=None)


def _way(now: datetime, message: Message, requester: Requester | None) -> Way:
    row, private = platform(message.platform), is_private(message.platform, message.kind)
    window = row.window_for(private)
    opened_at = requester.window_opened_at if requester else None
    shut = window_problem_of(now, message.platform, private, requester)
    reasons = {
        "gone": bool(message.gone_at),
        "answered": bool(message.answer),
        "withdrawn": bool(requester and requester.withdrawn_at),
        shut or "": bool(shut),
    }
    problem = next((reason for reason, holds in reasons.items() if holds), "")
    return Way(
        label=label_of(form_of(message.platform, private)),
        delivers=row.delivers,
        private=private,
        until=opened_at + window.lasts if window and opened_at else None,
        left=max(window.replies - requester.sent_in_window, 0)
        if window and window.replies and requester
        else None,
        problem=problem,
    )


# ------------------------------------------------------------------ comments, beside answering them


def comment_of(session: Session, message: Message) -> moderating.Comment:
    """A message as `moderating` looks at it: what its platform can be asked to do to it, and how it stands.

    A message that is no public comment is offered nothing.
    """
    kind = platform(message.platform).connector
    if message.kind != "comment" or not issubclass(kind, Moderator):
        return moderating.Comment(offered=frozenset())
    account = session.get_one(OfficialAccount, message.account_id)
    busy = select(Moderation.state).where(
        Moderation.message_id == message.id, col(Moderation.state).in_(moderating.OPEN)
    )
    return moderating.Comment(
        offered=frozenset(kind.ACTIONS),
        is_gone=message.gone_at is not None,
        is_featured=message.extra.get("featured") == "yes",
        busy=session.exec(busy.limit(1)).first() or "",
        is_stopped=account.stopped_at is not None,
        is_closed=account.closed_at is not None,
    )


def moderations_of(session: Session, case_id: int) -> list[Moderation]:
    """What was done to the comments of a case, newest first."""
    wanted = select(Moderation).where(Moderation.case_id == case_id)
    return list(session.exec(wanted.order_by(col(Moderation.id).desc())))


def moderations_open(
    session: Session, person: Person, now: datetime, limit: int = 50
) -> list[tuple[Moderation, Case, OfficialAccount]]:
    """留言操作要人处理: those of which nobody knows, that wait for an account which is stopped, closed or
    held, and that failed and nobody put aside or decided anew; in this order."""
    wanted = (
        select(Moderation, Case, OfficialAccount)
        .join(Case, col(Case.id) == Moderation.case_id)
        .join(OfficialAccount, col(OfficialAccount.id) == Moderation.account_id)
        .where(_moderation_needs_a_person(now), visible_cases(person))
        .order_by(col(Moderation.state).desc(), col(Moderation.id).desc())  # unknown, ready, failed
        .limit(limit)
    )
    return list(session.exec(wanted))


def count_moderations_open(session: Session, person: Person, now: datetime) -> int:
    """How many `moderations_open` has."""
    wanted = (
        select(func.count())
        .select_from(Moderation)
        .join(Case, col(Case.id) == Moderation.case_id)
        .join(OfficialAccount, col(OfficialAccount.id) == Moderation.account_id)
    )
    return session.exec(wanted.where(_moderation_needs_a_person(now), visible_cases(person))).one()


def _moderation_needs_a_person(now: datetime) -> ColumnElement[bool]:
    later = aliased(Moderation)
    decided_anew = exists().where(
        col(later.message_id) == col(Moderation.message_id), col(later.id) > col(Moderation.id)
    )
    failed = and_(
        col(Moderation.state) == DeliveryState.FAILED, col(Moderation.settled_by).is_(None), ~decided_anew
    )
    held = and_(
        col(Moderation.state) == DeliveryState.READY,
        or_(~_may_call(now), col(OfficialAccount.closed_at).is_not(None)),
    )
    return or_(col(Moderation.state) == DeliveryState.UNKNOWN, failed, held)


def moderations_due(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of what is to be done to comments now, the longest waiting first; nothing on accounts that wait."""
    wanted = (
        select(Moderation.id)
        .join(OfficialAccount, col(OfficialAccount.id) == Moderation.account_id)
        .where(Moderation.state == DeliveryState.READY, Moderation.next_try_at <= now, _may_call(now))
        .order_by(col(Moderation.next_try_at), col(Moderation.id))
    )
    return list(session.exec(wanted.limit(limit)))


def moderations_lost(session: Session, now: datetime) -> list[int]:
    """Ids of intents whose time has run out."""
    wanted = select(Moderation.id).where(
        Moderation.state == DeliveryState.INTENT, col(Moderation.lease_until) <= now
    )
    return list(session.exec(wanted))


def _may_call(now: datetime) -> ColumnElement[bool]:
    """Accounts on which something goes out: what waits on others must not stand before what can go."""
    held = or_(col(OfficialAccount.held_until).is_(None), col(OfficialAccount.held_until) <= now)
    return and_(col(OfficialAccount.stopped_at).is_(None), held)


# ------------------------------------------------------------------ deliveries


@dataclass(frozen=True)
class DeliveryFilters:
    """What the deliveries screen narrows by; ``state`` empty: all of them."""

    state: str = ""
    platform: str = ""


def deliveries_of(session: Session, case_id: int) -> list[Delivery]:
    """Every delivery of a case's replies, those to merged cases too, newest first."""
    own = select(Reply.id).where(Reply.case_id == case_id)
    wanted = select(Delivery).where((col(Delivery.case_id) == case_id) | col(Delivery.reply_id).in_(own))
    return list(session.exec(wanted.order_by(col(Delivery.id).desc())))


def deliveries(
    session: Session,
    person: Person,
    filters: DeliveryFilters | None = None,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> list[tuple[Delivery, Case]]:
    """Deliveries of the cases this person may see, newest first, those before number ``before``."""
    wanted = select(Delivery, Case).join(Case, col(Case.id) == Delivery.case_id)
    wanted = wanted.where(*_conditions(person, filters or DeliveryFilters()))
    if before is not None:
        wanted = wanted.where(col(Delivery.id) < before)
    return [(row, case) for row, case in session.exec(wanted.order_by(col(Delivery.id).desc()).limit(limit))]


def delivery_counts(session: Session, person: Person) -> dict[str, int]:
    """How many deliveries are in each state, of the cases this person may see."""
    counted = (
        select(Delivery.state, func.count())
        .join(Case, col(Case.id) == Delivery.case_id)
        .where(visible_cases(person))
        .group_by(Delivery.state)
    )
    return dict(session.exec(counted).all())


def not_delivered(session: Session, person: Person, limit: int = 50) -> list[tuple[Delivery, Case]]:
    """没有送到: failed without a way out, unknown, and waiting to be entered by hand; the unknown first."""
    wanted = (
        select(Delivery, Case)
        .join(Case, col(Case.id) == Delivery.case_id)
        .where(_needs_a_person(), visible_cases(person))
        .order_by(col(Delivery.id).desc())
        .limit(limit)
    )
    order = {state.value: place for place, state in enumerate(NEEDS_A_PERSON)}
    return sorted(((row, case) for row, case in session.exec(wanted)), key=lambda pair: order[pair[0].state])


def brought_back(
    session: Session,
    person: Person,
    account_id: int,
    *,
    entered: bool | None = None,
    limit: int | None = None,
) -> Iterator[tuple[Delivery, Case, Message]]:
    """Released replies that a person carries back into another system, oldest first; read as they are asked
    for. ``entered``: only those that were typed in there (True), or still wait for it (False)."""
    states = {None: (DeliveryState.BY_HAND, DeliveryState.ENTERED), True: (DeliveryState.ENTERED,)}
    wanted = (
        select(Delivery, Case, Message)
        .join(Case, col(Case.id) == Delivery.case_id)
        .join(Message, col(Message.id) == Delivery.message_id)
        .where(
            Delivery.account_id == account_id,
            col(Delivery.state).in_(states.get(entered, (DeliveryState.BY_HAND,))),
            visible_cases(person),
        )
        .order_by(col(Delivery.id))
    )
    yield from session.exec((wanted.limit(limit) if limit else wanted).execution_options(yield_per=500))


def count_not_delivered(session: Session, person: Person) -> int:
    """How many deliveries need a person."""
    wanted = select(func.count()).select_from(Delivery).join(Case, col(Case.id) == Delivery.case_id)
    return session.exec(wanted.where(_needs_a_person(), visible_cases(person))).one()


def _needs_a_person() -> ColumnElement[bool]:
    """Where the coded progress page stands in, the citizen has a way to the reply and nobody need act."""
    return and_(
        col(Delivery.state).in_(NEEDS_A_PERSON),
        or_(col(Delivery.state) != DeliveryState.FAILED, col(Delivery.fallback) == ""),
    )


@dataclass(frozen=True)
class SendingHealth:
    """How sending on one account went lately: the last that arrived, and of the last day's tries how many did
    not go through (failed or unknown)."""

    last_sent_at: datetime | None = None
    sent: int = 0
    failed: int = 0
    waiting: int = 0


def sending_health(session: Session, now: datetime) -> dict[int, SendingHealth]:
    """By account; one read each for the last arrival, the last day and what waits."""
    day = now - timedelta(days=1)
    last = select(Delivery.account_id, func.max(Delivery.done_at)).where(Delivery.state == DeliveryState.DONE)
    states = select(Delivery.account_id, Delivery.state, func.count()).group_by(
        col(Delivery.account_id), col(Delivery.state)
    )
    sent_at = dict(session.execute(last.group_by(col(Delivery.account_id))).all())
    lately: dict[tuple[int, str], int] = {}
    for account_id, state, number in session.execute(states.where(col(Delivery.intent_at) >= day)):
        lately[account_id, state] = number
    ready = states.where(col(Delivery.state).in_((DeliveryState.READY, DeliveryState.INTENT)))
    waiting = {account_id: number for account_id, _, number in session.execute(ready)}
    return {
        account_id: SendingHealth(
            last_sent_at=sent_at.get(account_id),
            sent=lately.get((account_id, DeliveryState.DONE), 0),
            failed=sum(
                lately.get((account_id, one), 0) for one in (DeliveryState.FAILED, DeliveryState.UNKNOWN)
            ),
            waiting=waiting.get(account_id, 0),
        )
        for account_id in {*sent_at, *waiting, *(one for one, _ in lately)}
    }


def all_deliveries(session: Session, *, state: str = "", limit: int = 100) -> list[tuple[Delivery, str]]:
    """Deliveries with their case's number, newest first, for the operator's shell."""
    wanted = select(Delivery, Case.number).join(Case, col(Case.id) == Delivery.case_id)
    if state:
        wanted = wanted.where(Delivery.state == state)
    return [
        (row, number) for row, number in session.exec(wanted.order_by(col(Delivery.id).desc()).limit(limit))
    ]


def due(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of deliveries to be tried now, the longest waiting first.

    A later reply to the same message never overtakes an earlier one (a correction its original).
    """
    first = (
        select(func.min(Delivery.id))
        .where(col(Delivery.state).in_((DeliveryState.READY, DeliveryState.INTENT)))
        .group_by(col(Delivery.message_id))
    )
    wanted = (
        select(Delivery.id)
        .join(OfficialAccount, col(OfficialAccount.id) == Delivery.account_id)
        .where(
            Delivery.state == DeliveryState.READY,
            Delivery.next_try_at <= now,
            col(Delivery.id).in_(first),
            _may_call(now),
        )
        .order_by(col(Delivery.next_try_at), col(Delivery.id))
        .limit(limit)
    )
    return list(session.exec(wanted))


def held_too_long(session: Session, now: datetime, limit: int) -> list[int]:
    """Waiting deliveries of accounts whose breaker is open, whose platform's window may have closed."""
    lasting = {key: row.window_for(True) for key, row in PLATFORMS.items()}
    closed = [
        and_(col(Delivery.platform) == key, col(Requester.window_opened_at) <= now - window.lasts)
        for key, window in lasting.items()
        if window
    ]
    wanted = (
        select(Delivery.id)
        .join(OfficialAccount, col(OfficialAccount.id) == Delivery.account_id)
        .join(Requester, col(Requester.id) == Delivery.requester_id)
        .where(Delivery.state == DeliveryState.READY, col(OfficialAccount.held_until) > now, or_(*closed))
        .order_by(col(Delivery.id))
        .limit(limit)
    )
    return list(session.exec(wanted))


def _conditions(person: Person, filters: DeliveryFilters) -> list[ColumnElement[bool]]:
    conditions = [visible_cases(person)]
    if filters.state:
        conditions.append(col(Delivery.state) == filters.state)
    if filters.platform:
        conditions.append(col(Delivery.platform) == filters.platform)
    return conditions
