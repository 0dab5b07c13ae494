"""What has this person not read yet?"""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.notices import digest
from app.notices.digest import Line
from app.notices.models import Notice


def inbox(session: Session, staff_id: int, limit: int = 50) -> list[Notice]:
    """A person's notices: unread ones first, newest first within each."""
    own = select(Notice).where(Notice.staff_id == staff_id)
    order = (col(Notice.read_at).is_not(None), col(Notice.id).desc())
    return list(session.exec(own.order_by(*order).limit(limit)))


def unread_count(session: Session, staff_id: int) -> int:
    """How many notices a person has not read."""
    unread = select(func.count()).where(Notice.staff_id == staff_id, col(Notice.read_at).is_(None))
    return session.exec(unread).one()


def unread_lines(session: Session, staff_id: int, limit: int = 200) -> list[Line]:
    """The unread notices in as few lines as there are kinds."""
    unread = select(Notice).where(Notice.staff_id == staff_id, col(Notice.read_at).is_(None))
    newest_first: list[Notice] = list(session.exec(unread.order_by(col(Notice.id).desc()).limit(limit)))
    return digest.lines(newest_first)
