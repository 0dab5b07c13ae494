"""What did the citizen send? An opened WeChat push becomes one message.

Every kind is kept, the unknown ones too. Fields are read from the XML as sent; wechatpy's message classes
name them. Source: developers.weixin.qq.com, "receive ordinary messages" and "receive event pushes".
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from wechatpy.messages import MESSAGE_TYPES

from connectors.contract import IncomingAttachment, IncomingMessage
from connectors.errors import PayloadError
from connectors.wechat.events import told_by
from connectors.xml_fields import Node, tree_of

Parts = dict[str, Any]


def read_message(opened: str, original_id: str) -> IncomingMessage:
    """Read one opened push. Raises PayloadError where it cannot be a message to this account."""
    tree = tree_of(opened)
    fields = {name: "" if node.children else node.text for name, node in tree.children}
    if fields.get("ToUserName") != original_id:
        raise PayloadError("for another account")
    sender = fields.get("FromUserName", "").strip()
    msg_type = fields.get("MsgType", "").strip().lower()
    if not sender or not re.fullmatch(r"[a-z0-9_]{1,40}", msg_type):
        raise PayloadError("no sender or no kind")
    sent_at = _instant(fields.get("CreateTime", ""))
    if msg_type == "event":
        return _event(tree, sender, sent_at)
    parts = _parts(msg_type, fields)
    extra = {**_some(fields, msg_data_id="MsgDataId", idx="Idx"), **parts.pop("extra", {})}
    return IncomingMessage(
        platform="wechat",
        external_id=_message_id(fields, opened),
        sender=sender,
        sent_at=sent_at,
        thread=_some(fields, msg_data_id="MsgDataId", idx="Idx"),
        opens_window=True,
        extra=extra,
        **parts,
    )


def _parts(msg_type: str, fields: Mapping[str, str]) -> Parts:
    """What differs from kind to kind."""
    reader = READERS.get(msg_type)
    if reader is None:
        return {"kind": f"unknown:{msg_type}", "text": f"〔暂不支持的消息：{msg_type}〕"}
    return reader(MESSAGE_TYPES[msg_type](dict(fields)), fields)


def _text(message: Any, fields: Mapping[str, str]) -> Parts:
    # Not message.content: blank text would come back as an empty default.
    return {"kind": "text", "text": fields.get("Content", "")}


def _image(message: Any, fields: Mapping[str, str]) -> Parts:
    attachment = IncomingAttachment("image", message.media_id or None, message.image or None)
    return {"kind": "image", "text": "〔图片〕", "attachments": (attachment,)}


def _voice(message: Any, fields: Mapping[str, str]) -> Parts:
    suffix = re.sub(r"[^a-z0-9]", "", (message.format or "").lower())[:8]
    attachment = IncomingAttachment(
        "voice", message.media_id or None, None, f"voice.{suffix}" if suffix else None
    )
    heard = (message.recognition or "").strip()
    extra = {**({"recognised": "yes"} if heard else {}), **_some(fields, media_id_16k="MediaId16K")}
    return {"kind": "voice", "text": heard or "〔语音〕", "attachments": (attachment,), "extra": extra}


def _video(message: Any, fields: Mapping[str, str]) -> Parts:
    attachments = tuple(
        IncomingAttachment(kind, media_id, None)
        for kind, media_id in (("video", message.media_id), ("thumbnail", message.thumb_media_id))
        if media_id
    )
    text = "〔小视频〕" if message.type == "shortvideo" else "〔视频〕"
    return {"kind": "video", "text": text, "attachments": attachments}


def _location(message: Any, fields: Mapping[str, str]) -> Parts:
    extra = _some(fields, latitude="Location_X", longitude="Location_Y", scale="Scale")
    return {"kind": "location", "text": f"〔位置〕{fields.get('Label', '').strip()}", "extra": extra}


def _link(message: Any, fields: Mapping[str, str]) -> Parts:
    lines = [line for line in (message.title or "", message.description or "") if line]
    attachment = IncomingAttachment("link", None, message.url or None)
    return {
        "kind": "link",
        "title": message.title or "",
        "text": "〔链接〕" + "\n".join(lines),
        "attachments": (attachment,),
    }


READERS: dict[str, Callable[[Any, Mapping[str, str]], Parts]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}
"""One reader per kind of ordinary message."""


def _event(tree: Node, sender: str, sent_at: datetime) -> IncomingMessage:
    """An event is kept and opens no case. Only messages open the 48-hour window; what a subscription
    or a menu click allows lasts one minute, which no reviewed reply can meet."""
    told = told_by(tree)
    same = (sender, tree.at("CreateTime"), told.name, tree.at("EventKey"), tree.at("MsgID"), *told.key)
    return IncomingMessage(
        platform="wechat",
        # No MsgId here. Two different events can share a second: name and key are part of what it is.
        external_id="event:" + _digest(*same),
        kind=f"event:{told.name}",
        # 撤回授权 names the person it is about in OpenID.
        sender=tree.at("OpenID").strip() or sender,
        text=told.text,
        sent_at=sent_at,
        is_question=False,
        extra=told.extra,
        notice=told.notice,
        revoked=told.revoked,
    )


def _message_id(fields: Mapping[str, str], opened: str) -> str:
    """WeChat's MsgId; for a kind that comes without one, what was sent."""
    given = fields.get("MsgId", "").strip()
    if re.fullmatch(r"[0-9]{1,20}", given):
        return given
    return "body:" + _digest(opened)


def _instant(create_time: str) -> datetime:
    """Seconds (some senders: milliseconds) since 1970, UTC."""
    digits = create_time.strip()
    if not re.fullmatch(r"[0-9]{9,10}|[0-9]{13}", digits):
        raise PayloadError("CreateTime is no time")
    return datetime.fromtimestamp(int(digits) / (1000 if len(digits) == 13 else 1), UTC)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:40]


def _some(fields: Mapping[str, str], **names: str) -> dict[str, str]:
    """Those of the named fields that are there, under our names."""
    return {ours: fields[theirs] for ours, theirs in names.items() if fields.get(theirs)}
