"""A local Weibo: comments and posts about us, replies to them, private messages pushed to us and their files."""

import html
import itertools
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo

import httpx

from connectors.calls import Clock
from connectors.sandbox.ledger import Ledger
from connectors.sandbox.server import Call, Handler, Response, Stand
from connectors.signatures import sign
from connectors.weibo.length import MAX_COMMENT, MAX_PRIVATE, weibo_length

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALLS_PER_DAY = 100
WINDOW = timedelta(hours=48)
ATTEMPTS = 3
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

WORDS: dict[int, str] = {
    10008: "Param error, see doc for more info!",
    10016: "Miss required parameter (rip)",
    10023: "User requests out of rate limit!",
    20012: "Text too long",
    20019: "Repeat content!",
    20032: "Update success, while server slow now, please wait 1-2 minutes",
    20101: "Target weibo does not exist!",
    20201: "Target weibo comment does not exist!",
    21327: "expired_token",
    21332: "invalid_access_token",
}


@dataclass(frozen=True)
class Comment:
    """One comment of a citizen below a post, or (with ``status`` 0) a citizen's own post."""

    number: int
    status: int
    person: str
    text: str
    at: datetime
    hidden: bool = False
    mentions: bool = False


class WeiboSandbox(Stand):
    """One account on a local Weibo. It serves both the API and the private-message address."""

    name = "微博"
    accepted_codes = frozenset({"20032"})

    def __init__(
        self,
        uid: str,
        app_secret: str,
        access_token: str,
        webhook_url: str | None = None,
        *,
        clock: Clock | None = None,
        ledger: Ledger | Path | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        calls_per_day: int = CALLS_PER_DAY,
        codes_as_text: bool = False,
        webhook_transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(ledger if isinstance(ledger, Ledger) else Ledger(ledger), clock, host, port)
        self.uid, self.app_secret, self.access_token = uid, app_secret, access_token
        self.webhook_url = webhook_url
        self.calls_per_day, self.codes_as_text = calls_per_day, codes_as_text
        self.token_expired = False
        self.token_ends_at = self.now() + timedelta(days=30)
        self.comments: dict[int, Comment] = {}
        self.posts: dict[int, Comment] = {}
        self.files: dict[str, bytes] = {}
        self.statuses: dict[int, str] = {}
        self.wrote_at: dict[str, datetime] = {}
        self.once: set[str] = set()
        """Who only mentioned us: one reply in private, and no more."""
        self._said: set[str] = set()
        self._used: dict[str, int] = {}
        self._transport = webhook_transport
        self._ids = itertools.count(5_100_000_000_000_000 + int(self.now().timestamp()) * 1000)

    # ------------------------------------------------------------ what citizens do

    def post(self, text: str = "示例微博") -> int:
        """Our account posts something. Returns the post's id."""
        with self._lock:
            number = next(self._ids)
            self.statuses[number] = text
            return number

    def comment(
        self,
        person: str,
        text: str,
        status: int | None = None,
        at: datetime | None = None,
        mentions: bool = False,
    ) -> int:
        """A citizen comments on a post (our newest, if none is named). Returns the comment's id."""
        with self._lock:
            below = status or max(self.statuses, default=0) or self.post()
            number = next(self._ids)
            made = Comment(number, below, person, text, at or self.now(), mentions=mentions)
            self.comments[number] = made
            return number

    def mention(self, person: str, text: str, at: datetime | None = None) -> int:
        """A citizen posts something that mentions us. Returns the post's id."""
        with self._lock:
            number = next(self._ids)
            self.posts[number] = Comment(number, 0, person, text, at or self.now(), mentions=True)
            return number

    def delete_comment(self, number: int) -> None:
        """The citizen takes the comment back: it is no longer listed and cannot be answered."""
        with self._lock:
            self.comments.pop(number)

    def hide_comment(self, number: int) -> None:
        """Weibo filters the comment: a page may be shorter than asked for."""
        with self._lock:
            self.comments[number] = replace(self.comments[number], hidden=True)

    def push_text(self, person: str, text: str) -> bool:
        """A citizen writes to us in private. True once our webhook took it (up to three tries)."""
        return self.push("text", person, text, {})

    def push(self, kind: str, person: str, text: str, data: Mapping[str, Any]) -> bool:
        """A private message or event, as the fan-service platform pushes it."""
        self._note(kind, str(data.get("subtype", "")), person)
        raw = self.push_body(kind, person, text, data)
        return any(self._tell(raw, person) for _ in range(ATTEMPTS))

    def _note(self, kind: str, subtype: str, person: str) -> None:
        """What a push allows us: any number of replies for 48 hours, one after a mention, none after leaving."""
        if subtype in ("unfollow", "unsubscribe"):
            self.wrote_at.pop(person, None)
            self.once.discard(person)
        elif "mention" in (kind, subtype):
            if person not in self.wrote_at:
                self.once.add(person)
                self.wrote_at[person] = self.now()
        else:
            self.wrote_at[person] = self.now()
            self.once.discard(person)

    def push_body(self, kind: str, person: str, text: str, data: Mapping[str, Any] | None = None) -> bytes:
        """The JSON of a push, unsent. Nothing in it tells two messages of one second apart but themselves."""
        body = {
            "type": kind,
            "receiver_id": int(self.uid),
            "sender_id": int(person),
            "created_at": written(self.now()),
            "text": text,
            "data": dict(data or {}),
        }
        return json.dumps(body, ensure_ascii=False).encode("utf-8")

    def signed_query(self, signed_at: datetime | None = None) -> dict[str, str]:
        """The query of a push: signed with the AppSecret; Weibo's timestamp is in milliseconds."""
        timestamp = str(int((signed_at or self.now()).timestamp() * 1000))
        nonce = str(secrets.randbelow(10**9))
        return {
            "signature": sign(self.app_secret, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }

    # ------------------------------------------------------------ what our side calls

    def routes(self) -> Mapping[str, Handler]:
        """The calls of Weibo that are offered here."""
        return {
            "comments/to_me": self._limited(self._to_me),
            "comments/mentions": self._limited(self._comment_mentions),
            "statuses/mentions": self._limited(self._status_mentions),
            "comments/reply": self._limited(self._reply),
            "comments/create": self._limited(self._create),
            "oauth2/get_token_info": self._token_info,
            "mss/msget": self._file,
            "messages/reply": self._limited(self._reply_privately),
            "account/rate_limit_status": self._rate_limit,
        }

    def control(self) -> Mapping[str, Handler]:
        """Beside the common ones: a citizen comments, mentions us (``mention``: true) or
        writes in private (``private``: true, with ``kind`` and ``data``)."""
        return {**super().control(), "push": self._written_by_hand}

    def refusal(self, code: int | str) -> Response:
        """HTTP 4xx with a number, or with the same number as text."""
        shown: int | str = str(code) if self.codes_as_text else int(code)
        words = WORDS.get(int(code), "refused")
        return Response({"request": "/2/", "error_code": shown, "error": words}, 400)

    def _limited(self, handler: Handler) -> Handler:
        """A valid token, and not more calls in a day than one person has."""

        def limited(call: Call) -> Response:
            problem = self._token_problem(call)
            if problem:
                return self.refusal(problem)
            today = self.now().astimezone(SHANGHAI).date().isoformat()
            self._used[today] = self._used.get(today, 0) + 1
            return self.refusal(10023) if self._used[today] > self.calls_per_day else handler(call)

        return limited

    def _token_problem(self, call: Call) -> int:
        given = call.headers.get("authorization", "").removeprefix("OAuth2 ")
        token = given or call.query.get("access_token", "") or _form(call).get("access_token", "")
        if token != self.access_token:
            return 21332
        return 21327 if self.token_expired else 0

    def _rate_limit(self, call: Call) -> Response:
        used = self._used.get(self.now().astimezone(SHANGHAI).date().isoformat(), 0)
        left = max(self.calls_per_day - used, 0)
        return Response({"remaining_user_hits": left, "user_limit": self.calls_per_day, "ip_limit": 15000})

    def _to_me(self, call: Call) -> Response:
        """Newest first: since_id < id ≤ max_id. Hidden comments use up their place on a page."""
        return self._page(
            call, "comments", {n: c for n, c in self.comments.items() if c.status in self.statuses}
        )

    def _comment_mentions(self, call: Call) -> Response:
        return self._page(call, "comments", {n: c for n, c in self.comments.items() if c.mentions})

    def _status_mentions(self, call: Call) -> Response:
        return self._page(call, "statuses", self.posts)

    def _page(self, call: Call, name: str, items: Mapping[int, Comment]) -> Response:
        since_id, max_id = int(call.query.get("since_id", 0)), int(call.query.get("max_id", 0))
        count = min(max(int(call.query.get("count", 50)), 1), 200)
        page = max(int(call.query.get("page", 1)), 1)
        found = sorted((n for n in items if n > since_id and (not max_id or n <= max_id)), reverse=True)
        shown = [items[n] for n in found[(page - 1) * count : page * count]]
        return Response(
            {
                name: [self._as_json(one) for one in shown if not one.hidden],
                "previous_cursor": 0,
                "next_cursor": 0,
                "total_number": len(found),
            }
        )

    def _token_info(self, call: Call) -> Response:
        problem = self._token_problem(call)
        if problem:
            return self.refusal(problem)
        seconds = int((self.token_ends_at - self.now()).total_seconds())
        return Response(
            {"uid": int(self.uid), "appkey": "sandbox", "scope": "", "create_at": 0, "expire_in": seconds}
        )

    def _file(self, call: Call) -> Response:
        problem = self._token_problem(call)
        found = self.files.get(call.query.get("fid", ""))
        if problem or found is None:
            return self.refusal(problem or 20101)
        return Response(found, content_type="application/octet-stream")

    def _reply(self, call: Call) -> Response:
        form = _form(call)
        text = form.get("comment", "")
        comment = self.comments.get(int(form.get("cid") or 0))
        if not form.get("rip"):
            return self.refusal(10016)
        if comment is None:
            return self.refusal(20201)
        if comment.status != int(form.get("id") or 0):
            return self.refusal(20101)
        shown = text if form.get("without_mention") == "1" else f"回复@{comment.person}:{text}"
        if not text or weibo_length(shown) > MAX_COMMENT:
            return self.refusal(20012)
        return self._said_in_public(comment, text, shown)

    def _create(self, call: Call) -> Response:
        form = _form(call)
        text = form.get("comment", "")
        post = self.posts.get(int(form.get("id") or 0))
        if not form.get("rip"):
            return self.refusal(10016)
        if post is None:
            return self.refusal(20101)
        if not text or weibo_length(text) > MAX_COMMENT:
            return self.refusal(20012)
        return self._said_in_public(post, text, text)

    def _said_in_public(self, to: Comment, text: str, shown: str) -> Response:
        """Taken once: the same words again are refused, whomever they are for."""
        if text in self._said:
            return self.refusal(20019)
        self._said.add(text)
        self.ledger.add(self.now(), to.person, "comment", shown, str(to.number))
        answer = Comment(next(self._ids), to.status or to.number, self.uid, shown, self.now())
        return Response(self._as_json(answer))

    def _reply_privately(self, call: Call) -> Response:
        form = _form(call)
        try:
            text = json.loads(form.get("data", ""))["text"]  # encoded twice, this is no JSON
        except (ValueError, KeyError, TypeError):
            return self.refusal(10008)
        person = form.get("receiver_id", "")
        wrote_at = self.wrote_at.get(person)
        if wrote_at is None or self.now() - wrote_at > WINDOW or form.get("type") != "text":
            return self.refusal(10008)
        if weibo_length(text) > MAX_PRIVATE:
            return self.refusal(20012)
        if person in self.once:
            self.wrote_at.pop(person)
            self.once.discard(person)
        self.ledger.add(self.now(), person, "reply", text)
        return Response({"result": True, "receiver_id": person, "sender_id": self.uid})

    def _as_json(self, comment: Comment) -> dict[str, Any]:
        if not comment.status:
            return self._basics(comment)
        status = {
            "id": comment.status,
            "idstr": str(comment.status),
            "mid": str(comment.status),
            "text": self.statuses.get(comment.status, ""),
            "user": {"id": int(self.uid), "screen_name": "示例发布"},
        }
        shown = status if comment.status in self.statuses else {"id": comment.status}
        return self._basics(comment) | {"status": shown}

    def _basics(self, comment: Comment) -> dict[str, Any]:
        """What a comment and a post have alike."""
        return {
            "created_at": written(comment.at),
            "id": comment.number,
            "idstr": str(comment.number),
            "mid": str(comment.number),
            "text": comment.text,
            "source": f'<a href="http://weibo.com" rel="nofollow">{html.escape("微博网页版")}</a>',
            "user": {
                "id": int(comment.person),
                "idstr": comment.person,
                "screen_name": f"市民{comment.person[-4:]}",
            },
        }

    # ------------------------------------------------------------ telling our webhook

    def verify_webhook(self) -> bool:
        """The administrator enters our address."""
        echo = secrets.token_hex(8)
        return self._call_webhook("GET", self.signed_query() | {"echostr": echo}, b"") == (200, echo)

    def _tell(self, raw: bytes, person: str) -> bool:
        """True for 200 with nothing, or with an immediate reply, which the citizen then sees."""
        status, body = self._call_webhook("POST", self.signed_query(), raw)
        if status != 200:
            return False
        if not body:
            return True
        try:
            told = json.loads(body)
            text = str(json.loads(unquote(told["data"]))["text"])
        except (ValueError, KeyError, TypeError):
            return False
        if (told.get("sender_id"), told.get("receiver_id")) != (self.uid, person) or not told.get("result"):
            return False
        if weibo_length(text) > MAX_PRIVATE:
            return False
        self.ledger.add(self.now(), person, "receipt", text)
        return True

    def _call_webhook(self, method: str, query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        if not self.webhook_url:
            raise ValueError("this stand-in was given no webhook_url")
        headers = {"Content-Type": "application/json"}
        try:
            with httpx.Client(transport=self._transport, timeout=5.0, trust_env=False) as client:
                answer = client.request(
                    method, self.webhook_url, params=dict(query), content=body, headers=headers
                )
        except httpx.HTTPError:
            return 0, ""
        return answer.status_code, answer.text

    def _written_by_hand(self, call: Call) -> Response:
        given = json.loads(call.body)
        person = "".join(c for c in str(given["person"]) if c.isdigit()) or "1700000001"
        if given.get("private"):
            kind, data = str(given.get("kind", "text")), dict(given.get("data", {}))
            return Response({"accepted": self.push(kind, person, str(given["text"]), data)})
        if given.get("mention"):
            return Response({"accepted": True, "post": str(self.mention(person, str(given["text"])))})
        return Response({"accepted": True, "comment": str(self.comment(person, str(given["text"])))})


def written(at: datetime) -> str:
    """A time as Weibo writes it: "Fri Nov 20 09:31:02 +0800 2026"."""
    local = at.astimezone(SHANGHAI)
    day, month = DAYS[local.weekday()], MONTHS[local.month - 1]
    return f"{day} {month} {local.day:02d} {local:%H:%M:%S} +0800 {local.year}"


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
