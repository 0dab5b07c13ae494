"""What does a list of corrections at an address hold, in JSON or RSS, with the names its system gives?

Whoever may set the address could otherwise make this machine call its neighbours: the address is https and
public, unless the office says that it stands in the government's own network.
"""

import calendar
import hashlib
import io
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import feedparser
import httpx

from connectors import calls
from connectors.addresses import may_call
from connectors.contract import RawItem
from connectors.errors import DeliveryError
from connectors.labels import shown

WRAPPED = b'{"feed": '
LONGEST = 5_000_000
MOST_ITEMS = 500
SECONDS = 20.0
OF_RSS: Mapping[str, str] = {
    "text": "summary", "number": "id", "page_url": "link", "sent_at": "published", "category": "tag"
}  # fmt: skip
"""What an RSS entry calls our columns, unless the office says otherwise. An entry without a summary has its
words in the title."""


def mapping_of(words: str) -> dict[str, str]:
    """Our column → the name in the list, out of "问题描述=content,网站标识码=siteCode". Raises ValueError."""
    found = {}
    for part in filter(None, (one.strip() for one in re.split(r"[,，;；\n]", words))):
        ours, equals, theirs = (one.strip() for one in part.partition("="))
        if not (ours and equals and theirs):
            raise ValueError(f"“{part[:20]}”不对。字段对应写成“问题描述=content”，用逗号分开")
        found[ours] = theirs
    return found


@dataclass(frozen=True)
class Feed:
    """``path`` leads to the list in a JSON object; ``names`` is our column → its name there."""

    url: str
    path: str
    names: Mapping[str, str]
    token: str
    inside: bool
    transport: httpx.BaseTransport | None

    @property
    def is_set(self) -> bool:
        """Whether there is a feed at all."""
        return bool(self.url)

    def fetch(self, cursor: Mapping[str, str]) -> tuple[list[RawItem], dict[str, str]]:
        """The items, unless the list is the very one of last time. Raises DeliveryError."""
        data = self._get()
        digest = hashlib.sha256(data).hexdigest()
        if cursor.get("feed") == digest:
            return [], {}
        return [_raw(item) for item in self._items(data)], {"feed": digest}

    def look(self) -> str:
        """Say how many items are there. Raises DeliveryError."""
        return f"能读到列表，现在有 {len(self._items(self._get()))} 条"

    def named(self, item: Any) -> dict[str, object]:
        """An item under our columns' names; what has none keeps its own."""
        flat = _flat(item) if isinstance(item, dict) else {}
        names = {**OF_RSS, **self.names} if flat.get("rss") else self.names
        found = {ours: flat[theirs] for ours, theirs in names.items() if flat.get(theirs)}
        if flat.get("rss") and not found.get("text"):
            found["text"] = flat.get("title", "")
        rest = {
            name: value for name, value in flat.items() if name not in found and name not in names.values()
        }
        return {**found, **rest}

    def _get(self) -> bytes:
        headers = {"Accept": "application/json, application/rss+xml, application/atom+xml, application/xml"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        got = calls.fetch_file(
            self.url,
            headers=headers,
            longest=LONGEST,
            transport=self.transport,
            total_seconds=SECONDS,
            may_reach=partial(may_call, inside=self.inside),
        )
        if got.status != 200:
            words = f"列表地址的回应是 {got.status}。请核对地址和访问令牌。"
            raise DeliveryError("stop", f"http_{got.status}", "", words)
        return got.data

    def _items(self, data: bytes) -> list[dict[str, Any]]:
        items = _from_rss(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else self._from_json(data)
        return items[:MOST_ITEMS]

    def _from_json(self, data: bytes) -> list[dict[str, Any]]:
        try:
            found = json.loads(data.decode("utf-8-sig"))
            for step in filter(None, self.path.split(".")):
                found = found[int(step)] if isinstance(found, list) else found[step]
        except (ValueError, LookupError, TypeError, RecursionError):
            found = None
        if not isinstance(found, list):
            words = "列表地址给的不是 JSON 列表或 RSS，或“列表在哪一项”填得不对。"
            raise DeliveryError("stop", "not_a_list", "", words)
        return [one for one in found if isinstance(one, dict)]


def _from_rss(data: bytes) -> list[dict[str, Any]]:
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data[:100_000], re.IGNORECASE):
        raise DeliveryError("stop", "doctype", "", "列表里有 RSS 不该有的声明，没有读。请核对地址。")
    entries = feedparser.parse(io.BytesIO(data), sanitize_html=False).entries
    if not entries and b"<rss" not in data and b"<feed" not in data and b"<rdf" not in data.lower():
        raise DeliveryError("stop", "not_a_feed", "", "列表地址给的是网页，不是 RSS。请核对地址。")
    return [_entry(entry) for entry in entries]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with its times as ISO 8601 (feedparser gives them in UTC) and its markup taken out."""
    plain: dict[str, Any] = {"rss": "1"}
    for name, value in entry.items():
        if isinstance(value, str):
            plain[name] = shown(value)[0].strip() if "<" in value else value
        elif isinstance(value, time.struct_time) and name.endswith("_parsed"):
            plain[name.removesuffix("_parsed")] = datetime.fromtimestamp(
                calendar.timegm(value), UTC
            ).isoformat()
    if entry.get("tags"):
        plain["tag"] = str(entry["tags"][0].get("term") or "")
    return plain


def _raw(item: dict[str, Any]) -> RawItem:
    body = WRAPPED + json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"}"
    return RawItem("feed:" + hashlib.sha256(body).hexdigest(), body)


def _flat(item: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    """{"site": {"code": 1}} as {"site.code": "1"}; instants counted in seconds or milliseconds as ISO 8601."""
    found: dict[str, Any] = {}
    for name, value in item.items():
        key = f"{before}{name}"
        if isinstance(value, dict) and depth < 4:
            found |= _flat(value, f"{key}.", depth + 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[key] = _counted(key, value)
        elif isinstance(value, str):
            found[key] = value
    return found


def _counted(key: str, value: float) -> str:
    seconds = value / 1000 if value > 1e11 else value
    is_time = re.search(r"time|date|_at$|时间|日期|时限", key, re.IGNORECASE) and 1e9 < seconds < 4e9
    return datetime.fromtimestamp(seconds, UTC).isoformat() if is_time else str(value)
