"""What can a Douyin account do for us? Be asked for comments below its videos, push new ones, carry replies."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from connectors import calls
from connectors.calls import Clock
from connectors.contract import (
    Checked,
    Fetcher,
    FetchResult,
    Grant,
    Granted,
    IncomingMessage,
    OutgoingReply,
    RawItem,
    Receipt,
    Receiver,
    Sender,
    SettingField,
    Token,
    TokenOwner,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.douyin.client import DouyinClient
from connectors.douyin.codes import CODES
from connectors.douyin.reading import VERIFY_EVENT, content_of, instant, json_object, read_body
from connectors.errors import DeliveryError, PayloadError, SignatureError

API_BASE = "https://open.douyin.com"
MAX_COMMENT = 100
MAX_BODY_BYTES = 64 * 1024
JSON = "application/json; charset=utf-8"


class DouyinConnector(Receiver, Fetcher, Sender, TokenOwner, Granted):
    """One Douyin account. Settings as in SETTINGS; ``transport``, ``clock`` and ``total_seconds`` for tests."""

    # fmt: off
    SETTINGS = (
        SettingField("client_key", "Client Key", pattern=r"[0-9A-Za-z]{6,64}",
                     help="抖音开放平台应用的 Client Key。"),
        SettingField("client_secret", "Client Secret", secret=True, pattern=r"[0-9A-Za-z]{8,128}",
                     help="抖音开放平台应用的 Client Secret，用于验证推送。"),
        SettingField("open_id", "Open ID", pattern=r"[0-9A-Za-z_-]{6,80}",
                     help="授权后取得的本账号标识。"),
        SettingField("refresh_token", "刷新凭证", secret=True, pattern=r"[\x21-\x7e]{8,512}",
                     help="授权后取得，30 天有效，到期前须由本账号的管理者重新授权。"),
        SettingField("real_ip", "经办人公网 IP", pattern=r"[0-9A-Fa-f:.]{2,45}",
                     help="抖音要求提供，一般填单位的公网出口 IP。"),
        SettingField("comment_days", "读取评论的视频天数", required=False, pattern=r"[1-9][0-9]?", default="30",
                     help="读取最近多少天发布的视频的评论。"),
        SettingField("daily_calls", "每日读取次数上限", required=False, pattern=r"[0-9]{1,6}", default="500",
                     help="每读一页（20 条）算一次。"),
        SettingField("api_base", "接口地址", required=False, pattern=r"https?://[^\s?#]{1,200}",
                     default=API_BASE, help="一般不用改。"),
    )
    # fmt: on

    nothing_to_say = WebhookAnswer("", JSON)

    def __init__(
        self,
        *,
        client_key: str,
        client_secret: str,
        open_id: str,
        refresh_token: str,
        real_ip: str,
        comment_days: str = "30",
        daily_calls: str = "500",
        api_base: str = API_BASE,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = calls.utc_now,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        given = {
            "client_key": client_key,
            "client_secret": client_secret,
            "open_id": open_id,
            "refresh_token": refresh_token,
            "real_ip": real_ip,
            "comment_days": comment_days,
            "daily_calls": daily_calls,
            "api_base": api_base or API_BASE,
        }
        problems = [p for p in (field.problem(given[field.name]) for field in self.SETTINGS) if p]
        if problems:
            raise ValueError(" ".join(problems))
        self._client_key, self._client_secret = client_key, client_secret
        self._open_id, self._refresh_token, self._clock = open_id, refresh_token, clock
        self._days, self._daily = int(comment_days or 30), int(daily_calls or 500)
        self._client = DouyinClient(client_key, open_id, real_ip, given["api_base"], transport, total_seconds)

    # ------------------------------------------------------------ pushed

    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Douyin verifies an address by a push like any other, and never by a GET."""
        raise SignatureError("not_used")

    def check(self, request: WebhookRequest) -> Checked:
        """The signature covers the secret and the whole body, and no time: a repetition is known by its
        fingerprint alone. Raises SignatureError, PayloadError."""
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadError("too large")
        given = request.headers.get("x-douyin-signature", "")
        signature = hashlib.sha1(self._client_secret.encode("utf-8") + request.body).hexdigest()
        if not given or not hmac.compare_digest(given.encode("utf-8"), signature.encode("ascii")):
            raise SignatureError("mismatch" if given else "missing")
        if json_object(request.body).get("client_key") not in (self._client_key, ""):
            raise SignatureError("foreign")
        return Checked(request.body, hashlib.sha256(request.body).hexdigest())

    def acknowledgement(self, checked: Checked, text: str | None, now: datetime) -> WebhookAnswer:
        """Nothing, but to the question by which the address is verified its own challenge. A citizen is
        shown nothing at once: comments stand in public."""
        try:
            data = json_object(checked.body)
            if data.get("event") != VERIFY_EVENT:
                return self.nothing_to_say
            challenge = content_of(data).get("challenge")
        except PayloadError:
            return self.nothing_to_say
        return WebhookAnswer(json.dumps({"challenge": challenge}), JSON)

    def read(self, body: bytes) -> list[IncomingMessage]:
        """One comment is one message. Raises PayloadError, UnsupportedEvent."""
        return read_body(body, self._open_id)

    # ------------------------------------------------------------ asked for

    @property
    def daily_budget(self) -> int:
        """How many pages may be read in a day."""
        return self._daily

    @property
    def pause(self) -> timedelta:
        """A quarter of an hour: new comments are pushed besides."""
        return timedelta(minutes=15)

    def fetch(
        self,
        cursor: Mapping[str, str],
        now: datetime,
        budget: int | None = None,
        token: str | None = None,
        hints: Sequence[Mapping[str, str]] = (),
    ) -> FetchResult:
        """Our videos of the last days, and below each the comments since the last whole reading of it."""
        if not token:
            raise calls.refused(CODES, "no_token", "no token")
        read_to: dict[str, int] = json.loads(cursor.get("read_to", "{}"))
        round_ = _Round(self._client, token, budget, read_to)
        try:
            videos = round_.videos(int((now - timedelta(days=self._days)).timestamp()))
            # Those read longest ago first, so that a small budget reaches all of them in turn.
            for item_id in sorted(videos, key=lambda one: (read_to.get(one, 0), one)):
                round_.comments(item_id)
        except DeliveryError as failed:
            if not round_.items:
                raise
            return round_.result(failed)
        if budget is None or round_.made < budget:  # else there may be videos of which we did not hear
            round_.read_to = {item_id: at for item_id, at in round_.read_to.items() if item_id in videos}
        return round_.result(None)

    # ------------------------------------------------------------ replies and the token

    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Answer below the comment."""
        if not token:
            raise calls.refused(CODES, "no_token", "no token")
        item_id, comment_id = (reply.thread.get(name, "") for name in ("item_id", "comment_id"))
        if not item_id or not comment_id:
            raise calls.refused(CODES, "no_place", "not sent")
        if not reply.text.strip() or len(reply.text) > MAX_COMMENT:
            raise calls.refused(CODES, "too_long" if reply.text.strip() else "empty", "not sent")
        made = self._client.reply(token, item_id, comment_id, reply.text).get("comment_id")
        return Receipt(str(made) if made else None)

    def fetch_token(self, force: bool = False) -> Token:
        """A token for fifteen days. Douyin gives the one in force again, with a new end, while it lives."""
        now = self._clock()
        data = self._client.new_token(self._refresh_token)
        value, seconds = data.get("access_token"), str(data.get("expires_in", ""))
        if not isinstance(value, str) or not value or not seconds.isdecimal() or not int(seconds):
            raise calls.lost("no_token", "", repeatable=True)
        return Token(value, now + timedelta(seconds=int(seconds)))

    def fetch_grant(self, now: datetime) -> Grant:
        """Until when the permission holds; then its giver must give it anew."""
        data = self._client.new_token(self._refresh_token)
        seconds = str(data.get("refresh_expires_in", ""))
        ends_at = now + timedelta(seconds=int(seconds)) if seconds.isdecimal() else None
        return Grant(ends_at, str(data.get("open_id", "")), self._client_key)


class _Round:
    """One round of asking within a budget. ``read_to``: each video with the time of the newest comment
    down from which it was read to the end or to what was known."""

    def __init__(
        self, client: DouyinClient, token: str, budget: int | None, read_to: Mapping[str, int]
    ) -> None:
        self._client, self._token, self._budget = client, token, budget
        self.read_to = dict(read_to)
        self.items: list[RawItem] = []
        self.made = 0

    def result(self, trouble: DeliveryError | None) -> FetchResult:
        """What came, and where to go on."""
        cursor = {"read_to": json.dumps(self.read_to, sort_keys=True)} if self.read_to else {}
        return FetchResult(tuple(self.items), cursor, self.made, trouble)

    def videos(self, oldest: int) -> list[str]:
        """Our videos published since then."""
        found: list[str] = []
        cursor = 0
        while self._may_call():
            page = self._client.videos(self._token, cursor)
            young = [one for one in page["list"] if isinstance(one, dict) and _seconds(one) >= oldest]
            found += [one["item_id"] for one in young if isinstance(one.get("item_id"), str)]
            cursor = _next(page, cursor)
            if not young or not cursor:
                break
        return found

    def comments(self, item_id: str) -> None:
        """The comments below a video, newest first, down to those known. The place moves only at the end."""
        known, newest, cursor = self.read_to.get(item_id, 0), 0, 0
        while self._may_call():
            page = self._client.comments(self._token, item_id, cursor)
            times = [_seconds(one) for one in page["list"] if isinstance(one, dict) and not one.get("top")]
            self.items += [_raw(item_id, one) for one in page["list"]]
            newest, cursor = max([newest, *times]), _next(page, cursor)
            if not cursor or (times and min(times) < known):
                self.read_to[item_id] = max(newest, known)
                return

    def _may_call(self) -> bool:
        if self._budget is not None and self.made >= self._budget:
            return False
        self.made += 1
        return True


def _next(page: Mapping[str, Any], cursor: int) -> int:
    """Where the next page begins; 0 where there is none, or none beyond this one."""
    following = page.get("cursor")
    has_more = page.get("has_more") is True and isinstance(following, int) and following > cursor
    return int(following) if has_more and isinstance(following, int) else 0


def _seconds(item: Mapping[str, Any]) -> int:
    """When it was written; something without a readable time counts as the oldest."""
    try:
        return int(instant(item.get("create_time")).timestamp())
    except PayloadError:
        return 0


def _raw(item_id: str, comment: Any) -> RawItem:
    """A comment as it came, with its video. Counters in it change from round to round, its id does not."""
    body = json.dumps({"item_id": item_id, "comment": comment}, ensure_ascii=False, sort_keys=True)
    given = comment.get("comment_id") if isinstance(comment, dict) else None
    key = f"comment:{given}" if given else body
    return RawItem(
        hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest(), body.encode("utf-8", "replace")
    )
