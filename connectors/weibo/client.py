"""How do we call Weibo? Comments to us, a reply to one, a private message, the remaining calls.

Source: open.weibo.com/wiki, 2/comments/to_me, 2/comments/reply, 2/messages/reply, Rate-limiting.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from connectors import calls
from connectors.weibo.codes import CODES


class WeiboClient:
    """Calls in the name of one account. Tokens travel in a header, never in an address."""

    def __init__(
        self,
        api_base: str,
        message_base: str,
        transport: httpx.BaseTransport | None = None,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        self._api_base = api_base.rstrip("/")
        self._message_base = message_base.rstrip("/")
        self._transport = transport
        self._total_seconds = total_seconds

    def comments_to_me(self, token: str, since_id: int, max_id: int | None, count: int) -> list[Any]:
        """One page of comments, newest first: since_id < id ≤ max_id."""
        params = {"since_id": str(since_id), "count": str(count)}
        if max_id is not None:
            params["max_id"] = str(max_id)
        data = self._get("/2/comments/to_me.json", token, params)
        comments = data.get("comments")
        if not isinstance(comments, list):
            raise calls.lost("no_comments", "", repeatable=True)
        return comments

    def rate_limit(self, token: str) -> Mapping[str, Any]:
        """What is left of the calls: ``remaining_user_hits``, ``reset_time_in_seconds``."""
        return self._get("/2/account/rate_limit_status.json", token, {})

    def reply_to_comment(
        self, token: str, comment_id: str, status_id: str, text: str, real_ip: str
    ) -> Mapping[str, Any]:
        """Answer a comment below its post. ``without_mention``: the automatic prefix would count."""
        form = {"cid": comment_id, "id": status_id, "comment": text, "without_mention": "1", "rip": real_ip}
        return self._post(self._api_base + "/2/comments/reply.json", token, form)

    def reply_privately(self, token: str, receiver_id: str, text: str) -> Mapping[str, Any]:
        """Answer a private message. ``data`` is encoded once, by the form itself."""
        data = json.dumps({"text": text}, ensure_ascii=False)
        form = {"type": "text", "data": data, "receiver_id": receiver_id, "save_sender_box": "1"}
        return self._post(self._message_base + "/2/messages/reply.json", token, form)

    def _get(self, path: str, token: str, params: Mapping[str, str]) -> dict[str, Any]:
        return _checked(
            calls.call(
                "GET",
                self._api_base + path,
                params=params,
                headers=_bearing(token),
                transport=self._transport,
                repeatable=True,
                total_seconds=self._total_seconds,
            ),
            repeatable=True,
        )

    def _post(self, url: str, token: str, form: Mapping[str, str]) -> dict[str, Any]:
        return _checked(
            calls.call(
                "POST",
                url,
                headers=_bearing(token),
                form=form,
                transport=self._transport,
                total_seconds=self._total_seconds,
            ),
            repeatable=False,
        )


def _checked(answer: calls.Answer, repeatable: bool) -> dict[str, Any]:
    """Success has no ``error_code``; a refusal has one, as a number or as a string. 20032 is both."""
    code = str(answer.data.get("error_code", ""))
    row = CODES.get(code)
    if code and not (row and row.kind == "accepted"):
        raise calls.refused(CODES, code, str(answer.data.get("error", "")))
    if not code and answer.status >= 400:
        raise calls.lost(f"http_{answer.status}", "", repeatable)
    return answer.data


def _bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"OAuth2 {token}"}
