"""How a message becomes a case: pushed, written on the website, or a row of a file."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import Conflict, Invalid
from app.base.standing import standing_still
from app.calendar.workdays import day_of
from app.cases import numbers, queries
from app.cases.deadlines import asked_row
from app.cases.models import Case
from app.cases.profiles import DEFAULT_PROFILE
from app.cases.service import promising, routing, windows
from app.cases.service.clocks import set_due
from app.cases.service.pausing import take_answer
from app.cases.service.telling import tell_on_duty
from app.cases.steps import Step
from app.cases.transitions import (
    Status,
)
from app.departments import queries as departments
from app.log import service as log
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.classify import message_type_of, place_of, title_of, without_numbers
from app.messages.models import Arrival, ImportRun, Message
from app.messages.storable import storable
from app.official_accounts import service as accounts_service
from app.official_accounts.models import OfficialAccount
from app.staff import queries as staff
from app.staff.roles import Person
from connectors.contract import Importer, ImportRow, IncomingMessage
from connectors.errors import UnreadableFile
from connectors.registry import platform

logger = logging.getLogger("huiying.cases")


_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)


_AT_ONCE = 1_000
"""How many a run works through: a job that comes every second would drain a backlog no faster than this."""
# So few that a push which waits for the same file waits no longer than for a few letters.
_TOGETHER = 8


_NUMBERS_AT_ONCE = 8
_NUMBERS = "case_numbers_at_hand"


def take_in_arrivals(db: Database, now: datetime) -> int:
    """Read what is waiting and take it into the queue, a few arrivals in one transaction.

    One that cannot be read never holds up the next: where one fails, its few are taken in one by one.
    Returns how many were worked through.
    """
    with db.reading() as session:
        waiting = messages.waiting_ids(session, _AT_ONCE)
    for start in range(0, len(waiting), _TOGETHER):
        few = waiting[start : start + _TOGETHER]
        with db.giving_way():
            _take_in_few(db, now, few)
    return len(waiting)


def _take_in_few(db: Database, now: datetime, few: Sequence[int]) -> None:
    try:
        _take_in_together(db, now, few)
    except _DATABASE_AWAY:
        raise  # nothing is wrong with the arrivals; all of them wait
    except Exception:  # whichever it was: the others must not share its fate
        for arrival_id in few:
            _take_in_alone(db, now, arrival_id)


def _take_in_together(db: Database, now: datetime, few: Sequence[int]) -> None:
    with db.writing() as session, standing_still(session):
        for arrival in messages.lock_waiting(session, few):
            _take_in_arrival(session, now, arrival)


def _take_in_alone(db: Database, now: datetime, arrival_id: int) -> None:
    try:
        _take_in_together(db, now, [arrival_id])
    except _DATABASE_AWAY:
        raise
    except Exception as error:  # whatever it is: the letters behind this one must not wait for it
        logger.error("arrival not taken in", exc_info=error, extra={"fields": {"arrival": arrival_id}})
        with db.writing() as session:
            messages_service.note_failure(session, now, arrival_id, error)


def _take_in_arrival(session: Session, now: datetime, arrival: Arrival) -> None:
    for message in messages_service.read_arrival(session, now, arrival):
        case = take_in(session, now, message)
        if not messages_service.is_first_word(session, message):
            windows.follow(session, message)
        promising.keep_promise(session, now, arrival, case)
    session.add(arrival)


def take_in(session: Session, now: datetime, message: Message) -> Case:
    """A message becomes a case, or the awaited answer inside one.

    1. If its requester was asked something, it belongs to that case and the clock runs again.
    2. Otherwise a new case: type, place and department suggested from the text, due date computed.
    """
    waited_for = _waiting_for(session, message)
    if waited_for is not None:
        return take_answer(session, now, waited_for, message)
    received_at = _clock_began(message)
    office = staff.office(session)
    message_type = message_type_of(message.kind, message.text)
    places = departments.places(session)
    # Only the known place out of an address: house numbers stay with the message.
    place = place_of(str(message.extra.get("place", "")), places) or place_of(message.text, places)
    suggested = routing.suggest(session, message, place)
    profile = queries.profile(session, office.profile if office else DEFAULT_PROFILE)
    closes = windows.closes_at(session, message)
    arrival = session.get(Arrival, message.arrival_id) if message.arrival_id else None
    told = promising.number_and_code(session, arrival)
    number, code = told or (_free_number(session, received_at), numbers.new_lookup_code())
    case = Case(
        number=number,
        lookup_code_sealed=session.info["keys"].seal(code, "lookup"),
        platform=message.platform,
        account_id=message.account_id,
        requester_id=message.requester_id,
        title=without_numbers(message.title) or title_of(message.text),
        text=message.text,
        message_type=message_type,
        assisting=[],
        due_days=[],
        category=str(message.extra.get("category") or (suggested.category if suggested else ""))[:40],
        place=place,
        routing=suggested.kept() if suggested else {},
        public_consent=message.public_consent,
        profile=profile.key,
        profile_version=profile.version,
        step=Step.ACCEPT.value,
        received_at=received_at,
        clock_changes=_asked(message),
        window_closes_at=closes,
        # No more than a beginning: the next line works them out.
        due_at=received_at,
        due_on=day_of(received_at),
        sooner_at=received_at,
    )
    set_due(session, case)
    session.add(case)
    session.flush()
    message.case_id = case.id
    session.add(message)
    log.record(
        session,
        now,
        None,
        "take_in",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        platform=case.platform,
        message_type=case.message_type,
        received_at=case.received_at.isoformat(),
        due_at=case.due_at.isoformat(),
        due_on=case.due_on.isoformat(),
    )
    if not routing.assign_by_itself(session, now, case, suggested):
        tell_on_duty(session, now, case, "new", f"新来信 {case.number}，待受理")
    return case


def _clock_began(message: Message) -> datetime:
    # 找错 and hotline rows are brought by file: their clock began when the citizen submitted (platforms §9.31).
    brought = message.sent_at is not None and platform(message.platform).imports
    return message.sent_at if brought and message.sent_at else message.received_at


def _asked(message: Message) -> list[dict[str, Any]]:
    """By when the system that a row was brought from wants it done."""
    asked = message.extra.get("due_at")
    return [asked_row(datetime.fromisoformat(asked))] if asked else []


def _waiting_for(session: Session, message: Message) -> Case | None:
    # A row of another system's file has a number of its own there and wants an answer of its own.
    if message.requester_id is None or platform(message.platform).imports:
        return None
    if messages_service.is_first_word(session, message):
        return None
    return session.execute(_AWAITED, {"requester_id": message.requester_id}).scalars().first()


_AWAITED = (
    select(Case)
    .where(
        col(Case.requester_id) == bindparam("requester_id", type_=Integer),
        col(Case.status) == Status.WAITING_CITIZEN,
    )
    .order_by(col(Case.id).desc())
    .limit(1)
)
"""Made once: it is asked for every message of somebody known."""


def _free_number(session: Session, received_at: datetime) -> str:
    """A number nobody has: some are drawn and looked up at once, and used up within the transaction."""
    day = day_of(received_at)
    at_hand: list[str] = session.info.setdefault(_NUMBERS, {}).setdefault(day, [])
    if not at_hand:
        drawn = {numbers.new_number(day) for _ in range(_NUMBERS_AT_ONCE)}
        at_hand.extend(drawn - queries.numbers_taken(session, drawn))
    if not at_hand:
        raise Conflict("没能取到新的办件编号，请再试一次")
    return at_hand.pop()


def receive_letter(
    session: Session, now: datetime, account: OfficialAccount, incoming: IncomingMessage
) -> tuple[Case, bool]:
    """A letter through the website's form or API: (case, whether it is new). The same key twice is one letter."""
    message = messages_service.keep(session, now, account, incoming)
    if message is not None:
        return take_in(session, now, message), True
    kept = messages.known(session, account.id, incoming.external_id)
    case = session.get(Case, kept.case_id) if kept and kept.case_id else None
    if case is None:
        raise Conflict("这封信正在处理，请稍后再查")
    return case, False


def preview_file(session: Session, account: OfficialAccount, file_name: str, data: bytes) -> list[ImportRow]:
    """What is in a file, row by row; nothing is kept. Raises `Invalid` if it is no such file."""
    connector = accounts_service.connector_for(session, account)
    if not isinstance(connector, Importer):
        raise Invalid("这个账号的平台不用文件导入", field="account")
    try:
        return connector.rows(file_name, data)
    except UnreadableFile as error:
        raise Invalid(error.message_zh, field="file") from None


def import_file(
    session: Session,
    now: datetime,
    actor: Person | None,
    account: OfficialAccount,
    file_name: str,
    data: bytes,
) -> ImportRun:
    """Messages from a file of a system without an interface: a report per row, nothing twice.

    Raises `Invalid` if it is no such file; then nothing of it is kept.
    """
    rows = preview_file(session, account, file_name, data)
    run = ImportRun(
        account_id=account.id, file_name=file_name[:200], by_id=actor.id if actor else None, at=now
    )
    report = []
    for row in rows:
        outcome, words, number = _take_in_row(session, now, account, row.message, row.error)
        setattr(run, outcome, getattr(run, outcome) + 1)
        report.append(
            {
                "row": row.number,
                "outcome": outcome,
                "words": words,
                "number": number,
                "notes": list(row.notes),
            }
        )
    run.report = report
    session.add(run)
    session.flush()
    if run.added:
        accounts_service.note_arrival(session, now, account.id)
    log.record(
        session,
        now,
        actor,
        "import",
        subject_type="import",
        subject_id=run.id,
        added=run.added,
        known=run.known,
        refused=run.refused,
    )
    return run


def _take_in_row(
    session: Session,
    now: datetime,
    account: OfficialAccount,
    incoming: IncomingMessage | None,
    error: str | None,
) -> tuple[str, str, str]:
    if incoming is None:
        return "refused", error or "这一行读不出来", ""
    message = messages_service.keep(session, now, account, incoming)
    if message is None:
        kept = messages.known(session, account.id, incoming.external_id)
        case = session.get(Case, kept.case_id) if kept and kept.case_id else None
        is_changed = kept is not None and kept.text != storable(incoming).text
        words = "以前已经导入过，这次的内容不一样：没有改动办件，请核对" if is_changed else "以前已经导入过"
        return "known", words, case.number if case else ""
    return "added", "已进入队列", take_in(session, now, message).number
