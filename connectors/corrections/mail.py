"""Which corrections are in a forwarded mail: in its table files, the tables of its page, or its text?"""

import email
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime

from connectors.contract import ImportRow, IncomingMessage
from connectors.corrections.items import COLUMNS, message_of, remarked
from connectors.errors import PayloadError, UnreadableFile
from connectors.labels import shown
from connectors.tables import import_grid, import_rows

FILES = (".xlsx", ".csv", ".jsonl", ".txt")
MOST_PARTS = 60
LONGEST_WORDS = 20_000


def messages(raw: bytes, sites: Mapping[str, str]) -> list[IncomingMessage]:
    """Every correction in a mail. Raises PayloadError where there is nothing to read at all.

    1. Table files. 2. Tables in the page. 3. "label: value" lines. 4. Otherwise the mail itself is one item:
    a person reads it. A row that cannot be read becomes an item that says so: nothing a citizen wrote is
    left behind in an attachment.
    """
    mail = email.message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)  # by its policy
    own = hashlib.sha256(
        str(mail.get("Message-ID") or "").encode("utf-8", "replace") + raw[:200_000]
    ).hexdigest()
    rows = list(_rows(mail))
    sent_at = _sent_at(mail)
    found = []
    for place, row in enumerate(rows):
        checked = remarked(row, sites)
        if checked.message is not None:
            found.append(_dated(checked.message, sent_at))
        elif "网站标识码" not in (checked.error or ""):
            words = f"邮件“{_subject(mail)}”里第 {row.number} 行读不出来：{row.error}请打开邮件核对。"
            found.append(_whole(f"mail:{own[:32]}:{place}", words, sent_at))
    if rows and not found:
        raise PayloadError("site is not ours")
    if found:
        return found
    text = _text(mail)
    if not text.strip() and not _subject(mail):
        raise PayloadError("an empty mail")
    words = f"{_subject(mail)}\n{text}".strip()[:LONGEST_WORDS]
    return [_whole(f"mail:{own[:32]}", words, sent_at)]


def _rows(mail: EmailMessage) -> Iterator[ImportRow]:
    """The rows of the first of file, page and text that has any."""
    for rows in (_from_files(mail), _from_tables(mail), _from_text(mail)):
        if rows:
            yield from rows
            return


def _from_files(mail: EmailMessage) -> list[ImportRow]:
    rows: list[ImportRow] = []
    for part in list(mail.walk())[:MOST_PARTS]:
        name = str(part.get_filename() or "")
        if not name.lower().endswith(FILES):
            continue
        data = part.get_payload(decode=True)
        try:
            rows += import_rows(name, data if isinstance(data, bytes) else b"", COLUMNS, message_of)
        except UnreadableFile as error:
            rows.append(ImportRow(0, None, f"附件“{name[:60]}”没有读：{error.message_zh}"))
    return rows


def _from_tables(mail: EmailMessage) -> list[ImportRow]:
    page = mail.get_body(("html",))
    rows: list[ImportRow] = []
    for table in shown(_content(page))[1] if page is not None else ():
        try:
            rows += import_grid(table, COLUMNS, message_of)
        except UnreadableFile:
            continue  # a table that lays out the page
    return rows


def _from_text(mail: EmailMessage) -> list[ImportRow]:
    try:
        return import_rows("邮件.txt", _text(mail).encode("utf-8", "replace"), COLUMNS, message_of)
    except UnreadableFile:
        return []


def _text(mail: EmailMessage) -> str:
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    text = _content(plain) if plain is not None else ""
    return text if text.strip() or page is None else shown(_content(page))[0]


def _content(part: object) -> str:
    """The words of a part. Chinese mails name GB2312 and mean GB18030; some name nothing that exists."""
    assert isinstance(part, EmailMessage)
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    named = (part.get_content_charset() or "utf-8").lower()
    for charset in ("gb18030" if named.startswith("gb") else named, "utf-8", "gb18030"):
        try:
            return raw.decode(charset).replace("\r\n", "\n").replace("\x00", "")
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", "replace")


def _subject(mail: EmailMessage) -> str:
    return re.sub(r"\s+", " ", str(mail.get("Subject") or "")).strip()[:200]


def _sent_at(mail: EmailMessage) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(mail.get("Date") or ""))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _dated(message: IncomingMessage, sent_at: datetime | None) -> IncomingMessage:
    """Without a time of its own an item is as old as the mail that brought it."""
    return message if message.sent_at or sent_at is None else replace(message, sent_at=sent_at)


def _whole(key: str, words: str, sent_at: datetime | None) -> IncomingMessage:
    return IncomingMessage(
        platform="corrections", external_id=key, kind="correction", sender=None, text=words, sent_at=sent_at
    )
