"""Tell one person one thing, once, with what is to leave the house in the same transaction; note that it was read."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotFound
from app.base.rows import insert_once
from app.notices import outward, queries
from app.notices.models import Notice, NoticeSending
from app.staff.roles import Person


def tell(
    session: Session,
    now: datetime,
    staff_id: int,
    *,
    key: str,
    kind: str,
    text: str,
    address: str,
    case_id: int | None = None,
) -> Notice | None:
    """Put a notice into a person's inbox; None when ``key`` was told before (to anybody).

    ``key`` names the happening and the person, e.g. ``case:17:due_soon:2026-11-23:4``. ``text`` is ours,
    never a citizen's words; ``address`` lies within /desk/.
    """
    if address and not address.startswith("/desk/"):
        raise Invalid("提醒里的链接只能通向工作台")
    values = {
        "staff_id": staff_id,
        "key": key,
        "kind": kind,
        "text": text,
        "address": address,
        "case_id": case_id,
        "created_at": now,
    }
    if not insert_once(session, Notice, **values):
        return None
    made = session.exec(select(Notice).where(Notice.key == key)).one()
    _queue_outward(session, now, made)
    return made


def _queue_outward(session: Session, now: datetime, notice: Notice) -> None:
    """One row of the outbox for each target that this notice belongs to."""
    for target_id, kinds in queries.targets_for(session, notice.staff_id):
        if outward.is_wanted(notice.kind, kinds):
            insert_once(session, NoticeSending, notice_id=notice.id, target_id=target_id, next_try_at=now)


def read(session: Session, now: datetime, person: Person, notice_id: int) -> Notice:
    """Note that the person opened a notice. Raises `NotFound` for anybody else's."""
    found = session.get(Notice, notice_id)
    if found is None or found.staff_id != person.id:
        raise NotFound("没有这条提醒")
    found.read_at = found.read_at or now
    session.add(found)
    return found


def read_all(session: Session, now: datetime, person: Person) -> int:
    """Note that the person has seen everything in the inbox; how many that were."""
    own = (col(Notice.staff_id) == person.id, col(Notice.read_at).is_(None))
    return int(session.execute(update(Notice).where(*own).values(read_at=now)).rowcount)  # type: ignore[attr-defined]


def read_about(session: Session, now: datetime, case_id: int, kinds: Collection[str]) -> int:
    """What was asked for is done, by whomever: nobody need read these notices about the case any more."""
    about = (col(Notice.case_id) == case_id, col(Notice.kind).in_(kinds), col(Notice.read_at).is_(None))
    return int(session.execute(update(Notice).where(*about).values(read_at=now)).rowcount)  # type: ignore[attr-defined]
