"""To whom a new case goes: suggested, assigned without a person where the office allows it, learned from."""

from datetime import datetime

from sqlmodel import Session

from app.base.db import Database
from app.cases import queries
from app.cases.models import Case
from app.cases.service.handing_over import to_department
from app.cases.service.moving import move
from app.cases.service.telling import tell_assigned
from app.cases.transitions import Action
from app.departments import queries as departments
from app.departments import service as departments_service
from app.departments import suggesting
from app.departments.suggesting import Suggestion
from app.messages import abuse
from app.messages.classify import title_of, without_numbers
from app.messages.models import Message

# What a person has to see first, however sure the model is.
_BY_PERSON = frozenset({"report"})


def suggest(session: Session, message: Message, place: str) -> Suggestion | None:
    """Category and department for a new message, with reasons; a person decides."""
    title = without_numbers(message.title) or title_of(message.text)
    return departments_service.suggest(session, f"{title}\n{message.text}", place)


def assign_by_itself(session: Session, now: datetime, case: Case, found: Suggestion | None) -> bool:
    """Assign a new case without a person, as the system and with the reason in the log; whether it was.

    Only above the confidence the office set, where nothing contradicts, and neither a report about
    somebody nor a message that may be abusive.
    """
    rule = departments.assignment_rule(session)
    least = rule.least_confidence if rule else None
    if not suggesting.may_assign(found, least) or found is None or least is None:
        return False
    if case.category != found.category or case.message_type in _BY_PERSON or abuse.judge(case.text).flagged:
        return False
    department = to_department(session, case, found.department_id, found.handler_id)
    case.assigned_at = now
    session.flush()
    sure = f"“{found.category}”把握 {found.confidence:.0%}，本单位定的是 {least:.0%} 以上自动交办"
    note = f"{sure}。{found.reason}"[:500]
    move(session, now, None, case, Action.ASSIGN, department=department.name, note=note, automatic=True)
    tell_assigned(session, now, case, Action.ASSIGN, f"{case.number} 自动交您办，{case.due_on:%m-%d} 前答复")
    return True


def learn_routing(db: Database, now: datetime) -> int:
    """Learn category and department anew from handled cases, in a process of its own; how many were put in
    force. Nothing happens where no case was answered since the last time."""
    learned = 0
    for kind in suggesting.KINDS:
        with db.reading() as session:
            last = next(iter(departments.trainings(session, kind, 1)), None)
            if last and not queries.answered_since(session, last.trained_at):
                continue
            examples = queries.examples(session, kind)
        texts, labels, groups = ([one[at] for one in examples] for at in range(3))
        learned += departments_service.learn(db, now, kind, texts, labels, groups)
    return learned
