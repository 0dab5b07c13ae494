"""A list of corrections at an address: JSON or RSS by the names its system gives, and no way to our neighbours."""

import json
import socketserver
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.addresses import may_call
from connectors.contract import IncomingMessage
from connectors.corrections.connector import CorrectionsConnector
from connectors.errors import DeliveryError, PayloadError

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
URL = "https://feed.yunze.example/list"
LIST = {
    "code": 0,
    "data": {
        "list": [
            {
                "no": "JC1",
                "site": {"code": 4403000004},
                "content": "首页打不开",
                "createTime": 1795138262000,
            },
            {
                "no": "JC2",
                "site": {"code": "4403000005"},
                "content": "电话是空号",
                "createTime": "2026-11-20 09:31",
            },
        ]
    },
}
FIELDS = "留言编号=no,网站标识码=site.code，问题描述=content;提交时间=createTime"
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:z="urn:z"><channel><title>找错</title>
<item><guid>JC3</guid><title>办事指南过期</title>
<description><![CDATA[<p>还是 <b>2022</b> 年的<script>x</script></p>]]></description>
<link>https://www.yunze.example/c.html</link><pubDate>Fri, 20 Nov 2026 09:31:02 +0800</pubDate>
<z:site_code>4403000004</z:site_code></item></channel></rss>""".encode()


def a_connector(
    data: bytes | Callable[[httpx.Request], httpx.Response], **settings: str
) -> CorrectionsConnector:
    answer = data if callable(data) else (lambda _: httpx.Response(200, content=data))
    return CorrectionsConnector(feed_url=URL, **settings, transport=httpx.MockTransport(answer))  # type: ignore[arg-type]


def read_all(connector: CorrectionsConnector) -> list[IncomingMessage]:
    found = connector.fetch({}, NOW)
    return [message for item in found.raw_items for message in connector.read(item.body)]


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_a_list_is_read_by_the_names_that_the_office_wrote_down() -> None:
    first, second = read_all(a_connector(as_json(LIST), feed_items="data.list", feed_fields=FIELDS))
    assert (first.external_id, first.site_code, first.text) == ("no:JC1", "4403000004", "首页打不开")
    assert first.sent_at == datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)
    assert (second.external_id, second.sent_at) == ("no:JC2", datetime(2026, 11, 20, 1, 31, tzinfo=UTC))


def test_an_rss_list_is_read_without_any_mapping_and_its_markup_is_taken_out() -> None:
    (message,) = read_all(a_connector(RSS, feed_fields="网站标识码=z_site_code"))
    assert (message.external_id, message.text, message.site_code) == (
        "no:JC3",
        "还是 2022 年的",
        "4403000004",
    )
    assert message.sent_at == datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)
    assert message.page_url == "https://www.yunze.example/c.html"


def test_the_same_list_again_brings_nothing_and_a_changed_one_the_same_fingerprints() -> None:
    connector = a_connector(as_json(LIST), feed_items="data.list")
    first = connector.fetch({}, NOW)
    assert connector.fetch(first.cursor, NOW).raw_items == ()
    longer = {"data": {"list": [*LIST["data"]["list"], {"no": "JC9", "content": "又一条"}]}}  # type: ignore[index]
    second = a_connector(as_json(longer), feed_items="data.list").fetch(first.cursor, NOW)
    assert second.raw_items[:2] == first.raw_items and len(second.raw_items) == 3


def test_an_item_of_another_office_s_site_is_kept_back_with_its_reason() -> None:
    settings = {"feed_items": "data.list", "feed_fields": FIELDS, "sites": "4403000004 云泽市政府网"}
    connector = a_connector(as_json(LIST), **settings)
    ours, theirs = (item.body for item in connector.fetch({}, NOW).raw_items)
    assert connector.read(ours)[0].extra["site_name"] == "云泽市政府网"
    with pytest.raises(PayloadError, match="site is not ours"):
        connector.read(theirs)
    rows = connector.rows("a.csv", "网站标识码,问题描述\n4403000004,甲\n4403000005,乙\n,丙\n".encode())
    assert [row.error is None for row in rows] == [True, False, True]
    assert "4403000005 不是这个账号登记的网站" in (rows[1].error or "")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'<!DOCTYPE r [<!ENTITY a "b">]><rss>&a;</rss>', "doctype"),
        (b"<html><body>sign in</body></html>", "not_a_feed"),
        (b'{"data": 1}', "not_a_list"),
        (b"[" * 100_000, "not_a_list"),
        (b"", "not_a_list"),
        (b"\xff\xfe", "not_a_list"),
        (b"[" + b" " * 5_000_000 + b"]", "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_is_said_in_words(data: bytes, code: str) -> None:
    connector = a_connector(data)
    with pytest.raises(DeliveryError) as failed:
        connector.fetch({}, NOW)
    assert failed.value.code == code
    assert connector.probe(NOW, None)[0].words == failed.value.message_zh


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500])
def test_a_refusal_is_an_error_and_no_redirect_is_followed(status: int) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers={"Location": "http://169.254.169.254/"}, content=b"[]")

    with pytest.raises(DeliveryError):
        a_connector(answer, feed_token="t0ken").fetch({}, NOW)
    assert [request.headers["Authorization"] for request in asked] == ["Bearer t0ken"]


def test_a_mailbox_that_fails_does_not_hold_up_the_feed() -> None:
    settings = {
        "mail_host": "mail.yunze.example",
        "mail_user": "a",
        "mail_password": "b",
        "feed_items": "data.list",
    }

    def no_mail(*_: Any) -> Any:
        raise OSError

    found = CorrectionsConnector(
        feed_url=URL, **settings, open_mail=no_mail,  # type: ignore[arg-type]
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=as_json(LIST))),
    ).fetch({}, NOW)  # fmt: skip
    assert len(found.raw_items) == 2 and found.trouble is not None and found.trouble.code == "connect"


@pytest.mark.parametrize(
    "settings",
    [
        {"feed_url": "http://feed.yunze.example/"},
        {"mail_host": "mail.yunze.example"},
        {"sites": "云泽市政府网"},
        {"feed_fields": "content"},
    ],
    ids=str,
)
def test_settings_that_do_not_go_together_are_refused_in_words(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        CorrectionsConnector(**settings)  # type: ignore[arg-type]


# Address, and whether it may be called: at all, and where the office says that it stands inside.
ADDRESSES = [
    ("8.8.8.8", True, True),
    ("2400:3200::1", True, True),
    ("10.1.2.3", False, True),
    ("192.168.0.9", False, True),
    ("fd00::1", False, True),
    ("127.0.0.1", False, False),
    ("::1", False, False),
    ("::ffff:127.0.0.1", False, False),
    ("169.254.169.254", False, False),
    ("fe80::1", False, False),
    ("0.0.0.0", False, False),
    ("224.0.0.1", False, False),
    ("240.0.0.1", False, False),
    ("localhost", False, False),
]


@pytest.mark.parametrize(("address", "outside", "inside"), ADDRESSES, ids=str)
def test_neighbours_are_called_only_where_the_office_says_so_and_this_machine_never(
    address: str, outside: bool, inside: bool
) -> None:
    assert (may_call(address), may_call(address, inside=True)) == (outside, inside)


def test_whom_we_really_reach_decides_before_a_byte_is_sent() -> None:
    got: list[bytes] = []

    class Listening(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            got.append(self.request.settimeout(2) or self.request.recv(10))

    with socketserver.TCPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        for inside, scheme in (("是", "http"), ("否", "https")):
            url = f"{scheme}://localhost:{server.server_address[1]}/list"
            with pytest.raises(DeliveryError) as failed:
                CorrectionsConnector(feed_url=url, inside=inside).fetch({}, NOW)
            assert failed.value.code == "address_inside"
        server.shutdown()
    assert set(got) <= {b""}
