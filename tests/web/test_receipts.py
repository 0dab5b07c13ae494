"""自动回执: a reviewed text shown at once with number, code and date, or nothing; and what it says comes true."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import select
from werkzeug.test import TestResponse

from app.base import clock
from app.cases import service as cases
from app.cases.models import Case
from app.cases.service.promising import told
from app.cases.transitions import Action, Status
from app.log.models import Event
from app.messages.models import Arrival, ToldNumber
from app.replies.models import Delivery
from app.web.webhooks import kept
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.wechat_pushes import Push
from tests.app.answers.acting import published
from tests.conftest import NOW, WECHAT, TheOffice, make_app

CITIZEN = "oTESTopenid0000000000000001"
QUESTION = "路灯坏了，什么时候修？"
APPROVED = "已收到，编号 {number}，查询码 {code}，预计 {due} 前答复。"
SHOWN = re.compile(r"编号 (\d{8}-\w{6})，查询码 (\w{8})，预计 (\d+) 月 (\d+) 日 前答复")


class Told:
    """The sandbox's clock."""

    now: datetime = NOW


@pytest.fixture
def time() -> Told:
    return Told()


@pytest.fixture
def wechat(time: Told) -> WeChatSandbox:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    return WeChatSandbox(**account, clock=lambda: time.now)


def publish(office: TheOffice, question: str, text: str) -> None:
    """A receipt that passed three reviews and was released."""
    content = {"kind": "acknowledgement", "question": question, "text": text, "verified_by": "刘洋"}
    with office.db.writing() as session:
        published(session, office, content)


@pytest.fixture
def the_app(office: TheOffice, tmp_path: Path, at_now: datetime) -> Flask:
    (tmp_path / "data").mkdir()
    return make_app(office.db, tmp_path / "data")


@pytest.fixture
def with_receipt(office: TheOffice, at_now: datetime) -> Iterator[None]:
    """The library has an approved receipt."""
    publish(office, "收到来信后的回执", APPROVED)
    yield


def pushed(app: Flask, office: TheOffice, push: Push) -> TestResponse:
    address = f"/webhooks/wechat/{office.accounts['wechat'].key}"
    return app.test_client().post(address, query_string=dict(push.query), data=push.body)


def a_push(wechat: WeChatSandbox, text: str = QUESTION, sender: str = CITIZEN, xml: str = "") -> Push:
    return wechat.push_of(xml or wechat.inner_xml("text", sender, {"Content": text}), sender)


def seen(wechat: WeChatSandbox, answer: TestResponse) -> str:
    """What the citizen would see, as WeChat opens the answer."""
    body = answer.get_data(as_text=True)
    return "" if body == "success" else wechat._receipt_text(body, CITIZEN)


def the_case(office: TheOffice, place: int = -1) -> Case:
    with office.db.reading() as session:
        return session.exec(select(Case).order_by(Case.id)).all()[place]


# ---------------------------------------------------------------- or nothing


def test_without_an_approved_text_nothing_is_shown(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    assert pushed(the_app, office, a_push(wechat)).get_data() == b"success"


@pytest.mark.usefixtures("with_receipt")
def test_who_subscribes_or_clicks_is_shown_nothing(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    for xml in (
        wechat.inner_xml("subscribe", CITIZEN),
        wechat.inner_xml("click", CITIZEN, {"EventKey": "A"}),
    ):
        assert pushed(the_app, office, a_push(wechat, xml=xml)).get_data() == b"success"


# ---------------------------------------------------------------- shown, and true


@pytest.mark.clause("A18")
@pytest.mark.usefixtures("with_receipt")
def test_what_the_citizen_is_shown_is_their_case(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    words = seen(wechat, pushed(the_app, office, a_push(wechat)))
    number, code, month, day = SHOWN.search(words).groups()  # type: ignore[union-attr]
    cases.take_in_arrivals(office.db, NOW)
    case = the_case(office)
    assert case.number == number and case.due_on == date(NOW.year, int(month), int(day))
    found = cases.follow(office.db, NOW, number, code, address_key="a")
    assert found.id == case.id


@pytest.mark.usefixtures("with_receipt")
def test_that_it_was_shown_stands_in_the_story_and_is_no_reply(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    words = seen(wechat, pushed(the_app, office, a_push(wechat)))
    code = SHOWN.search(words).group(2)  # type: ignore[union-attr]
    cases.take_in_arrivals(office.db, NOW)
    with office.db.reading() as session:
        event = session.exec(select(Event).where(Event.action == "receipt_shown")).one()
        assert event.case_id == the_case(office).id and event.actor_name in ("", None)
        assert event.data["version"] == 1 and code not in str(event.data)
        assert session.exec(select(Delivery)).all() == []
        assert code not in str(session.exec(select(Arrival)).one().receipt)


@pytest.mark.usefixtures("with_receipt")
def test_told_again_it_is_the_same_receipt_whatever_happened_meanwhile(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox, time: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed anew by the platform, after the case was made, with another approved text, past midnight."""
    monkeypatch.setattr(kept, "FRESH_SECONDS", -1.0)
    xml = wechat.inner_xml("text", CITIZEN, {"Content": QUESTION})
    first = seen(wechat, pushed(the_app, office, a_push(wechat, xml=xml)))
    cases.take_in_arrivals(office.db, NOW)
    publish(office, "另一条回执", "收到了。编号 {number}，{code}，{due}。")
    assert seen(wechat, pushed(the_app, office, a_push(wechat, xml=xml))) == first
    time.now = NOW + timedelta(days=1)
    with clock.at(time.now):
        assert seen(wechat, pushed(the_app, office, a_push(wechat, xml=xml))) == first
    cases.take_in_arrivals(office.db, NOW)
    with office.db.reading() as session:
        assert len(session.exec(select(Case)).all()) == 1


@pytest.mark.usefixtures("with_receipt")
def test_who_answers_our_question_is_shown_no_new_number(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    pushed(the_app, office, a_push(wechat))
    cases.take_in_arrivals(office.db, NOW)
    with office.db.writing() as session:
        clerk, number = office.people["小陈"], the_case(office).number
        cases.act(session, NOW, clerk, number, Action.ACCEPT)
        cases.act(session, NOW, clerk, number, Action.ASK_CITIZEN, question="在哪条路？")
    assert pushed(the_app, office, a_push(wechat, "城东路 3 号")).get_data() == b"success"
    other = pushed(the_app, office, a_push(wechat, sender="oTESTopenid0000000000000002"))
    assert other.get_data() != b"success"  # nobody else is concerned by it
    cases.take_in_arrivals(office.db, NOW)
    assert the_case(office, 0).status != Status.WAITING_CITIZEN


@pytest.mark.usefixtures("with_receipt")
def test_a_number_that_somebody_else_has_already_leads_to_the_right_case_all_the_same(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    pushed(the_app, office, a_push(wechat, "别人的来信", "oTESTopenid0000000000000009"))
    cases.take_in_arrivals(office.db, NOW)
    words = seen(wechat, pushed(the_app, office, a_push(wechat)))
    number, code = SHOWN.search(words).groups()[:2]  # type: ignore[union-attr]
    with office.db.writing() as session:  # chance gave the other case this very number
        other = session.exec(select(Case)).one()
        other.number = number
        session.add(other)
    cases.take_in_arrivals(office.db, NOW)
    mine = the_case(office)
    assert mine.number != number and mine.text == QUESTION
    assert cases.follow(office.db, NOW, number, code, address_key="a").id == mine.id
    with office.db.reading() as session:
        assert len(session.exec(select(ToldNumber)).all()) == 1


def test_numbers_and_codes_are_of_this_installation_and_this_push() -> None:
    from app.base.keys import Keys

    one, other = Keys("a" * 32), Keys("b" * 32)
    on = date(2026, 10, 9)
    drawn = {told(keys, account, push, on) for keys in (one, other) for account in (1, 2) for push in "xy"}
    assert len({number for number, _ in drawn}) == len({code for _, code in drawn}) == 8
    assert told(one, 1, "x", on) == told(one, 1, "x", on)
    assert all(re.fullmatch(r"20261009-[2-9A-HJKMNP-Z]{6}", number) for number, _ in drawn)
