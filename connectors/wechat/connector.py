"""What can a WeChat official account do for us? Receive pushes, answer at once and within 48 hours, have
comments below its articles read and answered, hand over files, and tell from where it calls."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from connectors import calls
from connectors.calls import Clock
from connectors.contract import (
    AddressLister,
    Checked,
    Fetcher,
    FetchResult,
    IncomingMessage,
    Media,
    MediaSource,
    Moderator,
    Notice,
    OutgoingReply,
    Probe,
    Probed,
    Receipt,
    Receiver,
    Sender,
    SettingField,
    Token,
    TokenOwner,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.errors import DeliveryError, NotOffered, PayloadError, SignatureError
from connectors.probing import clock_probe, failed_probe
from connectors.signatures import challenge, parts_of, require_fresh
from connectors.wechat import comments, envelope
from connectors.wechat.client import WeChatClient
from connectors.wechat.codes import CODES
from connectors.wechat.envelope import Key
from connectors.wechat.reading import read_message
from connectors.xml_fields import fields_of

MAX_REPLY_BYTES = 2048
MAX_COMMENT = 140
"""WeChat says that a reply to a comment may be too long (88007), and nowhere from what length."""
API_BASE = "https://api.weixin.qq.com"
TOKEN_PATTERN = r"[A-Za-z0-9]{3,32}"
PLAIN_TEXT = "text/plain; charset=utf-8"


# fmt: off
ACTIONS: dict[str, tuple[str, str, frozenset[str]]] = {
    "feature":      ("设为精选", "markelect",    frozenset()),
    "unfeature":    ("取消精选", "unmarkelect",  frozenset()),
    "delete":       ("删除留言", "delete",       frozenset({"88004", "88008"})),
    "delete_reply": ("删除答复", "reply/delete", frozenset({"88004", "88008"})),
    "open":         ("开放留言", "open",         frozenset()),
    "close":        ("关闭留言", "close",        frozenset()),
}
# fmt: on
"""Action → what it is called, the call, and the codes that say it was done before."""


class WeChatConnector(Receiver, Fetcher, Sender, TokenOwner, Moderator, MediaSource, AddressLister, Probed):
    """One official account 公众号. Settings as in SETTINGS; ``transport``, ``clock`` (UTC) and
    ``total_seconds`` (of one call) are for tests."""

    # fmt: off
    SETTINGS = (
        SettingField("app_id", "AppID", pattern=r"wx[0-9A-Za-z]{8,32}",
                     help="微信后台“设置与开发 → 开发接口管理”中的 AppID，以 wx 开头。"),
        SettingField("app_secret", "AppSecret", secret=True, pattern=r"[0-9A-Za-z]{8,64}",
                     help="在微信后台生成，只显示一次。"),
        SettingField("original_id", "原始 ID", pattern=r"gh_[0-9A-Za-z]{6,32}",
                     help="微信后台“账号详情”中的原始 ID，以 gh_ 开头。"),
        SettingField("token", "令牌（Token）", secret=True, pattern=TOKEN_PATTERN,
                     help="3 至 32 位字母或数字，与微信后台“服务器配置”一致。"),
        SettingField("aes_key", "消息加解密密钥（EncodingAESKey）", secret=True, required=False,
                     pattern=envelope.AES_KEY_PATTERN,
                     help="43 位字母或数字。安全模式和兼容模式必填。"),
        SettingField("mode", "消息加解密方式", pattern="safe|compatible|plain", default="safe",
                     help="safe 安全模式（推荐）、compatible 兼容模式、plain 明文模式。"
                          "明文模式不能证明留言内容未被改动，须专门确认后才可使用。"),
        SettingField("previous_token", "更换前的令牌", secret=True, required=False, pattern=TOKEN_PATTERN,
                     help="更换期间填写，更换完成后清空。"),
        SettingField("previous_aes_key", "更换前的密钥", secret=True, required=False,
                     pattern=envelope.AES_KEY_PATTERN, help="更换期间填写，更换完成后清空。"),
        SettingField("comment_days", "读取文章留言的天数", required=False, pattern=r"[0-9]|[12][0-9]|30",
                     default="0", help="读取最近几天有人阅读的文章的留言，最多 30 天；0 为不读。须有留言功能。"),
        SettingField("comment_calls", "每日读取留言次数上限", required=False, pattern=r"[0-9]{1,6}",
                     default="1000", help="每读一页（49 条）算一次。"),
        SettingField("comment_longest", "留言答复最长字数", required=False, pattern=r"[1-9][0-9]{1,3}",
                     default=str(MAX_COMMENT), help="微信没有公布上限，超过时微信会拒绝。"),
        SettingField("articles", "另外要读留言的文章", required=False, pattern=r"[^\x00-\x1f]{0,4000}",
                     help="完整网址（含 mid= 和 idx=），多个用空格分开。一般不用填。"),
        SettingField("api_base", "接口地址", required=False, pattern=r"https?://[^\s?#]{1,200}",
                     default=API_BASE, help="一般不用改。"),
    )
    # fmt: on

    nothing_to_say = WebhookAnswer("success", PLAIN_TEXT)
    hint_notices = frozenset({Notice.PUBLISHED})
    hint_days = 30
    media_days = 3
    ACTIONS = {name: label for name, (label, _, _) in ACTIONS.items()}  # noqa: RUF012

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        original_id: str,
        token: str,
        aes_key: str = "",
        mode: str = "safe",
        previous_token: str = "",
        previous_aes_key: str = "",
        comment_days: str = "0",
        comment_calls: str = "1000",
        comment_longest: str = str(MAX_COMMENT),
        articles: str = "",
        api_base: str = API_BASE,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = calls.utc_now,
        total_seconds: float = calls.TOTAL_SECONDS,
    ) -> None:
        given = {
            "app_id": app_id,
            "app_secret": app_secret,
            "original_id": original_id,
            "token": token,
            "aes_key": aes_key,
            "mode": mode,
            "previous_token": previous_token,
            "previous_aes_key": previous_aes_key,
            "comment_days": comment_days,
            "comment_calls": comment_calls,
            "comment_longest": comment_longest,
            "articles": articles,
            "api_base": api_base or API_BASE,
        }
        problems = [p for p in (field.problem(given[field.name]) for field in self.SETTINGS) if p]
        if mode != "plain" and not aes_key:
            problems.append("安全模式和兼容模式须填写消息加解密密钥。")
        if problems:
            raise ValueError(" ".join(problems))
        self._app_id = app_id
        self._original_id = original_id
        self._mode = mode
        self._keys = [Key(token, aes_key)]
        if previous_token or previous_aes_key:
            self._keys.append(Key(previous_token or token, previous_aes_key or aes_key))
        self._comment_days, self._comment_calls = int(comment_days or 0), int(comment_calls or 0)
        self._comment_longest = int(comment_longest or MAX_COMMENT)
        self._typed = comments.articles_in_text(articles)
        base = api_base or API_BASE
        self._client = WeChatClient(app_id, app_secret, base, transport, clock, total_seconds)

    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Give ``echostr`` back as it came. It is signed like a plain push, in every mode, and may come
        again and again while the administrator presses "save"."""
        envelope.prove_plain(request.query, self._keys)
        (echo,) = parts_of(request.query, "echostr")
        return WebhookAnswer(echo, PLAIN_TEXT)

    def own_challenge(self, now: datetime) -> Mapping[str, str]:
        """As the platform would verify our address."""
        return challenge(self._keys[0].token, now)

    def check(self, request: WebhookRequest) -> Checked:
        """Prove and open a push. See the table of modes in README.md."""
        if len(request.body) > envelope.MAX_BODY_BYTES:
            raise PayloadError("too large")
        opened, key = self._open(request)
        require_fresh(request.query["timestamp"], request.received_at)
        if envelope.starts_with_a_declaration(opened):
            raise PayloadError("with a DOCTYPE")
        # Only an addressee that is clearly another account's is refused here. What WeChat has signed is
        # kept even where it cannot be read yet.
        if envelope.addressee(opened) not in (self._original_id, None):
            raise SignatureError("foreign")
        body = opened.encode("utf-8")
        # Sealed with a key, it is answered with the same: WeChat may not know the other one yet, or any more.
        way = "" if key is None else str(self._keys.index(key))
        return Checked(body, hashlib.sha256(body).hexdigest(), way)

    def acknowledgement(self, checked: Checked, text: str | None, now: datetime) -> WebhookAnswer:
        """``success``, or a text shown to the citizen at once, sealed as the push was.

        Only to what a citizen wrote; a text WeChat would not show (2048 bytes, control characters) is left
        out, since a wrong answer shows the citizen an error instead.
        """
        if not text or any(wrong(text) for wrong in PROBLEMS_OF_A_TEXT.values()):
            return self.nothing_to_say
        try:
            (message,) = self.read(checked.body)
        except PayloadError:
            return self.nothing_to_say
        if not message.opens_window or not message.sender:
            return self.nothing_to_say
        body = envelope.text_reply(message.sender, self._original_id, text, now)
        if checked.way:
            body = envelope.seal(body, self._keys[int(checked.way)], self._app_id, now)
        return WebhookAnswer(body, "text/xml; charset=utf-8", shows=text)

    def read(self, body: bytes) -> list[IncomingMessage]:
        """One push is one message; every kind is kept. So is one comment. Raises PayloadError."""
        if len(body) > envelope.MAX_BODY_BYTES:
            raise PayloadError("too large")
        if body[:1] in (b"{", b"["):
            return [comments.read_comment(body)]
        return [read_message(_text(body), self._original_id)]

    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Send a customer-service text, or a reply below a comment (``thread``).

        The window and the count of five are WeChat's to judge. So is whether a comment has a reply already,
        given by somebody in WeChat's own back end: it takes one only (88005), and no look beforehand could be
        as sure.
        """
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        if reply.thread.get("user_comment_id"):
            return self._reply_below(reply, token)
        if not reply.recipient:
            raise calls.refused(CODES, "40003", "no recipient")
        for code, wrong in PROBLEMS_OF_A_TEXT.items():
            if wrong(reply.text):
                raise calls.refused(CODES, code, "not sent")
        data = self._client.send_text(token, reply.recipient, reply.text)
        reference = data.get("msgid")
        return Receipt(str(reference) if reference is not None else None)

    def _reply_below(self, reply: OutgoingReply, token: str) -> Receipt:
        if not reply.text.strip() or len(reply.text) > self._comment_longest:
            raise calls.refused(CODES, "88007", "not sent")
        if unsendable(reply.text):
            raise calls.refused(CODES, "40033", "not sent")
        body = {**_place_of(reply.thread), "content": reply.text}
        self._client.comment_call(token, "reply/add", body)
        return Receipt(None)

    # ------------------------------------------------------------ comments below articles

    @property
    def daily_budget(self) -> int:
        """How many pages of comments may be read in a day; none unless reading them was switched on."""
        return self._comment_calls if self._comment_days else 0

    @property
    def pause(self) -> timedelta:
        """A quarter of an hour: nobody is told of comments, and reading them all takes many calls."""
        return timedelta(minutes=15)

    def fetch(
        self,
        cursor: Mapping[str, str],
        now: datetime,
        budget: int | None = None,
        token: str | None = None,
        hints: Sequence[Mapping[str, str]] = (),
    ) -> FetchResult:
        """Bring all comments below the articles read in the last days. Raises DeliveryError."""
        if not self._comment_days:
            return FetchResult((), cursor, 0)
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        watch = comments.Watch.from_cursor(cursor)
        one_round = comments.Round(_WithToken(self._client, token), watch, budget)
        return one_round.run(now, self._comment_days, self._typed, comments.articles_in(hints))

    def moderate(self, action: str, thread: Mapping[str, str], token: str | None) -> None:
        """Feature, unfeature or delete a comment, delete our reply, open or close an article to comments.

        88000 means that the account has no comments; 88003 that no more can be featured.
        """
        if action not in ACTIONS:
            raise NotOffered(f"no such action: {action[:40]}")
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        _, call, done_before = ACTIONS[action]
        body = _place_of(thread)
        if action in ("open", "close"):
            body.pop("user_comment_id", None)
        try:
            self._client.comment_call(token, call, body)
        except DeliveryError as refused:
            if refused.code not in done_before:
                raise

    # ------------------------------------------------------------ files, addresses, trying

    def fetch_media(self, media_id: str, token: str | None, longest: int) -> Media:
        """A picture, voice or film that a citizen sent in the last three days."""
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        return self._client.fetch_media(token, media_id, longest)

    def fetch_addresses(self, token: str | None) -> tuple[str, ...]:
        """From where WeChat calls us: single addresses and networks."""
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        return self._client.callback_addresses(token)[0]

    def probe(self, now: datetime, token: str | None) -> tuple[Probe, ...]:
        """The addresses WeChat calls from, the clocks, and whether comments may be read."""
        probes = [self._probe_mode()]
        try:
            if not token:
                raise calls.refused(CODES, "40014", "no token")
            listed, answer = self._client.callback_addresses(token)
            probes.append(Probe("推送来源地址", True, f"微信给出了 {len(listed)} 个推送来源地址"))
            probes.append(clock_probe(now, answer.dated_at))
        except DeliveryError as failed:
            return (*probes, failed_probe("平台接口", failed))
        return (*probes, self._probe_comments(token))

    def _probe_mode(self) -> Probe:
        safe = self._mode == "safe"
        words = (
            "安全模式" if safe else "不是安全模式，不能完全证明留言内容未被改动。建议在微信后台改为安全模式"
        )
        return Probe("消息加解密方式", safe or None, words)

    def _probe_comments(self, token: str) -> Probe:
        """Ask below an article that cannot exist: 88000 says no right, 88001 only that it does not exist."""
        if not self._comment_days:
            return Probe("文章留言", None, "没有开启读取文章留言")
        try:
            self._client.comments(token, 1, 0, 0, 1)
        except DeliveryError as failed:
            if failed.code not in comments.GONE:
                return failed_probe("文章留言", failed)
        return Probe("文章留言", True, "公众号有留言功能，可以读取")

    def fetch_token(self, force: bool = False) -> Token:
        """The account's stable token."""
        return self._client.stable_token(force)

    def _open(self, request: WebhookRequest) -> tuple[str, Key | None]:
        """The XML of a push as text, by the mode this account is set to, and the key it was sealed with."""
        encrypted = request.query.get("encrypt_type", "raw") == "aes"
        if encrypted and self._keys[0].aes_key:
            return envelope.open_encrypted(request.query, request.body, self._keys, self._app_id)
        if encrypted or self._mode != "plain":
            # A plain push proves nothing about its body: taking it would undo the safe mode.
            raise SignatureError("no_key" if encrypted else "plain_refused")
        envelope.prove_plain(request.query, self._keys)
        opened = _text(request.body)
        fields_of(opened)  # nobody has signed this body: only what can be read may be kept
        return opened, None


class _WithToken:
    """The calls of one round of comments, with the account's token in each."""

    def __init__(self, client: WeChatClient, token: str) -> None:
        self._client, self._token = client, token

    def articles_read_on(self, day: date) -> Sequence[Any]:
        return self._client.articles_read_on(self._token, day)

    def comments(self, msg_data_id: int, index: int, begin: int, count: int) -> tuple[Sequence[Any], int]:
        return self._client.comments(self._token, msg_data_id, index, begin, count)


def _place_of(thread: Mapping[str, str]) -> dict[str, int]:
    """Where a comment stands, as numbers; ``index`` is from 0. Raises DeliveryError for half a place."""
    try:
        return {name: int(thread[name]) for name in PLACE if name in thread or name != "user_comment_id"}
    except (KeyError, ValueError):
        raise calls.refused(CODES, "88008", "not sent") from None


PLACE = ("msg_data_id", "index", "user_comment_id")


def unsendable(text: str) -> bool:
    """True where JSON or WeChat would not carry the text unchanged: control characters, half characters."""
    return any(
        (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text
    )


PROBLEMS_OF_A_TEXT: dict[str, Callable[[str], bool]] = {
    "44002": lambda text: not text.strip(),
    "40033": unsendable,
    "45002": lambda text: len(text.encode("utf-8")) > MAX_REPLY_BYTES,
}
"""Codes that WeChat would answer with, found without asking it; in this order."""


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise PayloadError("not UTF-8") from None
