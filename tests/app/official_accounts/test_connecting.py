"""自检、来源地址核对、更换密钥、授权到期: against a local WeChat and Weibo that misbehave when told to."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlmodel import select

from app.base.errors import Conflict, Invalid, NotAllowed, Unavailable
from app.messages import service as messages
from app.messages.models import ArrivalHours
from app.notices.models import Notice
from app.official_accounts import queries, service
from app.official_accounts.service import Check
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import NOW, WECHAT, TheOffice, make_app

LIST = ("101.226.103.0/25", "127.0.0.1")
OUTSIDE = "https://yunze.example"


@pytest.fixture
def wechat() -> Iterator[WeChatSandbox]:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account, clock=lambda: NOW, callback_ips=LIST) as stand:
        yield stand


@pytest.fixture
def connected(sqlite_office: TheOffice, wechat: WeChatSandbox) -> TheOffice:
    """The office whose WeChat account calls the local WeChat."""
    with sqlite_office.db.writing() as session:
        number = sqlite_office.accounts["wechat"].id
        service.change_settings(session, NOW, None, number, {"api_base": wechat.url})
    return sqlite_office


@pytest.fixture
def the_app(connected: TheOffice, tmp_path: Path, at_now: object) -> Flask:
    (tmp_path / "data").mkdir()
    return make_app(connected.db, tmp_path / "data")


def tried(office: TheOffice, **how: object) -> dict[str, Check]:
    number, at = office.accounts["wechat"].id, datetime.now(UTC)  # the local WeChat dates its answers truly
    return {one.name: one for one in service.self_test(office.db, at, None, number, **how)}  # type: ignore[arg-type]


# ------------------------------------------------------------------ self-test


def test_an_account_that_is_well_connected_passes_everything(connected: TheOffice, the_app: Flask) -> None:
    own = httpx.WSGITransport(app=the_app)
    found = tried(connected, public_url=OUTSIDE, own_transport=own)
    wrong = {name: one.words for name, one in found.items() if one.ok is False}
    assert not wrong
    assert found["接收地址"].ok and found["平台接口"].ok and found["服务器时钟"].ok


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: httpx.Response(200, text="<html>别人的网站</html>"), "不是本系统"),
        (lambda _: httpx.Response(301, headers={"Location": "https://else.example"}), "跳转"),
        (lambda _: httpx.Response(404), "没有转到本系统"),
        (lambda _: httpx.Response(502), "反向代理连不上"),
        (lambda _: (_ for _ in ()).throw(httpx.ConnectError("refused")), "连不上对外网址"),
        (lambda _: (_ for _ in ()).throw(httpx.ReadTimeout("slow")), "超时"),
    ],
)
def test_an_address_that_does_not_answer_says_what_to_put_right(
    connected: TheOffice, answer: object, words: str
) -> None:
    own = httpx.MockTransport(answer)  # type: ignore[arg-type]
    found = tried(connected, public_url=OUTSIDE, own_transport=own)["接收地址"]
    assert found.ok is False and words in found.words


def test_a_token_that_differs_at_our_own_door_is_found(connected: TheOffice, the_app: Flask) -> None:
    own = httpx.WSGITransport(app=the_app)
    assert tried(connected, public_url=OUTSIDE, own_transport=own)["接收地址"].ok
    with connected.db.writing() as session:  # the door has the old one for two seconds more
        number = connected.accounts["wechat"].id
        service.change_settings(session, NOW, None, number, {"token": "anotherToken1"})
    found = tried(connected, public_url=OUTSIDE, own_transport=own)["接收地址"]
    assert found.ok is False and "签名" in found.words


def test_an_address_that_the_platform_cannot_reach_is_not_called_good(
    connected: TheOffice, the_app: Flask
) -> None:
    own = httpx.WSGITransport(app=the_app)
    for url, word in (("http://127.0.0.1:8000", "内网"), ("https://yunze.example:8443", "端口")):
        found = tried(connected, public_url=url, own_transport=own)["接收地址"]
        assert found.ok is None and word in found.words


def test_a_clock_that_is_wrong_is_found(connected: TheOffice) -> None:
    number, at = connected.accounts["wechat"].id, datetime.now(UTC) - timedelta(minutes=9)
    found = {one.name: one for one in service.self_test(connected.db, at, None, number)}["服务器时钟"]
    assert found.ok is False and "时间同步" in found.words


def test_what_the_platform_refuses_is_said_in_plain_words(
    connected: TheOffice, wechat: WeChatSandbox
) -> None:
    wechat.allowed_ips = frozenset({"10.0.0.1"})
    found = tried(connected)["平台接口"]
    assert found.ok is False and "白名单" in found.words and "40164" in found.words


def test_a_passed_test_lets_a_held_account_send_again(connected: TheOffice) -> None:
    number = connected.accounts["wechat"].id
    with connected.db.writing() as session:
        assert service.note_try(session, NOW, number, "stop", "没有权限")
    tried(connected)
    with connected.db.reading() as session:
        account = queries.get(session, number)
        assert (account.failures, account.held_until) == (0, None)


# ------------------------------------------------------------------ second gate


def test_the_gate_opens_only_with_a_list_and_then_lets_the_platform_through_alone(
    connected: TheOffice, the_app: Flask, wechat: WeChatSandbox
) -> None:
    db, number = connected.db, connected.accounts["wechat"].id
    with pytest.raises(Invalid, match="刷新地址"), db.writing() as session:
        service.set_gate(session, NOW, None, number, True)
    assert service.refresh_gates(db, NOW) == 1
    assert service.refresh_gates(db, NOW) == 0  # once a day
    with db.writing() as session:
        service.set_gate(session, NOW, None, number, True)
        assert queries.get(session, number).gate_addresses == list(LIST)
    push = wechat.push_of(wechat.inner_xml("subscribe", "oTEST01"), "oTEST01")
    address = f"/webhooks/wechat/{connected.accounts['wechat'].key}"

    def told(by: str) -> int:
        client = the_app.test_client()
        return client.post(
            address, query_string=dict(push.query), data=push.body, environ_base={"REMOTE_ADDR": by}
        ).status_code

    assert [told(by) for by in ("101.226.103.7", "101.226.103.200", "8.8.8.8")] == [200, 403, 403]
    checks = service.self_test(db, NOW, None, number)
    assert next(one for one in checks if one.name == "来源地址核对").ok


def test_a_list_that_cannot_be_had_leaves_the_old_one(connected: TheOffice, wechat: WeChatSandbox) -> None:
    db, number = connected.db, connected.accounts["wechat"].id
    assert service.refresh_gate(db, NOW, number)
    later = NOW + timedelta(days=1)
    wechat.fail_next("getcallbackip", errcode=-1, times=5)
    assert service.refresh_gates(db, later) == 0
    with pytest.raises(Unavailable, match="没有取到"):
        service.refresh_gate(db, later, number, strict=True)
    with db.writing() as session:
        account = queries.get(session, number)
        assert account.gate_addresses == list(LIST) and account.gate_read_at == NOW
        service.set_gate(session, NOW, None, number, True)
    checks = service.self_test(db, NOW + timedelta(days=4), None, number)
    assert next(one for one in checks if one.name == "来源地址核对").ok is False


# ------------------------------------------------------------------ two keys


def test_while_keys_are_changed_both_hold_and_afterwards_only_the_new(
    connected: TheOffice, at_now: object, tmp_path: Path
) -> None:
    db, number = connected.db, connected.accounts["wechat"].id
    with db.writing() as session:
        made = service.begin_rotation(session, NOW, None, number)
        account = queries.get(session, number)
        assert service.is_rotating(session, account) and account.keys_changed_at == NOW
        with pytest.raises(Conflict, match="还没有结束"):
            service.begin_rotation(session, NOW, None, number)
    assert {name: len(value) for name, (_, value) in made.items()} == {"token": 32, "aes_key": 43}
    new = {**{name: WECHAT[name] for name in ("app_id", "app_secret", "original_id")}}
    new |= {name: value for name, (_, value) in made.items()}
    old = {name: WECHAT[name] for name in (*new,)}
    for ended, statuses in ((False, [200, 200]), (True, [403, 200])):
        if ended:
            with db.writing() as session:
                service.end_rotation(session, NOW, None, number)
        (tmp_path / f"data-{ended}").mkdir()
        app = make_app(db, tmp_path / f"data-{ended}")
        assert [handed_in(app, connected, keys) for keys in (old, new)] == statuses
    with db.writing() as session, pytest.raises(Conflict, match="没有在更换"):
        service.end_rotation(session, NOW, None, number)


def handed_in(app: Flask, office: TheOffice, keys: dict[str, str]) -> int:
    stand = WeChatSandbox(**keys, clock=lambda: NOW)
    push = stand.push_of(stand.inner_xml("subscribe", "oTEST01"), "oTEST01")
    address = f"/webhooks/wechat/{office.accounts['wechat'].key}"
    return app.test_client().post(address, query_string=dict(push.query), data=push.body).status_code


def test_keys_are_changed_by_the_system_administrator_and_only_where_they_are_ours(
    sqlite_office: TheOffice,
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.begin_rotation(session, NOW, office.people["小陈"], office.accounts["wechat"].id)
        with pytest.raises(Invalid, match="没有可以更换"):
            service.begin_rotation(session, NOW, None, office.accounts["weibo"].id)


# ------------------------------------------------------------------ permissions that end


def test_whoever_answers_for_the_account_is_told_before_the_permission_ends(sqlite_office: TheOffice) -> None:
    """Pitfall 29: the token of Weibo needs a person, and nobody reminded them."""
    office, number = sqlite_office, sqlite_office.accounts["weibo"].id
    with office.db.writing() as session:
        service.change_settings(session, NOW, None, number, {"token_ends_on": "2026-10-23"})
    told = []
    for day in range(-1, 17):
        with office.db.writing() as session:
            if messages.warn_of_endings(session, NOW + timedelta(days=day)):
                told.append(14 - day)
            messages.warn_of_endings(session, NOW + timedelta(days=day))  # again, without harm
    assert told == [14, 7, 3, 1, 0]
    with office.db.reading() as session:
        mine = select(Notice).where(Notice.staff_id == office.people["小陈"].id, Notice.kind == "account")
        assert len(session.exec(mine).all()) == 5
        assert queries.ends_on(queries.get(session, number)) == date(2026, 10, 23)


# ------------------------------------------------------------------ silence


def test_arrivals_are_counted_by_the_hour_and_a_missed_run_is_made_good(office: TheOffice) -> None:
    account = office.accounts["weibo"]
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    with office.db.writing() as session:
        for number, minutes in enumerate((-130, -70, -65, -3)):
            at = hour + timedelta(minutes=minutes)
            messages.keep_arrival(session, at, account, f"{number}", b"{}")
        messages.count_arrivals(session, hour - timedelta(hours=1))
        messages.count_arrivals(session, hour)
        messages.count_arrivals(session, hour)
    with office.db.reading() as session:
        rows = {row.hour_at: row.number for row in session.exec(select(ArrivalHours))}
    assert rows == {hour - timedelta(hours=back): number for back, number in ((3, 1), (2, 2), (1, 1))}
