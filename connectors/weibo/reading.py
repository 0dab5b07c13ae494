"""What did the citizen write on Weibo? A comment, a post that mentions us, or a private message pushed to us
becomes a message.

Source: open.weibo.com/wiki, 2/comments/to_me, 2/statuses/mentions, Receive_General_Message, 接收事件推送.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.contract import IncomingAttachment, IncomingMessage, Notice
from connectors.errors import PayloadError

# fmt: off
MONTHS = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
          "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12}
# fmt: on
"""Weibo writes English dates; strptime would read them only where the server speaks English."""

CREATED_AT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2}) (\d{4})"
)

EVENTS: dict[str, str] = {
    "follow": "关注",
    "unfollow": "取消关注",
    "subscribe": "订阅私信",
    "unsubscribe": "取消订阅私信",
    "scan": "扫描二维码",
    "scan_follow": "扫码关注",
    "click": "点击菜单",
    "view": "点击菜单链接",
    "mention": "在微博中提到我们",
}
"""Events pushed by the fan-service platform. Others are kept under their name."""

NOTICES: dict[str, Notice] = {
    "follow": Notice.BACK,
    "scan_follow": Notice.BACK,
    "subscribe": Notice.BACK,
    "unfollow": Notice.LEFT,
    "unsubscribe": Notice.LEFT,
}
"""Events after which something must be done. Private messages reach followers only."""

NO_WINDOW = frozenset({"event:unfollow", "event:unsubscribe", "event:mention", "unknown:mention"})
"""Kinds that give no 48 hours in private. A mention would allow a single message; it is answered in public,
below the post, where it was written."""

PLACEHOLDERS = {"image": "〔图片〕", "voice": "〔语音〕", "position": "〔位置〕"}
KINDS = {"text": "text", "image": "image", "voice": "voice", "position": "location"}


def read_body(body: bytes, own_uid: str) -> IncomingMessage:
    """Read one comment, one post or one push. Raises PayloadError."""
    data = json_object(body)
    if "mentioned_in" in data:
        return _mention(_object(data, "mentioned_in"), own_uid)
    return _pushed(data, own_uid) if "receiver_id" in data else _comment(data, own_uid)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises PayloadError."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PayloadError("not JSON") from None
    if not isinstance(data, dict):
        raise PayloadError("not an object")
    return data


def instant(created_at: object) -> datetime:
    """ "Fri Nov 20 09:31:02 +0800 2026" as UTC. Raises PayloadError."""
    found = CREATED_AT.fullmatch(created_at) if isinstance(created_at, str) else None
    if found is None or found[1] not in MONTHS:
        raise PayloadError("created_at is no time")
    month, day, hour, minute, second, sign, zone_hours, zone_minutes, year = found.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(
            int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=timezone(offset)
        )
    except ValueError:
        raise PayloadError("created_at is no time") from None
    return local.astimezone(UTC)


def id_of(value: object) -> str:
    """An id as text. They are near 2^53: one that went through a float is no longer the same.
    Raises PayloadError."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise PayloadError("no id")
    return text


def _comment(data: Mapping[str, Any], own_uid: str) -> IncomingMessage:
    comment_id = id_of(data.get("idstr") or data.get("id"))
    status = _object(data, "status")
    user = _object(data, "user")
    sender = id_of(user.get("idstr") or user.get("id")) if user else None
    thread = {"cid": comment_id}
    if status.get("idstr") or status.get("id"):
        thread["id"] = id_of(status.get("idstr") or status.get("id"))
    answered = _object(data, "reply_comment")
    extra = {
        "source": _plain(data.get("source")),
        "post": _text(status.get("text"))[:200],
        "in_reply_to": id_of(answered.get("idstr") or answered.get("id")) if answered else "",
    }
    return IncomingMessage(
        platform="weibo",
        external_id=f"comment:{comment_id}",
        kind="comment",
        sender=sender,
        name=_text(user.get("screen_name")) or None,
        text=_text(data.get("text")),
        sent_at=instant(data.get("created_at")),
        thread=thread,
        is_question=sender != own_uid,  # our own answers come back in the same list
        extra={name: value for name, value in extra.items() if value},
    )


def _mention(data: Mapping[str, Any], own_uid: str) -> IncomingMessage:
    """A post that mentions us, with what it passes on; a reply is a comment below it."""
    status_id = id_of(data.get("idstr") or data.get("id"))
    user = _object(data, "user")
    sender = id_of(user.get("idstr") or user.get("id")) if user else None
    passed_on = _text(_object(data, "retweeted_status").get("text"))
    extra = {"source": _plain(data.get("source")), "passed_on": passed_on[:200]}
    return IncomingMessage(
        platform="weibo",
        external_id=f"mention:{status_id}",
        kind="mention",
        sender=sender,
        name=_text(user.get("screen_name")) or None,
        text=_text(data.get("text")),
        sent_at=instant(data.get("created_at")),
        thread={"id": status_id},
        is_question=sender != own_uid,
        extra={name: value for name, value in extra.items() if value},
    )


def _pushed(data: Mapping[str, Any], own_uid: str) -> IncomingMessage:
    sender, receiver = id_of(data.get("sender_id")), id_of(data.get("receiver_id"))
    if receiver != own_uid:
        raise PayloadError("for another account")
    name = data.get("type")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_@-]{1,40}", name):
        raise PayloadError("no kind")
    more = _object(data, "data")
    kind, text = _kind_and_text(name, _text(data.get("text")), more)
    is_event = kind.startswith("event:")
    return IncomingMessage(
        platform="weibo",
        # No message id, and created_at is a second: two different messages in one second must differ.
        external_id="private:" + _digest(receiver, sender, data.get("created_at"), name, text, more),
        kind=kind,
        sender=sender,
        text=text,
        sent_at=instant(data.get("created_at")),
        thread={"private": sender},
        attachments=_attachments(name, more),
        is_question=not is_event,
        opens_window=kind not in NO_WINDOW,
        notice=NOTICES.get(kind.removeprefix("event:")) if is_event else None,
        extra={key: str(more[key]) for key in ("longitude", "latitude", "key") if more.get(key)},
    )


def _kind_and_text(name: str, text: str, more: Mapping[str, Any]) -> tuple[str, str]:
    if name == "event":
        subtype = re.sub(r"[^a-z0-9_]", "", str(more.get("subtype", "")).lower())[:40] or "unnamed"
        return f"event:{subtype}", f"〔{EVENTS.get(subtype, '事件 ' + subtype)}〕"
    if name not in KINDS:
        return f"unknown:{name.lower()}", text or f"〔暂不支持的消息：{name}〕"
    return KINDS[name], PLACEHOLDERS.get(name, text)


def _attachments(name: str, more: Mapping[str, Any]) -> tuple[IncomingAttachment, ...]:
    """``tovfid`` is the file as the receiver may fetch it."""
    if name not in ("image", "voice") or not more.get("tovfid"):
        return ()
    return (IncomingAttachment(name, str(more["tovfid"]), None),)


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; an empty one where it is missing (deleted posts and people have none)."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _plain(value: object) -> str:
    """ "source" is a link in HTML: keep its words."""
    return html.unescape(re.sub(r"<[^>]{0,500}>", "", _text(value)[:1000]))[:60]


def _digest(*parts: object) -> str:
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
