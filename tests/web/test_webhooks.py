"""The platforms' door: what proves itself is kept once before it is acknowledged, the rest leaves no trace."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text as sql
from sqlmodel import select
from werkzeug.test import TestResponse

from app.base.db import Database
from app.cases import service as cases
from app.cases.models import Case
from app.messages import intake
from app.messages.models import Arrival, Message
from app.official_accounts.models import OfficialAccount
from app.web.context import Services
from connectors.sandbox import wechat_pushes
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.wechat_pushes import Push
from connectors.signatures import sign
from connectors.wechat.envelope import Key
from tests.conftest import NOW, WECHAT, TheOffice, make_app
from tests.live import eventually

CITIZEN = "oTESTopenid0000000000000001"
OTHER_KEY = "zfxmtOtherKey123456789ABCDEFGHIJKLMNOPQRSTU"
QUESTION = "路灯坏了，什么时候修？"
XXE = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>'


@pytest.fixture
def wechat() -> WeChatSandbox:
    """The stand-in as the maker of pushes; the tests carry them in themselves."""
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    return WeChatSandbox(**account, clock=lambda: NOW)


@pytest.fixture
def the_app(office: TheOffice, tmp_path: Path, at_now: datetime) -> Flask:
    """The web application, on both databases."""
    (tmp_path / "data").mkdir()
    return make_app(office.db, tmp_path / "data")


def a_text(wechat: WeChatSandbox, **how: object) -> str:
    return wechat.inner_xml("text", CITIZEN, {"Content": QUESTION}, **how)  # type: ignore[arg-type]


def hand_in(app: Flask, office: TheOffice, push: Push, platform: str = "wechat") -> TestResponse:
    return app.test_client().post(
        f"/webhooks/{platform}/{office.accounts[platform].key}",
        query_string=dict(push.query),
        data=push.body,
        headers=dict(push.headers),
    )


def arrivals(db: Database) -> list[Arrival]:
    with db.reading() as session:
        return list(session.exec(select(Arrival).order_by(Arrival.id)))


def counts(db: Database) -> tuple[int, int, int]:
    """(arrivals, messages, cases)"""
    with db.reading() as session:
        return tuple(len(session.exec(select(table)).all()) for table in (Arrival, Message, Case))  # type: ignore[return-value]


# ------------------------------------------------------------------ refused, and not kept


def signed(wechat: WeChatSandbox, xml: str, *, at: datetime = NOW, app_id: str = "", **key: str) -> Push:
    """A push of this XML by whoever holds these keys."""
    token, aes_key = key.get("token", wechat.key.token), key.get("aes_key", wechat.key.aes_key)
    return wechat_pushes.push_of(
        xml,
        key.get("mode", "safe"),
        Key(token, aes_key),
        app_id or wechat.app_id,
        wechat.original_id,
        CITIZEN,
        at,
    )


def _of_another_body(wechat: WeChatSandbox) -> Push:
    """Somebody saw one address in a log, and puts a body of their own under it."""
    seen = signed(wechat, a_text(wechat))
    return Push(seen.query, seen.headers, signed(wechat, a_text(wechat), token="guessed00").body)


def _with_an_empty_token(wechat: WeChatSandbox) -> Push:
    push = signed(wechat, a_text(wechat))
    body = push.body.decode()
    sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    stamp, nonce = push.query["timestamp"], push.query["nonce"]
    query = {
        **push.query,
        "signature": sign("", stamp, nonce),
        "msg_signature": sign("", stamp, nonce, sealed),
    }
    return Push(query, push.headers, push.body)


Spoil = Callable[[WeChatSandbox], Push]
# fmt: off
REFUSED: tuple[tuple[str, int, Spoil], ...] = (
    ("signed with another token",      403, lambda w: signed(w, a_text(w), token="guessed00")),
    ("signed with an empty token",     403, _with_an_empty_token),
    ("not signed at all",              403, lambda w: Push({}, {}, a_text(w).encode())),
    ("another body under a good query", 403, _of_another_body),
    ("signed 301 s ago",               403, lambda w: signed(w, a_text(w), at=NOW - timedelta(seconds=301))),
    ("signed 330 s ahead",             403, lambda w: signed(w, a_text(w), at=NOW + timedelta(seconds=330))),
    ("signed a year ago",              403, lambda w: signed(w, a_text(w), at=NOW - timedelta(days=365))),
    ("sealed for a foreign AppID",     403, lambda w: signed(w, a_text(w), app_id="wxfeedc0de00000002")),
    ("a plain push in safe mode",      403, lambda w: signed(w, a_text(w), mode="plain")),
    ("to another account's original id", 403,
     lambda w: signed(w, a_text(w).replace(w.original_id, "gh_ffffffffffff"))),
    ("sealed with another key",        400, lambda w: signed(w, a_text(w), aes_key=OTHER_KEY)),
    ("with a DOCTYPE",                 400, lambda w: signed(w, XXE)),
    ("with a DOCTYPE after a comment", 400, lambda w: signed(w, "<!-- -->" + XXE)),
    ("longer than 64 kB",              413, lambda w: signed(w, a_text(w).replace(QUESTION, "灯" * 20_000))),
)
# fmt: on


@pytest.mark.clause("A23")
@pytest.mark.parametrize(("why", "status", "spoil"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_push_that_does_not_prove_itself_leaves_no_trace(
    the_app: Flask,
    office: TheOffice,
    wechat: WeChatSandbox,
    caplog: pytest.LogCaptureFixture,
    why: str,
    status: int,
    spoil: Spoil,
) -> None:
    push = spoil(wechat)
    with caplog.at_level(logging.DEBUG):
        answer = hand_in(the_app, office, push)
    assert (answer.status_code, answer.get_data()) == (status, b"")
    assert arrivals(office.db) == []
    with office.db.reading() as session:
        assert session.get_one(OfficialAccount, office.accounts["wechat"].id).last_arrival_at is None
    written = caplog.text + "".join(str(getattr(record, "fields", "")) for record in caplog.records)
    assert "/webhooks/<platform>/<key>" in written
    secrets = [*push.query.values(), CITIZEN, QUESTION, office.accounts["wechat"].key]
    assert [secret for secret in secrets if len(secret) > 3 and secret in written] == []


def test_an_address_nobody_gave_out_is_not_there(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    push, key = signed(wechat, a_text(wechat)), office.accounts["wechat"].key
    client = the_app.test_client()
    for address in (f"/webhooks/wechat/{key}x", f"/webhooks/weibo/{key}", "/webhooks/nothing/here"):
        assert client.post(address, query_string=dict(push.query), data=push.body).status_code == 404
    assert arrivals(office.db) == []


def test_a_closed_account_takes_nothing(the_app: Flask, office: TheOffice, wechat: WeChatSandbox) -> None:
    with office.db.writing() as session:
        session.get_one(OfficialAccount, office.accounts["wechat"].id).closed_at = NOW
    assert hand_in(the_app, office, signed(wechat, a_text(wechat))).status_code == 404
    assert arrivals(office.db) == []


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_that_is_a_little_off_does_no_harm(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox, seconds: int
) -> None:
    push = signed(wechat, a_text(wechat), at=NOW + timedelta(seconds=seconds))
    assert hand_in(the_app, office, push).get_data(as_text=True) == "success"


# ------------------------------------------------------------------ kept once


@pytest.mark.clause("A8")
def test_a_push_is_kept_byte_for_byte_before_anybody_understands_it(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    xml = a_text(wechat)
    push = signed(wechat, xml)
    answer = hand_in(the_app, office, push)
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "success")
    (arrival,) = arrivals(office.db)
    assert (arrival.raw, arrival.opened, arrival.state) == (push.body, xml.encode(), "waiting")
    assert counts(office.db) == (1, 0, 0)


def test_a_push_that_comes_three_times_is_one_message_and_each_is_acknowledged(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    xml = a_text(wechat)
    answers = [hand_in(the_app, office, signed(wechat, xml)).get_data(as_text=True) for _ in range(3)]
    cases.take_in_arrivals(office.db, NOW)
    answers.append(hand_in(the_app, office, signed(wechat, xml)).get_data(as_text=True))
    cases.take_in_arrivals(office.db, NOW)
    assert answers == ["success"] * 4
    assert counts(office.db) == (1, 1, 1)


def test_a_push_from_eight_connections_at_once_is_one_message(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    xml, together = a_text(wechat), threading.Barrier(8)

    def hand_in_together(push: Push) -> str:
        together.wait(30)
        return hand_in(the_app, office, push).get_data(as_text=True)

    pushes = [signed(wechat, xml) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        # Each with a context of its own, so that the moved clock holds there too.
        asked = [pool.submit(copy_context().run, hand_in_together, push) for push in pushes]
        answers = [one.result(60) for one in asked]
    cases.take_in_arrivals(office.db, NOW)
    assert answers == ["success"] * 8
    assert counts(office.db) == (1, 1, 1)


def test_events_without_a_number_are_recognised_again_too(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    subscribed = wechat.inner_xml("subscribe", CITIZEN)
    clicked = [wechat.inner_xml("click", CITIZEN, {"EventKey": key}) for key in ("ASK", "FOLLOW")]
    for xml in (subscribed, subscribed, *clicked, clicked[0], subscribed):
        assert hand_in(the_app, office, signed(wechat, xml)).get_data(as_text=True) == "success"
    cases.take_in_arrivals(office.db, NOW)
    assert [arrival.state for arrival in arrivals(office.db)] == ["event"] * 3
    assert counts(office.db) == (3, 3, 0)


# ------------------------------------------------------------------ the database is away


@contextmanager
def without_its_table(db: Database) -> Iterator[None]:
    """Nothing can be written where arrivals belong."""
    with db.writing() as session:
        session.execute(sql("ALTER TABLE arrivals RENAME TO arrivals_away"))
    try:
        yield
    finally:
        with db.writing() as session:
            session.execute(sql("ALTER TABLE arrivals_away RENAME TO arrivals"))


@contextmanager
def held_by_another(db: Database) -> Iterator[None]:
    """Somebody else holds the arrivals and does not let go."""
    with db.writing() as session:
        if not db.is_sqlite:
            session.execute(sql("LOCK TABLE arrivals IN ACCESS EXCLUSIVE MODE"))
        session.connection()  # on SQLite: BEGIN IMMEDIATE
        yield


@pytest.mark.parametrize("trouble", [without_its_table, held_by_another])
@pytest.mark.parametrize("room", [10_000, 10])
def test_while_the_database_is_away_a_push_waits_in_the_spool_or_the_platform_comes_again(
    the_app: Flask,
    office: TheOffice,
    wechat: WeChatSandbox,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Database], object],
    room: int,
) -> None:
    """Acknowledged only once it is on some disk: with room for it in the spool, else on the next try."""
    monkeypatch.setattr(intake, "AWAY_AFTER_SECONDS", 0.3)
    monkeypatch.setattr(services_of(the_app).intake.spool, "_most_bytes", room)
    assert hand_in(the_app, office, signed(wechat, wechat.inner_xml("subscribe", CITIZEN))).status_code == 200
    xml = a_text(wechat)
    with trouble(office.db):  # type: ignore[attr-defined]
        answer = hand_in(the_app, office, signed(wechat, xml))
        told = (200, b"success") if room > 10 else (503, b"")
        assert (answer.status_code, answer.get_data()) == told
    monkeypatch.setattr(intake, "AWAY_AFTER_SECONDS", 10)
    eventually(lambda: services_of(the_app).intake.spool.is_empty, what="the spool being taken over")
    assert hand_in(the_app, office, signed(wechat, xml)).get_data(as_text=True) == "success"
    cases.take_in_arrivals(office.db, NOW)
    assert counts(office.db) == (2, 2, 1)


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["huiying"]
    return found


def test_the_address_check_gives_the_echo_back(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    query = {**signed(wechat, "", mode="plain").query, "echostr": "4711"}
    address = f"/webhooks/wechat/{office.accounts['wechat'].key}"
    client = the_app.test_client()
    assert client.get(address, query_string=query).get_data(as_text=True) == "4711"
    assert client.get(address, query_string={**query, "signature": "0" * 40}).status_code == 403
    assert arrivals(office.db) == []
