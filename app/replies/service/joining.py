"""A letter that was merged after its master case was answered: it gets a delivery of its own."""

from datetime import datetime

from sqlmodel import Session, col, exists, func, select

from app.cases.models import Case
from app.cases.transitions import Status
from app.messages.models import Message
from app.replies import queries
from app.replies.models import Delivery
from app.replies.service.reviewing import put_out

_AT_ONCE = 200


def deliver_to_merged(session: Session, now: datetime) -> int:
    """What was released for the master is shown on the progress page of each letter merged since.

    Nothing is sent to a platform: the approvals are bound to the addressees they were given for (A18), and
    these were not among them. The page with number and look-up code shows the whole reply. Returns how many.
    """
    delivered = exists().where(col(Delivery.case_id) == col(Case.id))
    wanted = select(Case).where(Case.status == Status.MERGED, col(Case.master_id).is_not(None), ~delivered)
    answered = select(Case.id).where(col(Case.status).in_([Status.REPLIED, Status.CLOSED]))
    late = wanted.where(col(Case.master_id).in_(answered)).order_by(col(Case.id)).limit(_AT_ONCE)
    made = 0
    for case in list(session.exec(late)):
        reply = queries.last_released(session, case.master_id or 0)
        first = select(func.min(Message.id)).where(Message.case_id == case.id)
        message_id = session.exec(first).one()
        if reply is not None and message_id is not None and message_id not in reply.targets:
            put_out(session, now, reply, message_id, on_page=True)
            made += 1
    return made
