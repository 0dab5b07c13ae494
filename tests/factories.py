"""Sensible things to begin with: a message that came in, a case at any stage."""

import itertools
from datetime import datetime

from sqlmodel import Session

from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.messages import service as messages
from app.messages.models import Message
from connectors.contract import IncomingMessage
from tests.conftest import NOW, TheOffice

_numbers = itertools.count(1)
LETTER = "你好，我在城东街道租房刚满半年，没有正式合同，能不能办居住证？"


def a_message(
    session: Session,
    office: TheOffice,
    *,
    platform: str = "wechat",
    text: str = LETTER,
    sender: str = "oTESTopenid0000000000000001",
    now: datetime = NOW,
    **fields: object,
) -> Message:
    """A text message of one citizen, kept but not yet a case."""
    incoming = IncomingMessage(
        platform=platform,
        external_id=str(fields.pop("external_id", f"test-{next(_numbers)}")),
        kind=str(fields.pop("kind", "text")),
        sender=sender,
        text=text,
        sent_at=now,
        opens_window=platform == "wechat",
        **fields,  # type: ignore[arg-type]
    )
    message = messages.keep(session, now, office.accounts[platform], incoming)
    assert message is not None
    return message


def a_case(
    session: Session,
    office: TheOffice,
    *,
    status: Status = Status.NEW,
    department: str = "公安局户政科",
    now: datetime = NOW,
    **fields: object,
) -> Case:
    """A case that went the usual way up to ``status`` (new, accepted, assigned or in_progress)."""
    case = cases.take_in(session, now, a_message(session, office, now=now, **fields))  # type: ignore[arg-type]
    clerk, handler = office.people["小陈"], _handler_of(office, department)
    if status in {Status.ACCEPTED, Status.ASSIGNED, Status.IN_PROGRESS}:
        cases.act(session, now, clerk, case.number, Action.ACCEPT)
    if status in {Status.ASSIGNED, Status.IN_PROGRESS}:
        cases.act(
            session, now, clerk, case.number, Action.ASSIGN, department_id=office.departments[department].id
        )
    if status is Status.IN_PROGRESS:
        cases.act(session, now, handler, case.number, Action.ACKNOWLEDGE)
    return case


def _handler_of(office: TheOffice, department: str):  # type: ignore[no-untyped-def]
    return {"公安局户政科": office.people["老李"], "人力资源和社会保障局": office.people["刘洋"]}[department]
