"""How does a released reply reach the platform, once, by the intent protocol?"""

from dataclasses import dataclass
from datetime import datetime

import httpx
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.db import Database, lock
from app.base.errors import AppError
from app.messages.models import Message, Requester
from app.notices import service as notices
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.replies import queries, sending
from app.replies.models import Delivery, Reply
from app.replies.rendering import form_of, is_private, render
from app.replies.routes import ROUTES, check_complete
from app.replies.sending import APPROVAL_VOID, WINDOW_WORDS, DeliveryState, Follow, follow
from app.replies.service.calling import Watch, call
from app.replies.service.within import (
    Failure,
    change,
    error_columns,
    our_failure,
    record_delivery,
    tell_about,
)
from connectors.contract import Connector, OutgoingReply, Receipt, Sender
from connectors.registry import count_text
from kb.review import ReviewError

AT_ONCE = 20
"""How many deliveries one run tries; the next run takes the others."""


@dataclass(frozen=True)
class _Claim:
    """What a sender holds after its intent was committed. The fence is checked when it reports."""

    delivery_id: int
    fence: int
    account_id: int
    intent_at: datetime
    connector: Sender
    reply: OutgoingReply

    def send(self, token: str | None) -> Receipt:
        """The one call."""
        return self.connector.send(self.reply, token)


def deliver_released(
    db: Database, now: datetime, *, limit: int = AT_ONCE, transport: httpx.BaseTransport | None = None
) -> int:
    """Send what was released and is due; safe to run in several processes at once. Returns how many.

    For each: 1. in one transaction check the approvals from the database (I4) and commit the intent;
    2. call the platform, in no transaction; 3. write down what came of it, if the row is still ours.
    An intent whose sender is gone becomes unknown, and a person looks.
    """
    watch = Watch(now)
    _give_up_lost(db, now)
    _give_up_held(db, now)
    with db.reading() as session:
        waiting = queries.due(session, now, limit)
    for delivery_id in waiting:
        with db.writing() as session:
            claim = _claim(session, watch.now(), delivery_id, transport)
        if claim is not None:
            outcome = call(db, watch, claim.account_id, claim.intent_at, claim.send, transport)
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
    if accounts.breaker_of(account).holds(now):
        return None  # too many failures in a row: it waits too
    if failure := _unsendable(session, now, row, account):
        _fail(session, now, row, failure)
        return None
    connector = _connector(session, account, transport)
    if isinstance(connector, Failure):
        _fail(session, now, row, connector)
        return None
    if not accounts.may_try(session, now, account.id):
        return None  # another is trying whether the account works again
    values = {"tries": row.tries + 1, "intent_at": now, "lease_until": now + sending.LEASE}
    values |= {"fence": row.fence + 1, "ending": _ending(session, now, row, account)}
    if not change(session, row, DeliveryState.READY, state=DeliveryState.INTENT, **values):
        return None
    reply = _outgoing(session, row)
    return _Claim(row.id, row.fence, account.id, now, connector, reply)


def _report(session: Session, now: datetime, claim: _Claim, outcome: Receipt | Failure) -> None:
    """Write down what came of a try, unless the row is somebody else's by now (fence).

    That it arrived is good news also when it comes late: then nobody need look, nor send it again.
    """
    row = session.get(Delivery, claim.delivery_id, populate_existing=True)
    _tell_of_breaker(session, now, claim, outcome, once=row is None or not row.refreshed)
    if row is None or row.fence != claim.fence:
        return
    if isinstance(outcome, Receipt):
        if row.state in UNDECIDED:
            _arrived(session, now, row, outcome.reference or "")
    elif row.state == DeliveryState.INTENT:
        _failed_try(session, now, row, outcome)


NOBODYS = frozenset({"late", "token_busy"})
"""Tries that we did not make say nothing of the account: we paused, or another renews the token just now."""


def _tell_of_breaker(
    session: Session, now: datetime, claim: _Claim, outcome: Receipt | Failure, *, once: bool
) -> None:
    """Count the try for the account's breaker; tell whoever answers for the account when it opens.

    ``once``: the token had not been refused before; that alone says nothing yet.
    """
    if isinstance(outcome, Failure) and (outcome.code in NOBODYS or (outcome.kind == "refresh" and once)):
        return
    failed = outcome if isinstance(outcome, Failure) else None
    kind = failed.kind if failed else None
    opened = accounts.note_try(session, now, claim.account_id, kind, failed.message if failed else "")
    if opened:
        account = session.get_one(OfficialAccount, claim.account_id)
        notices.tell(
            session,
            now,
            account.responsible_id,
            key=f"breaker:{account.id}:{now.isoformat()}",
            kind="account",
            text=f"{account.name} 连续发送失败，已暂停发送，稍后自动再试：{failed.message if failed else ''}",
            address=f"/desk/accounts/{account.id}",
        )


UNDECIDED = (DeliveryState.INTENT, DeliveryState.UNKNOWN, DeliveryState.READY)


def _arrived(session: Session, now: datetime, row: Delivery, reference: str) -> None:
    if not change(session, row, row.state, state=DeliveryState.DONE, done_at=now, reference=reference[:200]):
        return
    _count_sent(session, row)
    accounts.clear_trouble(session, now, row.account_id)
    record_delivery(session, now, None, row, "delivered")


def _failed_try(session: Session, now: datetime, row: Delivery, failure: Failure) -> None:
    then = follow(failure.kind, tries=row.tries, refreshed=row.refreshed, code=failure.code)
    if then.state == DeliveryState.READY:
        assert then.after is not None
        change(
            session,
            row,
            DeliveryState.INTENT,
            state=DeliveryState.READY,
            next_try_at=now + sending.put_off(then.after, failure.not_before, f"{row.id}-{row.tries}"),
            refreshed=row.refreshed or then.refreshed,
            **error_columns(failure),
        )
        return
    _end(session, now, row, then, failure)


def _fail(session: Session, now: datetime, row: Delivery, failure: Failure) -> None:
    """Give a delivery up before any call."""
    then = follow(failure.kind, tries=row.tries, refreshed=True, code=failure.code)
    _end(session, now, row, then, failure)


def _end(session: Session, now: datetime, row: Delivery, then: Follow, failure: Failure) -> None:
    fallback = "" if failure.code in sending.NEVER_AGAIN else then.fallback
    if not change(session, row, row.state, state=then.state, fallback=fallback, **error_columns(failure)):
        return
    if then.state == DeliveryState.UNKNOWN:
        _count_sent(session, row)  # it may have arrived: count it, rather than send a sixth
    if then.trouble:
        accounts.note_trouble(session, now, row.account_id, failure.message)
    record_delivery(session, now, None, row, "not_delivered", error=failure.kind, code=failure.code)
    tell_about(session, now, row, failure)


def _give_up_lost(db: Database, now: datetime) -> None:
    """Intents whose sender has surely gone: nobody knows whether the platform has them."""
    lost = select(Delivery.id).where(Delivery.state == DeliveryState.INTENT, col(Delivery.lease_until) <= now)
    with db.reading() as session:
        found = list(session.exec(lost))
    for delivery_id in found:
        with db.writing() as session:
            row = session.get(Delivery, delivery_id, populate_existing=True)
            if row and row.state == DeliveryState.INTENT and row.lease_until and row.lease_until <= now:
                _end(session, now, row, sending.AT_ONCE["unknown"], our_failure("interrupted", "unknown"))


def _give_up_held(db: Database, now: datetime) -> None:
    """What waits on an account whose breaker is open does not wait beyond the platform's window: the coded
    page stands in, and the author hears of it."""
    with db.reading() as session:
        found = queries.held_too_long(session, now, AT_ONCE)
    for delivery_id in found:
        with db.writing() as session:
            row = session.get(Delivery, delivery_id, populate_existing=True)
            account = session.get(OfficialAccount, row.account_id) if row else None
            if not row or not account or row.state != DeliveryState.READY:
                continue  # another process was faster
            if failure := _unsendable(session, now, row, account):
                _fail(session, now, row, failure)


def _unsendable(session: Session, now: datetime, row: Delivery, account: OfficialAccount) -> Failure | None:
    """Why this row must not be sent now, asked of the database in the transaction of the intent."""
    if not _is_approved(session, row):
        return our_failure(APPROVAL_VOID, "final")
    if account.closed_at is not None:
        return our_failure("account_closed", "final")
    message = session.get_one(Message, row.message_id)
    if message.answer:
        return our_failure("elsewhere", "final")
    if message.gone_at is not None:
        return our_failure("gone", "final")
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    if requester is not None and requester.withdrawn_at is not None:
        return our_failure("no_recipient", "final")
    private = is_private(row.platform, message.kind)
    if problem := queries.window_problem_of(now, row.platform, private, requester):
        return Failure("window", problem, "", WINDOW_WORDS[problem])
    return None


def _is_approved(session: Session, row: Delivery) -> bool:
    """Whether exactly these words to exactly this person passed every review and were released (A18, B16).

    Everything is read from the database again: one changed character anywhere, and nothing is sent.
    """
    reply = session.get_one(Reply, row.reply_id, populate_existing=True)
    message = session.get_one(Message, row.message_id, populate_existing=True)
    digest = queries.digest_of(reply, reply.targets, reply.route)
    said = queries.opinions(session, reply.id)
    private = is_private(message.platform, message.kind)
    goes_out = render(
        reply.text, message.platform, private, count_text, reply.short_texts, reply.endings
    ).text
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
        and row.text == goes_out
    )


def _ending(session: Session, now: datetime, row: Delivery, account: OfficialAccount) -> str:
    """The ending with which the words have not gone out lately on this account (none, where they have not at
    all): one of those approved with this very reply that the account still has. Two senders of the same words
    wait for each other here, until the first has its intent committed."""
    message = session.get_one(Message, row.message_id)
    form = form_of(row.platform, is_private(row.platform, message.kind))
    approved = session.get_one(Reply, row.reply_id).endings.get(form, [])
    endings = [ending for ending in account.endings if ending in approved]
    if not endings:
        return ""
    lock(session, f"endings of account {account.id}")
    return sending.ending_for(endings, queries.gone_out(session, now - sending.REPEAT_WITHIN, row))


def _connector(
    session: Session, account: OfficialAccount, transport: httpx.BaseTransport | None
) -> Sender | Failure:
    try:
        connector: Connector = accounts.connector_for(session, account, transport=transport)
    except (AppError, ValueError, TypeError):  # settings that do not make a connector
        return our_failure("settings", "stop")
    return connector if isinstance(connector, Sender) else our_failure("not_offered", "human")


def _outgoing(session: Session, row: Delivery) -> OutgoingReply:
    message = session.get_one(Message, row.message_id)
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    sealed = requester.address_sealed if requester else ""
    return OutgoingReply(
        text=row.text + row.ending,
        recipient=session.info["keys"].unseal(sealed, "requester") if sealed else None,
        thread=dict(message.thread),
        idempotency_key=f"{row.id}-{row.digest[:16]}",
    )


def _count_sent(session: Session, row: Delivery) -> None:
    """One more of the few messages the platform allows in this window."""
    if row.requester_id is not None:
        session.execute(
            update(Requester)
            .where(col(Requester.id) == row.requester_id)
            .values(sent_in_window=Requester.sent_in_window + 1)
            .execution_options(synchronize_session=False)
        )
