"""The stand-ins and connectors the tests share, and one citizen of the city."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract import OutgoingReply, WebhookRequest
from connectors.sandbox import DouyinSandbox, WeChatSandbox, WeiboSandbox
from connectors.sandbox.wechat_pushes import Push
from connectors.wechat.connector import WeChatConnector
from connectors.weibo.connector import WeiboConnector
from tests.connectors.accounts import SETTINGS

NOW = datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)  # Friday 20 November 2026, 09:31:02 in Beijing
CITIZEN = "oZ9xTEST0000000000000000001"
WEIBO_CITIZEN = "1700000001"


def patience_with(fault: str) -> float:
    """Seconds that a call may take: short where the test is about waiting in vain, else as in the office."""
    return 0.8 if fault.startswith(("timeout", "slow")) else 10.0


class MovingClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def a_wechat(**more: Any) -> WeChatSandbox:
    """A local WeChat with our account on it."""
    return WeChatSandbox(**SETTINGS["wechat"], **{"clock": lambda: NOW, **more})


def a_weibo(**more: Any) -> WeiboSandbox:
    """A local Weibo with our account on it."""
    account = {name: SETTINGS["weibo"][name] for name in ("uid", "app_secret", "access_token")}
    return WeiboSandbox(**account, **{"clock": lambda: NOW, **more})


def a_douyin(**more: Any) -> DouyinSandbox:
    """A local Douyin with our account on it."""
    account = {name: value for name, value in SETTINGS["douyin"].items() if name != "real_ip"}
    return DouyinSandbox(**account, **{"clock": lambda: NOW, **more})


def our_wechat(**more: Any) -> WeChatConnector:
    """Our side of the WeChat account."""
    return WeChatConnector(**{**SETTINGS["wechat"], **more})


def our_weibo(**more: Any) -> WeiboConnector:
    """Our side of the Weibo account."""
    if "api_base" in more:
        more.setdefault("message_base", more["api_base"])
        more.setdefault("upload_base", more["api_base"])
    return WeiboConnector(**{**SETTINGS["weibo"], **more})


def request_of(push: Push, at: datetime = NOW) -> WebhookRequest:
    """A push as it arrives at our door."""
    return WebhookRequest("POST", push.query, push.headers, push.body, at)


def a_request(query: Mapping[str, str], body: bytes = b"", method: str = "POST") -> WebhookRequest:
    """Any call as it arrives at our door."""
    return WebhookRequest(method, query, {}, body, NOW)


def a_reply(
    text: str = "您好，路灯已修好。", recipient: str | None = CITIZEN, **thread: str
) -> OutgoingReply:
    """A released reply."""
    return OutgoingReply(text, recipient, thread, "delivery-1")
