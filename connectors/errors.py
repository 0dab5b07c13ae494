"""What can go wrong between a platform and us, and what may be done about it.

    ConnectorError
    ├── SignatureError        not from the platform (or too old, or for somebody else): refuse, keep nothing
    ├── PayloadError          from the platform, but not to be understood: keep, show, read again later
    │   ├── UnsupportedEvent  understood, and of a kind we do not handle (has a name)
    │   └── UnreadableFile    a person's file, not to be imported (says why in Chinese)
    ├── NotOffered            this platform cannot do that, or there is no such platform
    └── DeliveryError         a call to the platform did not end in success; ``kind`` says what may be done

Messages never contain what a citizen wrote, nor tokens, secrets or platform ids.
"""

from datetime import timedelta

ERROR_CLASSES: dict[str, str] = {
    "refresh": "访问凭证已失效，更新一次凭证后重试一次",
    "back_off": "平台暂时不受理，稍后自动再试",
    "stop": "账号配置有误，停止发送并通知管理员",
    "final": "平台不接受这条答复，不再重试",
    "window": "已过平台允许的答复时间，或对方已取消关注，不再重试",
    "human": "平台要求人工操作",
    "unknown": "不知道对方是否已收到，须人工核对，不自动重发",
    "accepted": "平台已收下，稍后可见",
}
"""The closed table of what may follow a failed call. ``accepted`` is a success in disguise: it is in
the code tables, but no DeliveryError is ever raised with it."""


class ConnectorError(Exception):
    """Anything a connector raises on purpose."""


class SignatureError(ConnectorError):
    """The request does not prove that it comes from the platform. ``reason`` is a short English word
    for the log (``mismatch``, ``stale``, ``missing``, ``plain_refused``, ``foreign`` …)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PayloadError(ConnectorError):
    """The body cannot be understood. ``reason`` is a short English phrase without any of the content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedEvent(PayloadError):
    """A well-formed notice of a kind that this connector does not handle. ``name`` is the platform's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unsupported: {name}")
        self.name = name


class UnreadableFile(PayloadError):
    """A file that a person wants to import is no such file. ``message_zh`` says what to do."""

    def __init__(self, reason: str, message_zh: str) -> None:
        super().__init__(reason)
        self.message_zh = message_zh


class NotOffered(ConnectorError):
    """The platform does not exist here, or does not offer what was asked of it."""


class DeliveryError(ConnectorError):
    """A call to a platform did not end in success.

    ``kind``        one of ERROR_CLASSES: what may be done now
    ``code``        the platform's own code as text, or ours (``timeout``, ``html``, ``connect`` …)
    ``words``       the platform's own words (shortened), for the record
    ``message_zh``  plain Chinese for the office: what happened and what to do
    ``not_before``  how long the platform asks us to wait (Retry-After), where it says
    """

    def __init__(
        self, kind: str, code: str, words: str, message_zh: str, not_before: timedelta | None = None
    ) -> None:
        if kind not in ERROR_CLASSES or kind == "accepted":
            raise ValueError(f"not a class of delivery error: {kind}")
        super().__init__(f"{kind}/{code}")
        self.kind = kind
        self.code = code
        self.words = words[:200]
        self.message_zh = message_zh
        self.not_before = not_before

    @property
    def permanent(self) -> bool:
        """True where trying again by ourselves can only repeat the failure."""
        return self.kind in ("final", "window", "stop", "human")
