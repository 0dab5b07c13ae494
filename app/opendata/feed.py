"""Where in the change feed is a reader, what does a line of it say, and how do Atom and JSON Feed say it?

Model: OAI-PMH's deleted records and RFC 6721's deleted entries. A withdrawn item stays in the feed as
key, time and coded reason, so that whoever kept a copy can prove to have deleted it (beyond 9).
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

from app.base.errors import Invalid
from app.opendata.formats import plain


class ChangeKind(StrEnum):
    """What happened to an item."""

    CREATED = "created"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


KIND_LABELS: Mapping[ChangeKind, str] = {
    ChangeKind.CREATED: "新增",
    ChangeKind.CHANGED: "修改",
    ChangeKind.WITHDRAWN: "撤下",
}
_CURSOR = re.compile(r"^c1:([a-z]{1,20}):(\d{1,15})$", re.ASCII)


def cursor(dataset: str, position: int) -> str:
    """The opaque place after change number ``position`` of a data set; 0 is the beginning."""
    return base64.urlsafe_b64encode(f"c1:{dataset}:{position}".encode()).decode().rstrip("=")


def position(dataset: str, text: str) -> int:
    """The change number a cursor stands for; the beginning for none.

    Raises `Invalid` for what was never given out, or belongs to another data set.
    """
    if not text:
        return 0
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raw = ""
    found = _CURSOR.match(raw)
    if not found or found[1] != dataset:
        raise Invalid("这个 cursor 不对。请用上一次返回的 next，或者不带 cursor 从头取", field="cursor")
    return int(found[2])


@dataclass(frozen=True)
class Line:
    """One change; ``data`` is the present row, None once it is gone."""

    kind: ChangeKind
    key: str
    at: datetime
    reason: str = ""
    data: Mapping[str, Any] | None = None


def item(line: Line) -> dict[str, Any]:
    """A line of the feed as JSON. A withdrawal carries key, time and reason code, and nothing else."""
    told: dict[str, Any] = {"kind": line.kind.value, "key": line.key, "at": plain(line.at)}
    if line.kind is ChangeKind.WITHDRAWN:
        return {**told, "reason": line.reason}
    return {**told, "data": line.data}


@dataclass(frozen=True)
class Entry:
    """A public case in the Atom feed; ``deleted_at`` set: only that it is gone."""

    key: str
    url: str
    updated_at: datetime
    title: str = ""
    summary: str = ""
    author: str = ""
    category: str = ""
    published_at: datetime | None = None
    deleted_at: datetime | None = None
    reason: str = ""


ATOM = "http://www.w3.org/2005/Atom"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def xml_text(text: str) -> str:
    """A text without the characters XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)


def atom(
    title: str, author: str, home: str, address: str, updated_at: datetime, entries: Iterable[Entry]
) -> bytes:
    """An Atom feed (RFC 4287) with deleted entries (RFC 6721), UTF-8."""
    ElementTree.register_namespace("", ATOM)
    ElementTree.register_namespace("at", TOMBSTONES)
    root = ElementTree.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "zh-CN"})
    _add(root, "id", address)
    _add(root, "title", title)
    _add(root, "updated", plain(updated_at))
    _add(_add(root, "author"), "name", author)
    _add(root, "link", rel="self", href=address, type="application/atom+xml")
    _add(root, "link", rel="alternate", href=home, type="text/html")
    for entry in entries:
        _deleted(root, entry) if entry.deleted_at else _entry(root, entry)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: ElementTree.Element, entry: Entry) -> None:
    node = _add(root, "entry")
    _add(node, "id", entry.url)
    _add(node, "title", entry.title)
    _add(node, "link", rel="alternate", href=entry.url, type="text/html")
    _add(node, "published", plain(entry.published_at or entry.updated_at))
    _add(node, "updated", plain(entry.updated_at))
    _add(_add(node, "author"), "name", entry.author or "—")
    if entry.category:
        _add(node, "category", term=entry.category)
    _add(node, "summary", entry.summary)


def _deleted(root: ElementTree.Element, entry: Entry) -> None:
    ElementTree.SubElement(
        root, f"{{{TOMBSTONES}}}deleted-entry", {"ref": entry.url, "when": plain(entry.deleted_at)}
    )


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    node = ElementTree.SubElement(
        parent, f"{{{ATOM}}}{name}", {key: xml_text(value) for key, value in attributes.items()}
    )
    if text:
        node.text = xml_text(text)
    return node


# ------------------------------------------------------------------ JSON Feed

JSON_FEED = "https://jsonfeed.org/version/1.1"


def json_feed(title: str, author: str, home: str, address: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """The same entries as a JSON Feed 1.1; withdrawals in an extension of ours, since it knows none."""
    told = list(entries)
    return {
        "version": JSON_FEED,
        "title": title,
        "home_page_url": home,
        "feed_url": address,
        "language": "zh-CN",
        "authors": [{"name": author}],
        "items": [_feed_item(entry) for entry in told if not entry.deleted_at],
        "_huiying": {
            "about": f"{home.removesuffix('/cases')}/data#changes",
            "withdrawn": [
                {"id": entry.url, "at": plain(entry.deleted_at), "reason": entry.reason}
                for entry in told
                if entry.deleted_at
            ],
        },
    }


def _feed_item(entry: Entry) -> dict[str, Any]:
    item = {
        "id": entry.url,
        "url": entry.url,
        "title": entry.title,
        "content_text": entry.summary,
        "date_published": plain(entry.published_at or entry.updated_at),
        "date_modified": plain(entry.updated_at),
        "authors": [{"name": entry.author or "—"}],
    }
    return item | ({"tags": [entry.category]} if entry.category else {})
