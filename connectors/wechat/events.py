"""What does an event of WeChat tell us, and what must be done because of it?

An event is kept and opens no case. Names and fields differ in case from page to page of the platform.
Source: developers.weixin.qq.com, "receive event pushes", "custom menu event pushes", Callback_on_finish,
authorization_change (service account), "subscription notifications".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from connectors.contract import Notice
from connectors.errors import PayloadError
from connectors.xml_fields import Node

Path = tuple[str, ...]
Fields = dict[str, Path]


@dataclass(frozen=True)
class Event:
    """``label`` is what people see, ``fields`` are kept under our names, ``lists`` are repeated groups of
    fields (where they stand, and which), kept as JSON; ``notice`` is what must be done."""

    label: str
    fields: Fields = field(default_factory=dict)
    lists: Mapping[str, tuple[Path, Fields]] = field(default_factory=dict)
    notice: Notice | None = None


def _at(*names: str, **renamed: str) -> Fields:
    """Fields at the top, by their own names in our spelling, or renamed (ours = theirs)."""
    own = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): (name,) for name in names}
    return {**own, **{ours: (theirs,) for ours, theirs in renamed.items()}}


KEY: Fields = _at("EventKey")
SCANNED: Fields = KEY | {
    "scan_type": ("ScanCodeInfo", "ScanType"), "scan_result": ("ScanCodeInfo", "ScanResult"),
}  # fmt: skip
PICTURES: Fields = KEY | {"count": ("SendPicsInfo", "Count")}
PICTURE: Mapping[str, tuple[Path, Fields]] = {
    "pictures": (("SendPicsInfo", "PicList", "item"), {"md5": ("PicMd5Sum",)}),
}
CHOSEN: Fields = KEY | {
    ours: ("SendLocationInfo", theirs)
    for ours, theirs in {
        "latitude": "Location_X", "longitude": "Location_Y", "scale": "Scale", "label": "Label",
        "poi_name": "Poiname",
    }.items()
}  # fmt: skip
WITHDRAWN: Fields = _at(revoke_info="RevokeInfo", app_id="AppID")
PUBLISHED: Fields = {
    name: ("PublishEventInfo", name) for name in ("publish_id", "publish_status", "article_id")
} | {"count": ("PublishEventInfo", "article_detail", "count")}
MASS: Fields = _at(
    "Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount", msg_id="MsgID",
)  # fmt: skip


def _choices(group: str, *names: str) -> Mapping[str, tuple[Path, Fields]]:
    return {"choices": ((group, "List"), _at(*names))}


# fmt: off
EVENTS: dict[str, Event] = {
    "subscribe":                 Event("关注公众号", KEY | _at("Ticket"), notice=Notice.BACK),
    "unsubscribe":               Event("取消关注公众号", KEY, notice=Notice.LEFT),
    "scan":                      Event("扫描二维码", KEY | _at("Ticket")),
    "location":                  Event("上报地理位置", _at("Latitude", "Longitude", "Precision")),
    "click":                     Event("点击菜单", KEY),
    "view":                      Event("点击菜单链接", KEY | _at("MenuId")),
    "view_miniprogram":          Event("点击菜单小程序", KEY | _at("MenuId")),
    "scancode_push":             Event("菜单扫码", SCANNED),
    "scancode_waitmsg":          Event("菜单扫码", SCANNED),
    "pic_sysphoto":              Event("菜单拍照", PICTURES, PICTURE),
    "pic_photo_or_album":        Event("菜单选图", PICTURES, PICTURE),
    "pic_weixin":                Event("菜单选图", PICTURES, PICTURE),
    "location_select":           Event("菜单选位置", CHOSEN),
    "masssendjobfinish":         Event("群发任务完成", MASS, notice=Notice.PUBLISHED, lists={"published": (
        ("ArticleUrlResult", "ResultList", "item"), _at(idx="ArticleIdx", url="ArticleUrl"))}),
    "publishjobfinish":          Event("发布任务完成", PUBLISHED, notice=Notice.PUBLISHED, lists={"published": (
        ("PublishEventInfo", "article_detail", "item"), _at("idx", url="article_url"))}),
    "templatesendjobfinish":     Event("模板消息发送完成", _at("Status", msg_id="MsgID")),
    "subscribe_msg_popup_event": Event("订阅通知弹窗", lists=_choices(
        "SubscribeMsgPopupEvent", "TemplateId", "SubscribeStatusString", "PopupScene")),
    "subscribe_msg_change_event": Event("管理订阅通知", lists=_choices(
        "SubscribeMsgChangeEvent", "TemplateId", "SubscribeStatusString")),
    "subscribe_msg_sent_event":  Event("订阅通知发送完成", lists=_choices(
        "SubscribeMsgSentEvent", "TemplateId", "MsgID", "ErrorCode", "ErrorStatus")),
    "user_info_modified":        Event("用户资料变更", WITHDRAWN, notice=Notice.CHANGED),
    "user_authorization_revoke": Event("用户撤回授权", WITHDRAWN, notice=Notice.WITHDRAWN),
    "user_authorization_cancellation": Event("用户注销", WITHDRAWN, notice=Notice.CANCELLED),
}
"""Events by their name in lower case. Others are kept under their name."""

REVOKED: dict[str, str] = {
    "201": "地址", "202": "发票信息", "203": "卡券信息", "204": "麦克风", "205": "昵称和头像",
    "206": "位置信息", "207": "选中的图片或视频",
}
"""Kinds of personal data that a person may withdraw from a service account."""

WENT_OUT: dict[str, frozenset[str]] = {
    "masssendjobfinish": frozenset({"send success", "sendsuccess"}), "publishjobfinish": frozenset({"0"}),
}
"""States in which something was really published; in the others there is nothing to comment on."""
# fmt: on


@dataclass(frozen=True)
class Told:
    """What one event says, in our words. ``key`` is what, beside sender, name, EventKey and MsgID, tells it
    from another in the same second."""

    name: str
    text: str
    extra: Mapping[str, str]
    key: tuple[str, ...]
    notice: Notice | None = None
    revoked: tuple[str, ...] = ()


def told_by(tree: Node) -> Told:
    """Understand an event. Raises PayloadError where it has no name."""
    name = tree.at("Event").strip().lower()
    if not re.fullmatch(r"[a-z0-9_]{1,60}", name):
        raise PayloadError("event without a name")
    event = EVENTS.get(name, Event(f"事件 {name}", KEY))
    extra = {**_some(tree, event.fields), **_lists(tree, event)}
    went_out = extra.get("publish_status", extra.get("status", "")) in WENT_OUT.get(name, ())
    if event.notice is Notice.PUBLISHED:
        extra |= {"articles": _articles(extra["published"])} if went_out and "published" in extra else {}
    key = tuple(part for part in (tree.at("OpenID"), extra.get("publish_id", "")) if part)
    return Told(
        name=name,
        text=f"〔{event.label}〕",
        extra={ours: value for ours, value in extra.items() if value},
        key=key,
        notice=event.notice if went_out or event.notice is not Notice.PUBLISHED else None,
        revoked=_revoked(tree) if event.notice is Notice.WITHDRAWN else (),
    )


def article_of(address: str) -> str:
    """ "mid:index" from the long form of an article's address (``mid=2650000123&idx=1``: from 1 there,
    from 0 in the calls); empty where the address is of the short form, which does not say."""
    query = parse_qs(urlsplit(address.strip()).query)
    mid, place = query.get("mid", [""])[0], query.get("idx", [""])[0]
    if not re.fullmatch(r"[0-9]{1,19}", mid) or not re.fullmatch(r"[1-8]", place):
        return ""
    return f"{mid}:{int(place) - 1}"


def _articles(published: str) -> str:
    """The articles that were published, as far as their addresses name them; separated by blanks."""
    found = (article_of(one.get("url", "")) for one in json.loads(published))
    return " ".join(dict.fromkeys(article for article in found if article))


def _revoked(tree: Node) -> tuple[str, ...]:
    codes = re.findall(r"[0-9]{1,4}", tree.at("RevokeInfo"))
    return tuple(REVOKED.get(code, f"第 {code} 类信息") for code in codes)


def _some(tree: Node, fields: Fields) -> dict[str, str]:
    """Those of the fields that are there."""
    found = {ours: tree.at(*path).strip() for ours, path in fields.items()}
    return {ours: value for ours, value in found.items() if value}


def _lists(tree: Node, event: Event) -> dict[str, str]:
    """Repeated groups as JSON: in a message every further fact is a text."""
    made = {
        ours: [_some(node, fields) for node in tree.all(*path)]
        for ours, (path, fields) in event.lists.items()
    }
    return {
        ours: json.dumps(groups, ensure_ascii=False, sort_keys=True)
        for ours, groups in made.items()
        if any(groups)
    }
