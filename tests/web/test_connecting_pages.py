"""账号与接入、收件、办件页: how each account does, what waits on the disk, who may still be answered how."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from app.messages.models import Message, Requester
from app.messages.spool import Spool
from app.official_accounts import queries, service
from connectors.sandbox.wechat import WeChatSandbox
from tests.app.messages.test_spool import a_push
from tests.conftest import NOW, WECHAT, TheOffice
from tests.factories import a_case

Browser = Callable[[str], FlaskClient]


@pytest.fixture
def admin(signed_in: Browser) -> FlaskClient:
    return signed_in("系统管理员")


def page_of(office: TheOffice, platform: str = "wechat") -> str:
    return f"/desk/accounts/{office.accounts[platform].id}"


def test_the_account_says_how_it_does(sqlite_office: TheOffice, admin: FlaskClient) -> None:
    with sqlite_office.db.writing() as session:
        weibo = sqlite_office.accounts["weibo"].id
        service.change_settings(session, NOW, None, weibo, {"token_ends_on": "2026-10-12"})
        service.note_try(session, NOW, weibo, "stop", "没有权限")
    shown = admin.get(page_of(sqlite_office, "weibo")).text
    assert "授权 2026-10-12 到期，还有 3 天" in shown and "暂停发送" in shown
    listed = admin.get("/desk/accounts").text
    assert "授权 2026-10-12 到期，还有 3 天" in listed and "过一会儿自动再试" in listed


def test_the_gate_is_opened_on_the_page(sqlite_office: TheOffice, admin: FlaskClient) -> None:
    address = page_of(sqlite_office)
    assert "没有取过平台的地址表" in admin.get(address).text
    assert "刷新地址" in admin.post(f"{address}/gate", data={"on": "yes"}).text
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account, clock=lambda: NOW) as stand, sqlite_office.db.writing() as session:
        number = sqlite_office.accounts["wechat"].id
        service.change_settings(session, NOW, None, number, {"api_base": stand.url})
        session.commit()
        assert admin.post(f"{address}/gate/refresh").status_code == 303
    assert admin.post(f"{address}/gate", data={"on": "yes"}).status_code == 303
    assert "已开，只收平台公布的 2 个地址" in admin.get(address).text


def test_new_keys_are_shown_once(sqlite_office: TheOffice, admin: FlaskClient) -> None:
    address, number = page_of(sqlite_office), sqlite_office.accounts["wechat"].id
    shown = admin.post(f"{address}/keys").text
    with sqlite_office.db.reading() as session:
        kept = service.settings_of(session, queries.get(session, number))
    assert kept["token"] in shown and kept["aes_key"] in shown and kept["previous_token"] == WECHAT["token"]
    again = admin.get(address).text
    assert kept["token"] not in again and "更换完成" in again
    assert admin.post(f"{address}/keys/end").status_code == 303
    assert "生成新密钥" in admin.get(address).text


def test_only_the_system_administrator_changes_gate_and_keys(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    clerk, address = signed_in("小陈"), page_of(sqlite_office)
    for what in ("gate", "gate/refresh", "keys", "keys/end"):
        assert clerk.post(f"{address}/{what}").status_code == 403


def test_what_waits_on_the_disk_is_shown(
    app: Flask, sqlite_office: TheOffice, signed_in: Browser, tmp_path: Path
) -> None:
    clerk = signed_in("小陈")
    assert "暂存" not in clerk.get("/desk/arrivals").text
    spool = Spool(sqlite_office.db.folder)
    spool.append(a_push(1))
    spool.set_aside(a_push(2))
    shown = clerk.get("/desk/arrivals").text
    assert "1 条推送在本机暂存" in shown and "1 条推送数据库不收" in shown
    metrics = app.test_client().get("/metrics").text
    assert "huiying_spool_pushes 1.0" in metrics and "huiying_spool_set_aside 1.0" in metrics
    assert "huiying_accounts_held 0.0" in metrics


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "前，还可发 5 条"),
        ({"answer": "后台答过"}, "平台上已有本账号的答复"),
        ({"gone_at": NOW}, "原留言已被删除"),
        ({"kind": "comment"}, "公开答复，没有时间限制"),
    ],
)
def test_the_case_says_who_may_still_be_answered_how(
    sqlite_office: TheOffice, signed_in: Browser, changes: dict[str, object], words: str
) -> None:
    with sqlite_office.db.writing() as session:
        number = a_case(session, sqlite_office).number
        message = session.exec(select(Message)).one()
        for name, value in changes.items():
            setattr(message, name, value)
        session.add(message)
    assert words in signed_in("小陈").get(f"/desk/cases/{number}").text


def test_a_window_that_closed_points_to_the_coded_page(sqlite_office: TheOffice, signed_in: Browser) -> None:
    with sqlite_office.db.writing() as session:
        number = a_case(session, sqlite_office, now=NOW - timedelta(hours=49)).number
    assert "平台窗口已关闭，答复改在查询页" in signed_in("小陈").get(f"/desk/cases/{number}").text


def test_the_clock_of_the_window_says_how_many_replies_are_left(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
        requester = session.get_one(Requester, case.requester_id)
        requester.sent_in_window = 3
        session.add(requester)
    page = signed_in("小陈").get(f"/desk/cases/{case.number}").text
    assert "微信窗口，还可发 2 条" in page


def test_a_fault_on_a_website_names_the_site_and_its_code(
    sqlite_office: TheOffice, signed_in: Browser
) -> None:
    extra = {"site_name": "云泽市政府网<b>", "due_at": "2026-10-12T10:00:00+08:00"}
    with sqlite_office.db.writing() as session:
        fault = a_case(
            session,
            sqlite_office,
            platform="corrections",
            kind="correction",
            site_code="4403000004",
            extra=extra,
        )
        letter = a_case(session, sqlite_office, extra={"site_name": "不是找错"}, sender="oOTHER")
    page = signed_in("小陈").get(f"/desk/cases/{fault.number}").text
    assert "网站标识码" in page and "4403000004" in page and "云泽市政府网&lt;b&gt;" in page
    assert "网站标识码" not in signed_in("小陈").get(f"/desk/cases/{letter.number}").text
