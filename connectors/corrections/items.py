"""What does one item of 我为政府网站找错 say, whichever way it came: a file, a feed, a mail, a paste?

The national system has no public interface: columns and categories are what exports look like, not a
documented format. Hence header synonyms, and nothing unknown is thrown away.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from connectors.contract import ImportRow, IncomingAttachment, IncomingMessage
from connectors.tables import Column, Row, some

CATEGORIES = (
    "内容无法访问", "信息不更新", "内容不准确", "咨询留言不回复", "错别字", "虚假伪造", "其他",
)  # fmt: skip
"""Kinds of fault. Another word is kept beside 其他."""

SITE_CODE = r"\d{10}|bm\d{8}"

# fmt: off
COLUMNS = (
    Column("number",       ("留言编号", "编号", "工单编号", "问题编号", "流水号", "受理编号"), "code"),
    Column("site_name",    ("网站名称", "被举报网站", "网站", "站点名称")),
    Column("site_code",    ("网站标识码", "标识码", "站点标识码", "网站编码", "site_code"), "code"),
    Column("category",     ("问题类型", "留言类型", "问题分类", "类型", "类别")),
    Column("page_url",     ("问题网页", "问题页面", "页面网址", "网页地址", "网址", "url"), "url"),
    Column("text",         ("问题描述", "留言内容", "问题内容", "内容", "描述", "诉求内容"), required=True),
    Column("screenshot",   ("截图", "附件", "图片"), "url"),
    Column("name",         ("联系人", "姓名", "留言人", "网民姓名", "网民")),
    Column("contact",      ("联系方式", "联系电话", "手机", "手机号", "手机号码", "电话", "邮箱"), "code"),
    Column("sent_at",      ("提交时间", "留言时间", "提交日期", "留言日期", "反映时间"), "instant"),
    Column("passed_on_at", ("转办时间", "交办时间", "转办日期", "派发时间", "下发时间"), "instant"),
    Column("due_at",       ("办理时限", "截止时间", "办结时限", "要求办结时间"), "deadline"),
    Column("status",       ("状态", "办理状态", "处理状态")),
    Column("reply",        ("答复内容", "回复内容", "办理结果", "处理结果")),
    Column("replied_at",   ("答复时间", "回复时间", "办结时间"), "instant"),
)
# fmt: on


def message_of(row: Row) -> IncomingMessage:
    """The item of a row."""
    texts = row.texts
    url = texts.get("page_url", "")
    given = texts.get("category", "")
    category = given if given in CATEGORIES else "其他" if given else None
    extra = some(texts, ("site_name", "passed_on_at", "due_at", "status", "reply", "replied_at"))
    if given and category != given:
        extra["category_there"] = given
    screenshot = texts.get("screenshot")
    is_address = bool(re.match(r"https?://", url))
    if url and not is_address:
        extra["page"] = url
    return IncomingMessage(
        platform="corrections",
        external_id=_key(texts),
        kind="correction",
        sender=None,
        text=texts["text"],
        sent_at=row.instants.get("sent_at") or row.instants.get("passed_on_at"),
        thread=some(texts, ("number",)),
        attachments=(_screenshot(screenshot),) if screenshot else (),
        contact=texts.get("contact"),
        name=texts.get("name"),
        page_url=url if is_address else None,
        site_code=texts.get("site_code"),
        category=category,
        extra=extra,
    )


def _key(texts: Mapping[str, str]) -> str:
    """The number there; without one, what was said about which page and when."""
    if texts.get("number"):
        return f"no:{texts['number']}"
    parts = [texts.get(name, "") for name in ("site_code", "page_url", "text", "sent_at")]
    return "row:" + hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:40]


def _screenshot(value: str) -> IncomingAttachment:
    is_address = bool(re.match(r"https?://", value))
    name = None if is_address else value[:200]
    return IncomingAttachment("image", None, value if is_address else None, name)


def remarked(row: ImportRow, sites: Mapping[str, str]) -> ImportRow:
    """Add what a person should look at. Of another office's site nothing is taken in: where ``sites``
    (identity code → name) are known, an item must name one of them or none.
    """
    message = row.message
    if message is None:
        return row
    if sites and message.site_code and message.site_code.lower() not in sites:
        words = (
            f"网站标识码 {message.site_code} 不是这个账号登记的网站，没有导入。"
            "是本单位的网站，请系统管理员在账号设置里补上；不是的，请在原系统退回。"
        )
        return replace(row, message=None, error=words)
    if sites and message.site_code and not message.extra.get("site_name"):
        name = sites[message.site_code.lower()]
        extra = {**message.extra, "site_name": name} if name else message.extra
        message = replace(message, extra=extra)
    notes = list(row.notes)
    if message.site_code and not re.fullmatch(SITE_CODE, message.site_code):
        notes.append("网站标识码不是 10 位数字，也不是 bm 加 8 位数字，请核对。")
    if message.extra.get("category_there"):
        notes.append(f"问题类型“{message.extra['category_there']}”不在清单中，归入“其他”。")
    if message.sent_at is None:
        notes.append("没有提交时间，办理时限从导入时起算，请核对。")
    if message.extra.get("reply"):
        notes.append("这一行已有答复内容，请核对是否已在原系统办结。")
    return ImportRow(row.number, message, None, tuple(notes))
