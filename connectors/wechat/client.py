"""How do we call WeChat? Two calls: the token, and one text to one person.

HTTP 200 is not success: every answer must be JSON with errcode 0.
Source: developers.weixin.qq.com, api_getstableaccesstoken, api_sendcustommessage.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from connectors import calls
from connectors.calls import Clock, Code
from connectors.contract import Token
from connectors.wechat.codes import CODES, TOKEN_CODES


class WeChatClient:
    """Calls to one official account. ``clock`` tells the time (UTC) from which a token's life counts."""

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        api_base: str,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = calls.utc_now,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._api_base = api_base.rstrip("/")
        self._transport = transport
        self._clock = clock
        self._total_seconds = total_seconds

    def stable_token(self, force: bool = False) -> Token:
        """Ask for the account's token. Unforced calls give every process the same one."""
        asked_at = self._clock()
        data = self._post(
            "/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": self._app_id,
                "secret": self._app_secret,
                "force_refresh": force,
            },
            codes=TOKEN_CODES,
            repeatable=True,
        )
        value, seconds = data.get("access_token"), data.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(seconds, int) or seconds <= 0:
            raise calls.lost("no_token", "", repeatable=True)
        return Token(value, asked_at + timedelta(seconds=seconds))

    def send_text(self, token: str, openid: str, text: str) -> Mapping[str, Any]:
        """Send one customer-service text. Returns WeChat's answer once it says errcode 0."""
        data = self._post(
            "/cgi-bin/message/custom/send",
            {"touser": openid, "msgtype": "text", "text": {"content": text}},
            params={"access_token": token},
            codes=CODES,
        )
        if "errcode" not in data:  # an object, but not WeChat's answer to this call
            raise calls.lost("no_errcode", "", repeatable=False)
        return data

    def _post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        codes: Mapping[str, Code],
        params: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> dict[str, Any]:
        answer = calls.call(
            "POST",
            self._api_base + path,
            params=params,
            headers={"Content-Type": "application/json; charset=utf-8"},
            # Raw UTF-8: WeChat refuses \uXXXX escapes (40033) or shows them to the citizen.
            content=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            transport=self._transport,
            repeatable=repeatable,
            total_seconds=self._total_seconds,
        )
        data = answer.data
        code = data.get("errcode", 0)
        if code != 0:
            raise calls.refused(codes, str(code), str(data.get("errmsg", "")))
        return data
