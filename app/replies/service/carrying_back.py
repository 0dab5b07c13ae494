"""How do replies get back into a system that has no interface? As a table to work from, marked when done."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from sqlmodel import Session

from app.base.clock import SHANGHAI
from app.base.errors import Invalid
from app.log import service as log
from app.official_accounts.models import OfficialAccount
from app.replies import queries
from app.replies.models import Delivery
from app.replies.sending import STATE_LABELS
from app.replies.service.settling import enter_by_hand
from app.staff import queries as staff
from app.staff.roles import Person

_DONE = ("答复内容", "答复时间", "状态", "录入人", "录入时间", "办件编号")
HEADINGS: dict[str, tuple[str, ...]] = {
    "corrections": ("留言编号", "网站标识码", "问题描述", *_DONE),
    "hotline": ("工单编号", "工单标题", "诉求内容", *_DONE),
}
MOST_AT_ONCE = 200
_WIDTHS = (20, 18, 40, 60, 18, 12, 12, 18, 20)


def write_table(
    session: Session, now: datetime, person: Person, account: OfficialAccount, entered: bool | None = None
) -> BinaryIO:
    """The replies of an account as .xlsx, in the words of the system they go back to: a file to read from.

    The citizen's name and number are not in it: the other system has them. Logged. Raises `Invalid`.
    """
    if account.platform not in HEADINGS:
        raise Invalid("这个账号的答复不用录入别的系统", field="account")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("答复")
    for place, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[place]].width = width
    sheet.append(list(HEADINGS[account.platform]))
    number = 0
    for row in _rows(session, person, account, entered):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # a text that begins with = is a text, never a formula
            cells.append(cell)
        sheet.append(cells)
        number += 1
    log.record(
        session, now, person, "replies_exported", subject_type="official_account", subject_id=account.id, rows=number
    )  # fmt: skip
    file = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  the answer closes it
    book.save(file)
    file.seek(0)
    return file


def _rows(
    session: Session, person: Person, account: OfficialAccount, entered: bool | None
) -> Iterator[tuple[str, ...]]:
    names = staff.names(session, {one.id for one in staff.people(session)})
    for delivery, case, message in queries.brought_back(session, person, account.id, entered=entered):
        beside = message.extra.get("site_code", "") if account.platform == "corrections" else message.title
        done_by = names.get(delivery.settled_by or 0, "已离岗人员") if delivery.settled_by else ""
        yield (
            str(message.thread.get("number", "")), str(beside), message.text, delivery.text,
            _shown(delivery.created_at), STATE_LABELS[delivery.state], done_by, _shown(delivery.done_at), case.number,
        )  # fmt: skip


def enter_many(
    session: Session, now: datetime, person: Person, delivery_ids: Sequence[int], *, note: str = ""
) -> list[Delivery]:
    """已人工录入 for several at once, each logged: all of them or none. Raises what `enter_by_hand` raises."""
    chosen = sorted(set(delivery_ids))
    if not chosen:
        raise Invalid("请勾选已经录入的答复", field="delivery")
    if len(chosen) > MOST_AT_ONCE:
        raise Invalid(f"一次最多勾选 {MOST_AT_ONCE} 条", field="delivery")
    return [enter_by_hand(session, now, person, one, note=note) for one in chosen]


def _shown(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""
