"""Where do the corrections of 我为政府网站找错 come from? Files and pastes, a feed, a mailbox. Answers are
entered in the national system by hand.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import httpx

from connectors.contract import (
    Fetcher,
    FetchResult,
    Importer,
    ImportRow,
    IncomingMessage,
    Probe,
    Probed,
    RawItem,
    SettingField,
)
from connectors.corrections import feed, mail
from connectors.corrections.items import COLUMNS, SITE_CODE, message_of, remarked
from connectors.corrections.mailbox import Mailbox, Opener, open_tls
from connectors.errors import DeliveryError, PayloadError
from connectors.tables import import_object, import_rows

HOST = r"[A-Za-z0-9.\-]{1,253}"

# fmt: off
SETTINGS: tuple[SettingField, ...] = (
    SettingField("sites", "网站标识码", required=False, pattern=r"[^<>]{0,4000}",
        help="用逗号分开，后面可以写名称，如“4403000004 云泽市政府网”。写了以后，别的网站的不收"),
    SettingField("feed_url", "列表地址（JSON 或 RSS）", required=False, pattern=r"https?://[^\s<>\"']{3,1000}",
        help="上级平台或本单位系统给的地址，用 https。没有就不填"),
    SettingField("feed_items", "列表在哪一项", required=False, pattern=r"[^\s]{0,120}",
        help="JSON 里列表的位置，如 data.list；最外层就是列表的不填。RSS 不填"),
    SettingField("feed_fields", "字段对应", required=False, pattern=r"[^<>]{0,2000}",
        help="一项写成“问题描述=content”，用逗号分开；名称已经和导入文件的表头相同的不用写"),
    SettingField("feed_token", "列表的访问令牌", secret=True, required=False, pattern=r"[!-~]{1,400}",
        help="放在 Authorization: Bearer 里送出。不要令牌的不填"),
    SettingField("mail_host", "收件邮箱服务器", required=False, pattern=HOST,
        help="IMAP 服务器，用 TLS 连接（993 端口）。没有就不填"),
    SettingField("mail_port", "邮箱端口", required=False, pattern=r"\d{1,5}", default="993"),
    SettingField("mail_user", "邮箱账号", required=False, pattern=r"[^\s\"\\]{1,200}"),
    SettingField("mail_password", "邮箱密码或授权码", secret=True, required=False, pattern=r"[^\r\n]{1,200}"),
    SettingField("mail_folder", "收哪个文件夹", required=False, pattern=r"[^\"\\\r\n]{1,100}", default="INBOX"),
    SettingField("mail_senders", "只收谁发来的", required=False, pattern=r"[^<>\s]{0,500}",
        help="邮件地址或 @域名，用逗号分开。建议填写：不填时收件箱里的每封信都会读"),
    SettingField("mail_done", "收完移到", required=False, pattern=r"[^\"\\\r\n]{1,100}",
        help="另一个文件夹的名称。不填就留在原处，标为已读"),
    SettingField("inside", "允许访问政务内网地址", required=False, pattern=r"是|否", default="否",
        help="填“是”或“否”。列表或邮箱在政务内网时填“是”；本机地址始终不访问"),
    SettingField("minutes", "隔几分钟取一次", required=False, pattern=r"[1-9]\d{0,3}", default="15"),
)
# fmt: on


class CorrectionsConnector(Fetcher, Importer, Probed):
    """The corrections of one office's sites. Without a feed and a mailbox nothing is asked for."""

    SETTINGS: ClassVar[tuple[SettingField, ...]] = SETTINGS
    daily_budget: ClassVar[int] = 3_000

    def __init__(
        self,
        sites: str = "",
        feed_url: str = "",
        feed_items: str = "",
        feed_fields: str = "",
        feed_token: str = "",
        mail_host: str = "",
        mail_port: str = "993",
        mail_user: str = "",
        mail_password: str = "",
        mail_folder: str = "INBOX",
        mail_senders: str = "",
        mail_done: str = "",
        inside: str = "否",
        minutes: str = "15",
        *,
        transport: httpx.BaseTransport | None = None,
        open_mail: Opener = open_tls,
    ) -> None:
        self._sites = sites_of(sites)
        self._minutes = int(minutes)
        inner = inside == "是"
        if feed_url.startswith("http:") and not inner:
            raise ValueError("列表地址要用 https。只有政务内网的地址可以用 http")
        if mail_host and not (mail_user and mail_password):
            raise ValueError("填了收件邮箱服务器，也要填邮箱账号和密码")
        self._feed = feed.Feed(
            feed_url, feed_items, feed.mapping_of(feed_fields), feed_token, inner, transport
        )
        self._mailbox = Mailbox(
            mail_host, int(mail_port), mail_user, mail_password, mail_folder,
            tuple(one.lower() for one in re.split(r"[,，;；]", mail_senders) if one), mail_done, inner, open_mail,
        )  # fmt: skip

    @property
    def pause(self) -> timedelta:
        """As often as the office wants."""
        return timedelta(minutes=self._minutes)

    def rows(self, file_name: str, data: bytes) -> list[ImportRow]:
        """Read an exported file or a pasted text. Raises UnreadableFile."""
        return [remarked(row, self._sites) for row in import_rows(file_name, data, COLUMNS, message_of)]

    def fetch(
        self,
        cursor: Mapping[str, str],
        now: datetime,
        budget: int | None = None,
        token: str | None = None,
        hints: Sequence[Mapping[str, str]] = (),
    ) -> FetchResult:
        """The feed's new items and the mailbox's new mails. One that fails does not hold up the other."""
        items: list[RawItem] = []
        trouble: DeliveryError | None = None
        after, calls = dict(cursor), 0
        for source in (self._feed, self._mailbox):
            if not source.is_set:
                continue
            calls += 1
            try:
                brought, kept = source.fetch(after)
            except DeliveryError as failed:
                trouble = failed
                continue
            items += brought
            after |= kept
        if trouble is not None and not items and after == dict(cursor):
            raise trouble
        return FetchResult(tuple(items), after, calls, trouble)

    def read(self, body: bytes) -> list[IncomingMessage]:
        """Understand an item of the feed (wrapped in JSON by us) or a mail as it came. Raises PayloadError."""
        if not body.startswith(feed.WRAPPED):
            return mail.messages(body, self._sites)
        try:
            item = json.loads(body)["feed"]
        except (ValueError, KeyError, RecursionError):
            raise PayloadError("not an item") from None
        row = remarked(import_object(self._feed.named(item), COLUMNS, message_of), self._sites)
        if row.message is None:
            raise PayloadError("site is not ours" if "网站标识码" in (row.error or "") else "no item in it")
        return [row.message]

    def probe(self, now: datetime, token: str | None) -> tuple[Probe, ...]:
        """Ask the feed and look into the mailbox; nothing is marked or moved."""
        tried = []
        for name, source in (("列表地址", self._feed), ("收件邮箱", self._mailbox)):
            if not source.is_set:
                continue
            try:
                tried.append(Probe(name, True, source.look()))
            except DeliveryError as failed:
                tried.append(Probe(name, False, failed.message_zh))
        return tuple(tried)


def sites_of(words: str) -> dict[str, str]:
    """Identity code → name. Raises ValueError, in Chinese, where a part begins with no such code."""
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in re.split(r"[,，;；\n]", words))):
        code, _, name = part.partition(" ")
        if not re.fullmatch(SITE_CODE, code.lower()):
            raise ValueError(f"“{part[:20]}”不是网站标识码。标识码是 10 位数字，或 bm 加 8 位数字")
        found[code.lower()] = name.strip()
    return found
