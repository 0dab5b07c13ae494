"""处理后的照片: what was done, shown beside what the citizen showed. For the office alone, never published."""

from datetime import datetime

from sqlmodel import Session

from app.base import db as base_db
from app.base.errors import Conflict, NotAllowed, NotFound
from app.cases import queries
from app.cases.models import Case
from app.cases.service.moving import check_own_department
from app.cases.transitions import STATUS_LABELS, Action, Status, actions_for
from app.log import service as log
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.attachments import Prepared
from app.messages.media import MOST_AFTER
from app.messages.models import Attachment
from app.staff.roles import Person


def add_photo(
    session: Session, now: datetime, person: Person, number: str, file: Prepared, file_name: str = ""
) -> Attachment:
    """Keep a photo of what was done. Whoever may note work away from the desk (记线下处理) may add one.

    ``file``: of `messages.attachments.picture_of`, made before the transaction. Raises `NotFound`,
    `NotAllowed`, `Conflict`.
    """
    case = _case(session, person, number)
    base_db.lock(session, f"photos of case {case.id}")
    received = messages.of_case(session, case.id)
    kept = messages.attachments(session, [message.id for message in received])
    if sum(bool(one.added_by) and one.state == "stored" for one in kept) >= MOST_AFTER:
        raise Conflict(f"处理后的照片最多 {MOST_AFTER} 张。先撤下一张再加", code="too_many")
    row = messages_service.keep_file(
        session, now, received[0].id, kind="image", file=file, file_name=file_name, added_by=person.id
    )
    _record(session, now, person, case, "photo_added", row)
    return row


def remove_photo(session: Session, now: datetime, person: Person, number: str, attachment_id: int) -> None:
    """撤下 a photo that the office added; its file goes with the next sweep. What a citizen sent stays.

    Raises `NotFound`, `NotAllowed`.
    """
    case = _case(session, person, number)
    row = messages.attachment_of_case(session, case.id, attachment_id)
    if row is None or row.added_by is None or row.state != "stored":
        raise NotFound("没有这张处理后的照片")
    row.state, row.path, row.size, row.sha256 = "removed", "", 0, ""
    session.add(row)
    _record(session, now, person, case, "photo_removed", row)


def may_add_photo(person: Person, case: Case) -> bool:
    """Whether this person may add one to this case now."""
    try:
        require_may_add_photo(person, case)
    except NotAllowed:
        return False
    return True


def _case(session: Session, person: Person, number: str) -> Case:
    case = queries.visible_case(session, person, number)
    require_may_add_photo(person, case)
    return case


def require_may_add_photo(person: Person, case: Case) -> None:
    """Raises `NotAllowed` where this person may not add one to this case now."""
    if Action.RECORD_ACTION not in actions_for(Status(case.status), person.roles):
        is_at = STATUS_LABELS[Status(case.status)]
        raise NotAllowed(f"现在是“{is_at}”，您不能加处理后的照片。由受理员、经办人在办理中加", code="not_now")
    check_own_department(person, case, Action.RECORD_ACTION)


def _record(
    session: Session, now: datetime, person: Person, case: Case, action: str, row: Attachment
) -> None:
    log.record(session, now, person, action, subject_type="attachment", subject_id=row.id, case_id=case.id)
