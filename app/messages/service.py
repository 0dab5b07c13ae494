"""What can be done with what comes in: read an arrival, keep what a fetch brought, remember who wrote."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import AppError, Conflict, NotFound
from app.base.rows import add_once, insert_once
from app.base.standing import standing
from app.calendar.workdays import day_of
from app.log import service as log
from app.messages import attachments, media, queries
from app.messages.attachments import Prepared, Refused
from app.messages.models import Arrival, ArrivalHours, Attachment, Message, Requester
from app.messages.pseudonym import pseudonym_of
from app.messages.storable import storable
from app.notices import service as notices
from app.official_accounts import endings
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.official_accounts.models import FetchState, OfficialAccount
from app.official_accounts.silence import HISTORY
from app.staff import queries as staff
from app.staff.roles import Role
from connectors.contract import (
    PUBLIC_KINDS,
    Connector,
    Fetcher,
    FetchResult,
    IncomingMessage,
    MediaSource,
    Notice,
    Reader,
)
from connectors.errors import DeliveryError, PayloadError, UnsupportedEvent
from connectors.registry import platform

MOST_TRIES = 5
FILES_AT_ONCE = 10


def read_arrival(session: Session, now: datetime, arrival: Arrival) -> list[Message]:
    """Understand one arrival.

    1. The connector reads the opened bytes. 2. Each message that is new is kept with its requester.
    3. The arrival's state says what became of it. What cannot be read stays, under its error's name,
    and can be read again once the connector has learnt it.
    """
    account, connector = _reader(session, arrival.account_id)
    try:
        if not isinstance(connector, Reader):
            raise PayloadError("platform is not read")
        incoming = connector.read(arrival.opened)
    except UnsupportedEvent as error:
        _became(arrival, now, "unsupported", "UnsupportedEvent", error.name)
        return []
    except PayloadError as error:
        _became(arrival, now, "failed", type(error).__name__, error.reason)
        return []
    messages = [keep(session, now, account, one, arrival) for one in incoming]
    if any(one.notice in (Notice.WITHDRAWN, Notice.CANCELLED) for one in incoming):
        arrival.raw = arrival.opened = b""  # it names the person who asked to be forgotten
    _became(arrival, now, "read" if any(one.is_question for one in incoming) else "event")
    questions = {one.external_id for one in incoming if one.is_question}
    return [message for message in messages if message and message.external_id in questions]


def _became(arrival: Arrival, now: datetime, state: str, error: str = "", words: str = "") -> None:
    """What became of an arrival; written at once, so that its row is written once."""
    arrival.tries, arrival.read_at = arrival.tries + 1, now
    arrival.state, arrival.error, arrival.error_words = state, error, words


@standing
def _reader(session: Session, account_id: int) -> tuple[OfficialAccount, Connector]:
    account = accounts.get(session, account_id)
    return account, accounts_service.connector_for(session, account)


def note_failure(session: Session, now: datetime, arrival_id: int, error: Exception) -> None:
    """An arrival on which reading broke in a way nobody foresaw: it waits, and after five tries it is kept
    under the error's name, like any other that cannot be read."""
    arrival = session.get(Arrival, arrival_id, with_for_update=True)
    if arrival is None or arrival.state != queries.WAITING:
        return
    arrival.tries, arrival.read_at = arrival.tries + 1, now
    if arrival.tries >= MOST_TRIES:
        # The class alone: what the error says may quote the citizen.
        arrival.state, arrival.error, arrival.error_words = "failed", type(error).__name__, ""
    session.add(arrival)


def keep(
    session: Session,
    now: datetime,
    account: OfficialAccount,
    incoming: IncomingMessage,
    arrival: Arrival | None = None,
) -> Message | None:
    """The message as a row, with requester and attachments; None when it is here already."""
    incoming = storable(incoming)
    received_at = arrival.received_at if arrival else now
    requester, is_first = _requester(session, account, incoming, received_at)
    message = add_once(
        session,
        Message,
        arrival_id=arrival.id if arrival else None,
        account_id=account.id,
        platform=account.platform,
        kind=incoming.kind,
        external_id=incoming.external_id,
        requester_id=requester.id if requester else None,
        title=incoming.title,
        text=incoming.text,
        page_url=incoming.page_url or "",
        thread=dict(incoming.thread),
        extra={**incoming.extra, **_said_of_it(incoming)},
        public_consent=incoming.public_consent,
        notice=incoming.notice or "",
        answer=incoming.answer,
        sent_at=incoming.sent_at,
        received_at=received_at,
    )
    if message is None:
        _follow_platform(session, account, incoming)
        return None
    if is_first:
        session.info.setdefault(_FIRST_WORDS, set()).add(message.id)
    for part in incoming.attachments:
        session.add(
            Attachment(
                message_id=message.id,
                kind=part.kind,
                media_id=part.media_id or "",
                url=part.url or "",
                file_name=_clean_name(part.file_name or ""),
                state=queries.WAITING if part.media_id else "gone",
                reason="" if part.media_id else media.REASONS["not_offered"],
            )
        )
    return message


_FIRST_WORDS = "first_words"


def is_first_word(session: Session, message: Message) -> bool:
    """Whether this message was kept in this transaction as the first that its requester ever wrote: then there
    is nothing of theirs to look for."""
    return message.id in session.info.get(_FIRST_WORDS, ())


def _said_of_it(incoming: IncomingMessage) -> dict[str, str]:
    """What the platform says of a message beside its words."""
    said = {"category": incoming.category, "site_code": incoming.site_code}
    return {name: value for name, value in said.items() if value}


def _follow_platform(session: Session, account: OfficialAccount, incoming: IncomingMessage) -> None:
    """A comment that comes again is there (still, or again), with what stands below it as our reply."""
    known = queries.known(session, account.id, incoming.external_id)
    if known is not None and (known.answer != incoming.answer or known.gone_at is not None):
        known.answer, known.gone_at = incoming.answer, None
        session.add(known)


def _requester(
    session: Session, account: OfficialAccount, incoming: IncomingMessage, at: datetime
) -> tuple[Requester | None, bool]:
    """Who wrote, and whether they never did before."""
    sender = incoming.sender or incoming.contact
    if not sender:
        return None, False
    keys = session.info["keys"]
    pseudonym = pseudonym_of(keys, account.id, sender)
    added = add_once(
        session,
        Requester,
        account_id=account.id,
        pseudonym=pseudonym,
        address_sealed=keys.seal(incoming.sender, "requester") if incoming.sender else "",
        contact_sealed=keys.seal(incoming.contact, "requester") if incoming.contact else "",
        name_sealed=keys.seal(incoming.name, "requester") if incoming.name else "",
        last_message_at=at if incoming.is_question else None,
        window_opened_at=(incoming.sent_at or at) if incoming.opens_window else None,
    )
    requester = added or queries.requester_of(session, pseudonym)
    assert requester is not None  # if it was not added, it was there
    is_first = added is not None or requester.last_message_at is None
    if added is None:
        _follow_window(requester, incoming, at)
    if incoming.notice is not None and incoming.notice in _HONOURED:
        _HONOURED[incoming.notice](session, requester, incoming, at)
    if added is None and incoming.is_question:
        requester.last_message_at = at
    return requester, is_first


def _follow_window(requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """Only the citizen's own acts move the platform's window, never what we send (platforms §1.7). An older
    act that comes late moves nothing back, nor does it undo a leaving."""
    sent_at = incoming.sent_at or at
    if not incoming.opens_window:
        return
    if requester.unsubscribed_at is not None and sent_at > requester.unsubscribed_at:
        requester.unsubscribed_at = None
    if requester.window_opened_at is None or sent_at > requester.window_opened_at:
        requester.window_opened_at, requester.sent_in_window = sent_at, 0


# ------------------------------------------------------------------ what platforms ask us to honour


def _left(session: Session, requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """Unsubscribed: nothing reaches this person any more, so nothing is sent."""
    requester.unsubscribed_at = incoming.sent_at or at


def _back(session: Session, requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """Here again: what they write may be answered."""
    left_at = requester.unsubscribed_at
    if left_at is not None and (incoming.sent_at or at) >= left_at:
        requester.unsubscribed_at = None


def _changed(session: Session, requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """What the platform had told of this person no longer holds."""
    requester.name_sealed = ""
    _log_withdrawal(session, at, requester, incoming, erased=0)


def _withdrawn(session: Session, requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """They took their consent back: what the platform gave us of them goes, what they wrote to the office
    stays (A25). Of some kinds only where some are named; else the identifier too: what they write later is
    a stranger's, and no reply goes to them but by the coded page."""
    requester.name_sealed = ""
    erased = _erase_facts(session, requester)
    if not incoming.revoked:
        requester.address_sealed = ""
        requester.pseudonym = f"withdrawn-{secrets.token_hex(12)}"
        requester.withdrawn_at = at
    _log_withdrawal(session, at, requester, incoming, erased=erased)


def _cancelled(session: Session, requester: Requester, incoming: IncomingMessage, at: datetime) -> None:
    """They closed their account: as withdrawn, and nothing reaches them any more."""
    _left(session, requester, incoming, at)
    _withdrawn(session, requester, replace(incoming, revoked=()), at)


_HONOURED: Mapping[Notice, Callable[[Session, Requester, IncomingMessage, datetime], None]] = {
    Notice.LEFT: _left,
    Notice.BACK: _back,
    Notice.CHANGED: _changed,
    Notice.WITHDRAWN: _withdrawn,
    Notice.CANCELLED: _cancelled,
}


def _erase_facts(session: Session, requester: Requester) -> int:
    """What pushes carried beside the words: raw bytes (they name the person), places, ids of a thread that is
    private. Returns how many pushes were emptied."""
    own = select(Message.arrival_id).where(Message.requester_id == requester.id)
    emptied = session.execute(
        update(Arrival)
        .where(col(Arrival.id).in_(own), col(Arrival.state) != queries.WAITING)
        .values(raw=b"", opened=b"")
        .execution_options(synchronize_session=False)
    )
    told = (col(Message.requester_id) == requester.id, col(Message.kind).not_in(PUBLIC_KINDS))
    session.execute(
        update(Message).where(*told).values(thread={}, extra={}).execution_options(synchronize_session=False)
    )
    return int(emptied.rowcount)  # type: ignore[attr-defined]


def _log_withdrawal(
    session: Session, at: datetime, requester: Requester, incoming: IncomingMessage, *, erased: int
) -> None:
    """That it was done, and nothing of what it was about."""
    log.record(
        session,
        at,
        None,
        "data_withdrawn",
        subject_type="requester",
        subject_id=requester.id,
        kind=str(incoming.notice),
        kinds=len(incoming.revoked),
        pushes=erased,
    )


# ------------------------------------------------------------------ what is asked for


def keep_arrival(
    session: Session, now: datetime, account: OfficialAccount, fingerprint: str, body: bytes
) -> None:
    """A fetched item, kept as it came like a push; known ones are kept once."""
    insert_once(
        session,
        Arrival,
        account_id=account.id,
        platform=account.platform,
        received_at=now,
        fingerprint=fingerprint,
        raw=body,
        opened=body,
    )


def fetch_new(db: Database, now: datetime, *, transport: httpx.BaseTransport | None = None) -> int:
    """Ask every polled account what is new. Items and cursor are stored together; calls are budgeted.

    Opens its own transactions: no platform is called inside one. Returns how many items came.
    """
    with db.reading() as session:
        polled = [account.id for account in accounts.all_open(session) if platform(account.platform).polls]
    return sum(_fetch(db, now, account_id, transport) for account_id in polled)


def _fetch(db: Database, now: datetime, account_id: int, transport: httpx.BaseTransport | None = None) -> int:
    with db.reading() as session:
        account = accounts.get(session, account_id)
        connector = accounts_service.connector_for(session, account, transport=transport, now=now)
        state = session.get(FetchState, account_id) or FetchState(account_id=account_id)
        hints = queries.hints(session, now, account_id, connector) if isinstance(connector, Fetcher) else []
    if not isinstance(connector, Fetcher) or (state.fetched_at and now < state.fetched_at + connector.pause):
        return 0
    today = now.date()
    spent = state.calls if state.calls_on == today else 0
    # What one account may spend on asking; the rest of the platform's quota stays for replies (platforms §2.1).
    budget = connector.daily_budget - spent
    if budget <= 0:
        return 0
    result, failed = _ask(db, now, account_id, connector, state.cursor, budget, hints, transport)
    trouble = failed or (result.trouble if result else None)
    with db.writing() as session:
        kept = session.get(FetchState, account_id) or FetchState(account_id=account_id)
        for item in result.raw_items if result else ():
            keep_arrival(session, now, account, item.fingerprint, item.body)
        kept.cursor = dict(result.cursor) if result else kept.cursor
        kept.calls_on, kept.calls = today, spent + (result.calls if result else 1)
        kept.fetched_at, kept.error = now, trouble.message_zh if trouble else ""
        session.add(kept)
        if result:
            _note_gone(session, now, account_id, result.listed)
        if result and result.raw_items:
            accounts_service.note_arrival(session, now, account_id)
    return len(result.raw_items) if result else 0


def _ask(
    db: Database,
    now: datetime,
    account_id: int,
    connector: Fetcher,
    cursor: Mapping[str, str],
    budget: int,
    hints: Sequence[Mapping[str, str]],
    transport: httpx.BaseTransport | None,
) -> tuple[FetchResult | None, DeliveryError | None]:
    """One round of asking, with the account's token; once more with a new one where it was refused."""

    def ask(token: str | None) -> FetchResult:
        return connector.fetch(cursor, now, budget, token, hints)

    try:
        return accounts_service.asked_with_token(db, now, account_id, ask, transport=transport), None
    except DeliveryError as failed:
        return None, failed


def _note_gone(
    session: Session, now: datetime, account_id: int, listed: Mapping[str, frozenset[str]]
) -> None:
    """Comments that are no longer where a whole list was read: our copy stays, marked; those that are there
    (again) are not."""
    for prefix, there in listed.items():
        for message in queries.with_prefix(session, account_id, prefix):
            if (message.external_id in there) == (message.gone_at is not None):
                message.gone_at = None if message.gone_at else now
                session.add(message)


def read_again(session: Session, now: datetime, arrival_id: int) -> None:
    """Put an arrival that could not be read back in line (after the connector learnt it)."""
    arrival = session.get(Arrival, arrival_id)
    if arrival is None:
        raise NotFound("没有这条推送")
    if arrival.state not in {"failed", "unsupported"}:
        raise Conflict("这条推送已经读过了，不用再读")
    arrival.state, arrival.tries = queries.WAITING, 0
    session.add(arrival)


# ------------------------------------------------------------------ what came beside a message


def keep_file(
    session: Session,
    now: datetime,
    message_id: int,
    *,
    kind: str,
    file: Prepared,
    file_name: str = "",
    added_by: int | None = None,
) -> Attachment:
    """Keep a file that was handed in together with a message (a website's photo), or added to it by somebody
    of the office (``added_by``: a photo of what was done).

    The file is on disk before the row is written. ``file``: of `attachments.prepare`, made before the
    transaction. ``kind``: image, voice, video. ``file_name``: as the person's device called it.
    """
    row = Attachment(message_id=message_id, kind=kind, file_name=_clean_name(file_name), added_by=added_by)
    _store(session, now, row, file)
    session.add(row)
    session.flush()
    return row


def fetch_attachments(
    db: Database, now: datetime, *, limit: int = FILES_AT_ONCE, transport: httpx.BaseTransport | None = None
) -> int:
    """Fetch what came beside the messages before the platform forgets it (WeChat: three days).

    Each file: 1. asked of the connector and looked at, in no transaction; 2. kept on disk; 3. its row.
    A file that cannot be had is asked for again, later and later; then the row says that it is gone.
    Returns how many were tried.
    """
    with db.reading() as session:
        waiting = queries.attachments_to_fetch(session, now, limit)
    for attachment_id, account_id, media_id in waiting:
        got = _looked_at(_media(db, now, account_id, media_id, transport))
        with db.writing() as session:
            row = session.get(Attachment, attachment_id, with_for_update=True)
            if row is None or row.state != queries.WAITING:
                continue
            row.tries += 1
            if isinstance(got, DeliveryError):
                if got.kind == "stop":
                    accounts_service.note_trouble(session, now, account_id, got.message_zh)
                _not_fetched(session, now, row, got)
            elif isinstance(got, Refused):
                _refuse(session, now, row, got.reason, media.REASONS[got.reason])
            else:
                if row.reason and row.reason == accounts.get(session, account_id).trouble:
                    accounts_service.clear_trouble(session, now, account_id)  # it was this that was wrong
                _store(session, now, row, got)
            session.add(row)
    return len(waiting)


def sweep_attachments(db: Database, now: datetime) -> int:
    """Files that no row names, left by transactions that were rolled back: away with them after a day."""
    with db.reading() as session:
        known = queries.attachment_paths(session)
    return attachments.sweep(db.folder, known, (now - timedelta(days=1)).timestamp())


def _media(
    db: Database, now: datetime, account_id: int, media_id: str, transport: httpx.BaseTransport | None
) -> bytes | DeliveryError:
    """One file from the platform, with the account's token; an error as a value: it is written down."""
    try:
        with db.reading() as session:
            account = accounts.get(session, account_id)
            connector = accounts_service.connector_for(session, account, transport=transport)
    except (
        AppError,
        ValueError,
        TypeError,
    ):  # settings that do not make a connector: the others' files go on
        return DeliveryError("stop", "settings", "", media.REASONS["settings"])
    if not isinstance(connector, MediaSource):
        return DeliveryError("final", "not_offered", "", media.REASONS["not_offered"])
    longest = max(one.longest for one in media.KEPT.values())

    def ask(token: str | None) -> bytes:
        return connector.fetch_media(media_id, token, longest).data

    try:
        return accounts_service.asked_with_token(db, now, account_id, ask, transport=transport)
    except DeliveryError as failed:
        return failed


def _looked_at(got: bytes | DeliveryError) -> Prepared | Refused | DeliveryError:
    """What came, ready to be kept; or why it may not be."""
    if isinstance(got, DeliveryError):
        return got
    try:
        return attachments.prepare(got)
    except Refused as refused:
        return refused


def _not_fetched(session: Session, now: datetime, row: Attachment, failed: DeliveryError) -> None:
    """Again later, as long as the platform may still have it; ``final`` is final."""
    if failed.code in ("too_large", "not_taken"):
        _refuse(session, now, row, failed.code, failed.message_zh)
        return
    row.reason = failed.message_zh[:200]
    row.next_try_at = None if failed.kind == "final" else _next_try(session, now, row)
    if row.next_try_at is None:
        row.state = "gone"
        row.reason = row.reason if failed.kind == "final" else media.REASONS["expired"]


def _refuse(session: Session, now: datetime, row: Attachment, reason: str, words: str) -> None:
    """What came may not be kept; the first time it may have been spoilt on the way."""
    row.reason, row.next_try_at = words[:200], None
    if row.tries == 1 and reason in media.MAY_BE_SPOILT:
        row.next_try_at = _next_try(session, now, row)
    row.state = queries.WAITING if row.next_try_at else "refused"


def _next_try(session: Session, now: datetime, row: Attachment) -> datetime | None:
    return media.next_try(row.tries, now, session.get_one(Message, row.message_id).received_at)


def _store(session: Session, now: datetime, row: Attachment, file: Prepared) -> None:
    """Put a file on disk and say so in ``row``."""
    kept = attachments.store(session.info["folder"], file)
    row.state, row.reason, row.next_try_at, row.stored_at = "stored", "", None, now
    row.path, row.media_type, row.size, row.sha256 = kept.path, kept.media_type, kept.size, kept.sha256


def _clean_name(given: str) -> str:
    """What the sender called it, as a row may hold it; made harmless once more when it is handed out."""
    return "".join(c for c in given if c.isprintable())[:200]


# ------------------------------------------------------------------ whether it still comes


def count_arrivals(session: Session, now: datetime) -> int:
    """How many came on each account in each of the last hours (job): what silence is measured against.

    Counts anew from the last hour counted on, so that a run that was missed is made good. Returns hours.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    first = max(queries.last_hour_counted(session) or hour - HISTORY, hour - HISTORY)
    counted = queries.arrivals_by_hour(session, first, now)
    for (account_id, at), number in counted.items():
        session.merge(ArrivalHours(account_id=account_id, hour_at=at, number=number))
    return len(counted)


def warn_of_endings(session: Session, now: datetime) -> int:
    """Permissions that end (Weibo): whoever answers for the account and the system's administrators are told
    14, 7, 3 and 1 days before and on the day, each once (job). Returns how many notices."""
    told, today = 0, day_of(now)
    admins = [one.id for one in staff.people(session, role=Role.SYSTEM_ADMIN)]
    for account in accounts.all_open(session):
        ends_on = accounts.ends_on(account)
        warning = endings.warning(ends_on, today) if ends_on else None
        if ends_on is None or warning is None:
            continue
        words = f"{account.name} 的{endings.words(ends_on, today)}。请到平台重新授权，再把新的令牌填进设置"
        for staff_id in sorted({account.responsible_id, *admins}):
            key = f"grant:{account.id}:{ends_on}:{warning}:{staff_id}"
            address = f"/desk/accounts/{account.id}"
            told += notices.tell(
                session, now, staff_id, key=key, kind="account", text=words, address=address
            ) is not None  # fmt: skip
    return told
