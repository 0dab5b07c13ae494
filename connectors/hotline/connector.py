"""Which work orders are in a file exported from the 12345 hotline? Answers go back there by hand."""

import hashlib
from typing import ClassVar

from connectors.contract import Importer, ImportRow, IncomingMessage, SettingField
from connectors.tables import Column, Row, import_rows, some

# fmt: off
COLUMNS = (
    Column("number",       ("工单编号", "工单号", "编号", "受理编号", "流水号"), "code"),
    Column("title",        ("工单标题", "标题", "诉求标题", "主题")),
    Column("text",         ("诉求内容", "工单内容", "内容", "来电内容", "反映内容"), required=True),
    Column("category",     ("诉求类型", "工单类型", "类型", "诉求分类", "类别", "问题分类")),
    Column("name",         ("来电人", "诉求人", "姓名", "联系人", "市民姓名")),
    Column("contact",      ("联系电话", "来电号码", "联系方式", "电话", "手机", "手机号"), "code"),
    Column("place",        ("事发地址", "地址", "问题地址", "诉求地址", "所在区域")),
    Column("sent_at",      ("来电时间", "受理时间", "诉求时间", "提交时间", "登记时间"), "instant"),
    Column("passed_on_at", ("派单时间", "转办时间", "交办时间", "下派时间"), "instant"),
    Column("due_at",       ("办理时限", "截止时间", "办结时限", "要求办结时间"), "deadline"),
    Column("source",       ("来源", "受理渠道", "诉求来源")),
    Column("public",       ("是否公开", "公开", "是否同意公开"), "yes_no"),
)
# fmt: on


class HotlineConnector(Importer):
    """Work orders of one office."""

    SETTINGS: ClassVar[tuple[SettingField, ...]] = ()

    def rows(self, file_name: str, data: bytes) -> list[ImportRow]:
        """Read an exported file. Raises UnreadableFile."""
        return import_rows(file_name, data, COLUMNS, _message)


def _message(row: Row) -> IncomingMessage:
    texts = row.texts
    parts = [texts.get(name, "") for name in ("title", "text", "contact", "sent_at")]
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:40]
    return IncomingMessage(
        platform="hotline",
        external_id=f"no:{texts['number']}" if texts.get("number") else f"row:{digest}",
        kind="work_order",
        sender=None,
        title=texts.get("title", ""),
        text=texts["text"],
        sent_at=row.instants.get("sent_at") or row.instants.get("passed_on_at"),
        thread=some(texts, ("number",)),
        contact=texts.get("contact"),
        name=texts.get("name"),
        category=texts.get("category"),
        public_consent=texts.get("public", "是") == "是",
        extra=some(texts, ("place", "passed_on_at", "due_at", "source")),
    )
