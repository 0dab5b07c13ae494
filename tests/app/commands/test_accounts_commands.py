"""`huiying accounts test` says in one run what is wrong with an account, and what to do, for each thing it tries."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.commands.huiying import Huiying
from tests.conftest import NOW, WECHAT, WEIBO, TheOffice


@pytest.fixture
def huiying(sqlite_office: TheOffice, tmp_path: Path) -> Huiying:
    return Huiying(sqlite_office.db.url, tmp_path / "data")


@pytest.fixture
def wechat(sqlite_office: TheOffice) -> Iterator[WeChatSandbox]:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account) as stand:
        set_up(sqlite_office, "wechat", api_base=stand.url, comment_days="7")
        yield stand


@pytest.fixture
def weibo(sqlite_office: TheOffice) -> Iterator[WeiboSandbox]:
    keys = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
    with WeiboSandbox(**keys) as stand:
        set_up(sqlite_office, "weibo", api_base=stand.url)
        yield stand


def set_up(office: TheOffice, platform: str, **settings: str) -> None:
    with office.db.writing() as session:
        accounts.change_settings(session, NOW, None, office.accounts[platform].id, settings)


def tried(huiying: Huiying, office: TheOffice, platform: str) -> dict[str, dict[str, object]]:
    ended = huiying("accounts", "test", office.accounts[platform].key, "--json")
    return {str(row["check"]): row for row in ended.rows}


def _no_comments(stand: WeChatSandbox) -> None:
    stand.articles.privilege = False


def _other_address(stand: WeChatSandbox) -> None:
    stand.allowed_ips = frozenset({"203.0.113.7"})


def _other_secret(stand: WeChatSandbox) -> None:
    stand.app_secret = "another0secret0another0secret000"


@pytest.mark.parametrize(
    ("wrong", "where", "hint"),
    [
        (_no_comments, "文章留言", r"没有开通留言功能.*88000"),
        (_other_address, "平台接口", r"白名单.*40164"),
        (_other_secret, "平台接口", r"AppSecret.*40125"),
    ],
)
def test_wechat_what_is_wrong_is_said_with_what_to_do(
    huiying: Huiying,
    sqlite_office: TheOffice,
    wechat: WeChatSandbox,
    wrong: Callable[[WeChatSandbox], None],
    where: str,
    hint: str,
) -> None:
    assert tried(huiying, sqlite_office, "wechat")[where]["ok"] is True
    wrong(wechat)
    found = tried(huiying, sqlite_office, "wechat")[where]
    assert found["ok"] is False and re.search(hint, str(found["words"])), found


def test_weibo_a_token_that_ended_or_is_anothers_is_said(
    huiying: Huiying, sqlite_office: TheOffice, weibo: WeiboSandbox
) -> None:
    found = tried(huiying, sqlite_office, "weibo")
    assert found["授权"]["ok"] is True and "天到期" in str(found["授权"]["words"])
    assert "还可调用" in str(found["剩余调用次数"]["words"])
    weibo.uid = "1700001234"
    assert "另一个微博账号" in str(tried(huiying, sqlite_office, "weibo")["授权"]["words"])
    weibo.token_expired = True
    found = tried(huiying, sqlite_office, "weibo")
    assert found["平台接口"]["ok"] is False and "重新授权" in str(found["平台接口"]["words"])


def test_a_platform_that_is_away_is_said_so(huiying: Huiying, sqlite_office: TheOffice) -> None:
    set_up(sqlite_office, "wechat", api_base="http://127.0.0.1:9")
    found = tried(huiying, sqlite_office, "wechat")["平台接口"]
    assert found["ok"] is False and str(found["words"])


def test_in_words_each_line_says_right_wrong_or_unknown(
    huiying: Huiying, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    _no_comments(wechat)
    ended = huiying("accounts", "test", sqlite_office.accounts["wechat"].key)
    assert "没有开通留言功能" in ended.out and ended.status == 1


def test_a_key_that_begins_with_a_dash_is_a_key_and_no_option(
    huiying: Huiying, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    """As one in sixty-four of the keys made before they were letters and digits alone."""
    with sqlite_office.db.writing() as session:
        session.get_one(OfficialAccount, sqlite_office.accounts["wechat"].id).key = "-eQ7-older"
    for command in (("test", "--json"), ("keys", "--json"), ("gate", "--off")):
        ended = huiying("accounts", command[0], "-eQ7-older", *command[1:])
        assert ended.status in {0, 1}, ended.err


class _Elsewhere(BaseHTTPRequestHandler):
    """A web server that is not ours: a reverse proxy that leads elsewhere."""

    status = 404

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Location", "https://else.example/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.mark.parametrize(
    ("status", "hint"),
    [(404, "没有转到本系统"), (302, "跳转"), (502, "反向代理连不上"), (200, "不是本系统"), (418, "418")],
)
def test_our_own_address_answered_by_something_else_is_found(
    huiying: Huiying,
    sqlite_office: TheOffice,
    wechat: WeChatSandbox,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    hint: str,
) -> None:
    monkeypatch.setattr(_Elsewhere, "status", status)
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            found = addressed(huiying, sqlite_office, f"http://127.0.0.1:{server.server_port}")["接收地址"]
        finally:
            server.shutdown()
            thread.join(5)
    assert found["ok"] is False and hint in str(found["words"])


def test_our_own_address_where_nobody_answers_is_found(
    huiying: Huiying, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    found = addressed(huiying, sqlite_office, "http://127.0.0.1:9")["接收地址"]
    assert found["ok"] is False and "HUIYING_PUBLIC_URL" in str(found["words"])


def addressed(huiying: Huiying, office: TheOffice, public_url: str) -> dict[str, dict[str, object]]:
    """As `tried`, of an office with this address."""
    there = Huiying(huiying.url, huiying.data_dir, more={"HUIYING_PUBLIC_URL": public_url})
    return tried(there, office, "wechat")
