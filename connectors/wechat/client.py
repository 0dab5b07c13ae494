"""How do we call WeChat? The token, texts to people, comments, files, the platform's own addresses.

HTTP 200 is not success: every answer must be JSON with errcode 0, also where a file was asked for.
Source: developers.weixin.qq.com, api_getstableaccesstoken, api_sendcustommessage, api_listcomment,
api_replycomment, api_getarticlesummary, Get_temporary_materials, Get_the_WeChat_server_IP_address.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors import calls, media
from connectors.addresses import readable
from connectors.calls import Answer, Clock, Code
from connectors.contract import Media, Token
from connectors.errors import DeliveryError
from connectors.wechat.codes import CODES, TOKEN_CODES

MEDIA_HOSTS = (".qq.com", ".qpic.cn")
"""Where a film may be fetched from, besides the address of the calls themselves."""


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
        answer = self._post(
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
        value, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(seconds, int) or seconds <= 0:
            raise calls.lost("no_token", "", repeatable=True)
        return Token(value, asked_at + timedelta(seconds=seconds))

    def send_text(self, token: str, openid: str, text: str) -> Mapping[str, Any]:
        """Send one customer-service text. Returns WeChat's answer once it says errcode 0."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return self._done("/cgi-bin/message/custom/send", token, body)

    def comment_call(self, token: str, call: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One of the calls that change a comment or an article's comments (``reply/add``, ``markelect`` …)."""
        return self._done(f"/cgi-bin/comment/{call}", token, body)

    def comments(
        self, token: str, msg_data_id: int, index: int, begin: int, count: int
    ) -> tuple[Sequence[Any], int]:
        """One page of all comments below an article, and how many there are. ``index`` is from 0."""
        body = {"msg_data_id": msg_data_id, "index": index, "begin": begin, "count": count, "type": 0}
        data = self._post("/cgi-bin/comment/list", body, token=token, codes=CODES, repeatable=True).data
        page, total = data.get("comment", []), data.get("total")
        if not isinstance(page, list) or not isinstance(total, int):
            raise calls.lost("no_comments", "", repeatable=True)
        return page, total

    def articles_read_on(self, token: str, day: date) -> Sequence[Any]:
        """Statistics of one day, at the latest yesterday: one row for each article that was read."""
        body = {"begin_date": day.isoformat(), "end_date": day.isoformat()}
        data = self._post("/datacube/getarticlesummary", body, token=token, codes=CODES, repeatable=True).data
        rows = data.get("list")
        if not isinstance(rows, list):
            raise calls.lost("no_list", "", repeatable=True)
        return rows

    def callback_addresses(self, token: str) -> tuple[tuple[str, ...], Answer]:
        """From which addresses WeChat calls us, and the whole answer (it has WeChat's time on it)."""
        answer = calls.call(
            "GET",
            self._api_base + "/cgi-bin/getcallbackip",
            params={"access_token": token},
            transport=self._transport,
            repeatable=True,
            total_seconds=self._total_seconds,
        )
        _check(answer.data, CODES)
        listed = answer.data.get("ip_list")
        if not isinstance(listed, list) or not listed:
            raise calls.lost("no_list", "", repeatable=True)
        return readable(entry for entry in listed if isinstance(entry, str)), answer

    def fetch_media(self, token: str, media_id: str, longest: int) -> Media:
        """A file that a citizen sent. A film comes as the address where it is."""
        params = {"access_token": token, "media_id": media_id}
        file = self._file(self._api_base + "/cgi-bin/media/get", params, longest)
        if told := calls.told_instead(file):
            address = _film(told)
            if not self._is_their_own(address):
                raise DeliveryError("final", "foreign_address", "", "视频的地址不属于微信，没有下载。")
            file = self._file(address, None, longest)
        return media.taken(file.data)

    def _file(self, address: str, params: Mapping[str, str] | None, longest: int) -> calls.File:
        return calls.fetch_file(address, params=params, longest=longest, transport=self._transport)

    def _is_their_own(self, address: str) -> bool:
        """Only WeChat's own hosts, without a name, a password or another port in the address."""
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.netloc == urlsplit(self._api_base).netloc:
            return True
        host = parts.hostname or ""
        return parts.scheme in ("http", "https") and parts.netloc == host and host.endswith(MEDIA_HOSTS)

    def _done(self, path: str, token: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call that changes something: WeChat must have said so in as many words."""
        data = self._post(path, body, token=token, codes=CODES).data
        if "errcode" not in data:  # an object, but not WeChat's answer to this call
            raise calls.lost("no_errcode", "", repeatable=False)
        return data

    def _post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        codes: Mapping[str, Code],
        token: str | None = None,
        repeatable: bool = False,
    ) -> Answer:
        answer = calls.call(
            "POST",
            self._api_base + path,
            params={"access_token": token} if token else None,
            headers={"Content-Type": "application/json; charset=utf-8"},
            # Raw UTF-8: WeChat refuses \uXXXX escapes (40033) or shows them to the citizen.
            content=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            transport=self._transport,
            repeatable=repeatable,
            total_seconds=self._total_seconds,
        )
        _check(answer.data, codes)
        return answer


def _check(data: Mapping[str, Any], codes: Mapping[str, Code]) -> None:
    """Raise what an errcode other than 0 means."""
    code = data.get("errcode", 0)
    if code != 0:
        raise calls.refused(codes, str(code), str(data.get("errmsg", "")))


def _film(told: Answer) -> str:
    """The address of a film; the JSON instead of a file may as well say why there is none."""
    _check(told.data, CODES)
    address = told.data.get("video_url", told.data.get("down_url"))
    if not isinstance(address, str):
        raise calls.lost("no_file", "", repeatable=True)
    return address
