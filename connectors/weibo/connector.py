"""What can a Weibo account do for us? Be asked for comments, push private messages, carry both replies."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from connectors import calls
from connectors.contract import (
    Checked,
    Fetcher,
    FetchResult,
    IncomingMessage,
    OutgoingReply,
    RawItem,
    Receipt,
    Receiver,
    Sender,
    SettingField,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.errors import DeliveryError, PayloadError, SignatureError
from connectors.signatures import matches, parts_of, require_fresh
from connectors.weibo.client import WeiboClient
from connectors.weibo.codes import CODES
from connectors.weibo.length import MAX_COMMENT, MAX_PRIVATE, weibo_length
from connectors.weibo.reading import id_of, instant, json_object, read_body

API_BASE = "https://api.weibo.com"
MESSAGE_BASE = "https://m.api.weibo.com"
PAGE_SIZE = 200
MAX_BODY_BYTES = 64 * 1024
FIRST_FETCH = timedelta(days=7)
PLAIN_TEXT = "text/plain; charset=utf-8"
URL = r"https?://[^\s?#]{1,200}"


class WeiboConnector(Receiver, Fetcher, Sender):
    """One Weibo account. Settings as in SETTINGS; ``transport`` and ``total_seconds`` are for tests."""

    # fmt: off
    SETTINGS = (
        SettingField("uid", "账号 UID", pattern=r"[0-9]{4,20}", help="本账号的数字编号。"),
        SettingField("app_secret", "App Secret", secret=True, pattern=r"[0-9A-Za-z]{8,64}",
                     help="微博开放平台应用的 App Secret，用于验证私信推送。"),
        SettingField("access_token", "授权令牌", secret=True, pattern=r"[\x21-\x7e]{8,512}",
                     help="授权后取得，一般 30 天有效，到期须重新授权。"),
        SettingField("token_ends_on", "授权到期日", required=False, pattern=r"20[0-9]{2}-[01][0-9]-[0-3][0-9]",
                     help="如 2026-12-20，到期前会提醒重新授权。"),
        SettingField("real_ip", "经办人公网 IP", pattern=r"[0-9A-Fa-f:.]{2,45}",
                     help="微博要求提供发布人的真实 IP（参数 rip），一般填单位的公网出口 IP。"),
        SettingField("daily_calls", "每日调用上限", required=False, pattern=r"[0-9]{1,6}", default="100",
                     help="未经审核的应用每个账号每天 100 次，读取和答复合计。"),
        SettingField("calls_for_replies", "留给答复的次数", required=False, pattern=r"[0-9]{1,6}",
                     default="30", help="读取评论时至少留下这么多次调用给答复。"),
        SettingField("api_base", "接口地址", required=False, pattern=URL, default=API_BASE,
                     help="一般不用改。"),
        SettingField("message_base", "私信接口地址", required=False, pattern=URL, default=MESSAGE_BASE,
                     help="一般不用改。"),
    )
    # fmt: on

    nothing_to_say = WebhookAnswer("", PLAIN_TEXT)

    def __init__(
        self,
        *,
        uid: str,
        app_secret: str,
        access_token: str,
        real_ip: str,
        token_ends_on: str = "",
        daily_calls: str = "100",
        calls_for_replies: str = "30",
        api_base: str = API_BASE,
        message_base: str = MESSAGE_BASE,
        transport: httpx.BaseTransport | None = None,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        given = {
            "uid": uid,
            "app_secret": app_secret,
            "access_token": access_token,
            "real_ip": real_ip,
            "token_ends_on": token_ends_on,
            "daily_calls": daily_calls,
            "calls_for_replies": calls_for_replies,
            "api_base": api_base or API_BASE,
            "message_base": message_base or MESSAGE_BASE,
        }
        problems = [p for p in (field.problem(given[field.name]) for field in self.SETTINGS) if p]
        if problems:
            raise ValueError(" ".join(problems))
        self._uid, self._app_secret = uid, app_secret
        self._access_token, self._real_ip = access_token, real_ip
        self.token_ends_on = date.fromisoformat(token_ends_on) if token_ends_on else None
        self._daily = int(daily_calls or 100) - int(calls_for_replies or 30)
        self._client = WeiboClient(given["api_base"], given["message_base"], transport, total_seconds)

    # ------------------------------------------------------------ private messages, pushed

    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Give ``echostr`` back. Signed with the AppSecret: there is no token of our choice."""
        self._prove(request)
        (echo,) = parts_of(request.query, "echostr")
        return WebhookAnswer(echo, PLAIN_TEXT)

    def check(self, request: WebhookRequest) -> Checked:
        """Prove the query and read the body once. Weibo signs no body and has no encryption."""
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadError("too large")
        self._prove(request)
        require_fresh(request.query["timestamp"], request.received_at)
        if id_of(json_object(request.body).get("receiver_id")) != self._uid:
            raise SignatureError("foreign")
        return Checked(request.body, hashlib.sha256(request.body).hexdigest())

    def _prove(self, request: WebhookRequest) -> None:
        signature, timestamp, nonce = parts_of(request.query, "signature", "timestamp", "nonce")
        if not matches(signature, self._app_secret, timestamp, nonce):
            raise SignatureError("mismatch")

    # ------------------------------------------------------------ comments, asked for

    @property
    def daily_budget(self) -> int:
        """How many calls a day may be spent on asking for comments."""
        return max(self._daily, 0)

    def fetch(
        self,
        cursor: Mapping[str, str],
        now: datetime,
        budget: int | None = None,
        token: str | None = None,
        hints: Sequence[Mapping[str, str]] = (),
    ) -> FetchResult:
        """Bring the comments since the cursor, newest page first, down to what was brought before.

        The first time only the last seven days. Where the budget ends between two pages, the cursor says
        where to go on below, and ``since_id`` stays: it moves only when nothing is left between.
        """
        sweep = _Sweep.from_cursor(cursor)
        oldest = now - FIRST_FETCH if sweep.since_id == 0 else None
        items: list[RawItem] = []
        made = 0
        while budget is None or made < budget:
            try:
                page = self._client.comments_to_me(
                    token or self._access_token, sweep.since_id, sweep.max_id, PAGE_SIZE
                )
            except DeliveryError:
                if not made:
                    raise
                break  # what came is kept; the next round goes on below it and meets the error again
            made += 1
            # A filtered page may be short; only an empty one is the end.
            ids = [number for number in map(_number, page) if number]
            if ids:
                items += [_raw(item) for item in page if oldest is None or _is_after(item, oldest)]
                sweep = sweep.with_page(ids)
            if not ids or sweep.is_through or (oldest and not _is_after(page[-1], oldest)):
                return FetchResult(tuple(items), sweep.finished().cursor(), made)
        return FetchResult(tuple(items), sweep.cursor(), made)

    def remaining_calls(self, token: str | None = None) -> int | None:
        """How many calls Weibo says are left for this account; None if it does not say."""
        left = self._client.rate_limit(token or self._access_token).get("remaining_user_hits")
        return left if isinstance(left, int) else None

    # ------------------------------------------------------------ both

    def read(self, body: bytes) -> list[IncomingMessage]:
        """One comment or one push is one message. Raises PayloadError."""
        return [read_body(body, self._uid)]

    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Answer where the citizen wrote: below the post, or in private (``thread``)."""
        bearer = token or self._access_token
        comment = reply.thread.get("cid")
        if not reply.text.strip():
            raise calls.refused(CODES, "20008", "not sent")
        if weibo_length(reply.text) > (MAX_COMMENT if comment else MAX_PRIVATE):
            raise calls.refused(CODES, "20012", "not sent")
        if comment:
            status = reply.thread.get("id", "")
            if not status:
                raise calls.refused(CODES, "20101", "not sent")
            return _receipt(self._client.reply_to_comment(bearer, comment, status, reply.text, self._real_ip))
        person = reply.thread.get("private") or reply.recipient
        if not person:
            raise calls.refused(CODES, "20201", "not sent")
        data = self._client.reply_privately(bearer, person, reply.text)
        if data.get("result") is not True:
            raise calls.lost("no_result", "", repeatable=False)
        return Receipt(None)


@dataclass(frozen=True)
class _Sweep:
    """One way down from the newest comment to those brought before. Ids are the order, not times.

    ``since_id``: everything up to it was brought. ``newest_id``: the highest met on this way.
    ``max_id``: where to go on below (inclusive at Weibo, hence one less than the smallest met).
    """

    since_id: int
    newest_id: int
    max_id: int | None

    @classmethod
    def from_cursor(cls, cursor: Mapping[str, str]) -> "_Sweep":
        since_id = int(cursor.get("since_id", "0"))
        max_id = cursor.get("max_id")
        return cls(since_id, int(cursor.get("newest_id", since_id)), int(max_id) if max_id else None)

    def with_page(self, ids: list[int]) -> "_Sweep":
        return _Sweep(self.since_id, max(self.newest_id, *ids), min(ids) - 1)

    @property
    def is_through(self) -> bool:
        return self.max_id is not None and self.max_id <= self.since_id

    def finished(self) -> "_Sweep":
        return _Sweep(self.newest_id, self.newest_id, None)

    def cursor(self) -> dict[str, str]:
        if self.max_id is None:
            return {"since_id": str(self.since_id)}
        return {
            "since_id": str(self.since_id),
            "newest_id": str(self.newest_id),
            "max_id": str(self.max_id),
        }


def _raw(item: Any) -> RawItem:
    """A comment as it came. Counters in it change from fetch to fetch, its id does not."""
    body = json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    number = _number(item)
    what = f"comment:{number}".encode() if number else body
    return RawItem(hashlib.sha256(what).hexdigest(), body)


def _number(item: Any) -> int:
    """A comment's id, or 0 for something that has none."""
    try:
        return int(id_of(_object(item).get("id")))
    except PayloadError:
        return 0


def _object(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, dict) else {}


def _is_after(item: Any, oldest: datetime) -> bool:
    """A comment without a readable time is kept: reading it will say what is wrong."""
    try:
        return instant(_object(item).get("created_at")) >= oldest
    except PayloadError:
        return True


def _receipt(data: Mapping[str, Any]) -> Receipt:
    """Weibo gives the new comment back, or says 20032: taken, visible a little later."""
    code = str(data.get("error_code", ""))
    if code:
        return Receipt(None, CODES[code].message_zh)
    if not data.get("idstr") and not data.get("id"):
        raise calls.lost("no_id", "", repeatable=False)
    return Receipt(id_of(data.get("idstr") or data.get("id")))
