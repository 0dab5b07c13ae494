"""What does WeChat send to an account's address, in each mode? Queries and bodies, correctly signed."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wechatpy.crypto import PrpCrypto

from connectors.signatures import sign
from connectors.wechat.envelope import Key

MODES = ("safe", "compatible", "plain")

# fmt: off
KINDS: dict[str, dict[str, str]] = {
    "text":       {"Content": "请问社保卡怎么补办？"},
    "image":      {"PicUrl": "http://mmbiz.qpic.cn/sandbox/0", "MediaId": "SANDBOX-IMAGE"},
    "voice":      {"MediaId": "SANDBOX-VOICE", "Format": "amr", "Recognition": "路灯坏了"},
    "video":      {"MediaId": "SANDBOX-VIDEO", "ThumbMediaId": "SANDBOX-THUMB"},
    "shortvideo": {"MediaId": "SANDBOX-SHORT", "ThumbMediaId": "SANDBOX-THUMB"},
    "location":   {"Location_X": "30.123456", "Location_Y": "120.654321", "Scale": "16", "Label": "示例路"},
    "link":       {"Title": "标题", "Description": "摘要", "Url": "https://www.example.com/a.html"},
    "subscribe":  {"Event": "subscribe", "EventKey": ""},
    "unsubscribe": {"Event": "unsubscribe", "EventKey": ""},
    "click":      {"Event": "CLICK", "EventKey": "MENU_ASK"},
    "view":       {"Event": "VIEW", "EventKey": "https://www.example.com/", "MenuId": "410"},
}
"""Kind of push → its own fields, to be overridden. A kind that is not here is sent under its own name."""
# fmt: on

NUMBERS = frozenset(
    {"CreateTime", "MsgId", "Location_X", "Location_Y", "Scale", "MsgDataId", "Idx", "MenuId"}
)


@dataclass(frozen=True)
class Push:
    """One call to the account's address, ready to go out."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def inner_xml(
    kind: str, original_id: str, openid: str, created_at: datetime, msg_id: int, fields: Mapping[str, str]
) -> str:
    """The plain XML of one push."""
    own = {**KINDS.get(kind, {}), **fields}
    msg_type = "event" if "Event" in own else kind
    every = {
        "ToUserName": original_id,
        "FromUserName": openid,
        "CreateTime": str(int(created_at.timestamp())),
        "MsgType": msg_type,
        **own,
    }
    if msg_type != "event":
        every.setdefault("MsgId", str(msg_id))
    return "<xml>" + "".join(_element(name, value) for name, value in every.items()) + "</xml>"


def push_of(
    xml: str, mode: str, key: Key, app_id: str, original_id: str, openid: str, signed_at: datetime
) -> Push:
    """Sign, and in the encrypted modes seal, one push. A new nonce every time."""
    timestamp, nonce = str(int(signed_at.timestamp())), str(secrets.randbelow(10**9) + 10**8)
    query = {
        "signature": sign(key.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    body = xml
    if mode != "plain":
        sealed = seal(xml, key.aes_key, app_id)
        query |= {"encrypt_type": "aes", "msg_signature": sign(key.token, timestamp, nonce, sealed)}
        envelope = _element("Encrypt", sealed)
        body = (
            xml.removesuffix("</xml>") + envelope + "</xml>"
            if mode == "compatible"
            else "<xml>" + _element("ToUserName", original_id) + envelope + "</xml>"
        )
    return Push(query, {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"}, body.encode("utf-8"))


def seal(xml: str, aes_key: str, app_id: str) -> str:
    """Encrypt as the platform does."""
    return str(PrpCrypto(_key_bytes(aes_key)).encrypt(xml, app_id).decode("ascii"))


def unseal(sealed: str, aes_key: str, app_id: str) -> str:
    """Open an encrypted answer of the account. Raises if it is not for this AppID."""
    return str(PrpCrypto(_key_bytes(aes_key)).decrypt(sealed, app_id))


def echo_of(signed_at: datetime) -> str:
    """A random text to be given back when the address is entered."""
    return hashlib.sha256(secrets.token_bytes(16) + signed_at.isoformat().encode()).hexdigest()[:19]


def _key_bytes(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")


def _element(name: str, value: str) -> str:
    if name in NUMBERS:
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
