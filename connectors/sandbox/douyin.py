"""A local Douyin: comments below our videos, listed and pushed, and our replies to them. As its pages describe it."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from connectors.calls import Clock
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.server import Call, Handler, Response, Stand

MAX_PAGE = 20
MAX_REPLY = 100
TOKEN_LIFE = timedelta(days=15)
GRANT_LIFE = timedelta(days=30)
ATTEMPTS = 3


class DouyinSandbox(Stand):
    """One account on a local Douyin."""

    name = "抖音"

    def __init__(
        self,
        client_key: str,
        client_secret: str,
        open_id: str,
        refresh_token: str,
        webhook_url: str | None = None,
        *,
        clock: Clock | None = None,
        ledger: Ledger | Path | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        webhook_transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(ledger if isinstance(ledger, Ledger) else Ledger(ledger), clock, host, port)
        self.client_key, self.client_secret = client_key, client_secret
        self.open_id, self.refresh_token = open_id, refresh_token
        self.webhook_url = webhook_url
        self.granted_until = self.now() + GRANT_LIFE
        self.videos: dict[str, list[dict[str, Any]]] = {}
        """Below each video its comments, newest first."""
        self.published: dict[str, datetime] = {}
        self.asked: list[Call] = []
        self._transport = webhook_transport
        self._numbers = itertools.count(1)
        self._tokens = itertools.count(1)
        self._token = ""

    # ------------------------------------------------------------ what citizens do

    def publish(self, item_id: str | None = None) -> str:
        """Our account publishes a video. Returns its id."""
        with self._lock:
            made = item_id or f"@video{next(self._numbers)}=="
            self.videos[made], self.published[made] = [], self.now()
            return made

    def comment(
        self, person: str, text: str, item_id: str | None = None, at: datetime | None = None, **more: Any
    ) -> str:
        """A citizen comments on a video (our newest, if none is named). Returns the comment's id."""
        with self._lock:
            below = item_id or next(reversed(self.videos), None) or self.publish()
            told = {
                "comment_id": f"@c{next(self._numbers)}==",
                "comment_user_id": person,
                "content": text,
                "create_time": int((at or self.now()).timestamp()),
                "top": False,
                **more,
            }
            self.videos[below].insert(0, told)
            return str(told["comment_id"])

    def push_comment(self, comment_id: str) -> bool:
        """Our address is told of a comment. True once it took it (up to three tries)."""
        item_id, told = self._found(comment_id)
        return self._push("item_comment_reply", json.dumps({**told, "reply_to_item_id": item_id}))

    def verify_webhook(self) -> bool:
        """The administrator enters our address: it must give the challenge back."""
        return self._push("verify_webhook", {"challenge": 12345}, json.dumps({"challenge": 12345}))

    def expire_tokens(self) -> None:
        """Let the life of the token pass."""
        self._token = ""

    # ------------------------------------------------------------ what our side calls

    def routes(self) -> Mapping[str, Handler]:
        """The calls of Douyin that are offered here."""
        return {
            "oauth/refresh_token": self._new_token,
            "video/video_list": self._within(self._list_videos),
            "comment/list": self._within(self._list_comments),
            "comment/reply": self._within(self._reply),
        }

    def control(self) -> Mapping[str, Handler]:
        """Beside the common ones: a citizen comments (``push``: true tells our address of it too)."""
        return {**super().control(), "push": self._commented_by_hand}

    def refusal(self, code: int | str) -> Response:
        """HTTP 200 with a code in ``data``, as a number or as a text."""
        return Response({"data": {"error_code": code, "description": "refused"}, "extra": {"logid": "1"}})

    def _within(self, handler: Handler) -> Handler:
        """With a token that lives, in the name of our account."""

        def within(call: Call) -> Response:
            self.asked.append(call)
            if not self._token or call.headers.get("access-token") != self._token:
                return self.refusal(2190002)
            return handler(call) if call.query.get("open_id") == self.open_id else self.refusal(2190003)

        return within

    def _new_token(self, call: Call) -> Response:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        self.asked.append(call)
        if form.get("client_key") != self.client_key:
            return self.refusal(10003)
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.refresh_token:
            return self.refusal(10010)
        if self.now() >= self.granted_until:
            return self.refusal(10010)
        self._token = self._token or f"act.sandbox{next(self._tokens)}"
        return _answer(
            access_token=self._token,
            expires_in=str(int(TOKEN_LIFE.total_seconds())),
            refresh_expires_in=str(int((self.granted_until - self.now()).total_seconds())),
            open_id=self.open_id,
        )

    def _list_videos(self, call: Call) -> Response:
        newest = [
            {"item_id": one, "create_time": int(self.published[one].timestamp())}
            for one in reversed(self.videos)
        ]
        return _page(self, call, newest)

    def _list_comments(self, call: Call) -> Response:
        there = self.videos.get(call.query.get("item_id", ""))
        return self.refusal(2100005) if there is None else _page(self, call, there)

    def _reply(self, call: Call) -> Response:
        given = json.loads(call.body)
        below = self.videos.get(str(given.get("item_id")), [])
        told = next((one for one in below if one["comment_id"] == given.get("comment_id")), None)
        text = str(given.get("content", ""))
        if told is None or not text or len(text) > MAX_REPLY:
            return self.refusal(2100005)
        self.ledger.add(self.now(), str(told["comment_user_id"]), "comment", text, str(told["comment_id"]))
        return _answer(comment_id=f"@c{next(self._numbers)}==")

    # ------------------------------------------------------------ telling our webhook

    def push_of(self, event: str, content: object) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of a push, unsent: the signature covers the secret and the body."""
        told = {"event": event, "client_key": self.client_key, "content": content}
        body = json.dumps(told, ensure_ascii=False).encode("utf-8")
        signature = hashlib.sha1(self.client_secret.encode("utf-8") + body).hexdigest()
        return body, {"X-Douyin-Signature": signature, "Content-Type": "application/json"}

    def _push(self, event: str, content: object, wanted: str = "") -> bool:
        if not self.webhook_url:
            raise ValueError("this stand-in was given no webhook_url")
        body, headers = self.push_of(event, content)
        return any(self._is_taken(body, headers, wanted) for _ in range(ATTEMPTS))

    def _is_taken(self, body: bytes, headers: Mapping[str, str], wanted: str) -> bool:
        try:
            with httpx.Client(transport=self._transport, timeout=5.0, trust_env=False) as client:
                answer = client.post(str(self.webhook_url), content=body, headers=dict(headers))
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and (not wanted or answer.text == wanted)

    def _found(self, comment_id: str) -> tuple[str, dict[str, Any]]:
        for item_id, there in self.videos.items():
            for told in there:
                if told["comment_id"] == comment_id:
                    return item_id, told
        raise ValueError(f"no such comment: {comment_id}")

    def _commented_by_hand(self, call: Call) -> Response:
        given = json.loads(call.body)
        made = self.comment(str(given["person"]), str(given["text"]))
        accepted = self.push_comment(made) if given.get("push") else True
        return Response({"accepted": accepted, "comment": made})


def _answer(**data: Any) -> Response:
    return Response({"data": {"error_code": 0, **data}, "extra": {"error_code": 0, "logid": "1"}})


def _page(stand: DouyinSandbox, call: Call, items: Sequence[Mapping[str, Any]]) -> Response:
    begin, count = (int(call.query[name]) for name in ("cursor", "count"))
    if not 1 <= count <= MAX_PAGE:
        return stand.refusal(2100005)
    return _answer(
        list=items[begin : begin + count], cursor=begin + count, has_more=begin + count < len(items)
    )
