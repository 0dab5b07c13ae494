"""What may a person do with a delivery that did not simply arrive?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.messages.models import Message, Requester
from app.replies import queries, sending
from app.replies.models import Delivery
from app.replies.rendering import is_private
from app.replies.sending import WINDOW_WORDS, DeliveryState
from app.replies.service.within import LONGEST_NOTE, change, record_delivery
from app.staff.roles import Person, Role

SETTLERS = (Role.CLERK, Role.HANDLER, Role.DUTY_LEADER)


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
    record_delivery(session, now, person, row, "settle_delivery", arrived=arrived)
    return row


def enter_by_hand(
    session: Session, now: datetime, person: Person, delivery_id: int, *, note: str = ""
) -> Delivery:
    """已人工录入: somebody has typed the reply into the platform's own system; by whom and when is kept."""
    row = _delivery(session, person, delivery_id, sending.ENTER)
    words = {"settled_by": person.id, "settled_note": note.strip()[:LONGEST_NOTE]}
    _settle(session, row, {"state": DeliveryState.ENTERED, "done_at": now, **words})
    record_delivery(session, now, person, row, "enter_by_hand")
    return row


def retry(session: Session, now: datetime, person: Person, delivery_id: int) -> Delivery:
    """再发一次: put a failed delivery back in line. Refused while the platform's window is closed."""
    row = _delivery(session, person, delivery_id, sending.RETRY)
    requester = session.get(Requester, row.requester_id) if row.requester_id else None
    private = is_private(row.platform, session.get_one(Message, row.message_id).kind)
    if problem := queries.window_problem_of(now, row.platform, private, requester):
        raise Invalid(WINDOW_WORDS[problem], code="window")
    _settle(session, row, _again(now))
    record_delivery(session, now, person, row, "retry_delivery")
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
    if not change(session, row, row.state, **{"settled_by": None, "settled_note": "", **values}):
        raise Conflict("刚才有人先处理了这一条。请刷新后再看")
