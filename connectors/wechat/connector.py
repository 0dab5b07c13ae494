"""What can a WeChat official account do for us? Receive pushes, and carry replies within 48 hours."""

import hashlib
from collections.abc import Callable

import httpx

from connectors import calls
from connectors.calls import Clock
from connectors.contract import (
    Checked,
    IncomingMessage,
    OutgoingReply,
    Receipt,
    Receiver,
    Sender,
    SettingField,
    Token,
    TokenOwner,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.errors import PayloadError, SignatureError
from connectors.signatures import parts_of, require_fresh
from connectors.wechat import envelope
from connectors.wechat.client import WeChatClient
from connectors.wechat.codes import CODES
from connectors.wechat.envelope import Key
from connectors.wechat.reading import read_message
from connectors.xml_fields import fields_of

MAX_REPLY_BYTES = 2048
API_BASE = "https://api.weixin.qq.com"
TOKEN_PATTERN = r"[A-Za-z0-9]{3,32}"
PLAIN_TEXT = "text/plain; charset=utf-8"


class WeChatConnector(Receiver, Sender, TokenOwner):
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
        SettingField("api_base", "接口地址", required=False, pattern=r"https?://[^\s?#]{1,200}",
                     default=API_BASE, help="一般不用改。"),
    )
    # fmt: on

    nothing_to_say = WebhookAnswer("success", PLAIN_TEXT)

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
        base = api_base or API_BASE
        self._client = WeChatClient(app_id, app_secret, base, transport, clock, total_seconds)

    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Give ``echostr`` back as it came. It is signed like a plain push, in every mode, and may come
        again and again while the administrator presses "save"."""
        envelope.prove_plain(request.query, self._keys)
        (echo,) = parts_of(request.query, "echostr")
        return WebhookAnswer(echo, PLAIN_TEXT)

    def check(self, request: WebhookRequest) -> Checked:
        """Prove and open a push. See the table of modes in README.md."""
        if len(request.body) > envelope.MAX_BODY_BYTES:
            raise PayloadError("too large")
        opened = self._open(request)
        require_fresh(request.query["timestamp"], request.received_at)
        if envelope.starts_with_a_declaration(opened):
            raise PayloadError("with a DOCTYPE")
        # Only an addressee that is clearly another account's is refused here. What WeChat has signed is
        # kept even where it cannot be read yet.
        if envelope.addressee(opened) not in (self._original_id, None):
            raise SignatureError("foreign")
        body = opened.encode("utf-8")
        return Checked(body, hashlib.sha256(body).hexdigest())

    def read(self, body: bytes) -> list[IncomingMessage]:
        """One push is one message; every kind is kept. Raises PayloadError."""
        if len(body) > envelope.MAX_BODY_BYTES:
            raise PayloadError("too large")
        return [read_message(_text(body), self._original_id)]

    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Send a customer-service text. The window and the count of five are WeChat's to judge."""
        if not token:
            raise calls.refused(CODES, "40014", "no token")
        if not reply.recipient:
            raise calls.refused(CODES, "40003", "no recipient")
        for code, wrong in PROBLEMS_OF_A_TEXT.items():
            if wrong(reply.text):
                raise calls.refused(CODES, code, "not sent")
        data = self._client.send_text(token, reply.recipient, reply.text)
        reference = data.get("msgid")
        return Receipt(str(reference) if reference is not None else None)

    def fetch_token(self, force: bool = False) -> Token:
        """The account's stable token."""
        return self._client.stable_token(force)

    def _open(self, request: WebhookRequest) -> str:
        """The XML of a push as text, by the mode this account is set to."""
        encrypted = request.query.get("encrypt_type", "raw") == "aes"
        if encrypted and self._keys[0].aes_key:
            opened = envelope.open_encrypted(request.query, request.body, self._keys, self._app_id)
        elif encrypted or self._mode != "plain":
            # A plain push proves nothing about its body: taking it would undo the safe mode.
            raise SignatureError("no_key" if encrypted else "plain_refused")
        else:
            envelope.prove_plain(request.query, self._keys)
            opened = _text(request.body)
            fields_of(opened)  # nobody has signed this body: only what can be read may be kept
        return opened


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
