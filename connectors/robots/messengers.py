"""How does one reminder reach a group in 企业微信, 钉钉 or 飞书? Once, or with a class of error.

A messenger takes a text (ours, never a citizen's) and the handles of those to be named in it. Nothing is
tried twice here. The key of a robot stands in its address: it is kept out of logs and errors.
"""

import base64
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from connectors import calls
from connectors.calls import Clock, Code
from connectors.contract import SettingField
from connectors.robots import codes

HANDLE = r"[A-Za-z0-9_.@-]{1,64}"
"""What a person is called by a messenger or by mail; anything else could be markup."""
_KEY = r"[A-Za-z0-9_-]{8,128}"
_BASE = r"https?://[A-Za-z0-9.:\[\]-]+"


@dataclass(frozen=True)
class Errand:
    """One thing to be told. ``key`` is the same for every try of one message; ``subject`` is for mail."""

    text: str
    mentions: tuple[str, ...] = ()
    subject: str = ""
    key: str = ""


class Messenger(ABC):
    """One way out of the house. Settings come as keyword arguments named as in SETTINGS."""

    SETTINGS: ClassVar[tuple[SettingField, ...]] = ()
    longest_bytes: ClassVar[int]
    """How long a text may be, counted in UTF-8 bytes."""
    pause: ClassVar[timedelta]
    """How long to wait between two messages so that the limit of a minute is kept."""
    rest: ClassVar[timedelta]
    """How long to wait after it said that there were too many."""

    @abstractmethod
    def send(self, errand: Errand) -> None:
        """Hand it over, once. Raises DeliveryError."""

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether a text is short enough: bytes count, not characters."""
        return len(text.encode("utf-8")) <= cls.longest_bytes


class Robot(Messenger):
    """What the three group robots have in common: one POST of JSON, and a code in the answer."""

    CODES: ClassVar[Mapping[str, Code]]
    code_field: ClassVar[str] = "errcode"
    words_field: ClassVar[str] = "errmsg"

    def __init__(
        self,
        key: str,
        api_base: str,
        secret: str = "",
        keyword: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = calls.utc_now,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        self._key, self._secret, self._keyword = key, secret, keyword
        self._api_base = api_base.rstrip("/")
        self._transport, self._clock, self._total_seconds = transport, clock, total_seconds

    def _post(self, path: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> None:
        answer = calls.call(
            "POST",
            self._api_base + path,
            params=params,
            headers={"Content-Type": "application/json; charset=utf-8"},
            content=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            transport=self._transport,
            total_seconds=self._total_seconds,
        ).data
        code = answer.get(self.code_field)
        if not isinstance(code, (int, str)) or isinstance(code, bool):
            raise calls.lost("no_code", "", repeatable=False)
        if str(code) != "0":
            raise calls.refused(self.CODES, str(code), str(answer.get(self.words_field, "")))

    def _with_keyword(self, text: str) -> str:
        """The text with the word that the group demands, where it lacks it."""
        return text if self._keyword in text else f"【{self._keyword}】{text}"


def _fields(default_base: str, *, signed: bool) -> tuple[SettingField, ...]:
    help_zh = "群机器人地址里最后的那一串"
    base_help = "一般不用改；经过代理时填代理的地址"
    key = SettingField("key", "机器人 key", secret=True, pattern=_KEY, help=help_zh)
    base = SettingField(
        "api_base", "接口地址", required=False, pattern=_BASE, help=base_help, default=default_base
    )
    if not signed:
        return key, base
    sign = SettingField(
        "secret", "签名密钥", secret=True, required=False, pattern=r"\S{8,128}", help="开启加签时显示的密钥"
    )
    word = SettingField("keyword", "关键词", required=False, pattern=r"\S{1,20}", help="设了关键词才填")
    return key, sign, word, base


class WeCom(Robot):
    """企业微信. A text has at most 2048 bytes; 20 a minute for each robot."""

    SETTINGS = _fields("https://qyapi.weixin.qq.com", signed=False)
    CODES = codes.WECOM
    longest_bytes = 2048
    pause = timedelta(seconds=4)
    rest = timedelta(minutes=1)

    def send(self, errand: Errand) -> None:
        """One text, naming people by their userid."""
        text = {"content": errand.text, "mentioned_list": list(errand.mentions)}
        self._post("/cgi-bin/webhook/send", {"msgtype": "text", "text": text}, {"key": self._key})


class DingTalk(Robot):
    """钉钉. Who sends more than 20 a minute is not heard for ten; the signature is in milliseconds, with the
    secret as its key, and encoded once on its way into the address."""

    SETTINGS = _fields("https://oapi.dingtalk.com", signed=True)
    CODES = codes.DINGTALK
    longest_bytes = 18_000
    pause = timedelta(seconds=4)
    rest = timedelta(minutes=10)

    def send(self, errand: Errand) -> None:
        """One text, naming people by their userid: a name is shown only where "@userid" stands in the text."""
        named = "".join(f" @{handle}" for handle in errand.mentions)
        body = {
            "msgtype": "text",
            "text": {"content": self._with_keyword(errand.text) + named},
            "at": {"atUserIds": list(errand.mentions), "isAtAll": False},
        }
        self._post("/robot/send", body, {"access_token": self._key, **self._signed()})

    def _signed(self) -> dict[str, str]:
        if not self._secret:
            return {}
        stamp = str(int(self._clock().timestamp() * 1000))
        return {"timestamp": stamp, "sign": signature(self._secret, f"{stamp}\n{self._secret}")}


class Feishu(Robot):
    """飞书. 100 a minute, 20 KB; the signature is in seconds, in the body, and signs nothing with a key made
    of the time and the secret."""

    SETTINGS = _fields("https://open.feishu.cn", signed=True)
    CODES = codes.FEISHU
    code_field, words_field = "code", "msg"
    longest_bytes = 16_000
    pause = timedelta(seconds=1)
    rest = timedelta(minutes=1)

    def send(self, errand: Errand) -> None:
        """One text, naming people by their open_id."""
        named = "".join(f' <at user_id="{handle}"></at>' for handle in errand.mentions)
        text = self._with_keyword(errand.text) + named
        body = {**self._signed(), "msg_type": "text", "content": {"text": text}}
        self._post(f"/open-apis/bot/v2/hook/{self._key}", body)

    def _signed(self) -> dict[str, str]:
        if not self._secret:
            return {}
        stamp = str(int(self._clock().timestamp()))
        return {"timestamp": stamp, "sign": signature(f"{stamp}\n{self._secret}", "")}


def signature(key: str, message: str) -> str:
    """Base64 of HMAC-SHA256, as both messengers write it; what is key and what message differs."""
    made = hmac.new(key.encode("utf-8"), message.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(made).decode("ascii")


def known(handles: Sequence[str]) -> tuple[str, ...]:
    """Each handle once, in order."""
    return tuple(dict.fromkeys(handle for handle in handles if handle))
