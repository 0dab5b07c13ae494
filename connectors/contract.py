"""What the app and a platform's connector say to each other: plain values in, plain values out.

Instants are UTC and aware. A connector is made from its settings as keyword arguments; it never sees
Flask, the database or a case.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

# ---------------------------------------------------------------- what comes in


@dataclass(frozen=True)
class WebhookRequest:
    """A platform's call to us, free of any web framework. Header names are lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class Checked:
    """A push that has proved itself.

    ``body`` is opened (decrypted) and exactly what ``read()`` takes; ``fingerprint`` is the SHA-256
    (hex) of what makes two pushes the same push: a retry encrypted anew has the same fingerprint.
    """

    body: bytes
    fingerprint: str


@dataclass(frozen=True)
class WebhookAnswer:
    """What the platform gets back, byte for byte."""

    body: str
    content_type: str
    status: int = 200


@dataclass(frozen=True)
class IncomingAttachment:
    """Something beside the text. ``media_id`` is the platform's handle (WeChat forgets it after three
    days), ``url`` an address of the platform; neither may be fetched without an allow-list."""

    kind: str
    media_id: str | None
    url: str | None
    file_name: str | None = None


@dataclass(frozen=True)
class IncomingMessage:
    """One message as read from a platform.

    ``external_id``   the key by which it is recognised again; unique within one account of the platform
    ``kind``          text, image, voice, video, location, link, comment, correction, letter, work_order,
                      ``event:<name>`` or ``unknown:<name>``
    ``sender``        the platform's id of the person: personal data
    ``thread``        what the sender of a reply will need (comment id, status id …), handed back as it is
    ``is_question``   False for subscriptions and the like: kept, but no case
    ``opens_window``  True where it starts (or restarts) the time in which the platform lets us answer
    ``contact``, ``name``  given by the person in a form or file: personal data
    ``public_consent``  False where the person asked that it not be published
    """

    platform: str
    external_id: str
    kind: str
    sender: str | None
    text: str
    title: str = ""
    sent_at: datetime | None = None
    thread: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[IncomingAttachment, ...] = ()
    is_question: bool = True
    opens_window: bool = False
    contact: str | None = None
    name: str | None = None
    page_url: str | None = None
    site_code: str | None = None
    category: str | None = None
    public_consent: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RawItem:
    """One thing a Fetcher brought, as it came: it is kept first and given to ``read()`` later."""

    fingerprint: str
    body: bytes


@dataclass(frozen=True)
class FetchResult:
    """``cursor`` is where to go on next time (store it together with the items); ``calls`` is how many
    calls to the platform this cost."""

    raw_items: tuple[RawItem, ...]
    cursor: Mapping[str, str]
    calls: int


@dataclass(frozen=True)
class ImportRow:
    """One row of an imported file: a message or an error, and what was noticed. ``number`` is the row
    as the person sees it in the file, counted from 1."""

    number: int
    message: IncomingMessage | None
    error: str | None
    notes: tuple[str, ...] = ()


# ---------------------------------------------------------------- what goes out


@dataclass(frozen=True)
class OutgoingReply:
    """A released reply. ``thread`` is the one of the message it answers. ``idempotency_key`` names the
    delivery; no platform here honours one, so it serves records and tests."""

    text: str
    recipient: str | None
    thread: Mapping[str, str]
    idempotency_key: str


@dataclass(frozen=True)
class Receipt:
    """The platform took it. ``reference`` is the platform's id of what was sent, where it gives one."""

    reference: str | None
    note: str = ""


@dataclass(frozen=True)
class Token:
    """An access token and the instant after which it must not be used. Secret: never log ``value``."""

    value: str = field(repr=False)
    expires_at: datetime


# ---------------------------------------------------------------- what a connector is


@dataclass(frozen=True)
class SettingField:
    """One thing an administrator fills in for an account. ``pattern`` must match the whole value."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    pattern: str | None = None
    help: str = ""
    default: str = ""

    def problem(self, value: str) -> str | None:
        """Say in Chinese what is wrong with this value, or None. The value itself is never repeated."""
        if not value:
            return f"请填写“{self.label}”。" if self.required else None
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"“{self.label}”的格式不对。{self.help}"
        return None


class Connector(ABC):  # noqa: B024  what it can do is said by the classes below
    """A platform account. Settings come as keyword arguments named as in SETTINGS."""

    SETTINGS: ClassVar[tuple[SettingField, ...]] = ()


class Reader(Connector):
    """Understands what its platform sent."""

    @abstractmethod
    def read(self, body: bytes) -> list[IncomingMessage]:
        """Understand an opened body. The same body always gives the same messages.

        Raises PayloadError, UnsupportedEvent.
        """


class Receiver(Reader):
    """The platform calls us. We keep first and understand later: check, store, acknowledge, read."""

    acknowledgement: ClassVar[WebhookAnswer]
    """What to answer once the push is stored, and to every repetition of it."""

    @abstractmethod
    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Answer the call that the platform makes when our address is entered. Raises SignatureError."""

    @abstractmethod
    def check(self, request: WebhookRequest) -> Checked:
        """Prove that the push is the platform's and open it. Raises SignatureError, PayloadError."""


class Fetcher(Reader):
    """We ask the platform what is new."""

    @property
    @abstractmethod
    def daily_budget(self) -> int:
        """How many calls a day may be spent on asking; the rest of the quota stays for replies."""

    @abstractmethod
    def fetch(
        self, cursor: Mapping[str, str], now: datetime, budget: int | None = None, token: str | None = None
    ) -> FetchResult:
        """Bring what is new since the cursor (empty at first), with at most ``budget`` calls.

        The cursor passes an item only when everything before it was brought. Raises DeliveryError.
        """


class Sender(Connector):
    """The platform carries our reply."""

    @abstractmethod
    def send(self, reply: OutgoingReply, token: str | None) -> Receipt:
        """Hand the reply to the platform, once, without any retry of our own. Raises DeliveryError."""


class TokenOwner(Connector):
    """The platform wants an access token, which the app keeps for all its processes."""

    @abstractmethod
    def fetch_token(self, force: bool = False) -> Token:
        """Get the token. After a ``refresh`` error call it unforced: the platform then gives the one that
        is valid now. Force only when a token has leaked (20 a day). Raises DeliveryError."""


class Importer(Connector):
    """People bring a file from a system that has no interface."""

    @abstractmethod
    def rows(self, file_name: str, data: bytes) -> list[ImportRow]:
        """Read a file; one entry per row with content. Raises PayloadError if it is no such file."""
