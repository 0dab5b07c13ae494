"""Files as they are and not as they are called; calls from WeChat's own addresses; an account tried out."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.addresses import allowed, readable
from connectors.calls import utc_now
from connectors.errors import DeliveryError
from connectors.media import KINDS
from connectors.sandbox import WeChatSandbox
from connectors.wechat.connector import WeChatConnector
from tests.connectors.stands import NOW, MovingClock, a_wechat, our_wechat

PICTURE = b"\xff\xd8\xff\xe0" + b"x" * 500
STARTS = {
    "image/jpeg": PICTURE,
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/gif": b"GIF89a....",
    "image/webp": b"RIFF\x01\x02\x03\x04WEBPVP8 ",
    "audio/amr": b"#!AMR\n<\x91",
    "audio/ogg": b"OggS....",
    "audio/wav": b"RIFF\x01\x02\x03\x04WAVEfmt ",
    "audio/mpeg": b"ID3\x03....",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42",
}


def refused(
    ours: WeChatConnector, token: str | None, media_id: str, longest: int = 10_000
) -> tuple[str, str]:
    with pytest.raises(DeliveryError) as error:
        ours.fetch_media(media_id, token, longest)
    return error.value.kind, error.value.code


def connected(stand: WeChatSandbox, **more: Any) -> tuple[WeChatConnector, str]:
    ours = our_wechat(api_base=stand.url, clock=stand.now, **more)
    return ours, ours.fetch_token().value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.suffix)
def test_a_file_is_what_its_first_bytes_say(kind: Any) -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        stand.keep_file("M", STARTS[kind.content_type], "text/html")
        got = ours.fetch_media("M", token, 10_000)
    assert (got.data, got.content_type, got.suffix) == (
        STARTS[kind.content_type],
        kind.content_type,
        kind.suffix,
    )


@pytest.mark.parametrize(
    "data", [b"<svg onload=alert(1)>", b"<html>", b"%PDF-1.7", b"PK\x03\x04", b"", b"GIF8"], ids=repr
)
def test_what_is_no_picture_sound_or_film_is_not_taken(data: bytes) -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        stand.keep_file("M", data, "image/jpeg")
        assert refused(ours, token, "M") == ("final", "not_taken")


def test_pitfall_12_after_three_days_a_file_is_gone_and_the_error_is_no_picture() -> None:
    clock = MovingClock(NOW)
    with a_wechat(clock=clock) as stand:
        stand.keep_file("M", PICTURE)
        clock.at += timedelta(days=2, hours=23)
        ours, token = connected(stand)
        assert ours.fetch_media("M", token, 10_000).data == PICTURE
        clock.at += timedelta(hours=2)
        _, token = connected(stand)
        assert refused(ours, token, "M") == ("final", "40007")
        assert ours.media_days == 3


def test_a_film_is_fetched_from_where_wechat_says_it_is() -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        stand.keep_file("M", STARTS["video/mp4"], film=True)
        assert ours.fetch_media("M", token, 10_000).content_type == "video/mp4"


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://mp.weixin.qq.com.example.com/a.mp4",
        "http://user@mp.weixin.qq.com/a.mp4",
        "http://mp.weixin.qq.com:8080/a.mp4",
        "file:///etc/passwd",
        "//mp.weixin.qq.com/a.mp4",
        "gopher://mp.weixin.qq.com/",
    ],
)
def test_pitfall_12_no_other_address_is_ever_fetched(address: str) -> None:
    asked: list[str] = []

    def wechat(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"video_url": address})

    ours = our_wechat(transport=httpx.MockTransport(wechat))
    assert refused(ours, "token", "M") == ("final", "foreign_address")
    assert asked == ["api.weixin.qq.com"]


def test_a_film_on_wechats_own_hosts_is_fetched() -> None:
    def wechat(request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.weixin.qq.com":
            return httpx.Response(200, json={"video_url": "http://mpvideo.qpic.cn/a.mp4"})
        return httpx.Response(200, content=STARTS["video/mp4"])

    ours = our_wechat(transport=httpx.MockTransport(wechat))
    assert ours.fetch_media("M", "token", 10_000).suffix == "mp4"


def test_a_big_file_is_dropped_before_it_is_whole() -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        stand.keep_file("M", PICTURE + b"x" * 3_000_000)
        assert refused(ours, token, "M", longest=1_000_000) == ("final", "too_large")


@pytest.mark.parametrize(
    ("fault", "code"),
    [("http_502", "http_502"), ("reset_before", "reset"), ("redirect", "http_302"), ("http_429", "http_429")],
)
def test_a_file_that_may_come_later_is_asked_for_again(fault: str, code: str) -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        stand.keep_file("M", PICTURE)
        stand.fail_next("media/get", fault=fault)
        assert refused(ours, token, "M") == ("back_off", code)
        assert ours.fetch_media("M", token, 10_000).data == PICTURE


# ------------------------------------------------------------------ addresses

LISTED = ["127.0.0.1", "101.226.103.0/25", "2402:4e00::/32", "nonsense", ""]


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("127.0.0.1", True),
        ("101.226.103.1", True),
        ("101.226.103.127", True),
        ("101.226.103.128", False),
        ("::ffff:101.226.103.9", True),
        ("2402:4e00:1::5", True),
        ("2402:4e01::5", False),
        ("10.0.0.1", False),
        ("101.226.103.1, 10.0.0.1", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_pitfall_13_an_address_is_allowed_only_if_it_is_listed(address: str, is_allowed: bool) -> None:
    assert allowed(address, LISTED) is is_allowed
    assert not allowed(address, [])


def test_wechat_says_from_where_it_calls() -> None:
    with a_wechat(callback_ips=("101.226.103.0/25", "not an address")) as stand:
        ours, token = connected(stand)
        assert ours.fetch_addresses(token) == ("101.226.103.0/25",)
    assert readable(LISTED) == tuple(LISTED[:3])


def test_a_list_without_any_address_is_an_error_and_not_an_empty_gate() -> None:
    ours = our_wechat(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"ip_list": []})))
    with pytest.raises(DeliveryError) as error:
        ours.fetch_addresses("token")
    assert error.value.kind == "back_off"


# ------------------------------------------------------------------ trying an account


def probed(ours: WeChatConnector, token: str, now: Any = NOW) -> dict[str, bool | None]:
    return {probe.name: probe.ok for probe in ours.probe(now, token)}


def test_an_account_in_order_is_told_so() -> None:
    with a_wechat() as stand:
        ours, token = connected(stand, comment_days="7")
        assert probed(ours, token, utc_now()) == {
            "消息加解密方式": True,
            "推送来源地址": True,
            "服务器时钟": True,
            "文章留言": True,
        }


def test_each_fault_of_an_account_is_named_with_what_to_do() -> None:
    with a_wechat() as stand:
        ours, token = connected(stand, comment_days="7")
        stand.articles.privilege = False
        found = {probe.name: probe for probe in ours.probe(NOW + timedelta(days=900), token)}
        assert found["服务器时钟"].ok is False and "时间同步" in found["服务器时钟"].words
        assert found["文章留言"].ok is False and "88000" in found["文章留言"].words
        stand.fail_next("getcallbackip", errcode=40164)
        (_, last) = ours.probe(NOW, token)
        assert (last.ok, "白名单" in last.words) == (False, True)


def test_a_probe_tells_nothing_secret() -> None:
    with a_wechat() as stand:
        ours, token = connected(stand)
        words = json.dumps([probe.words for probe in ours.probe(NOW, token)], ensure_ascii=False)
    assert token not in words and stand.app_secret not in words
