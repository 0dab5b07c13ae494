"""What platforms ask us to honour: who left gets nothing, who took their data back is forgotten (A25)."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.base.db import Database
from app.cases import service as cases
from app.cases.models import Case
from app.log.models import Event
from app.messages import service
from app.messages.models import Arrival, Message, Requester
from connectors.contract import IncomingMessage, Notice
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import NOW, WECHAT, TheOffice

CITIZEN = "oTESTopenid0000000000000001"
HOUR = timedelta(hours=1)


@pytest.fixture
def wechat() -> WeChatSandbox:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    return WeChatSandbox(**account, clock=lambda: NOW)


def came(office: TheOffice, wechat: WeChatSandbox, kind: str, fields: dict[str, str] | None = None) -> None:
    """A push as the door keeps it, and the job that reads it."""
    xml = wechat.inner_xml(kind, CITIZEN, fields)
    with office.db.writing() as session:
        service.keep_arrival(session, NOW, office.accounts["wechat"], f"{kind}{hash(xml)}", xml.encode())
    cases.take_in_arrivals(office.db, NOW)


def told(office: TheOffice, notice: Notice, at=NOW, **fields: object) -> None:  # type: ignore[no-untyped-def]
    """A notice as the connector reads it."""
    incoming = IncomingMessage(
        platform="wechat",
        external_id=f"event:{notice}:{at.isoformat()}",
        kind=f"event:{notice}",
        sender=CITIZEN,
        text="",
        sent_at=at,
        is_question=False,
        notice=notice,
        **fields,  # type: ignore[arg-type]
    )
    with office.db.writing() as session:
        service.keep(session, at, office.accounts["wechat"], incoming)


def person(db: Database) -> Requester:
    with db.reading() as session:
        return session.exec(select(Requester).order_by(Requester.id)).first()  # type: ignore[return-value]


def test_who_leaves_and_comes_back(sqlite_office: TheOffice, wechat: WeChatSandbox) -> None:
    office = sqlite_office
    came(office, wechat, "text", {"Content": "路灯坏了"})
    told(office, Notice.LEFT, NOW + HOUR)
    assert person(office.db).unsubscribed_at == NOW + HOUR
    told(office, Notice.BACK, NOW)  # an older notice that comes late
    assert person(office.db).unsubscribed_at == NOW + HOUR
    told(office, Notice.BACK, NOW + 2 * HOUR)
    assert person(office.db).unsubscribed_at is None


def test_a_message_from_before_the_leaving_does_not_undo_it(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    told(office, Notice.LEFT, NOW)
    for number, (at, left) in enumerate(((NOW - HOUR, True), (NOW + HOUR, False))):
        with office.db.writing() as session:
            message = IncomingMessage(
                "wechat", f"late{number}", "text", CITIZEN, "我之前写的", sent_at=at, opens_window=True
            )
            service.keep(session, NOW, office.accounts["wechat"], message)
        assert (person(office.db).unsubscribed_at is not None) is left


@pytest.mark.clause("A25")
def test_who_takes_their_data_back_is_forgotten_and_what_they_asked_stays(
    office: TheOffice, wechat: WeChatSandbox
) -> None:
    came(office, wechat, "text", {"Content": "路灯坏了"})
    came(office, wechat, "event", {"Event": "user_authorization_revoke", "OpenID": CITIZEN})
    with office.db.reading() as session:
        first = person(office.db)
        assert first.address_sealed == "" and first.withdrawn_at == NOW
        kept = session.exec(select(Message).where(Message.kind == "text")).one()
        assert kept.text == "路灯坏了" and session.exec(select(Case)).one().text == "路灯坏了"
        assert not [row for row in session.exec(select(Arrival)) if CITIZEN.encode() in row.raw + row.opened]
        event = session.exec(select(Event).where(Event.action == "data_withdrawn")).one()
        assert CITIZEN not in str(event.data) and event.data["pushes"] == 1
        assert CITIZEN not in str([row.model_dump() for row in session.exec(select(Message))])
    came(office, wechat, "text", {"Content": "另一件事"})
    with office.db.reading() as session:
        assert len(session.exec(select(Requester)).all()) == 2, "what they write later is a stranger's"


def test_of_some_kinds_only_the_link_to_the_person_stays(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    told(office, Notice.BACK)
    told(office, Notice.WITHDRAWN, revoked=("位置信息",))
    assert person(office.db).address_sealed and person(office.db).withdrawn_at is None
    told(office, Notice.CANCELLED, NOW + HOUR)
    gone = person(office.db)
    assert not gone.address_sealed and gone.withdrawn_at and gone.unsubscribed_at


def test_the_window_is_the_persons_whichever_case_it_is_about(
    office: TheOffice, wechat: WeChatSandbox
) -> None:
    """They wrote again: the 48 hours of their first case begin anew too, and it is sorted by that."""
    came(office, wechat, "text", {"Content": "路灯坏了"})
    later = NOW + 20 * HOUR
    xml = wechat.inner_xml(
        "text", CITIZEN, {"Content": "还有井盖", "CreateTime": str(int(later.timestamp()))}
    )
    with office.db.writing() as session:
        service.keep_arrival(session, later, office.accounts["wechat"], "second", xml.encode())
    cases.take_in_arrivals(office.db, later)
    with office.db.reading() as session:
        found = session.exec(select(Case).order_by(Case.id)).all()
        assert len(found) == 2
        for case in found:
            assert case.window_closes_at is not None
            assert abs(case.window_closes_at - (later + 48 * HOUR)) < timedelta(seconds=1)
            assert case.sooner_at == min(case.due_at, case.window_closes_at)
