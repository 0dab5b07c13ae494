"""What can a Weibo account do for us? Be asked for comments and mentions, push private messages, carry
replies to all of them, hand over files, and tell what is left of its calls and of its token's life."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from urllib.parse import quote

import httpx

from connectors import calls
from connectors.contract import (
    Checked,
    Fetcher,
    FetchResult,
    Grant,
    Granted,
    IncomingMessage,
    Media,
    MediaSource,
    Metered,
    OutgoingReply,
    Probe,
    Probed,
    Quota,
    Receipt,
    Receiver,
    Sender,
    SettingField,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.errors import DeliveryError, PayloadError, SignatureError
from connectors.probing import clock_probe, failed_probe
from connectors.signatures import challenge, matches, parts_of, require_fresh
from connectors.weibo.client import WeiboClient
from connectors.weibo.codes import CODES
from connectors.weibo.length import MAX_COMMENT, MAX_PRIVATE, weibo_length
from connectors.weibo.reading import id_of, json_object, read_body
from connectors.weibo.sweep import FEEDS, Feed, Round, Sweep

API_BASE = "https://api.weibo.com"
MESSAGE_BASE = "https://m.api.weibo.com"
UPLOAD_BASE = "https://upload.api.weibo.com"
BEIJING = timezone(timedelta(hours=8))
NO_RIGHT = frozenset({"10014", "10005"})
"""The application may not read this one list: the others are read all the same."""
PAGE_SIZE = 200
MAX_BODY_BYTES = 64 * 1024
FIRST_FETCH = timedelta(days=7)
PLAIN_TEXT = "text/plain; charset=utf-8"
URL = r"https?://[^\s?#]{1,200}"


class WeiboConnector(Receiver, Fetcher, Sender, MediaSource, Granted, Metered, Probed):
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
        SettingField("also_mentions", "读取提到我们的评论和微博", required=False, pattern="yes|no", default="yes",
                     help="yes 或 no。每轮多用两次调用。"),
        SettingField("api_base", "接口地址", required=False, pattern=URL, default=API_BASE,
                     help="一般不用改。"),
        SettingField("message_base", "私信接口地址", required=False, pattern=URL, default=MESSAGE_BASE,
                     help="一般不用改。"),
        SettingField("upload_base", "私信附件接口地址", required=False, pattern=URL, default=UPLOAD_BASE,
                     help="一般不用改。"),
    )
    # fmt: on

    nothing_to_say = WebhookAnswer("", PLAIN_TEXT)
    media_days = 3

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
        also_mentions: str = "yes",
        api_base: str = API_BASE,
        message_base: str = MESSAGE_BASE,
        upload_base: str = UPLOAD_BASE,
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
            "also_mentions": also_mentions,
            "api_base": api_base or API_BASE,
            "message_base": message_base or MESSAGE_BASE,
            "upload_base": upload_base or UPLOAD_BASE,
        }
        problems = [p for p in (field.problem(given[field.name]) for field in self.SETTINGS) if p]
        if problems:
            raise ValueError(" ".join(problems))
        self._uid, self._app_secret = uid, app_secret
        self._access_token, self._real_ip = access_token, real_ip
        self.token_ends_on = date.fromisoformat(token_ends_on) if token_ends_on else None
        self._for_replies = int(calls_for_replies or 30)
        self._daily = int(daily_calls or 100) - self._for_replies
        self._feeds = FEEDS[:1] if also_mentions == "no" else FEEDS
        bases = (given["api_base"], given["message_base"], given["upload_base"])
        self._client = WeiboClient(*bases, transport, total_seconds)

    # ------------------------------------------------------------ private messages, pushed

    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Give ``echostr`` back. Signed with the AppSecret: there is no token of our choice."""
        self._prove(request)
        (echo,) = parts_of(request.query, "echostr")
        return WebhookAnswer(echo, PLAIN_TEXT)

    def own_challenge(self, now: datetime) -> Mapping[str, str]:
        """As the platform would verify our address."""
        return challenge(self._app_secret, now)

    def check(self, request: WebhookRequest) -> Checked:
        """Prove the query and read the body once. Weibo signs no body and has no encryption."""
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadError("too large")
        self._prove(request)
        require_fresh(request.query["timestamp"], request.received_at)
        if id_of(json_object(request.body).get("receiver_id")) != self._uid:
            raise SignatureError("foreign")
        return Checked(request.body, hashlib.sha256(request.body).hexdigest())

    def acknowledgement(self, checked: Checked, text: str | None, now: datetime) -> WebhookAnswer:
        """Nothing, or a text shown to the citizen at once: the ids swapped, ``data`` encoded here, once."""
        if not text or not text.strip() or weibo_length(text) > MAX_PRIVATE:
            return self.nothing_to_say
        try:
            (message,) = self.read(checked.body)
        except PayloadError:
            return self.nothing_to_say
        if not message.is_question:
            return self.nothing_to_say
        told = {
            "result": True,
            "sender_id": self._uid,
            "receiver_id": message.thread["private"],
            "type": "text",
            "data": quote(json.dumps({"text": text}, ensure_ascii=False), safe=""),
        }
        return WebhookAnswer(json.dumps(told), "application/json; charset=utf-8", shows=text)

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
        """Bring what is new in each list since its own place in the cursor, newest page first.

        The first time only the last seven days. Where the budget ends between two pages, the cursor says
        where to go on below, and with which list; ``since_id`` moves only when nothing is left between.
        The first round of a day asks what is left of the calls: what Weibo says goes before the settings.
        """
        bearer = token or self._access_token
        kept = dict(cursor)
        one_round = Round(
            lambda feed, since_id, max_id: self._client.page(
                bearer, feed.path, feed.name, since_id, max_id, PAGE_SIZE
            ),
            budget,
        )
        self._ask_what_is_left(bearer, now, kept, one_round)
        trouble = self._read_feeds(one_round, kept, now)
        if trouble is not None and not one_round.items and trouble.code not in NO_RIGHT:
            raise trouble
        if "left" in kept:
            kept["left"] = str(max(int(kept["left"]) - one_round.made, 0))
        return FetchResult(tuple(one_round.items), kept, one_round.made, trouble)

    def _read_feeds(self, one_round: Round, kept: dict[str, str], now: datetime) -> DeliveryError | None:
        """Every feed, the one first with which the last round had to stop."""
        first = int(kept.pop("turn", "0")) % len(self._feeds)
        trouble: DeliveryError | None = None
        for place in range(len(self._feeds)):
            turn = (first + place) % len(self._feeds)
            feed = self._feeds[turn]
            if one_round.budget is not None and one_round.made >= one_round.budget:
                if turn:
                    kept["turn"] = str(turn)
                break
            failed = self._read_feed(one_round, feed, kept, now)
            trouble = failed or trouble
            if failed is not None and failed.code not in NO_RIGHT:
                break
        return trouble

    def _read_feed(
        self, one_round: Round, feed: Feed, kept: dict[str, str], now: datetime
    ) -> DeliveryError | None:
        sweep = Sweep.from_cursor(kept, feed.prefix)
        oldest = now - FIRST_FETCH if sweep.since_id == 0 else None
        sweep, failed = one_round.read(feed, sweep, oldest)
        for name in ("since_id", "newest_id", "max_id"):
            kept.pop(f"{feed.prefix}{name}", None)
        kept |= sweep.cursor(feed.prefix)
        return failed

    def _ask_what_is_left(self, bearer: str, now: datetime, kept: dict[str, str], one_round: Round) -> None:
        """Once a day, and whenever the platform left us less than the settings say."""
        today = now.astimezone(BEIJING).date().isoformat()
        if kept.get("day") != today and one_round.budget != 0:
            kept.pop("left", None)
            try:
                left = _quota(self._client.rate_limit(bearer), now).remaining
            except DeliveryError:
                left = None  # then the settings hold; the lists themselves will say what is wrong
            one_round.made += 1
            kept["day"] = today
            if left is not None and left - self._for_replies < self.daily_budget:
                kept["left"] = str(max(left - self._for_replies, 0) + one_round.made)
        if "left" in kept:
            left_now = int(kept["left"])
            one_round.budget = left_now if one_round.budget is None else min(one_round.budget, left_now)

    @property
    def pause(self) -> timedelta:
        """So long that the budget lasts through the day, at one call for each list."""
        rounds = max(self.daily_budget // len(self._feeds), 1)
        return timedelta(minutes=24 * 60 // rounds)

    def fetch_quota(self, now: datetime, token: str | None) -> Quota:
        """How many calls Weibo says are left for this account and this server."""
        return _quota(self._client.rate_limit(token or self._access_token), now)

    def fetch_grant(self, now: datetime) -> Grant:
        """Until when the authorisation holds: as Weibo says, else as was entered (to the end of that day)."""
        data = self._client.token_info(self._access_token).data
        seconds = data.get("expire_in", data.get("expires_in"))
        holder, application = (str(data.get(name, "")) for name in ("uid", "appkey"))
        if isinstance(seconds, int | float | str) and str(seconds).isdecimal():
            return Grant(now + timedelta(seconds=int(seconds)), holder, application)
        if self.token_ends_on is None:
            return Grant(None, holder, application)
        midnight = datetime.combine(self.token_ends_on + timedelta(days=1), time(), BEIJING)
        return Grant(midnight.astimezone(UTC), holder, application)

    def fetch_media(self, media_id: str, token: str | None, longest: int) -> Media:
        """A picture or voice from a private message."""
        return self._client.fetch_media(token or self._access_token, media_id, longest)

    def probe(self, now: datetime, token: str | None) -> tuple[Probe, ...]:
        """Whose token it is and how long it lives, the clocks, what is left of the calls."""
        bearer = token or self._access_token
        try:
            answer = self._client.token_info(bearer)
            grant = self.fetch_grant(now) if bearer == self._access_token else Grant(None)
            quota = self.fetch_quota(now, bearer)
        except DeliveryError as failed:
            return (failed_probe("平台接口", failed),)
        return (
            _probe_grant(grant, self._uid, now),
            clock_probe(now, answer.dated_at),
            Probe("剩余调用次数", None if quota.remaining is None else quota.remaining > 0, _left(quota)),
        )

    # ------------------------------------------------------------ both

    def read(self, body: bytes) -> list[IncomingMessage]:
        """One comment, one post or one push is one message. Raises PayloadError."""
        return [read_body(body, self._uid)]

    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Answer where the citizen wrote: below the comment or the post, or in private (``thread``)."""
        bearer = token or self._access_token
        comment, status = reply.thread.get("cid"), reply.thread.get("id", "")
        in_public = bool(comment or status)
        longest = MAX_COMMENT if in_public else MAX_PRIVATE
        if not reply.text.strip():
            raise calls.refused(CODES, "20008", "not sent")
        if weibo_length(reply.text) > longest:
            raise calls.refused(CODES, "20012", "not sent")
        if in_public:
            if not status:
                raise calls.refused(CODES, "20101", "not sent")
            return _receipt(self._say_in_public(bearer, comment, status, reply.text))
        person = reply.thread.get("private") or reply.recipient
        if not person:
            raise calls.refused(CODES, "20201", "not sent")
        data = self._client.reply_privately(bearer, person, reply.text)
        if data.get("error_code"):
            return _receipt(data)
        if data.get("result") is not True:
            raise calls.lost("no_result", "", repeatable=False)
        return Receipt(None)

    def _say_in_public(self, bearer: str, comment: str | None, status: str, text: str) -> Mapping[str, Any]:
        if comment:
            return self._client.reply_to_comment(bearer, comment, status, text, self._real_ip)
        return self._client.comment_on(bearer, status, text, self._real_ip)


def _quota(data: Mapping[str, Any], now: datetime) -> Quota:
    """The tighter of the two limits, of this account and of this server's address."""
    left = [data.get(name) for name in ("remaining_user_hits", "remaining_ip_hits")]
    known = [number for number in left if isinstance(number, int)]
    limit, seconds = data.get("user_limit"), data.get("reset_time_in_seconds")
    return Quota(
        remaining=min(known) if known else None,
        limit=limit if isinstance(limit, int) else None,
        resets_at=now + timedelta(seconds=seconds) if isinstance(seconds, int) else None,
    )


def _left(quota: Quota) -> str:
    return "微博没有告知" if quota.remaining is None else f"还可调用 {quota.remaining} 次"


def _probe_grant(grant: Grant, uid: str, now: datetime) -> Probe:
    """Whether the token is this account's, and how long it lives still."""
    if grant.holder and grant.holder != uid:
        return Probe("授权", False, "授权令牌属于另一个微博账号，请用本账号重新授权")
    days = grant.days_left(now)
    if days is None:
        return Probe("授权", None, "授权有效，微博没有告知到期时间。请填写授权到期日")
    words = f"授权还有 {days} 天到期" + ("，请尽快由本人重新授权" if days <= WARN_DAYS else "")
    return Probe("授权", days > 0, words)


WARN_DAYS = 7


def _receipt(data: Mapping[str, Any]) -> Receipt:
    """Weibo gives the new comment back, or says 20032: taken, visible a little later."""
    code = str(data.get("error_code", ""))
    if code:
        return Receipt(None, CODES[code].message_zh)
    if not data.get("idstr") and not data.get("id"):
        raise calls.lost("no_id", "", repeatable=False)
    return Receipt(id_of(data.get("idstr") or data.get("id")))
