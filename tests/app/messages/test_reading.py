"""What was kept is understood later: every kind, once, and nothing unreadable holds up the next."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select

from app.base.db import Database
from app.base.errors import Conflict
from app.cases import service as cases
from app.cases.models import Case
from app.messages import service
from app.messages.models import Arrival, Message
from app.messages.storable import storable
from app.official_accounts import service as accounts
from connectors.contract import IncomingMessage
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import NOW, WECHAT, TheOffice
from tests.faults.office import tallies
from tests.faults.side import Side

CITIZEN = "oTESTopenid0000000000000001"
SECOND = timedelta(seconds=1)


@pytest.fixture
def wechat() -> WeChatSandbox:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    return WeChatSandbox(**account, clock=lambda: NOW)


def a_private_message(text: str, sender: int = 1700000001) -> bytes:
    """As Weibo pushes it: JSON, in which everything may be written as an escape."""
    body = {
        "type": "text",
        "receiver_id": 1700009999,
        "sender_id": sender,
        "created_at": "Fri Oct 09 10:40:00 +0800 2026",
        "text": text,
        "data": {},
    }
    return json.dumps(body).encode()


def keep(office: TheOffice, platform: str, *bodies: bytes | str) -> None:
    """Arrivals as the door keeps them, in this order."""
    with office.db.writing() as session:
        for body in bodies:
            opened = body.encode() if isinstance(body, str) else body
            fingerprint = f"{platform}-{hash(opened)}"
            service.keep_arrival(session, NOW, office.accounts[platform], fingerprint, opened)


def states(db: Database) -> list[tuple[str, str, str]]:
    with db.reading() as session:
        rows = session.exec(select(Arrival).order_by(Arrival.id))
        return [(row.state, row.error, row.error_words) for row in rows]


def texts(db: Database) -> list[str]:
    with db.reading() as session:
        return [case.text for case in session.exec(select(Case).order_by(Case.id))]


# ------------------------------------------------------------------ what cannot be read


def test_a_kind_nobody_knows_is_a_case_that_says_so(office: TheOffice, wechat: WeChatSandbox) -> None:
    keep(office, "wechat", wechat.inner_xml("hologram", CITIZEN, {"HologramId": "7"}))
    cases.take_in_arrivals(office.db, NOW)
    assert states(office.db) == [("read", "", "")]
    assert texts(office.db) == ["〔暂不支持的消息：hologram〕"]
    with office.db.reading() as session:
        assert session.exec(select(Message)).one().kind == "unknown:hologram"


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        ("<xml><ToUserName>", "not XML"),
        ("<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName></xml>", "no sender or no kind"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_cannot_be_read_stays_under_the_name_of_its_error_and_holds_nothing_up(
    office: TheOffice, wechat: WeChatSandbox, opened: str | bytes, words: str
) -> None:
    keep(office, "wechat", opened, wechat.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}))
    cases.take_in_arrivals(office.db, NOW)
    assert states(office.db) == [("failed", "PayloadError", words), ("read", "", "")]
    assert texts(office.db) == ["路灯坏了"]


def test_what_could_not_be_read_is_read_again_once_its_cause_is_gone(
    office: TheOffice, wechat: WeChatSandbox
) -> None:
    """Here: the account was set up with the wrong original id, and the administrator put it right."""
    account = office.accounts["wechat"]
    with office.db.writing() as session:
        accounts.change_settings(session, NOW, None, account.id, {"original_id": "gh_wrongwrong00"})
    keep(office, "wechat", wechat.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}))
    cases.take_in_arrivals(office.db, NOW)
    assert (states(office.db), texts(office.db)) == ([("failed", "PayloadError", "for another account")], [])

    with office.db.writing() as session:
        accounts.change_settings(session, NOW, None, account.id, {"original_id": WECHAT["original_id"]})
        service.read_again(session, NOW, session.exec(select(Arrival.id)).one())
    cases.take_in_arrivals(office.db, NOW)
    assert (states(office.db), texts(office.db)) == ([("read", "", "")], ["路灯坏了"])


def test_what_was_read_is_not_read_again(office: TheOffice, wechat: WeChatSandbox) -> None:
    keep(office, "wechat", wechat.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}))
    cases.take_in_arrivals(office.db, NOW)
    with office.db.writing() as session, pytest.raises(Conflict):
        service.read_again(session, NOW, session.exec(select(Arrival.id)).one())
    assert cases.take_in_arrivals(office.db, NOW) == 0
    assert texts(office.db) == ["路灯坏了"]


# ------------------------------------------------------------------ letters nobody foresaw


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=["NUL", "half a character"])
def test_characters_no_database_can_hold_neither_stop_the_queue_nor_lose_the_letter(
    office: TheOffice, odd: str
) -> None:
    keep(office, "weibo", a_private_message(f"路灯{odd}坏了"), a_private_message("水管坏了", 1700000002))
    cases.take_in_arrivals(office.db, NOW)
    assert texts(office.db) == ["路灯\ufffd坏了", "水管坏了"]


def test_every_text_of_a_message_is_made_fit_to_be_kept() -> None:
    odd = IncomingMessage(
        platform="weibo",
        external_id="1",
        kind="text",
        sender="7\x00",
        text="\ud83d和😀",
        title="\x00",
        extra={"a\x00": "b\udc00"},
        contact=None,
    )
    kept = storable(odd)
    assert (kept.sender, kept.text, kept.title) == ("7\ufffd", "\ufffd和😀", "\ufffd")
    assert (kept.extra, kept.contact, kept.is_question) == ({"a\ufffd": "b\ufffd"}, None, True)


def test_an_arrival_on_which_reading_breaks_is_passed_by_and_after_five_tries_put_aside(
    office: TheOffice, wechat: WeChatSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Its account's secrets no longer open: whatever breaks in a way nobody foresaw is treated like this."""
    with office.db.writing() as session:
        broken = session.merge(office.accounts["weibo"])
        broken.secrets_sealed = "damaged"
    keep(office, "weibo", a_private_message("水管坏了"))
    keep(office, "wechat", wechat.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}))
    cases.take_in_arrivals(office.db, NOW)
    assert states(office.db) == [("waiting", "", ""), ("read", "", "")]
    assert texts(office.db) == ["路灯坏了"]
    for number in range(1, 5):
        cases.take_in_arrivals(office.db, NOW + number * SECOND)
    ((state, error, words), _) = states(office.db)
    assert (state, words) == ("failed", "")
    assert error in caplog.text
    assert cases.take_in_arrivals(office.db, NOW + 9 * SECOND) == 0


# ------------------------------------------------------------------ two at once


@pytest.mark.clause("A8")
def test_two_processes_that_take_in_at_once_double_nothing(office: TheOffice, wechat: WeChatSandbox) -> None:
    """Also not a requester who wrote several times, nor the log's chain."""
    numbers = range(1, 31)
    keep(
        office,
        "wechat",
        *(
            wechat.inner_xml("text", f"oTESTopenid{n % 7:016}", {"Content": f"路灯{n}坏了"}, msg_id=n)
            for n in numbers
        ),
    )
    with Side(office.db.url) as one, Side(office.db.url) as other:
        Side.together((one, "take_in", NOW), (other, "take_in", NOW))
    assert tallies(office.db) == {"arrivals": 30, "messages": 30, "cases": 30, "waiting": 0}
    assert sorted(texts(office.db)) == sorted(f"路灯{n}坏了" for n in numbers)
    from app.log import chain
    from app.log import queries as log_queries

    with office.db.reading() as session:
        assert chain.verify(log_queries.walk(session)).ok
