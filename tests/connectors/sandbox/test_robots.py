"""Are the stand-ins of the group robots as strict as the real ones? Each call here is written out by hand."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from connectors.sandbox.robots import RobotsSandbox
from tests.connectors.stands import NOW, MovingClock

SECONDS = int(NOW.timestamp())
MILLIS = str(SECONDS * 1000)


def signed(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def post(stand: RobotsSandbox, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(stand.url + path, json=body)
    assert answer.status_code == 200  # whatever the answer says
    return dict(answer.json())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text", "text": {"content": "到期 3 件"}}, 0),
        ({"msgtype": "text", "text": {"content": "灯" * 682}}, 0),
        ({"msgtype": "text", "text": {"content": "灯" * 683}}, 40058),
        ({"msgtype": "markdown", "markdown": {"content": "灯" * 1365}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "灯" * 1366}}, 40058),
        ({"msgtype": "news"}, 40008),
    ],
    ids=lambda value: str(value)[:40],
)
def test_pitfall_32_wecom_counts_bytes(body: dict[str, Any], code: int) -> None:
    with RobotsSandbox(clock=lambda: NOW) as stand:
        assert post(stand, f"/cgi-bin/webhook/send?key={stand.key}", body)["errcode"] == code
        assert len(stand.ledger.entries()) == (code == 0)
        assert post(stand, "/cgi-bin/webhook/send?key=guessed", body)["errcode"] == 93000


def test_pitfall_32_twenty_a_minute_and_not_more() -> None:
    clock = MovingClock()
    body = {"msgtype": "text", "text": {"content": "到期"}}
    with RobotsSandbox(clock=clock) as stand:
        path = f"/cgi-bin/webhook/send?key={stand.key}"
        codes = [post(stand, path, body)["errcode"] for _ in range(21)]
        assert codes == [0] * 20 + [45009]
        clock.at += timedelta(minutes=1)
        assert post(stand, path, body)["errcode"] == 0


SECRET = "SECrobotsecret0001"


@pytest.mark.parametrize(
    ("stamp", "sign", "text", "code"),
    [
        (MILLIS, quote(signed(SECRET, f"{MILLIS}\n{SECRET}"), safe=""), "办件到期", 0),
        (MILLIS, quote(quote(signed(SECRET, f"{MILLIS}\n{SECRET}"), safe=""), safe=""), "办件到期", 310000),
        (MILLIS, quote(signed(f"{MILLIS}\n{SECRET}", ""), safe=""), "办件到期", 310000),
        (str(SECONDS), quote(signed(SECRET, f"{SECONDS}\n{SECRET}"), safe=""), "办件到期", 310000),
        (MILLIS, quote(signed(SECRET, f"{MILLIS}\n{SECRET}"), safe=""), "没有关键词", 310000),
    ],
    ids=["right", "encoded twice", "feishu's way", "in seconds", "without the keyword"],
)
def test_pitfall_32_dingtalk_wants_its_own_signature_encoded_once(
    stamp: str, sign: str, text: str, code: int
) -> None:
    with RobotsSandbox(secret=SECRET, keyword="办件", clock=lambda: NOW) as stand:
        path = f"/robot/send?access_token={stand.key}&timestamp={stamp}&sign={sign}"
        answer = post(stand, path, {"msgtype": "text", "text": {"content": text}})
        assert answer["errcode"] == code


@pytest.mark.parametrize(
    ("stamp", "sign", "code"),
    [
        (str(SECONDS), signed(f"{SECONDS}\n{SECRET}", ""), 0),
        (str(SECONDS), signed(SECRET, f"{SECONDS}\n{SECRET}"), 19021),
        (MILLIS, signed(f"{MILLIS}\n{SECRET}", ""), 19021),
        (str(SECONDS - 3700), signed(f"{SECONDS - 3700}\n{SECRET}", ""), 19021),
    ],
    ids=["right", "key and message swapped", "in milliseconds", "an hour old"],
)
def test_pitfall_32_feishu_signs_nothing_with_a_key_of_time_and_secret(
    stamp: str, sign: str, code: int
) -> None:
    with RobotsSandbox(secret=SECRET, clock=lambda: NOW) as stand:
        body = {"timestamp": stamp, "sign": sign, "msg_type": "text", "content": {"text": "办件到期"}}
        assert post(stand, f"/open-apis/bot/v2/hook/{stand.key}", body)["code"] == code
        assert stand.ledger.seen_by("feishu") == (["办件到期"] if code == 0 else [])
