"""How does a notice leave the house, once, within a messenger's limits and not at night?

Everything that waits for one group (or one mailbox) leaves in one message, so twenty a minute are never
reached; what nobody knows the end of is shown to a person and never sent again by itself.
"""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import Conflict, NotAllowed, NotFound
from app.calendar import queries as calendars
from app.calendar.workdays import day_of
from app.duty import queries as duty
from app.log import service as log
from app.notices import outward, queries
from app.notices.kinds import may_go_out
from app.notices.models import NoticeSending, NoticeTarget
from app.notices.outward import Item, SendingState
from app.notices.queries import Out
from app.notices.service import targets
from app.notices.service.telling import tell
from app.staff import queries as staff
from app.staff.roles import Person, Role
from connectors.errors import DeliveryError
from connectors.robots.messengers import Errand, Messenger, known
from connectors.robots.registry import WAYS

AT_ONCE = 200
"""How many notices one run looks at; the next run takes the others."""
HELD_FOR = timedelta(minutes=30)
"""A target whose settings are wrong is left alone for so long: what comes meanwhile waits instead of failing."""
_NUMBER = re.compile(r"/desk/cases/([0-9]{8}-[0-9A-Z]{6})(?![0-9A-Z])")
Line = tuple[int, int]
"""What leaves together: (target with the settings, mailbox or 0)."""


@dataclass(frozen=True)
class _Claim:
    """What a sender holds after its intent was committed; the batch is its fence."""

    batch: str
    gate_id: int
    intent_at: datetime
    sender: Messenger
    errand: Errand


def send_outward(
    db: Database, now: datetime, *, limit: int = AT_ONCE, transport: httpx.BaseTransport | None = None
) -> int:
    """Send what waits and may leave now; safe in several processes at once. Returns how many messages left.

    For each line: 1. one transaction decides what goes and commits the intent; 2. the call, in none;
    3. what came of it is written down.
    """
    started = time.monotonic()

    def watch() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    _give_up_lost(db, now)
    with db.reading() as session:
        waiting = queries.due_out(session, now, limit)
    sent = 0
    for line, ids in _lines(waiting).items():
        with db.writing() as session:
            claim = _claim(session, watch(), line, ids, transport)
        if claim is not None:
            failure = _call(claim, watch() - claim.intent_at)
            with db.writing() as session:
                _report(session, watch(), claim, failure)
            sent += failure is None
    return sent


def settle_sending(
    session: Session, now: datetime, person: Person, sending_id: int, *, again: bool
) -> NoticeSending:
    """A person looked: send it once more, or leave it. Raises `NotFound`, `Conflict`, `NotAllowed`."""
    if not person.may(Role.SYSTEM_ADMIN, Role.DUTY_LEADER):
        raise NotAllowed("外发记录由系统管理员或值班长核对", code="wrong_role")
    row = session.get(NoticeSending, sending_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条外发记录")
    if row.state not in outward.NEEDS_A_PERSON:
        raise Conflict("这条已经处理过了")
    row.state = SendingState.READY if again else SendingState.SETTLED
    row.next_try_at, row.tries = now, 0
    session.add(row)
    log.record(
        session, now, person, "notice_sending_settled",
        subject_type="notice_sending", subject_id=row.id, again=again,
    )  # fmt: skip
    return row


def _lines(waiting: list[Out]) -> dict[Line, list[int]]:
    lines: dict[Line, list[int]] = {}
    for out in waiting:
        root = out.target.via_id or out.target.id
        box = out.target.id if WAYS[out.target.way].to_one else 0
        lines.setdefault((root, box), []).append(out.sending.id)
    return lines


def _claim(
    session: Session, now: datetime, line: Line, ids: list[int], transport: httpx.BaseTransport | None
) -> _Claim | None:
    gate_id = line[1] or line[0]
    if not _through_the_gate(session, now, gate_id):
        return None
    leaving = _leaving(session, now, ids)
    if not leaving:
        return None
    batch = secrets.token_hex(8)
    for out in leaving:
        row = out.sending
        row.state, row.batch, row.intent_at = SendingState.INTENT, batch, now
        row.tries, row.fence, row.lease_until = row.tries + 1, row.fence + 1, now + outward.LEASE
        session.add(row)
    gate = session.get_one(NoticeTarget, gate_id)
    gate.next_at = now + WAYS[gate.way].sender.pause
    session.add(gate)
    first = leaving[0].target
    items = [_item(out) for out in leaving]
    handles = known([targets.handle_of(session, out.target) for out in leaving])
    text = outward.written(items, first.link_base, WAYS[gate.way].sender.fits)
    errand = Errand(text, handles, outward.subject(len(set(items))), f"{gate_id}-{batch}")
    return _Claim(batch, gate_id, now, targets.sender_of(session, first, transport), errand)


def _through_the_gate(session: Session, now: datetime, gate_id: int) -> bool:
    """One sender at a time, and none before the messenger's pause is over."""
    free = or_(col(NoticeTarget.next_at).is_(None), col(NoticeTarget.next_at) <= now)
    locked = (
        update(NoticeTarget).where(col(NoticeTarget.id) == gate_id, free).values(trouble=NoticeTarget.trouble)
    )
    return bool(session.execute(locked).rowcount == 1)  # type: ignore[attr-defined]


def _leaving(session: Session, now: datetime, ids: list[int]) -> list[Out]:
    """Those of the waiting that really go: not the read ones, not at night, not to what was closed."""
    on_duty = {shift.staff_id for shift in duty.on_duty(session, now)}
    calendar = calendars.calendar(session)
    is_working_day = calendar.is_working_day(day_of(now))
    leaving = []
    for out in queries.still_due(session, ids, now):
        notice = out.notice
        if notice.read_at is not None or out.target.closed_at is not None:
            out.sending.state = SendingState.UNNEEDED
        elif may_go_out(notice.kind, now, is_working_day=is_working_day, on_duty=notice.staff_id in on_duty):
            leaving.append(out)
        else:
            out.sending.next_try_at = outward.next_opening(now, calendar.is_working_day)
        session.add(out.sending)
    return leaving


def _item(out: Out) -> Item:
    address = out.notice.address.partition("?")[0]
    found = _NUMBER.search(address)
    return Item(out.notice.kind, found.group(1) if found else "", address)


def _call(claim: _Claim, waited: timedelta) -> DeliveryError | None:
    """One call, in no transaction."""
    if waited >= outward.START_BEFORE:
        return DeliveryError("back_off", "late", "", "系统刚才停顿了一下，没有发出，稍后自动再试。")
    try:
        claim.sender.send(claim.errand)
    except DeliveryError as error:
        return error
    return None


def _report(session: Session, now: datetime, claim: _Claim, failure: DeliveryError | None) -> None:
    """Write down what came of it. That it was taken is good news also when it comes late."""
    own = select(NoticeSending).where(NoticeSending.batch == claim.batch).with_for_update()
    rows = list(session.exec(own))
    gate = session.get_one(NoticeTarget, claim.gate_id)
    if failure is None:
        undecided = [row for row in rows if row.state in (SendingState.INTENT, SendingState.UNKNOWN)]
        for row in undecided:
            row.state, row.done_at, row.error_code, row.error_words = SendingState.DONE, now, "", ""
            session.add(row)
        gate.trouble = ""
        session.add(gate)
        _record(session, now, gate, "notices_sent_out", undecided)
        return
    rest = WAYS[gate.way].sender.rest
    held = [row for row in rows if row.state == SendingState.INTENT]
    for row in held:
        then = outward.follow(failure.kind, row.tries, rest)
        row.state, row.next_try_at = then.state, now + (then.after or timedelta(0))
        row.error_code, row.error_words = failure.code, failure.message_zh
        session.add(row)
    if failure.kind == "back_off":
        gate.next_at = now + rest
    if outward.follow(failure.kind, 1, rest).trouble:
        gate.next_at = now + HELD_FOR
        _tell_of_trouble(session, now, gate, failure)
    session.add(gate)
    _record(session, now, gate, "notices_not_sent_out", held, error=failure.kind, code=failure.code)


def _tell_of_trouble(session: Session, now: datetime, gate: NoticeTarget, failure: DeliveryError) -> None:
    gate.trouble = failure.message_zh
    for admin in staff.people(session, role=Role.SYSTEM_ADMIN):
        tell(
            session, now, admin.id, key=f"notice_target:{gate.id}:{day_of(now)}:{admin.id}", kind="account",
            text=f"提醒外发“{gate.name}”有问题：{failure.message_zh}", address="/desk/notice-targets",
        )  # fmt: skip


def _give_up_lost(db: Database, now: datetime) -> None:
    """Intents whose sender is gone: the group may have it, so a person looks."""
    with db.reading() as session:
        lost = queries.lost_out(session, now)
    if not lost:
        return
    with db.writing() as session:
        gone = update(NoticeSending).where(
            col(NoticeSending.id).in_(lost),
            col(NoticeSending.state) == SendingState.INTENT,
            col(NoticeSending.lease_until) <= now,
        )
        words = "外发途中系统中断，群里可能已经收到。系统不会自动重发，请先看一下"
        session.execute(
            gone.values(state=SendingState.UNKNOWN, error_code="interrupted", error_words=words)
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def _record(
    session: Session, now: datetime, gate: NoticeTarget, action: str, rows: list[NoticeSending], **data: Any
) -> None:
    log.record(
        session, now, None, action, subject_type="notice_target", subject_id=gate.id,
        notices=sorted({row.notice_id for row in rows}), **data,
    )  # fmt: skip
