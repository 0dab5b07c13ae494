"""What does somebody send who is not WeChat, or who wants to break what reads it?

Each attack is made from a genuine push of this account; a door that is right takes none of them as a message.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.sandbox import wechat_pushes
from connectors.sandbox.wechat_pushes import Push
from connectors.signatures import sign
from connectors.wechat.envelope import Key

DOCTYPE = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BILLION = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


class Victim:
    """The account as its attackers know it; ``at`` is now."""

    def __init__(self, key: Key, app_id: str, original_id: str, openid: str, at: datetime) -> None:
        self.key, self.app_id, self.original_id, self.openid, self.at = key, app_id, original_id, openid, at

    def xml(self, content: str = "路灯坏了") -> str:
        """The plain XML of a genuine text."""
        fields = {"Content": content}
        return wechat_pushes.inner_xml("text", self.original_id, self.openid, self.at, 1, fields)

    def push(self, xml: str, *, mode: str = "safe", app_id: str = "", at: datetime | None = None) -> Push:
        """Signed and sealed as WeChat does."""
        return wechat_pushes.push_of(
            xml, mode, self.key, app_id or self.app_id, self.original_id, self.openid, at or self.at
        )


def _with_query(push: Push, **changes: str) -> Push:
    return Push({**push.query, **changes}, push.headers, push.body)


def _with_another_body(victim: Victim) -> Push:
    """A good query seen in a log, above a body of one's own."""
    seen, own = victim.push(victim.xml()), victim.push(victim.xml("转账到这里"))
    return Push(seen.query, seen.headers, own.body)


def _signed_with(victim: Victim, token: str) -> Push:
    push = victim.push(victim.xml())
    stamp, nonce = push.query["timestamp"], push.query["nonce"]
    sealed = push.body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    made = {"signature": sign(token, stamp, nonce), "msg_signature": sign(token, stamp, nonce, sealed)}
    return _with_query(push, **made)


def signed_again(push: Push, token: str, sealed: str) -> Push:
    """This push with another seal, signed by somebody who has the token alone."""
    stamp, nonce = push.query["timestamp"], push.query["nonce"]
    old = push.body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    query = {**push.query, "msg_signature": sign(token, stamp, nonce, sealed)}
    return Push(query, push.headers, push.body.replace(old.encode(), sealed.encode()))


def _turned_inside(victim: Victim) -> Push:
    """One bit of the seal turned, and signed again."""
    push = victim.push(victim.xml())
    data = bytearray(
        base64.b64decode(push.body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0])
    )
    data[-1] ^= 1
    return signed_again(push, victim.key.token, base64.b64encode(bytes(data)).decode())


# fmt: off
ATTACKS: dict[str, Callable[[Victim], Push]] = {
    "signature":      lambda v: _with_query(v.push(v.xml()), signature="0" * 40),
    "msg_signature":  lambda v: _with_query(v.push(v.xml()), msg_signature="0" * 40),
    "no_signature":   lambda v: Push({}, {}, v.xml().encode()),
    "guessed_token":  lambda v: _signed_with(v, "guessed00"),
    "empty_token":    lambda v: _signed_with(v, ""),
    "other_body":     _with_another_body,
    "turned_bit":     _turned_inside,
    "old":            lambda v: v.push(v.xml(), at=v.at - timedelta(minutes=6)),
    "a_year_old":     lambda v: v.push(v.xml(), at=v.at - timedelta(days=365)),
    "from_tomorrow":  lambda v: v.push(v.xml(), at=v.at + timedelta(days=1)),
    "foreign_app":    lambda v: v.push(v.xml(), app_id="wxfeedc0de00000009"),
    "plain":          lambda v: v.push(v.xml(), mode="plain"),
    "other_account":  lambda v: v.push(v.xml().replace(v.original_id, "gh_ffffffffffff")),
    "entity":         lambda v: v.push(DOCTYPE + v.xml("&x;")),
    "many_entities":  lambda v: v.push(BILLION + v.xml("&b;")),
    "five_megabytes": lambda v: v.push(v.xml("灯" * 1_700_000)),
}
# fmt: on
"""Name → the push. A door answers each with 400, 403 or 413 and keeps nothing."""

# fmt: off
ODDITIES: dict[str, Callable[[Victim], Push]] = {
    "deep":           lambda v: v.push(v.xml().replace("</xml>", "<a>" * 3000 + "</a>" * 3000 + "</xml>")),
    "given_twice":    lambda v: v.push(v.xml().replace("</xml>", "<Content>另一句</Content></xml>")),
    "control":        lambda v: v.push(v.xml("响铃\x07")),
    "gbk_declared":   lambda v: v.push('<?xml version="1.0" encoding="GBK"?>' + v.xml()),
    "broken_out":     lambda v: v.push(v.xml("结束]]><Evil/>")),
}
# fmt: on
"""Proved by WeChat's own signature, and strange: kept as they came, read or shown as unreadable, never a crash."""
