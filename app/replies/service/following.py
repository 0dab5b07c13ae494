"""What becomes of a reply when the agreed wording it used is changed?"""

from datetime import datetime

from sqlmodel import Session

from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.replies import queries
from app.replies.models import Reply
from app.replies.queries import REVIEWING
from app.replies.service.within import one_at_a_time, record, tell
from app.replies.service.writing import correct, draft
from app.staff.roles import Person
from kb import queries as library


def hold_to(session: Session, now: datetime, reply_id: int, version: int, why: str) -> bool:
    """Take a draft or a reply under review back to its author: the answer it used has changed in substance.

    Its approvals are void, also for the very same words: they were given under the old wording (beyond 6).
    True if it was under review.
    """
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    one_at_a_time(session, reply.case_id)
    session.refresh(reply)
    case = session.get_one(Case, reply.case_id, populate_existing=True)
    was_reviewed = reply.state in REVIEWING and case.status == Status.IN_REVIEW
    if was_reviewed:
        cases.move(session, now, None, case, Action.WITHDRAW_REPLY, why="answer_changed", reply=reply.id)
        reply.state, reply.step = "draft", ""
    reply.bound_answer = f"{reply.entry_id}:{version}"
    session.add(reply)
    session.flush()
    record(session, now, None, "answer_changed", reply, reason=why, version=version, voided=was_reviewed)
    words = f"{why}。{'已有的审核作废，' if was_reviewed else ''}请核对后再送审"
    for staff_id in {reply.author_id, case.handler_id} - {None}:
        tell(
            session, now, staff_id, case,  # type: ignore[arg-type]
            f"answer_changed:{reply.id}:{version}", "answer_changed", words,
        )  # fmt: skip
    return was_reviewed


def correct_to(session: Session, now: datetime, person: Person, case: Case, entry_id: int) -> Reply:
    """更正 to the wording in force: the old wording is replaced where it stands word for word.

    The correction passes all reviews again; the author reads and changes it first.
    """
    said, new = queries.last_released(session, case.id), library.version_in_force(session, entry_id)
    old = library.version(session, entry_id, said.entry_version) if said and said.entry_version else None
    text = said.text if said else ""
    if new is not None:
        text = text.replace(old.text, new.text) if old is not None and old.text in text else new.text
    reply = correct(session, now, person, case, text)
    if new is not None:
        reply = draft(session, now, person, case, text=text, entry=(entry_id, new.number))
    return reply
