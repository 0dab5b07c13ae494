"""How is something done to a comment at its platform? Decided by a person, intended, called, written down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from sqlmodel import Session, col, select

from app.base import db as base_db
from app.base.db import Database
from app.base.errors import AppError, Conflict, NotFound
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.messages.models import Message
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.replies import moderating, queries, sending
from app.replies.models import Moderation
from app.replies.moderating import DEEDS, LONGEST_NOTE, STATE_LABELS
from app.replies.sending import DeliveryState, follow
from app.replies.service.calling import Watch, call
from app.replies.service.within import (
    Failure,
    change,
    error_columns,
    our_failure,
    record_moderation,
    tell,
)
from app.staff.roles import Person
from connectors.contract import Moderator

AT_ONCE = 20


@dataclass(frozen=True)
class _Claim:
    """What is held after the intent was committed. The fence is checked when the end is written down."""

    moderation_id: int
    fence: int
    account_id: int
    intent_at: datetime
    act: Callable[[str | None], bool]


def moderate(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    message_id: int,
    action: str,
    *,
    reason: str = "",
    note: str = "",
) -> Moderation:
    """Decide that ``action`` (of `moderating.DEEDS`) be done to a comment of this case; a job carries it out.

    ``reason``: of `moderating.REASONS`, for what cannot be undone. Raises `NotFound`, `NotAllowed`,
    `Conflict`, `Invalid`.
    """
    message = session.get(Message, message_id)
    if message is None or message.case_id != case.id:
        raise NotFound("这件没有这条留言")
    base_db.lock(session, f"moderation of message {message_id}")
    if refusal := moderating.problem(person, queries.comment_of(session, message), action):
        raise refusal
    note = note.strip()[:LONGEST_NOTE]
    moderating.check_reason(action, reason, note)
    row = Moderation(
        case_id=case.id,
        message_id=message_id,
        account_id=message.account_id,
        action=action,
        reason=reason if DEEDS[action].is_final else "",
        note=note,
        next_try_at=now,
        asked_by=person.id,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    why = moderating.reason_words(row.reason, note)
    record_moderation(session, now, person, row, f"ask_{action}", reason=why)
    return row


def moderate_comments(
    db: Database, now: datetime, *, limit: int = AT_ONCE, transport: httpx.BaseTransport | None = None
) -> int:
    """Carry out what was decided about comments and is due (job); safe to run in several processes at once.

    For each: 1. commit the intent; 2. call the platform, in no transaction; 3. write down what came of it.
    An intent whose owner is gone is unknown, and a person looks. Returns how many were tried.
    """
    watch = Watch(now)
    _give_up_lost(db, now)
    with db.reading() as session:
        waiting = queries.moderations_due(session, now, limit)
    for moderation_id in waiting:
        with db.writing() as session:
            claim = _claim(session, watch.now(), moderation_id, transport)
        if claim is not None:
            outcome = call(db, watch, claim.account_id, claim.intent_at, claim.act, transport)
            with db.writing() as session:
                _report(session, watch.now(), claim, outcome)
    return len(waiting)


def settle_moderation(
    session: Session, now: datetime, person: Person, moderation_id: int, *, done: bool
) -> Moderation:
    """结果不明: a person has looked at the platform. It was done, or it is asked for once more.

    Whoever may do it may settle it. Raises `NotFound`, `NotAllowed`, `Conflict`.
    """
    row = _visible(session, person, moderation_id)
    if refusal := moderating.not_theirs(person, row.action):
        raise refusal
    if row.state != DeliveryState.UNKNOWN:
        raise Conflict(f"这一步现在是“{STATE_LABELS[row.state]}”，不用核对。请刷新后再看", code="wrong_state")
    again = {"state": DeliveryState.READY, "tries": 0, "next_try_at": now, "refreshed": False}
    values = {"state": DeliveryState.DONE, "done_at": now} if done else again
    if not change(session, row, row.state, settled_by=person.id, **values):
        raise Conflict("刚才有人先核对了这一条。请刷新后再看")
    if done:
        _note_on_message(session, now, row)
    record_moderation(session, now, person, row, "settle_moderation", note="已做成" if done else "再做一次")
    return row


def drop_moderation(session: Session, now: datetime, person: Person, moderation_id: int) -> Moderation:
    """撤回: what was decided is not done after all (its account may be stopped for long), or a step that failed
    for good is put aside. Whoever may decide it may drop it. Raises `NotFound`, `NotAllowed`, `Conflict`."""
    row = _visible(session, person, moderation_id)
    if refusal := moderating.not_theirs(person, row.action):
        raise refusal
    was = row.state
    if not moderating.drop_label(person, row.action, was, row.settled_by is not None):
        raise Conflict(f"这一步现在是“{STATE_LABELS[was]}”，不能撤回。请刷新后再看", code="wrong_state")
    state = moderating.DROPPED if was == DeliveryState.READY else was
    if not change(session, row, was, state=state, settled_by=person.id):
        raise Conflict("系统刚刚开始执行这一步，不能撤回了。请刷新后再看")
    words = f"{DEEDS[row.action].label}：{moderating.DROPS[was]}"
    record_moderation(session, now, person, row, "drop_moderation", note=words)
    return row


def _visible(session: Session, person: Person, moderation_id: int) -> Moderation:
    wanted = select(Moderation).join(Case, col(Case.id) == Moderation.case_id)
    row = session.exec(wanted.where(Moderation.id == moderation_id, visible_cases(person))).first()
    if row is None:
        raise NotFound("没有这条操作记录，或者它不在您的单位")
    return row


def _claim(
    session: Session, now: datetime, moderation_id: int, transport: httpx.BaseTransport | None
) -> _Claim | None:
    row = session.get(Moderation, moderation_id, populate_existing=True)
    if row is None or row.state != DeliveryState.READY or row.next_try_at > now:
        return None  # another process was faster
    account = session.get_one(OfficialAccount, row.account_id)
    if account.stopped_at is not None or accounts.breaker_of(account).holds(now):
        return None  # 紧急停发, or the platform fails: it waits
    made = _act(session, row, account, transport)
    if isinstance(made, Failure):
        _end(session, now, row, DeliveryState.FAILED, made)
        return None
    values = {"tries": row.tries + 1, "intent_at": now, "lease_until": now + sending.LEASE}
    if not change(
        session, row, DeliveryState.READY, state=DeliveryState.INTENT, fence=row.fence + 1, **values
    ):
        return None
    return _Claim(row.id, row.fence, row.account_id, now, made)


def _act(
    session: Session, row: Moderation, account: OfficialAccount, transport: httpx.BaseTransport | None
) -> Callable[[str | None], bool] | Failure:
    """The call to be made, with everything it needs read from the database before it."""
    if account.closed_at is not None:
        return our_failure("closed_step", "final")
    try:
        connector = accounts.connector_for(session, account, transport=transport)
    except (AppError, ValueError, TypeError):  # settings that do not make a connector
        return our_failure("settings_step", "stop")
    if not isinstance(connector, Moderator):
        return our_failure("not_offered_step", "human")
    action, thread = row.action, dict(session.get_one(Message, row.message_id).thread)

    def act(token: str | None) -> bool:
        connector.moderate(action, thread, token)
        return True

    return act


def _report(session: Session, now: datetime, claim: _Claim, outcome: bool | Failure) -> None:
    """Write down what came of it, unless the row is somebody else's by now (fence)."""
    row = session.get(Moderation, claim.moderation_id, populate_existing=True)
    if row is None or row.fence != claim.fence or row.state not in moderating.OPEN:
        return
    if not isinstance(outcome, Failure):
        if change(session, row, row.state, state=DeliveryState.DONE, done_at=now):
            _note_on_message(session, now, row)
            record_moderation(session, now, None, row, f"comment_{row.action}")
        return
    then = follow(outcome.kind, tries=row.tries, refreshed=row.refreshed, code=outcome.code)
    if then.state == DeliveryState.READY and then.after is not None:
        wait = sending.put_off(then.after, outcome.not_before, f"moderation-{row.id}-{row.tries}")
        values = {"next_try_at": now + wait, "refreshed": row.refreshed or then.refreshed}
        change(session, row, row.state, state=then.state, **values, **error_columns(outcome))
        return
    if then.trouble:
        accounts.note_trouble(session, now, row.account_id, outcome.message)
    _end(session, now, row, then.state, outcome)


def _end(session: Session, now: datetime, row: Moderation, state: DeliveryState, failure: Failure) -> None:
    """It failed for good, or nobody knows: whoever decided it is told, and where the account is at fault
    whoever answers for that. It stands under 要人处理 until a person settles or drops it."""
    if not change(session, row, row.state, state=state, settled_by=None, **error_columns(failure)):
        return
    words = f"{DEEDS[row.action].label}{STATE_LABELS[state]}：{failure.message}"
    record_moderation(session, now, None, row, "not_moderated", note=words, code=failure.code)
    case = session.get_one(Case, row.case_id)
    to = {row.asked_by}
    if failure.kind == "stop":
        to.add(session.get_one(OfficialAccount, row.account_id).responsible_id)
    for staff_id in sorted(to):
        tell(session, now, staff_id, case, f"moderation:{row.id}:{row.fence}", "not_delivered", words)


def _give_up_lost(db: Database, now: datetime) -> None:
    """Intents whose owner has surely gone: nobody knows whether the platform did it."""
    with db.reading() as session:
        found = queries.moderations_lost(session, now)
    for moderation_id in found:
        with db.writing() as session:
            row = session.get(Moderation, moderation_id, populate_existing=True)
            if row and row.state == DeliveryState.INTENT and row.lease_until and row.lease_until <= now:
                _end(session, now, row, DeliveryState.UNKNOWN, our_failure("interrupted_step", "unknown"))


def _note_on_message(session: Session, now: datetime, row: Moderation) -> None:
    """What is known of the comment from now on: whether it is featured, that it is gone."""
    message = session.get_one(Message, row.message_id, populate_existing=True)
    if row.action == "delete":
        message.gone_at = message.gone_at or now
    else:
        message.extra = {**message.extra, "featured": "yes" if row.action == "feature" else ""}
    session.add(message)
