"""The group robots of three office messengers, as strict as the real ones: what would the group have seen?

HTTP is 200 whatever happens; only the code in the answer says whether a message was taken.
Source: work.weixin.qq.com 91770; DingTalk and Feishu custom robots.
"""

import base64
import hashlib
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.calls import Clock
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.server import Call, Handler, Response, Stand

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class RobotsSandbox(Stand):
    """One group on each messenger. ``secret`` signs DingTalk's and Feishu's calls, ``key`` names the robot,
    ``keyword`` must stand in what DingTalk is sent."""

    name = "群机器人"

    def __init__(
        self,
        key: str = "robot-key-0001",
        secret: str = "SECrobotsecret0001",
        keyword: str = "",
        *,
        clock: Clock | None = None,
        ledger: Ledger | Path | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(ledger if isinstance(ledger, Ledger) else Ledger(ledger), clock, host, port)
        self.key, self.secret, self.keyword = key, secret, keyword
        self._taken_at: dict[str, deque[datetime]] = defaultdict(deque)

    def routes(self) -> Mapping[str, Handler]:
        """The addresses of the three robots."""
        return {
            "cgi-bin/webhook/send": self._wecom,
            "robot/send": self._dingtalk,
            f"open-apis/bot/v2/hook/{self.key}": self._feishu,
        }

    def refusal(self, code: int | str) -> Response:
        """In every messenger's spelling at once: each reads its own."""
        return Response({"errcode": int(code), "code": int(code), "errmsg": "refused", "msg": "refused"})

    def _wecom(self, call: Call) -> Response:
        given = json.loads(call.body)
        kind = given.get("msgtype")
        text = str(given.get(kind, {}).get("content", "")) if isinstance(given.get(kind), dict) else ""
        if call.query.get("key") != self.key:
            return self.refusal(93000)
        if kind not in WECOM_BYTES or not text:
            return self.refusal(40008)
        if len(text.encode("utf-8")) > WECOM_BYTES[kind]:
            return self.refusal(40058)
        return self._taken("wecom", text, 20, 45009)

    def _dingtalk(self, call: Call) -> Response:
        given = json.loads(call.body)
        part = given.get(given.get("msgtype"), {})
        text = str(part.get("content") or part.get("text") or "")
        stamp = call.query.get("timestamp", "")
        at = datetime.fromtimestamp(int(stamp) / 1000, self.now().tzinfo) if stamp.isdecimal() else None
        # The key is the secret; the address is decoded once on its way here, and not again.
        expected = _signature(self.secret, f"{stamp}\n{self.secret}")
        is_theirs = call.query.get("access_token") == self.key
        if not is_theirs or at is None or abs(self.now() - at) > HOUR or call.query.get("sign") != expected:
            return self.refusal(310000)
        if self.keyword and self.keyword not in text:
            return self.refusal(310000)
        return self._taken("dingtalk", text, 20, 130101)

    def _feishu(self, call: Call) -> Response:
        given = json.loads(call.body)
        stamp = str(given.get("timestamp", ""))
        at = (
            datetime.fromtimestamp(int(stamp), self.now().tzinfo)
            if stamp.isdecimal() and len(stamp) == 10
            else None
        )
        # Here the key is "timestamp\nsecret", and what is signed is nothing.
        expected = _signature(f"{stamp}\n{self.secret}", "")
        if at is None or abs(self.now() - at) > HOUR or given.get("sign") != expected:
            return self.refusal(19021)
        text = given.get("content", {}).get("text", "") if given.get("msg_type") == "text" else ""
        if not text or len(call.body) > 20 * 1024:
            return self.refusal(9499)
        return self._taken("feishu", str(text), 100, 11232)

    def _taken(self, messenger: str, text: str, a_minute: int, too_many: int) -> Response:
        """The group sees it, unless there were too many within a minute."""
        taken = self._taken_at[messenger]
        while taken and self.now() - taken[0] >= MINUTE:
            taken.popleft()
        if len(taken) >= a_minute:
            return self.refusal(too_many)
        taken.append(self.now())
        self.ledger.add(self.now(), messenger, "reminder", text)
        return Response(TAKEN[messenger]())


WECOM_BYTES = {"text": 2048, "markdown": 4096}
TAKEN: Mapping[str, Callable[[], dict[str, Any]]] = {
    "wecom": lambda: {"errcode": 0, "errmsg": "ok"},
    "dingtalk": lambda: {"errcode": 0, "errmsg": "ok"},
    "feishu": lambda: {"code": 0, "msg": "success", "data": {}},
}


def _signature(key: str, message: str) -> str:
    made = hmac.new(key.encode("utf-8"), message.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(made).decode("ascii")
