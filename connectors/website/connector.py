"""What does a letter from the government site say? The app's form and API hand it over as JSON.

    {"id": "…", "title": "…", "text": "…", "name": "…", "contact": "…", "category": "…",
     "page_url": "https://…", "public": true, "sent_at": "2026-11-20T09:31:02+08:00"}

``id`` and ``text`` must be there; a file of such lines (.jsonl, or a table with headers) can be imported.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from connectors.contract import Importer, ImportRow, IncomingMessage, Reader, SettingField
from connectors.errors import PayloadError
from connectors.tables import Column, Row, import_rows
from connectors.website import signing

MAX_TEXT = 20_000
LIMITS = {"id": 100, "title": 200, "name": 60, "contact": 120, "category": 60, "page_url": 2000}
"""Longest value of each short field, in characters."""

# fmt: off
COLUMNS = (
    Column("id",       ("来信编号", "编号", "信件编号", "流水号"), "code", required=True),
    Column("title",    ("标题", "主题", "来信标题")),
    Column("text",     ("来信内容", "内容", "正文", "留言内容"), required=True),
    Column("name",     ("姓名", "来信人", "写信人", "联系人")),
    Column("contact",  ("联系方式", "联系电话", "手机", "电话", "邮箱"), "code"),
    Column("category", ("来信类型", "类型", "类别", "分类")),
    Column("page_url", ("相关网页", "网址", "url"), "url"),
    Column("public",   ("是否公开", "公开", "是否同意公开"), "yes_no"),
    Column("sent_at",  ("来信时间", "提交时间", "写信时间"), "instant"),
)
# fmt: on


class WebsiteConnector(Reader, Importer):
    """Letters to one office. ``embed_on``: origins of the office's own pages that may show our form."""

    SETTINGS: ClassVar[tuple[SettingField, ...]] = (
        SettingField("hmac_key", "接口签名密钥", secret=True, required=False, pattern=r"[!-~]{24,200}",
            help="填了以后，网站通过接口送来的信除了令牌还要签名。24 个以上的字母、数字或符号"),
        SettingField("embed_on", "哪些网站可以嵌入写信表单", required=False,
            pattern=r"https://[a-z0-9.\-]+(:\d{1,5})?([,，;； ]+https://[a-z0-9.\-]+(:\d{1,5})?){0,19}",
            help="写网址的开头，如 https://www.yunze.gov.cn，用逗号分开。不填就不能嵌入"),
    )  # fmt: skip

    def __init__(self, hmac_key: str = "", embed_on: str = "") -> None:
        self._key = hmac_key
        self.embed_on = tuple(filter(None, re.split(r"[,，;； ]+", embed_on)))

    def prove(self, headers: Mapping[str, str], idempotency_key: str, body: bytes, now: datetime) -> None:
        """Where the office shares a key with its site, only letters signed with it are taken.

        Raises SignatureError.
        """
        if self._key:
            given = headers.get(signing.SIGNATURE, "")
            signing.check(self._key, headers.get(signing.TIMESTAMP, ""), idempotency_key, body, given, now)

    def read(self, body: bytes) -> list[IncomingMessage]:
        """Read one letter. Raises PayloadError."""
        return [_letter(_object(body))]

    def rows(self, file_name: str, data: bytes) -> list[ImportRow]:
        """Read a file of letters. Raises UnreadableFile."""
        return import_rows(file_name, data, COLUMNS, _from_row)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PayloadError("not JSON") from None
    if not isinstance(data, dict):
        raise PayloadError("not an object")
    return data


def _letter(data: dict[str, Any]) -> IncomingMessage:
    short = {name: _short(data, name, limit) for name, limit in LIMITS.items()}
    text = data.get("text")
    if not short["id"] or not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        raise PayloadError("no id or no text")
    public = data.get("public", True)
    if not isinstance(public, bool):
        raise PayloadError("public is neither true nor false")
    return _message(short, text, _sent_at(data.get("sent_at")), public)


def _from_row(row: Row) -> IncomingMessage:
    texts = row.texts
    short = {name: texts.get(name, "")[:limit] for name, limit in LIMITS.items()}
    return _message(short, texts["text"], row.instants.get("sent_at"), texts.get("public", "是") == "是")


def _message(short: dict[str, str], text: str, sent_at: datetime | None, public: bool) -> IncomingMessage:
    url = short["page_url"]
    return IncomingMessage(
        platform="website",
        external_id=short["id"],
        kind="letter",
        sender=None,
        title=short["title"],
        text=text,
        sent_at=sent_at,
        contact=short["contact"] or None,
        name=short["name"] or None,
        page_url=url if re.match(r"https?://", url) else None,
        category=short["category"] or None,
        public_consent=public,
    )


def _short(data: dict[str, Any], name: str, limit: int) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise PayloadError(f"{name} is no short text")
    return value.strip()


def _sent_at(value: object) -> datetime | None:
    """ISO 8601 with a zone, as UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise PayloadError("sent_at is no time") from None
    if moment.tzinfo is None:
        raise PayloadError("sent_at has no zone")
    return moment.astimezone(UTC)
