"""A local WeChat: it pushes like WeChat, carries messages like WeChat, and fails like WeChat.

It is the client of our webhook and the server of our calls.
"""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from connectors.calls import Clock
from connectors.errors import PayloadError
from connectors.sandbox import wechat_pushes
from connectors.sandbox.ledger import UNAVAILABLE, Ledger
from connectors.sandbox.server import Call, Handler, Response, Stand
from connectors.sandbox.wechat_articles import CALLS, Articles, day_of
from connectors.sandbox.wechat_pushes import MODES, Push
from connectors.sandbox.wechat_token import Tokens
from connectors.signatures import sign
from connectors.wechat.envelope import Key
from connectors.xml_fields import fields_of

ANSWER_WITHIN_SECONDS = 5.0
ATTEMPTS = 3

MAX_TEXT_BYTES = 2048
FILES_KEPT = timedelta(days=3)
ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")

WORDS: dict[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40125: "invalid appsecret",
    40164: "invalid ip, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    43002: "require POST method",
    44002: "empty post data",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    47001: "data format error",
    40007: "invalid media_id",
    48001: "api unauthorized",
    88000: "without comment privilege",
    88001: "msg_data is not exists",
    88002: "the article is limit for safety",
    88003: "elected comment upper limit",
    88004: "comment was deleted by user",
    88005: "already reply",
    88007: "reply content beyond max len or content len is zero",
    88008: "comment is not exists",
    88010: "count range error. cout <= 0 or count > 50",
}


class Allowance(NamedTuple):
    """How many messages an account may send after something a citizen did, and for how long."""

    messages: int
    lasts: timedelta


WROTE = Allowance(5, timedelta(hours=48))
AFTER_EVENT: Mapping[str, Allowance] = dict.fromkeys(
    ("subscribe", "scan", "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
     "pic_weixin", "location_select"),
    Allowance(3, timedelta(minutes=1)),
)  # fmt: skip
"""Events after which the account may write, for a minute. A menu entry that opens a page is not among them.
Source: developers.weixin.qq.com, api_sendcustommessage, since 12 June 2023."""


@dataclass
class Citizen:
    """What the platform knows of one person: how many messages they may still be sent, and until when."""

    left: int = 0
    until: datetime | None = None
    subscribed: bool = True

    def did(self, allowance: Allowance, now: datetime) -> None:
        """Allowances do not add up: the larger counts."""
        left = self.left if self.until and now <= self.until else 0
        ends = now + allowance.lasts
        self.left, self.until = max(left, allowance.messages), max(ends, self.until or ends)


@dataclass(frozen=True)
class Kept:
    """A file that a citizen sent. ``film``: it is handed out as the address where it lies."""

    data: bytes
    content_type: str
    at: datetime
    film: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a push went. ``attempts`` are (status, body) as our webhook answered; status 0: no answer."""

    msg_id: int
    accepted: bool
    attempts: tuple[tuple[int, str], ...] = field(default=())


class WeChatSandbox(Stand):
    """One official account on a local WeChat. ``webhook_url`` is our address for it."""

    name = "微信公众号"

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        token: str,
        aes_key: str,
        original_id: str,
        webhook_url: str | None = None,
        *,
        mode: str = "safe",
        clock: Clock | None = None,
        ledger: Ledger | Path | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_ips: frozenset[str] | None = None,
        callback_ips: tuple[str, ...] = ("127.0.0.1", "101.226.103.0/25"),
        quotas: Mapping[str, int] | None = None,
        webhook_transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(ledger if isinstance(ledger, Ledger) else Ledger(ledger), clock, host, port)
        self.app_id, self.app_secret, self.original_id = app_id, app_secret, original_id
        self.key = Key(token, aes_key)
        self.webhook_url, self.mode = webhook_url, mode
        self.allowed_ips = allowed_ips
        self.citizens: dict[str, Citizen] = {}
        self.callback_ips, self.quotas = callback_ips, dict(quotas or {})
        self.tokens = Tokens()
        self.articles = Articles()
        self.files: dict[str, Kept] = {}
        self._used: dict[tuple[str, date], int] = {}
        self._transport = webhook_transport
        self._msg_ids = itertools.count(int(self.now().timestamp() * 1000) * 10_000 + 1)

    # ------------------------------------------------------------ what citizens do

    def push_text(self, openid: str, text: str, **how: Any) -> Outcome:
        """A citizen writes a text."""
        return self.push("text", openid, {"Content": text}, **how)

    def push(
        self,
        kind: str,
        openid: str,
        fields: Mapping[str, str] | None = None,
        *,
        mode: str | None = None,
        sealed_anew: bool = True,
        msg_id: int | None = None,
        created_at: datetime | None = None,
    ) -> Outcome:
        """A citizen does something: KINDS, or any name for a kind nobody knows.

        Until our webhook answers well it is told up to three times, each time sealed anew or with
        identical bytes. Given the ``msg_id`` of an earlier one, the same message is told again.
        """
        number = msg_id or next(self._msg_ids)
        xml = self.inner_xml(kind, openid, fields, number, created_at)
        self._note(_event_of(xml), openid)
        first = self.push_of(xml, openid, mode)
        attempts: list[tuple[int, str]] = []
        for _ in range(ATTEMPTS):
            push = first if not attempts or not sealed_anew else self.push_of(xml, openid, mode)
            attempts.append(self._tell(push))
            if self._is_fine(attempts[-1], openid):
                return Outcome(number, True, tuple(attempts))
        self.ledger.add(self.now(), openid, "unavailable", UNAVAILABLE)
        return Outcome(number, False, tuple(attempts))

    def note_message(self, openid: str) -> None:
        """A citizen wrote, and our webhook was not told: the window opens all the same."""
        self._note("", openid)

    def unsubscribe(self, openid: str, **how: Any) -> Outcome:
        """A citizen leaves: from now on nothing reaches them."""
        return self.push("unsubscribe", openid, **how)

    def publish(self, msg_data_id: int = 2650000123, how_many: int = 1) -> int:
        """Our account publishes so many articles at once. Returns the publication's number."""
        with self._lock:
            self.articles.publish(msg_data_id, how_many, self.now())
        return msg_data_id

    def comment(
        self, openid: str | None, text: str, msg_data_id: int = 2650000123, index: int = 0
    ) -> tuple[int, int, int]:
        """A citizen writes below an article (None: not with a WeChat identity). Returns where it stands."""
        with self._lock:
            if (msg_data_id, index) not in self.articles.by_place:
                self.publish(msg_data_id, index + 1)
            number = self.articles.comment((msg_data_id, index), openid, text, self.now())
        return msg_data_id, index, number

    def keep_file(
        self, media_id: str, data: bytes, content_type: str = "image/jpeg", film: bool = False
    ) -> None:
        """A citizen sent this file; it is kept for three days."""
        self.files[media_id] = Kept(data, content_type, self.now(), film)

    def verify_webhook(self) -> bool:
        """The administrator presses "save" beside our address."""
        echo = wechat_pushes.echo_of(self.now())
        query = dict(self.push_of("<xml></xml>", "", "plain").query) | {"echostr": echo}
        query.pop("openid")
        return self._call_webhook("GET", query, b"", {}) == (200, echo)

    def inner_xml(
        self,
        kind: str,
        openid: str,
        fields: Mapping[str, str] | None = None,
        msg_id: int | None = None,
        created_at: datetime | None = None,
    ) -> str:
        """The plain XML of a push, unsent."""
        number = msg_id or next(self._msg_ids)
        at = created_at or self.now()
        return wechat_pushes.inner_xml(kind, self.original_id, openid, at, number, fields or {})

    def push_of(
        self, xml: str, openid: str, mode: str | None = None, signed_at: datetime | None = None
    ) -> Push:
        """A signed push of this XML, unsent: for tests that carry it in themselves."""
        if (mode or self.mode) not in MODES:
            raise ValueError(f"no such mode: {mode}")
        return wechat_pushes.push_of(
            xml, mode or self.mode, self.key, self.app_id, self.original_id, openid, signed_at or self.now()
        )

    # ------------------------------------------------------------ what our side calls

    def routes(self) -> Mapping[str, Handler]:
        """The calls of WeChat that are offered here."""
        return {
            "cgi-bin/stable_token": self._stable_token,
            "cgi-bin/token": self._classic_token,
            "custom/send": self._within("custom/send", self._custom_send),
            "getcallbackip": self._within("getcallbackip", self._callback_ips),
            "datacube/getarticlesummary": self._within("getarticlesummary", self._articles_read),
            "media/get": self._within("media/get", self._file),
            "sandbox-film": self._film,
            **{f"cgi-bin/comment/{name}": self._comment_call(name) for name in CALLS},
        }

    def fail_next(self, call: str, **how: Any) -> None:
        """As in Stand; ``token``, ``comment/list`` and the like may be written short."""
        short = {"stable_token": "cgi-bin/stable_token", "token": "cgi-bin/token"}
        short |= {f"comment/{name}": f"cgi-bin/comment/{name}" for name in CALLS}
        short |= {"getarticlesummary": "datacube/getarticlesummary"}
        super().fail_next(short.get(call, call), **how)

    def control(self) -> Mapping[str, Handler]:
        """Beside the common ones: a citizen writes to us, or below an article."""
        return {**super().control(), "push": self._pushed_by_hand, "comment": self._commented_by_hand}

    def refusal(self, code: int | str) -> Response:
        """HTTP 200 with an errcode: WeChat never says no in any other way."""
        words = WORDS.get(int(code), "refused")
        return Response({"errcode": int(code), "errmsg": f"{words} rid: 0000-0000-0000"})

    def expire_tokens(self) -> None:
        """Let two hours pass for every token."""
        self.tokens.expire(self.now())

    def _stable_token(self, call: Call) -> Response:
        given = _json(call.body)
        problem = self._caller_problem(given.get("appid"), given.get("secret"))
        if problem or given.get("grant_type") != "client_credential":
            return self.refusal(problem or 40002)
        token, seconds = self.tokens.stable_token(self.now(), given.get("force_refresh") is True)
        return Response({"access_token": token, "expires_in": seconds})

    def _classic_token(self, call: Call) -> Response:
        problem = self._caller_problem(call.query.get("appid"), call.query.get("secret"))
        if problem:
            return self.refusal(problem)
        token, seconds = self.tokens.classic_token(self.now())
        return Response({"access_token": token, "expires_in": seconds})

    def _within(self, name: str, handler: Handler) -> Handler:
        """With a valid token, and as often in a day as ``quotas`` says (45009 beyond)."""

        def within(call: Call) -> Response:
            problem = self.tokens.problem(call.query.get("access_token", ""), self.now())
            if problem:
                return self.refusal(problem)
            key = (name, day_of(self.now()))
            self._used[key] = self._used.get(key, 0) + 1
            over = self._used[key] > self.quotas.get(name, self._used[key])
            return self.refusal(45009) if over else handler(call)

        return within

    def _callback_ips(self, call: Call) -> Response:
        return Response({"ip_list": list(self.callback_ips)})

    def _articles_read(self, call: Call) -> Response:
        given = _json(call.body)
        day = date.fromisoformat(str(given["begin_date"]))
        if given["begin_date"] != given["end_date"] or day >= day_of(self.now()):
            return self.refusal(61501)
        return Response({"list": self.articles.read_on(day)})

    def _comment_call(self, name: str) -> Handler:
        def called(call: Call) -> Response:
            problem = _post_problem(call)
            answer = problem or self.articles.called(name, _json(call.body), self.now())
            if isinstance(answer, int):
                return self.refusal(answer)
            if name == "reply/add":
                self._note_reply(_json(call.body))
            return Response({"errcode": 0, "errmsg": "ok", **answer})

        return self._within(f"comment/{name}", called)

    def _note_reply(self, given: Mapping[str, Any]) -> None:
        """Everybody who sees the comment sees the reply; the ledger keeps it for its author."""
        place = (given["msg_data_id"], given["index"])
        comment = self.articles.by_place[place].comments[given["user_comment_id"]]
        about = f"{place[0]}:{place[1]}:{comment.number}"
        self.ledger.add(self.now(), comment.openid or "", "comment", str(given["content"]), about)

    def _file(self, call: Call) -> Response:
        """Gone after three days, with HTTP 200 like every other refusal."""
        media_id = call.query.get("media_id", "")
        kept = self.files.get(media_id)
        if kept is None or self.now() - kept.at > FILES_KEPT:
            return self.refusal(40007)
        if kept.film:
            return Response({"video_url": f"{self.url}/sandbox-film?id={media_id}"})
        return Response(kept.data, content_type=kept.content_type)

    def _film(self, call: Call) -> Response:
        return Response(self.files[call.query["id"]].data, content_type="video/mp4")

    def _custom_send(self, call: Call) -> Response:
        given = _json(call.body)
        person, text = str(given.get("touser", "")), _text_of(given)
        citizen = self.citizens.get(person)
        problem = (
            _form_problem(call, given)
            or (40003 if citizen is None else self._window_problem(citizen))
            or (45002 if len(text.encode("utf-8")) > MAX_TEXT_BYTES else 0)
        )
        if problem or citizen is None:
            return self.refusal(problem)
        citizen.left -= 1
        self.ledger.add(self.now(), person, "reply", text)
        return Response({"errcode": 0, "errmsg": "ok"})

    def _caller_problem(self, app_id: object, secret: object) -> int:
        if self.allowed_ips is not None and "127.0.0.1" not in self.allowed_ips:
            return 40164
        if app_id != self.app_id:
            return 40013
        return 0 if secret == self.app_secret else 40125

    def _window_problem(self, citizen: Citizen) -> int:
        if not citizen.subscribed or citizen.until is None or self.now() > citizen.until:
            return 45015
        return 0 if citizen.left > 0 else 45047

    # ------------------------------------------------------------ telling our webhook

    def _note(self, event: str, openid: str) -> None:
        """A citizen did something: an event of that name, or (no name) they wrote."""
        with self._lock:
            citizen = self.citizens.setdefault(openid, Citizen())
            citizen.subscribed = event != "unsubscribe" and (citizen.subscribed or event == "subscribe")
            allowance = AFTER_EVENT.get(event) if event else WROTE
            if allowance:
                citizen.did(allowance, self.now())

    def _tell(self, push: Push) -> tuple[int, str]:
        return self._call_webhook("POST", push.query, push.body, push.headers)

    def _call_webhook(
        self, method: str, query: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        if not self.webhook_url:
            raise ValueError("this stand-in was given no webhook_url")
        try:
            with httpx.Client(
                transport=self._transport, timeout=ANSWER_WITHIN_SECONDS, trust_env=False
            ) as client:
                answer = client.request(
                    method, self.webhook_url, params=dict(query), content=body, headers=dict(headers)
                )
        except httpx.HTTPError:
            return 0, ""
        return answer.status_code, answer.text

    def _is_fine(self, answer: tuple[int, str], openid: str) -> bool:
        """``success``, nothing, or a correct reply in XML, which the citizen then sees."""
        status, body = answer
        if status != 200:
            return False
        if body in ("", "success"):
            return True
        try:
            text = self._receipt_text(body, openid)
        except (PayloadError, KeyError, ValueError):
            return False
        self.ledger.add(self.now(), openid, "receipt", text)
        return True

    def _receipt_text(self, body: str, openid: str) -> str:
        """The text of an immediate reply. To and From must be swapped, an envelope must be signed."""
        fields = fields_of(body)
        if "Encrypt" in fields:
            signed = sign(self.key.token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
            if signed != fields["MsgSignature"]:
                raise ValueError("wrong signature")
            fields = fields_of(wechat_pushes.unseal(fields["Encrypt"], self.key.aes_key, self.app_id))
        if (fields["ToUserName"], fields["FromUserName"]) != (openid, self.original_id):
            raise ValueError("not swapped")
        text = fields.get("Content", f"〔{fields['MsgType']}〕")
        if len(text.encode("utf-8")) > MAX_TEXT_BYTES:
            raise ValueError("too long")
        return text

    def _commented_by_hand(self, call: Call) -> Response:
        given = json.loads(call.body)
        place = self.comment(
            given.get("person"),
            str(given["text"]),
            int(given.get("msg_data_id", 2650000123)),
            int(given.get("index", 0)),
        )
        return Response({"accepted": True, "comment": ":".join(map(str, place))})

    def _pushed_by_hand(self, call: Call) -> Response:
        given = json.loads(call.body)
        fields = {str(k): str(v) for k, v in given.get("fields", {}).items()}
        if "text" in given:
            fields["Content"] = str(given["text"])
        kind, person = str(given.get("kind", "text")), str(given["person"])
        outcome = self.push(kind, person, fields, mode=given.get("mode"))
        told = {"accepted": outcome.accepted, "msg_id": str(outcome.msg_id)}
        return Response(told, 200 if outcome.accepted else 502)


def _event_of(xml: str) -> str:
    """The name of the event in a push, in lower case; empty for what a citizen wrote."""
    try:
        fields = fields_of(xml)
    except PayloadError:
        return ""
    return fields.get("Event", "").lower() if fields.get("MsgType") == "event" else ""


def _json(body: bytes) -> dict[str, Any]:
    """The object in a body; an empty one where there is none."""
    try:
        data = json.loads(body.decode("utf-8"))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _text_of(given: Mapping[str, Any]) -> str:
    text = given.get("text")
    return str(text.get("content", "")) if isinstance(text, dict) else ""


def _post_problem(call: Call) -> int:
    """0, or the code for a call that is no proper POST."""
    if call.method != "POST":
        return 43002
    if not call.body:
        return 44002
    return 40033 if ESCAPE.search(call.body) else 0


def _form_problem(call: Call, given: Mapping[str, Any]) -> int:
    """0, or the code for a customer-service message that is wrong in form."""
    if problem := _post_problem(call):
        return problem
    if not given or given.get("msgtype") != "text" or not _text_of(given):
        return 47001
    return 0
