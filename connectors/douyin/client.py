"""How do we call Douyin? The token, our videos, the comments below one, a reply to one.

HTTP 200 is not success: ``error_code`` stands in ``data`` and in ``extra``, as a number or as a text.
Source: developer.open-douyin.com, refresh-access-token, video-list, comment-list, video-comment-reply.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from connectors import calls
from connectors.calls import Code
from connectors.douyin.codes import CODES, TOKEN_CODES

PAGE_SIZE = 20
"""Most that any of the pages allows."""


class DouyinClient:
    """Calls in the name of one account. Tokens travel in a header or a form, never in an address."""

    def __init__(
        self,
        client_key: str,
        open_id: str,
        real_ip: str,
        api_base: str,
        transport: httpx.BaseTransport | None = None,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        self._client_key, self._open_id = client_key, open_id
        self._device = {
            "ip": real_ip,
            "device_brand": "pc",
            "device_platform": "web",
            "device_type": "pc",
            "os_version": "1",
            "shark_channel": "open_api",
        }
        self._api_base = api_base.rstrip("/")
        self._transport, self._total_seconds = transport, total_seconds

    def new_token(self, refresh_token: str) -> Mapping[str, Any]:
        """A new access token, with its life and what is left of the permission."""
        form = {"client_key": self._client_key, "grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._call("POST", "/oauth/refresh_token/", codes=TOKEN_CODES, form=form, repeatable=True)

    def videos(self, token: str, cursor: int) -> Mapping[str, Any]:
        """A page of our videos, newest first."""
        return self._get("/api/douyin/v1/video/video_list/", token, {"cursor": str(cursor)})

    def comments(self, token: str, item_id: str, cursor: int) -> Mapping[str, Any]:
        """A page of the comments below a video, newest first."""
        more = {"item_id": item_id, "cursor": str(cursor), "sort_type": "time", **self._device}
        return self._get("/item/comment/list/", token, more)

    def reply(self, token: str, item_id: str, comment_id: str, text: str) -> Mapping[str, Any]:
        """Answer a comment below its video."""
        body = {"item_id": item_id, "comment_id": comment_id, "content": text}
        return self._call(
            "POST",
            "/item/comment/reply/",
            codes=CODES,
            token=token,
            params={"open_id": self._open_id, **self._device},
            content=json.dumps(body, ensure_ascii=False).encode("utf-8"),
        )

    def _get(self, path: str, token: str, more: Mapping[str, str]) -> Mapping[str, Any]:
        params = {"open_id": self._open_id, "count": str(PAGE_SIZE), **more}
        data = self._call("GET", path, codes=CODES, token=token, params=params, repeatable=True)
        if not isinstance(data.get("list"), list):
            raise calls.lost("no_list", "", repeatable=True)
        return data

    def _call(
        self,
        method: str,
        path: str,
        *,
        codes: Mapping[str, Code],
        token: str | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Mapping[str, Any]:
        headers = {"access-token": token} if token else {}
        answer = calls.call(
            method,
            self._api_base + path,
            params=params,
            headers=headers | ({"Content-Type": "application/json"} if content else {}),
            content=content,
            form=form,
            transport=self._transport,
            repeatable=repeatable,
            total_seconds=self._total_seconds,
        )
        data, extra = (answer.data.get(name) for name in ("data", "extra"))
        parts = [part for part in (data, extra) if isinstance(part, dict)]
        for part in parts:
            code = str(part.get("error_code", "0"))
            if code != "0":
                raise calls.refused(codes, code, str(part.get("description", "")))
        if not isinstance(data, dict) or "error_code" not in {name for part in parts for name in part}:
            raise calls.lost("no_data", "", repeatable)
        return data
