"""What the app and a platform's connector say to each other: plain values in, plain values out.

Instants are UTC and aware. A connector is made from its settings as keyword arguments; it never sees
Flask, the database or a case.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from connectors.errors import DeliveryError

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
    ``way`` is the connector's own note of how it came, for ``acknowledgement()`` alone.
    """

    body: bytes
    fingerprint: str
    way: str = ""


@dataclass(frozen=True)
class WebhookAnswer:
    """What the platform gets back, byte for byte."""

    body: str
    content_type: str
    status: int = 200
    shows: str = ""
    """The words which the citizen sees at once because of this answer; empty where there are none."""


class Notice(StrEnum):
    """What a push means for what we hold of a person, or of our own account, beyond being a message.

    The first four must be honoured at once, before anything else is done with the person's data.
    """

    LEFT = "left"
    """Unsubscribed or unfollowed: nothing reaches this person any more, every open send will fail."""
    BACK = "back"
    """Subscribed or followed (again): LEFT no longer holds."""
    CHANGED = "changed"
    """The platform withdrew what it had told of this person (name, picture): forget those, keep the case."""
    WITHDRAWN = "withdrawn"
    """This person took back their consent to personal data, of the kinds named in ``revoked`` (none named:
    all): what was obtained from the platform must be deleted, what they wrote to the office need not."""
    CANCELLED = "cancelled"
    """This person closed their account or deregistered: as WITHDRAWN, for all kinds, and LEFT besides."""
    PUBLISHED = "published"
    """Our account published something: people may comment on it from now on (``Fetcher.hint_notices``)."""


@dataclass(frozen=True)
class IncomingAttachment:
    """Something beside the text. ``media_id`` is the platform's handle (WeChat forgets it after three
    days) and what `MediaSource.fetch_media` takes; ``url`` is an address of the platform, for the record
    only: nobody fetches it."""

    kind: str
    media_id: str | None
    url: str | None
    file_name: str | None = None


@dataclass(frozen=True)
class IncomingMessage:
    """One message as read from a platform.

    ``external_id``   the key by which it is recognised again; unique within one account of the platform
    ``kind``          text, image, voice, video, location, link, comment, mention, correction, letter,
                      work_order, ``event:<name>`` or ``unknown:<name>``; comments and mentions stand in
                      public, and so does a reply to them (PUBLIC_KINDS)
    ``sender``        the platform's id of the person: personal data
    ``thread``        what the sender of a reply will need (comment id, status id …), handed back as it is
    ``is_question``   False for subscriptions and the like: kept, but no case
    ``opens_window``  True where it starts (or restarts) the time in which the platform lets us answer
    ``contact``, ``name``  given by the person in a form or file: personal data
    ``public_consent``  False where the person asked that it not be published
    ``notice``        what must be done beyond keeping it, see `Notice`
    ``revoked``       with Notice.WITHDRAWN: the platform's names of the kinds of data (in Chinese)
    ``answer``        what stands below it on the platform as our account's reply already, given by us or by
                      somebody in the platform's own back end; a comment comes again when this changes
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
    notice: Notice | None = None
    revoked: tuple[str, ...] = ()
    answer: str = ""


PUBLIC_KINDS = frozenset({"comment", "mention"})
"""Kinds of message that everybody can read where they were written; a reply to them can be read too."""


@dataclass(frozen=True)
class RawItem:
    """One thing a Fetcher brought, as it came: it is kept first and given to ``read()`` later."""

    fingerprint: str
    body: bytes


@dataclass(frozen=True)
class FetchResult:
    """``cursor`` is where to go on next time (store it together with the items); ``calls`` is how many
    calls to the platform this cost.

    ``trouble``  why it ended early although something came: the rest comes next time
    ``listed``   what stands on the platform now, where a list was read from end to end without a gap: of
                 the messages known under the prefix (the key) those not named have been taken away
    """

    raw_items: tuple[RawItem, ...]
    cursor: Mapping[str, str]
    calls: int
    trouble: DeliveryError | None = None
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Media:
    """A file that a citizen sent, as it came. ``content_type`` is told from the bytes themselves, never
    from what the platform says of it; metadata is still in it."""

    data: bytes = field(repr=False)
    content_type: str
    suffix: str


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
    delivery; no platform here honours one, so it serves records and tests.
    """

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


@dataclass(frozen=True)
class Grant:
    """What a person at the platform has permitted us, and until when: nothing renews it but that person.

    ``ends_at`` None: the platform does not say. ``holder`` is the account that it was given for.
    """

    ends_at: datetime | None
    holder: str = ""
    application: str = ""

    def days_left(self, now: datetime) -> int | None:
        """Whole days until it ends, 0 on the last day and after it; None where nobody knows."""
        return None if self.ends_at is None else max((self.ends_at - now).days, 0)


@dataclass(frozen=True)
class Quota:
    """How many calls the platform lets us make still (None: it does not say), of how many, until when."""

    remaining: int | None
    limit: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True)
class Probe:
    """One thing that was tried with the platform: right, wrong, or (None) not to be told; ``words`` say in
    plain Chinese what was found and, where it is wrong, what to do."""

    name: str
    ok: bool | None
    words: str


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

    def acknowledgement(self, checked: Checked, text: str | None, now: datetime) -> WebhookAnswer:
        """What to answer once the push is stored, and in the same words to every repetition of it.

        ``text`` is an approved receipt for the citizen. It is shown where the platform can show one and the
        push is something a citizen wrote; ``WebhookAnswer.shows`` says whether it was. Never raises: what
        cannot be shown is left out, since any other answer would show the citizen an error.
        """
        return self.nothing_to_say

    nothing_to_say: ClassVar[WebhookAnswer]
    """The answer that takes the push and shows the citizen nothing."""

    @abstractmethod
    def answer_challenge(self, request: WebhookRequest) -> WebhookAnswer:
        """Answer the call that the platform makes when our address is entered. Raises SignatureError."""

    def own_challenge(self, now: datetime) -> Mapping[str, str] | None:
        """The query with which the platform would verify our address now, for trying it ourselves; None
        where the platform verifies none by a GET."""
        return None

    @abstractmethod
    def check(self, request: WebhookRequest) -> Checked:
        """Prove that the push is the platform's and open it. Raises SignatureError, PayloadError."""


class Fetcher(Reader):
    """We ask the platform what is new."""

    hint_notices: ClassVar[frozenset[Notice]] = frozenset()
    """Which kept messages help to know where to ask: the ``extra`` of those of the last ``hint_days`` days
    is handed to ``fetch`` as ``hints``, newest last."""

    hint_days: ClassVar[int] = 0

    @property
    @abstractmethod
    def daily_budget(self) -> int:
        """How many calls a day may be spent on asking; the rest of the quota stays for replies."""

    @property
    def pause(self) -> timedelta:
        """How long to wait between two rounds so that the budget lasts through the day."""
        return timedelta(0)

    @abstractmethod
    def fetch(
        self,
        cursor: Mapping[str, str],
        now: datetime,
        budget: int | None = None,
        token: str | None = None,
        hints: Sequence[Mapping[str, str]] = (),
    ) -> FetchResult:
        """Bring what is new since the cursor (empty at first), with at most ``budget`` calls.

        ``token`` is the account's where the connector is a `TokenOwner` too. The cursor passes an item only
        when everything before it was brought. Raises DeliveryError where nothing came at all.
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


class Moderator(Connector):
    """What may be done to a comment besides answering it. Each is a decision of its own by a person."""

    ACTIONS: ClassVar[Mapping[str, str]] = {}
    """Name of an action → what it is called on the button (Chinese)."""

    @abstractmethod
    def moderate(self, action: str, thread: Mapping[str, str], token: str | None) -> None:
        """Do it. The same action twice is harmless. Raises DeliveryError, NotOffered for another action."""


class MediaSource(Connector):
    """Files that citizens sent can be fetched, for a few days."""

    media_days: ClassVar[int]
    """For how many days the platform keeps them: fetch at once."""

    @abstractmethod
    def fetch_media(self, media_id: str, token: str | None, longest: int) -> Media:
        """Fetch one file of at most ``longest`` bytes, only from the platform's own addresses.

        Raises DeliveryError: ``final`` where it is gone (40007), too large (``too_large``) or of no kind
        that is taken (``not_taken``); ``back_off`` where it may come later.
        """


class AddressLister(Connector):
    """The platform says from which addresses it calls us: a second gate beside the signature."""

    @abstractmethod
    def fetch_addresses(self, token: str | None) -> tuple[str, ...]:
        """Addresses and networks (CIDR), to be kept, renewed daily and given to `connectors.addresses.
        allowed`. Raises DeliveryError."""


class Granted(Connector):
    """A person at the platform has to permit us anew every few weeks."""

    @abstractmethod
    def fetch_grant(self, now: datetime) -> Grant:
        """Until when the permission holds, as the platform says. Raises DeliveryError."""


class Metered(Connector):
    """The platform tells how many calls are left."""

    @abstractmethod
    def fetch_quota(self, now: datetime, token: str | None) -> Quota:
        """What is left now. Raises DeliveryError."""


class Probed(Connector):
    """The account can be tried without anybody noticing."""

    @abstractmethod
    def probe(self, now: datetime, token: str | None) -> tuple[Probe, ...]:
        """Try everything that an account needs and that changes nothing: permissions, clock, addresses.

        Raises nothing of the platform's: a failed call is a `Probe` that is not right.
        """
