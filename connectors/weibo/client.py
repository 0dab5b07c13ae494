"""How do we call Weibo? Lists of comments and posts, replies to them, private messages and their files, the
remaining calls, the life of the token.

Source: open.weibo.com/wiki, 2/comments/to_me, 2/comments/mentions, 2/statuses/mentions, 2/comments/reply,
2/comments/create, 2/messages/reply, Rate-limiting, Oauth2/get_token_info, Receive_General_Message.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from connectors import calls, media
from connectors.contract import Media
from connectors.weibo.codes import CODES


class WeiboClient:
    """Calls in the name of one account. Tokens travel in a header, never in an address."""

    def __init__(
        self,
        api_base: str,
        message_base: str,
        upload_base: str,
        transport: httpx.BaseTransport | None = None,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        self._api_base = api_base.rstrip("/")
        self._message_base = message_base.rstrip("/")
        self._upload_base = upload_base.rstrip("/")
        self._transport = transport
        self._total_seconds = total_seconds

    def page(
        self, token: str, path: str, name: str, since_id: int, max_id: int | None, count: int
    ) -> list[Any]:
        """One page of a list, newest first: since_id < id ≤ max_id. ``name`` is the list's in the answer."""
        params = {"since_id": str(since_id), "count": str(count)}
        if max_id is not None:
            params["max_id"] = str(max_id)
        items = self._get(f"/2/{path}.json", token, params).get(name)
        if not isinstance(items, list):
            raise calls.lost(f"no_{name}", "", repeatable=True)
        return items

    def rate_limit(self, token: str) -> Mapping[str, Any]:
        """What is left of the calls: ``remaining_user_hits``, ``reset_time_in_seconds``."""
        return self._get("/2/account/rate_limit_status.json", token, {})

    def token_info(self, token: str) -> calls.Answer:
        """For whom the token is, and how many seconds it lives still (``expire_in``). Weibo's time is on it."""
        answer = calls.call(
            "POST",
            self._api_base + "/oauth2/get_token_info",
            headers=_bearing(token),
            form={"access_token": token},
            transport=self._transport,
            repeatable=True,
            total_seconds=self._total_seconds,
        )
        _checked(answer, repeatable=True)
        return answer

    def fetch_media(self, token: str, file_id: str, longest: int) -> Media:
        """A picture or voice that a citizen sent in private (``tovfid``)."""
        file = calls.fetch_file(
            self._upload_base + "/2/mss/msget",
            params={"fid": file_id},
            headers=_bearing(token),
            longest=longest,
            transport=self._transport,
        )
        if told := calls.told_instead(file):
            _checked(told, repeatable=True)
            raise calls.lost("no_file", "", repeatable=True)
        return media.taken(file.data)

    def reply_to_comment(
        self, token: str, comment_id: str, status_id: str, text: str, real_ip: str
    ) -> Mapping[str, Any]:
        """Answer a comment below its post. ``without_mention``: the automatic prefix would count."""
        form = {"cid": comment_id, "id": status_id, "comment": text, "without_mention": "1", "rip": real_ip}
        return self._post(self._api_base + "/2/comments/reply.json", token, form)

    def comment_on(self, token: str, status_id: str, text: str, real_ip: str) -> Mapping[str, Any]:
        """Comment below somebody's post that mentions us."""
        form = {"id": status_id, "comment": text, "comment_ori": "0", "rip": real_ip}
        return self._post(self._api_base + "/2/comments/create.json", token, form)

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
