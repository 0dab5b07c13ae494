"""What an office does with a case, one function per step. Load → ask a rule → write → log."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session, col, select

from app.base.clock import SHANGHAI
from app.base.db import Database, lock
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.base.rows import insert_once
from app.calendar import queries as calendars
from app.calendar.workdays import Due, day_of
from app.cases import deadlines, numbers, queries, reminders
from app.cases.deadlines import MessageType
from app.cases.models import Case, Extension, Inquiry, OfflineAction, Rating, Reminder, Supervision
from app.cases.transitions import (
    ACTION_LABELS,
    BY_ACTION,
    BY_REPLY,
    INVALID_REASONS,
    OPEN_STATUSES,
    Action,
    Outcome,
    Status,
    next_status,
)
from app.departments import queries as departments
from app.departments import responsibility
from app.departments.models import Department
from app.duty import queries as duty
from app.log import service as log
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.classify import message_type_of, place_of, title_of, without_numbers
from app.messages.models import Arrival, ImportRun, Message, Requester
from app.notices import service as notices
from app.official_accounts import service as accounts_service
from app.official_accounts.models import OfficialAccount
from app.staff import queries as staff
from app.staff import service as staff_service
from app.staff.roles import SEES_ALL_CASES, Person, Role
from connectors.contract import Importer, IncomingMessage
from connectors.errors import UnreadableFile
from connectors.registry import platform

logger = logging.getLogger("huiying.cases")
_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
SYSTEM_ROLES = frozenset({Role.SYSTEM})
# Replied and nobody objected for seven days: closed by the system.
CLOSES_AFTER = timedelta(days=7)
_AT_ONCE = 100
_CLOSED_AT_ONCE = 5_000
_NUMBER_TRIES = 8
_LOOKUP_TRIES, _LOOKUP_WITHIN = 5, timedelta(hours=1)


# ------------------------------------------------------------------ taking in


def take_in_arrivals(db: Database, now: datetime) -> int:
    """Read what is waiting and take it into the queue, each arrival in a transaction of its own.

    One that cannot be read never holds up the next. Returns how many were worked through.
    """
    with db.reading() as session:
        waiting = messages.waiting_ids(session, _AT_ONCE)
    for arrival_id in waiting:
        try:
            with db.writing() as session:
                _take_in_arrival(session, now, arrival_id)
        except _DATABASE_AWAY:
            raise  # nothing is wrong with the arrival; all of them wait
        except Exception as error:  # whatever it is: the letters behind this one must not wait for it
            logger.error("arrival not taken in", exc_info=error, extra={"fields": {"arrival": arrival_id}})
            with db.writing() as session:
                messages_service.note_failure(session, now, arrival_id, error)
    return len(waiting)


def _take_in_arrival(session: Session, now: datetime, arrival_id: int) -> None:
    arrival = session.get(Arrival, arrival_id, with_for_update=True)
    if arrival is None or arrival.state != messages.WAITING:
        return  # another process was faster
    for message in messages_service.read_arrival(session, now, arrival):
        take_in(session, now, message)
    session.add(arrival)


def take_in(session: Session, now: datetime, message: Message) -> Case:
    """A message becomes a case, or the awaited answer inside one.

    1. If its requester was asked something, it belongs to that case and the clock runs again.
    2. Otherwise a new case: type, place and department suggested from the text, due date computed.
    """
    waited_for = _waiting_for(session, message)
    if waited_for is not None:
        message.case_id = waited_for.id
        session.add(message)
        _resume(session, now, None, waited_for, answer="来信人已补充")
        words = f"{waited_for.number} 的来信人已补充，{waited_for.due_on:%m-%d} 前答复"
        _tell_keeper(session, now, waited_for, "answered", words)
        return waited_for
    received_at = _clock_began(message)
    office = staff.office(session)
    message_type = message_type_of(message.kind, message.text)
    place = place_of(message.text, departments.places(session))
    routing = _routing(session, f"{message.title} {message.text}", place)
    due = _due(session, received_at, message_type, office.profile if office else "default")
    closes = _window_closes_at(session, message)
    case = Case(
        number=_free_number(session, received_at),
        lookup_code_sealed=session.info["keys"].seal(numbers.new_lookup_code(), "lookup"),
        platform=message.platform,
        account_id=message.account_id,
        requester_id=message.requester_id,
        title=without_numbers(message.title) or title_of(message.text),
        text=message.text,
        message_type=message_type,
        category=str(message.extra.get("category") or routing.get("category", ""))[:40],
        place=place,
        routing=routing,
        public_consent=message.public_consent,
        profile=office.profile if office else "default",
        received_at=received_at,
        window_closes_at=closes,
        sooner_at=deadlines.sooner(due.due_at, closes),
        **_due_columns(due),
    )
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
        due_on=due.due_on.isoformat(),
    )
    _tell_on_duty(session, now, case, "new", f"新来信 {case.number}，待受理")
    return case


def _tell(
    session: Session, now: datetime, to: int, case: Case, kind: str, words: str, *, key: str = ""
) -> None:
    """A notice about ``case``; ``key`` tells apart what may happen to one case more than once."""
    notices.tell(
        session,
        now,
        to,
        key=f"{key or kind}:{case.id}:{to}",
        kind=kind,
        text=words,
        address=f"/desk/cases/{case.number}",
        case_id=case.id,
    )


def _tell_on_duty(
    session: Session, now: datetime, case: Case, kind: str, words: str, *, key: str = ""
) -> None:
    for shift in duty.on_duty(session, now):
        _tell(session, now, shift.staff_id, case, kind, words, key=key)


def _tell_keeper(session: Session, now: datetime, case: Case, kind: str, words: str) -> None:
    """The responsible person; whoever is on duty while nobody is named."""
    key = f"{kind}:{case.version}"
    if case.handler_id:
        _tell(session, now, case.handler_id, case, kind, words, key=key)
    else:
        _tell_on_duty(session, now, case, kind, words, key=key)


def _routing(session: Session, text: str, place: str) -> dict[str, Any]:
    """The department the responsibility table suggests, with its reason; a person decides."""
    rows = {row.id: row for row in departments.responsibilities(session)}
    shorts = departments.names(session, {row.department_id for row in rows.values()})
    matches = responsibility.match(text, rows.values(), place=place, names=shorts)
    if not matches:
        return {}
    best = matches[0]
    return {
        "department_id": best.department_id,
        "handler_id": best.handler_id,
        "category": rows[best.row_id].category,
        "reason": best.reason,
        "row": best.row_id,
        "version": best.row_version,
    }


def _clock_began(message: Message) -> datetime:
    # 找错 and hotline rows are brought by file: their clock began when the citizen submitted (platforms §9.31).
    brought = message.sent_at is not None and platform(message.platform).imports
    return message.sent_at if brought and message.sent_at else message.received_at


def _waiting_for(session: Session, message: Message) -> Case | None:
    # A row of another system's file has a number of its own there and wants an answer of its own.
    if message.requester_id is None or platform(message.platform).imports:
        return None
    wanted = select(Case).where(
        Case.requester_id == message.requester_id, Case.status == Status.WAITING_CITIZEN
    )
    return session.exec(wanted.order_by(col(Case.id).desc())).first()


def _free_number(session: Session, received_at: datetime) -> str:
    for _ in range(_NUMBER_TRIES):
        number = numbers.new_number(day_of(received_at))
        if queries.by_number(session, number) is None:
            return number
    raise Conflict("没能取到新的办件编号，请再试一次")


def _window_closes_at(session: Session, message: Message) -> datetime | None:
    row = platform(message.platform)
    # A private message to an account may have a window where its public comments have none.
    window = row.window_private if message.thread.get("private") else row.window
    requester = session.get(Requester, message.requester_id) if message.requester_id else None
    if window is None or requester is None or requester.window_opened_at is None:
        return None
    return requester.window_opened_at + window.lasts


def _due(
    session: Session, received_at: datetime, message_type: str, profile: str, complex: bool = False
) -> Due:
    return deadlines.due_at(
        received_at,
        MessageType(message_type),
        deadlines.PROFILES.get(profile, deadlines.PROFILES[deadlines.DEFAULT_PROFILE]),
        calendars.calendar(session),
        complex=complex,
    )


def _due_columns(due: Due) -> dict[str, Any]:
    return {
        "due_at": due.due_at,
        "due_on": due.due_on,
        "due_provisional": due.provisional,
        "due_days": [{"on": day.on.isoformat(), "counts": day.counts, "why": day.why} for day in due.days],
        "calendar_version": due.calendar_version,
    }


def _set_due(case: Case, due: Due) -> None:
    for name, value in _due_columns(due).items():
        setattr(case, name, value)
    case.sooner_at = deadlines.sooner(due.due_at, case.window_closes_at)


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
    connector = accounts_service.connector_for(session, account)
    if not isinstance(connector, Importer):
        raise Invalid("这个账号的平台不用文件导入", field="account")
    try:
        rows = connector.rows(file_name, data)
    except UnreadableFile as error:
        raise Invalid(error.message_zh, field="file") from None
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
        return "known", "以前已经导入过", case.number if case else ""
    return "added", "已进入队列", take_in(session, now, message).number


# ------------------------------------------------------------------ the one way a status changes


def move(
    session: Session, now: datetime, person: Person | None, case: Case, action: Action, **words: Any
) -> Case:
    """Change the status of ``case`` by ``action`` as ``person`` (None: the system), or refuse.

    Obeys the one table; writes only if nobody else has changed the case since it was read (its
    `version`), and logs. Raises `NotAllowed`, `Conflict`.
    """
    roles = person.roles if person else SYSTEM_ROLES
    before = Status(case.status)
    target = next_status(before, action, roles)
    _check_own_department(person, case, action)
    changed = session.execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.version) == case.version, col(Case.status) == case.status)
        .values(status=target.value, open=target in OPEN_STATUSES, version=case.version + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("刚才有人先改了这一件。请刷新后看看现在的情况再做")
    session.refresh(case)
    log.record(
        session,
        now,
        person,
        action.value,
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        **{"from": before.value, "to": target.value},
        **words,
    )
    return case


def _check_own_department(person: Person | None, case: Case, action: Action) -> None:
    """A handler acts on cases of the own department only; seeing one (co-sign, verify) is not enough."""
    if person is None or person.may(*(BY_ACTION[action].roles - {Role.HANDLER})):
        return
    if person.department_id != case.department_id and not person.may(*SEES_ALL_CASES):
        raise NotAllowed("这件现在由别的单位承办，您可以看，但不能办", code="wrong_department")


# ------------------------------------------------------------------ the office's verbs


def act(
    session: Session,
    now: datetime,
    person: Person,
    number: str,
    action: Action,
    *,
    version: int | None = None,
    **details: Any,
) -> Case:
    """Do ``action`` on the case ``number`` with its ``details`` (see `_DO`).

    ``version`` is the one the person saw; a stale one is refused. Raises `NotFound`, `NotAllowed`,
    `Invalid` (with the field), `Conflict`.
    """
    if action in BY_REPLY:
        raise NotAllowed(f"{ACTION_LABELS[action]}在答复里做，不在这里", code="by_reply")
    case = queries.visible_case(session, person, number)
    if version is not None and version != case.version:
        raise Conflict("刚才有人先改了这一件。请刷新后看看现在的情况再做")
    do = _DO[action]
    given = {name: value for name, value in details.items() if value not in (None, "")}
    unknown = set(given) - do.details
    if unknown:
        raise Invalid(f"{ACTION_LABELS[action]}用不到 {'、'.join(sorted(unknown))}", field=min(unknown))
    # Whether it may be done at all comes before what is wrong with the details.
    next_status(Status(case.status), action, person.roles)
    _check_own_department(person, case, action)
    do.function(session, now, person, case, **given)
    session.add(case)
    session.flush()
    return case


def _text(value: object, field: str, words: str, longest: int = 500) -> str:
    text = str(value).strip()
    if not text:
        raise Invalid(f"请写明{words}", field=field)
    if len(text) > longest:
        raise Invalid(f"{words}最多 {longest} 字，现在有 {len(text)} 字", field=field)
    return text


def _number(value: object, field: str, words: str, least: int, most: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise Invalid(f"{words}要写数字", field=field) from None
    if not least <= number <= most:
        raise Invalid(f"{words}要在 {least} 到 {most} 之间", field=field)
    return number


def _accept(session: Session, now: datetime, person: Person, case: Case, **given: Any) -> None:
    """Take the case in, with its type, category, place and class; the due date follows them."""
    move(session, now, person, case, Action.ACCEPT)
    _classify(session, case, **given)


def _classify(
    session: Session,
    case: Case,
    message_type: str = "",
    category: str = "",
    place: str = "",
    complex: object = None,
    sensitivity: str = "",
) -> None:
    if message_type and message_type not in set(MessageType):
        raise Invalid("没有这种诉求类型", field="message_type")
    if sensitivity and sensitivity not in {"ordinary", "important", "sensitive"}:
        raise Invalid("敏感程度只能是一般、重要或敏感", field="sensitivity")
    case.message_type = message_type or case.message_type
    case.category = category[:40] or case.category
    case.place = place[:40] or case.place
    case.sensitivity = sensitivity or case.sensitivity
    if complex is not None:
        case.complex = str(complex).lower() in {"1", "true", "on", "yes"}
    _set_due(case, _due(session, case.received_at, case.message_type, case.profile, case.complex))


def _decline(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """不予受理, with the reason that the citizen will read."""
    case.ended_reason = _text(reason, "reason", "不予受理的理由")
    case.closed_at = now
    move(session, now, person, case, Action.DECLINE, reason=case.ended_reason)
    _end_merged(session, now, case)


def _mark_invalid(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """广告, 重复, 辱骂 …: counted, kept, never published (E18)."""
    if reason not in INVALID_REASONS:
        raise Invalid("请选无效的原因：" + "、".join(INVALID_REASONS.values()), field="reason")
    case.ended_reason = str(reason)
    case.closed_at = now
    move(session, now, person, case, Action.MARK_INVALID, reason=case.ended_reason)
    _end_merged(session, now, case)


def _merge(session: Session, now: datetime, person: Person, case: Case, master: object = "") -> None:
    """One master case, many deliveries: this one will get the master's reply (E16)."""
    number = _text(master, "master", "主办件编号")
    lock(session, "merge")  # two who merge each other's master at once would leave a ring without a reply
    chief = queries.visible_case(session, person, number)
    if chief.id == case.id:
        raise Invalid("不能并入自己", field="master")
    if chief.master_id or not chief.open:
        raise Invalid(f"{chief.number} 已经并案或办完，请选一件在办的主办件", field="master")
    case.master_id = chief.id
    move(session, now, person, case, Action.MERGE, master=chief.number)
    session.execute(update(Case).where(col(Case.master_id) == case.id).values(master_id=chief.id))


def _end_merged(session: Session, now: datetime, case: Case) -> None:
    """What was merged into ``case`` ends with it, with its outcome."""
    for merged in session.exec(select(Case).where(Case.master_id == case.id, col(Case.closed_at).is_(None))):
        merged.outcome, merged.closed_at = case.outcome, now


def _to_department(
    session: Session, case: Case, department_id: object, handler_id: object = None
) -> Department:
    department = session.get(
        Department, _number(department_id, "department_id", "承办单位", 1, queries.LARGEST_ID)
    )
    if department is None or department.closed_at:
        raise Invalid("没有这个承办单位", field="department_id")
    case.department_id = department.id
    case.handler_id = _responsible(session, department.id, handler_id, case)
    return department


def _responsible(session: Session, department_id: int, handler_id: object, case: Case) -> int | None:
    """The named person who answers for the case (A2): the one chosen, else the table's, else the first.

    The first is the one longest there; a contractor only where the department has nobody else.
    """
    handlers = staff.people(session, role=Role.HANDLER, department_id=department_id)
    if handler_id is not None:
        wanted = _number(handler_id, "handler_id", "经办人", 1, queries.LARGEST_ID)
        if wanted not in {handler.id for handler in handlers}:
            raise Invalid("这个人不是该单位的经办人", field="handler_id")
        return wanted
    named = [
        row.handler_id
        for row in departments.responsibilities(session)
        if row.department_id == department_id and row.category == case.category and row.handler_id
    ]
    own_first = sorted(handlers, key=lambda handler: (handler.contractor, handler.id))
    return next(iter([*named, *(handler.id for handler in own_first)]), None)


def _assign(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    department_id: object = None,
    handler_id: object = None,
    note: str = "",
    **classes: Any,
) -> None:
    """First giving to a department; accepts a new case on the way."""
    if classes:
        _classify(session, case, **classes)
    _hand_over(session, now, person, case, Action.ASSIGN, department_id, handler_id, note)


def _transfer(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    department_id: object = None,
    handler_id: object = None,
    note: object = "",
) -> None:
    """To another department; the deadline stays."""
    if str(department_id) == str(case.department_id):
        raise Invalid("这件已经在这个单位，请选另一个", field="department_id")
    reason = _text(note, "note", "转办的理由")
    _hand_over(session, now, person, case, Action.TRANSFER, department_id, handler_id, reason)


def _hand_over(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    action: Action,
    department_id: object,
    handler_id: object,
    note: str,
) -> None:
    if department_id is None:
        raise Invalid("请选承办单位", field="department_id")
    department = _to_department(session, case, department_id, handler_id)
    case.assigned_at = now
    move(session, now, person, case, action, department=department.name, note=note[:500])
    if case.handler_id:
        _tell_assigned(session, now, case, action, f"{case.number} 交给您办，{case.due_on:%m-%d} 前答复")


def _tell_assigned(session: Session, now: datetime, case: Case, action: Action, words: str) -> None:
    if case.handler_id:
        _tell(session, now, case.handler_id, case, "assigned", words, key=f"{action}:{case.version}")


def _acknowledge(session: Session, now: datetime, person: Person, case: Case) -> None:
    """签收: the department has it, and by name."""
    if person.may(Role.HANDLER) and person.department_id == case.department_id:
        case.handler_id = person.id
    move(session, now, person, case, Action.ACKNOWLEDGE)


def _return(session: Session, now: datetime, person: Person, case: Case, reason: object = "") -> None:
    """退回 to the clerk, with the duty relied on."""
    words = _text(reason, "reason", "退回的理由和职责依据")
    department = session.get(Department, case.department_id) if case.department_id else None
    move(
        session,
        now,
        person,
        case,
        Action.RETURN,
        reason=words,
        department=department.name if department else "",
    )
    case.returns += 1
    case.department_id = case.handler_id = None
    words = f"{case.number} 被退回，请重新交办"
    _tell_on_duty(session, now, case, "returned", words, key=f"returned:{case.version}")


def _ask_citizen(session: Session, now: datetime, person: Person, case: Case, question: object = "") -> None:
    """The clock stands still while the citizen is asked."""
    words = _text(question, "question", "要请来信人补充什么")
    session.add(Inquiry(case_id=case.id, kind="ask", question=words, asked_by=person.id, asked_at=now))
    case.paused_at = now
    move(session, now, person, case, Action.ASK_CITIZEN)


def _resume_by_person(
    session: Session, now: datetime, person: Person, case: Case, answer: object = ""
) -> None:
    """What the citizen answered (or that there was none), in words."""
    _resume(session, now, person, case, answer=_text(answer, "answer", "补充的情况"))


def _resume(session: Session, now: datetime, person: Person | None, case: Case, *, answer: str) -> None:
    for inquiry in queries.open_inquiries(session, case.id, "ask"):
        inquiry.answer, inquiry.answered_at = answer, now
        inquiry.answered_by = person.id if person else None
    if case.paused_at:
        calendar = calendars.calendar(session)
        _set_due(case, deadlines.shifted_by_pause(case.due_at, case.paused_at, now, calendar))
        case.paused_at = None
    move(session, now, person, case, Action.RESUME)


def _inquire(action: Action) -> Callable[..., None]:
    def ask(
        session: Session,
        now: datetime,
        person: Person,
        case: Case,
        department_id: object = None,
        question: object = "",
    ) -> None:
        words = _text(question, "question", f"要{ACTION_LABELS[action]}什么")
        if department_id is None:
            raise Invalid("请选单位", field="department_id")
        department = session.get(
            Department, _number(department_id, "department_id", "单位", 1, queries.LARGEST_ID)
        )
        if department is None or department.id == case.department_id:
            raise Invalid("请选另一个单位", field="department_id")
        due = _due(session, now, MessageType.CORRECTION, case.profile)  # one working day
        session.add(
            Inquiry(
                case_id=case.id,
                kind=action.value,
                department_id=department.id,
                question=words,
                asked_by=person.id,
                asked_at=now,
                due_at=due.due_at,
            )
        )
        move(session, now, person, case, action, department=department.name)
        for handler in staff.people(session, role=Role.HANDLER, department_id=department.id):
            wanted = f"{case.number} 请您单位{ACTION_LABELS[action]}"
            _tell(session, now, handler.id, case, action.value, wanted, key=f"{action}:{case.version}")

    return ask


def answer_inquiry(
    session: Session, now: datetime, person: Person, number: str, inquiry_id: int, answer: str
) -> Inquiry:
    """Another department's answer to a co-sign or verify request."""
    case = queries.visible_case(session, person, number)
    inquiry = (
        session.get(Inquiry, inquiry_id, with_for_update=True) if inquiry_id <= queries.LARGEST_ID else None
    )
    if inquiry is None or inquiry.case_id != case.id or inquiry.kind == "ask" or inquiry.answered_at:
        raise NotFound("没有这个待答复的请求")
    if person.department_id != inquiry.department_id:
        raise NotAllowed("这个请求要由被请求的单位答复")
    inquiry.answer = _text(answer, "answer", "答复")
    inquiry.answered_by, inquiry.answered_at = person.id, now
    session.add(inquiry)
    log.record(
        session,
        now,
        person,
        f"answer_{inquiry.kind}",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
    )
    words = f"{case.number} 的{ACTION_LABELS[Action(inquiry.kind)]}有了答复"
    _tell(session, now, inquiry.asked_by, case, "inquiry_answered", words, key=f"inquiry:{inquiry.id}")
    return inquiry


def _record_action(
    session: Session, now: datetime, person: Person, case: Case, done_on: object = "", what: object = ""
) -> None:
    """Who did what, when, away from the desk (D5)."""
    words = _text(what, "what", "做了什么")
    try:
        day = date.fromisoformat(str(done_on))
    except ValueError:
        raise Invalid("日期写成 2026-11-21 的样子", field="done_on") from None
    if day > now.astimezone(SHANGHAI).date():
        raise Invalid("还没到的日子不能记", field="done_on")
    session.add(OfflineAction(case_id=case.id, by_id=person.id, done_on=day, what=words, at=now))
    move(session, now, person, case, Action.RECORD_ACTION)


def _close(session: Session, now: datetime, person: Person | None, case: Case, outcome: object = "") -> None:
    """办结, with the outcome apart from the words of the reply (A8)."""
    if outcome not in set(Outcome):
        raise Invalid("请选办理结果", field="outcome")
    case.outcome = str(outcome)
    case.closed_at = now
    move(session, now, person, case, Action.CLOSE, outcome=case.outcome)
    _end_merged(session, now, case)


def _reopen(
    session: Session,
    now: datetime,
    person: Person | None,
    case: Case,
    reason: object = "",
    department_id: object = None,
) -> None:
    """重办: back to a department, with a new deadline from today."""
    words = _text(reason, "reason", "重办的理由")
    if department_id is not None or case.department_id is None:
        if department_id is None:
            raise Invalid("请选承办单位", field="department_id")
        _to_department(session, case, department_id)
    case.reopened += 1
    case.closed_at = case.replied_at = None
    case.outcome = ""
    case.assigned_at = now
    _set_due(case, _due(session, now, case.message_type, case.profile, case.complex))
    move(session, now, person, case, Action.REOPEN, reason=words)
    merged = update(Case).where(col(Case.master_id) == case.id)
    session.execute(merged.values(outcome="", closed_at=None))
    _tell_assigned(session, now, case, Action.REOPEN, f"{case.number} 要重办，{case.due_on:%m-%d} 前答复")


def _remind(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
    """催办 by hand."""
    session.add(
        Reminder(
            case_id=case.id,
            step=f"by_hand_{case.version}",
            due_at=case.due_at,
            sent_at=now,
            to_id=case.handler_id,
            by_id=person.id,
            note=note[:500],
        )
    )
    move(session, now, person, case, Action.REMIND, note=note[:500])
    if case.handler_id:
        _tell_reminder(session, now, case, case.handler_id, f"hand:{case.version}", "请尽快办理")


def _supervise(session: Session, now: datetime, person: Person, case: Case, note: object = "") -> None:
    """督办: a superior takes it under watch."""
    words = _text(note, "note", "督办要求")
    session.add(Supervision(case_id=case.id, by_id=person.id, at=now, note=words))
    case.supervised = True
    move(session, now, person, case, Action.SUPERVISE, note=words)
    if case.handler_id:
        _tell_reminder(session, now, case, case.handler_id, f"supervise:{case.version}", "已被督办")


def _request_extension(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    working_days: object = "",
    reason: object = "",
) -> None:
    """延期: asked before the deadline, with a reason."""
    days = _number(working_days, "working_days", "延长的工作日数", 1, 15)
    words = _text(reason, "reason", "延期的理由")
    if now >= case.due_at:
        raise Invalid("已经超期，不能再申请延期。请先答复，或请督办员处理", field="working_days")
    if queries.open_extension(session, case.id):
        raise Invalid("已经有一个延期申请在等批准", field="working_days")
    session.add(Extension(case_id=case.id, working_days=days, reason=words, asked_by=person.id, asked_at=now))
    move(session, now, person, case, Action.REQUEST_EXTENSION, working_days=days, reason=words)
    for supervisor in staff.people(session, role=Role.SUPERVISOR):
        asked = f"{case.number} 申请延期 {days} 个工作日，等您批准"
        _tell(session, now, supervisor.id, case, "extension", asked, key=f"ask_extension:{case.version}")


def _decide_extension(granted: bool) -> Callable[..., None]:
    action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION

    def decide(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
        extension = queries.open_extension(session, case.id)
        if extension is None:
            raise Invalid("这件没有等批准的延期申请")
        if extension.asked_by == person.id:
            raise NotAllowed("自己申请的延期要由别人批准", code="same_person")
        extension.decided_by, extension.decided_at, extension.granted = person.id, now, granted
        extension.note = note[:500]
        if granted:
            calendar = calendars.calendar(session)
            _set_due(case, deadlines.extended(case.due_at, extension.working_days, calendar))
        move(session, now, person, case, action, working_days=extension.working_days, note=note[:500])
        words = f"{case.number} 的延期申请{'已批准' if granted else '没有批准'}"
        _tell(session, now, extension.asked_by, case, "extension", words, key=f"extension:{extension.id}")

    return decide


class _Do:
    """An action's function and the details it takes (for the API's schema and for refusals)."""

    def __init__(self, function: Callable[..., None], *details: str) -> None:
        self.function = function
        self.details = frozenset(details)


_CLASSES = ("message_type", "category", "place", "complex", "sensitivity")
_DO: dict[Action, _Do] = {
    Action.ACCEPT: _Do(_accept, *_CLASSES),
    Action.DECLINE: _Do(_decline, "reason"),
    Action.MARK_INVALID: _Do(_mark_invalid, "reason"),
    Action.MERGE: _Do(_merge, "master"),
    Action.ASSIGN: _Do(_assign, "department_id", "handler_id", "note", *_CLASSES),
    Action.TRANSFER: _Do(_transfer, "department_id", "handler_id", "note"),
    Action.ACKNOWLEDGE: _Do(_acknowledge),
    Action.RETURN: _Do(_return, "reason"),
    Action.ASK_CITIZEN: _Do(_ask_citizen, "question"),
    Action.RESUME: _Do(_resume_by_person, "answer"),
    Action.CO_SIGN: _Do(_inquire(Action.CO_SIGN), "department_id", "question"),
    Action.VERIFY: _Do(_inquire(Action.VERIFY), "department_id", "question"),
    Action.RECORD_ACTION: _Do(_record_action, "done_on", "what"),
    Action.CLOSE: _Do(_close, "outcome"),
    Action.REOPEN: _Do(_reopen, "reason", "department_id"),
    Action.REMIND: _Do(_remind, "note"),
    Action.SUPERVISE: _Do(_supervise, "note"),
    Action.REQUEST_EXTENSION: _Do(_request_extension, "working_days", "reason"),
    Action.GRANT_EXTENSION: _Do(_decide_extension(True), "note"),
    Action.REFUSE_EXTENSION: _Do(_decide_extension(False), "note"),
}
ACTION_DETAILS = {action: do.details for action, do in _DO.items()}


# ------------------------------------------------------------------ jobs


def close_replied(session: Session, now: datetime) -> int:
    """办结: cases replied seven days ago that nobody objected to; the outcome is 解释说明."""
    wanted = select(Case).where(Case.status == Status.REPLIED, col(Case.replied_at) <= now - CLOSES_AFTER)
    # What somebody is changing just now is left for the next night.
    untouched = wanted.order_by(col(Case.id)).limit(_CLOSED_AT_ONCE).with_for_update(skip_locked=True)
    cases = list(session.exec(untouched))
    for case in cases:
        _close(session, now, None, case, outcome=case.outcome or Outcome.EXPLAINED.value)
    return len(cases)


def pass_closed_windows(session: Session, now: datetime) -> int:
    """A platform window that has closed no longer sorts the queue: from then on the deadline does."""
    passed = session.execute(
        update(Case)
        .where(col(Case.open), col(Case.window_closes_at) <= now, col(Case.sooner_at) != Case.due_at)
        .values(sooner_at=Case.due_at)
        .execution_options(synchronize_session=False)
    )
    return int(passed.rowcount)  # type: ignore[attr-defined]


def remind_departments(session: Session, now: datetime) -> int:
    """催办: every step of the ladder whose moment has come, once each, to a named person.

    The unique key (case, step, due instant) and the notice are one transaction: exactly once (I5).
    """
    calendar = calendars.calendar(session)
    done = _steps_done(session)
    soon = select(Case).where(
        Case.open, Case.due_at <= now + timedelta(days=12), Case.status != Status.WAITING_CITIZEN
    )
    count = 0
    # In one order in every process: two that remind at once then never wait for each other crosswise.
    for case in session.exec(soon.order_by(col(Case.due_at), col(Case.id))):
        already = done.get((case.id, case.due_at), set())
        for step in reminders.steps_due(now, case.due_at, case.received_at, calendar, already):
            count += _take_step(session, now, case, step)
    return count


def _steps_done(session: Session) -> dict[tuple[int, datetime], set[str]]:
    done: dict[tuple[int, datetime], set[str]] = {}
    rows = session.execute(
        select(Reminder.case_id, Reminder.due_at, Reminder.step)
        .join(Case, col(Case.id) == col(Reminder.case_id))
        .where(Case.open)
    )
    for case_id, due_at, step in rows:
        done.setdefault((case_id, due_at), set()).add(step)
    return done


def _take_step(session: Session, now: datetime, case: Case, step: reminders.Step) -> int:
    to = _recipient(session, now, case, step)
    if not insert_once(
        session, Reminder, case_id=case.id, step=step.key, due_at=case.due_at, sent_at=now, to_id=to
    ):
        return 0
    if to:
        _tell_reminder(session, now, case, to, f"{step.key}:{case.due_at.isoformat()}", step.label)
    log.record(
        session,
        now,
        None,
        "remind",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        step=step.key,
    )
    return 1


def _recipient(session: Session, now: datetime, case: Case, step: reminders.Step) -> int | None:
    """The handler; above, the department's leaders; whoever is on duty where nobody is named."""
    department = session.get(Department, case.department_id) if case.department_id else None
    leaders = {
        reminders.Recipient.HANDLER: case.handler_id,
        reminders.Recipient.DEPUTY_LEADER: department.deputy_leader_id if department else None,
        reminders.Recipient.PRINCIPAL: department.principal_id if department else None,
    }
    named = leaders[step.to] or case.handler_id
    if named:
        return named
    shifts = duty.on_duty(session, now)
    if shifts:
        return shifts[0].staff_id
    clerks = staff.people(session, role=Role.CLERK)
    return clerks[0].id if clerks else None


def _tell_reminder(session: Session, now: datetime, case: Case, to: int, key: str, words: str) -> None:
    text = f"催办 {case.number}：{words}，时限 {case.due_on:%m-%d}"
    _tell(session, now, to, case, "reminder", text, key=f"remind:{key}")


# ------------------------------------------------------------------ the citizen


def follow(db: Database, now: datetime, number: str, code: str, *, address_key: str) -> Case:
    """The case for its number and look-up code: five wrong tries an hour per number and per address.

    The same words for a wrong number and a wrong code. The try is counted in a transaction of its own,
    so that the refusal does not undo the counting. Raises `TooMany`, `NotFound`.
    """
    number, code = numbers.tidy(number), numbers.tidy(code)
    keys = (f"number:{number}", f"address:{address_key}")
    with db.writing() as session:
        for key in keys:
            staff_service.check_attempts(
                session, now, "lookup", key, limit=_LOOKUP_TRIES, within=_LOOKUP_WITHIN
            )
        case = queries.by_number(session, number) if numbers.is_number(number) else None
        right = case is not None and staff_service.same_secret(queries.lookup_code(session, case), code)
        if not right:
            for key in keys:
                staff_service.count_attempt(session, now, "lookup", key)
    if case is None or not right:
        raise NotFound("编号或查询码不对。请看看编号和 8 位查询码；一小时内最多试 5 次", code="wrong_code")
    return case


def rate(session: Session, now: datetime, case: Case, *, score: object, solved: bool) -> Rating:
    """满意度, once, after the reply (B21)."""
    if case.status not in {Status.REPLIED, Status.CLOSED}:
        raise Invalid("收到答复后才能评价")
    given = _number(score, "score", "评分", 1, 5)
    if not insert_once(session, Rating, case_id=case.id, score=given, solved=solved, at=now):
        raise Invalid("这件已经评价过了", code="rated")
    rating = session.exec(select(Rating).where(Rating.case_id == case.id)).one()
    log.record(
        session,
        now,
        None,
        "rate",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        score=rating.score,
    )
    return rating


def reopen_by_requester(session: Session, now: datetime, case: Case, reason: str) -> Case:
    """没解决, once: back to its department, with the citizen's words as one more message of the case.

    The log is for ever and says only that they asked. A case without a department has nobody to go back
    to: refused, with what to do instead.
    """
    words = _text(reason, "reason", "哪里没解决", 300)
    if case.reopened:
        raise Invalid("这件已经重办过一次。请另写一封信，我们会一并处理", code="reopened")
    if case.department_id is None:
        raise Invalid("这件由受理员直接答复，请另写一封信说明", code="no_department")
    _reopen(session, now, None, case, reason="来信人说没有解决")
    said = IncomingMessage(
        platform=case.platform, external_id=f"reopen:{case.number}", kind="reopen", sender=None, text=words
    )
    message = messages_service.keep(session, now, session.get_one(OfficialAccount, case.account_id), said)
    if message is not None:
        message.case_id = case.id
        session.add(message)
    session.flush()
    return case
