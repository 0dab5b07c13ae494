"""What did people write below our videos? A listed comment, or one that was pushed, becomes a message.

Source: developer.open-douyin.com, comment-management-user/comment-list, develop/webhooks/summarize.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract import IncomingMessage
from connectors.errors import PayloadError, UnsupportedEvent

COMMENT_EVENT = "item_comment_reply"
VERIFY_EVENT = "verify_webhook"


def read_body(body: bytes, own_id: str) -> list[IncomingMessage]:
    """One kept comment, or one push. The question by which an address is verified is no message."""
    data = json_object(body)
    if "event" not in data:
        return [_comment(_object(data.get("comment")), data.get("item_id"), own_id)]
    event = data["event"]
    if event == VERIFY_EVENT:
        return []
    if event != COMMENT_EVENT:
        raise UnsupportedEvent(re.sub(r"[^a-z0-9_]", "", str(event).lower())[:60] or "unnamed")
    told = content_of(data)
    return [_comment(told, told.get("reply_to_item_id", told.get("item_id")), own_id)]


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises PayloadError."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PayloadError("not JSON") from None
    return dict(_object(data))


def content_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of a push: an object, or (in most events) an object written as text."""
    content = data.get("content")
    return (
        json_object(content.encode("utf-8", "surrogatepass"))
        if isinstance(content, str)
        else _object(content)
    )


def _comment(told: Mapping[str, Any], item_id: Any, own_id: str) -> IncomingMessage:
    comment_id, sender = _id(told.get("comment_id")), told.get("comment_user_id")
    text = told.get("content")
    return IncomingMessage(
        platform="douyin",
        external_id=f"comment:{comment_id}",
        kind="comment",
        sender=sender if isinstance(sender, str) and sender else None,
        text=text if isinstance(text, str) else "",
        sent_at=instant(told.get("create_time")),
        thread={"item_id": _id(item_id), "comment_id": comment_id},
        is_question=sender != own_id,  # our own answers come back in the same list
    )


def instant(value: Any) -> datetime:
    """Seconds since 1970 as UTC. Raises PayloadError."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{9,10}", digits):
        raise PayloadError("create_time is no time")
    return datetime.fromtimestamp(int(digits), UTC)


def _id(value: Any) -> str:
    """Ids are Base64 behind an @, or digits. Raises PayloadError."""
    if not isinstance(value, str) or not re.fullmatch(r"@?[A-Za-z0-9+/_=-]{1,200}", value):
        raise PayloadError("no id")
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PayloadError("not an object")
    return value
