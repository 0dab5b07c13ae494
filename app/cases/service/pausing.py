"""What moves the deadline while the case is worked on: waiting for the citizen, an extension, another pace."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from app.base.errors import Invalid, NotAllowed
from app.cases import queries
from app.cases.deadlines import LABELS, PACE_LABELS, MessageType, Pace, Pause, Unit, extension_row, pause_row
from app.cases.models import Case, Extension, Inquiry
from app.cases.service.clocks import add_change, clock_of, limit_of, profile_of, set_due
from app.cases.service.details import number_of, words_of
from app.cases.service.moving import move
from app.cases.service.telling import tell, tell_keeper
from app.cases.transitions import Action, Status
from app.log import service as log
from app.messages import service as messages
from app.messages.models import Message
from app.official_accounts.models import OfficialAccount
from app.staff import queries as staff
from app.staff.roles import Person, Role
from connectors.contract import IncomingMessage


def ask_citizen(session: Session, now: datetime, person: Person, case: Case, question: object = "") -> None:
    """The clock stands still while the citizen is asked."""
    words = words_of(question, "question", "要请来信人补充什么")
    session.add(Inquiry(case_id=case.id, kind="ask", question=words, asked_by=person.id, asked_at=now))
    case.paused_at = now
    move(session, now, person, case, Action.ASK_CITIZEN)


def resume_by_person(
    session: Session, now: datetime, person: Person, case: Case, answer: object = ""
) -> None:
    """What the citizen answered (or that there was none), in words."""
    resume(session, now, person, case, answer=words_of(answer, "answer", "补充的情况"))


def resume(session: Session, now: datetime, person: Person | None, case: Case, *, answer: str) -> None:
    """The question is answered, the working days of the pause are given back."""
    for inquiry in queries.open_inquiries(session, case.id, "ask"):
        inquiry.answer, inquiry.answered_at = answer, now
        inquiry.answered_by = person.id if person else None
    if case.paused_at:
        pause = Pause(case.paused_at, max(now, case.paused_at))
        case.paused_at = None
        add_change(session, case, pause_row(pause))
    move(session, now, person, case, Action.RESUME)


def take_answer(session: Session, now: datetime, case: Case, message: Message) -> Case:
    """What the citizen was asked for has come: it belongs to the case, the clock runs again."""
    message.case_id = case.id
    session.add(message)
    resume(session, now, None, case, answer="来信人已补充")
    words = f"{case.number} 的来信人已补充，{case.due_on:%m-%d} 前答复"
    tell_keeper(session, now, case, "answered", words)
    return case


def answer_by_requester(session: Session, now: datetime, case: Case, words: object) -> Case:
    """The citizen's answer from the progress page, as one more message of the case. Raises `Invalid`."""
    text = words_of(words, "answer", "补充的情况", 2000)
    if case.status != Status.WAITING_CITIZEN:
        raise Invalid("这件现在不用补充。您的情况有变化，请另写一封信", field="answer", code="not_asked")
    said = IncomingMessage(
        platform=case.platform,
        external_id=f"answer:{case.number}:{case.version}",
        kind="answer",
        sender=None,
        text=text,
    )
    message = messages.keep(session, now, session.get_one(OfficialAccount, case.account_id), said)
    if message is not None:
        take_answer(session, now, case, message)
    session.flush()
    return case


def request_extension(
    session: Session,
    now: datetime,
    person: Person,
    case: Case,
    working_days: object = "",
    reason: object = "",
) -> None:
    """延期: asked before the deadline, with a reason, within the longest time there is."""
    days = number_of(working_days, "working_days", "延长的工作日数", 1, 15)
    words = words_of(reason, "reason", "延期的理由")
    if now >= case.due_at:
        raise Invalid("已经超期，不能再申请延期。请先答复，或请督办员处理", field="working_days")
    if queries.open_extension(session, case.id):
        raise Invalid("已经有一个延期申请在等批准", field="working_days")
    _check_longest(session, case, days)
    session.add(Extension(case_id=case.id, working_days=days, reason=words, asked_by=person.id, asked_at=now))
    move(session, now, person, case, Action.REQUEST_EXTENSION, working_days=days, reason=words)
    for supervisor in staff.people(session, role=Role.SUPERVISOR):
        asked = f"{case.number} 申请延期 {days} 个工作日，等您批准"
        tell(session, now, supervisor.id, case, "extension", asked, key=f"ask_extension:{case.version}")


def _check_longest(session: Session, case: Case, days: int) -> None:
    """All extensions together stay within the profile's longest time; a correction has none (C1)."""
    profile = profile_of(session, case)
    if case.message_type == MessageType.CORRECTION:
        raise Invalid(
            f"{LABELS[MessageType.CORRECTION]}要在 1 个工作日内答复，不能延期", field="working_days"
        )
    clock, limit = clock_of(profile, case), limit_of(profile, case)
    used = clock.extra_days + (0 if limit.unit is Unit.HOURS else limit.count)
    if used + days > profile.longest_days:
        left = max(profile.longest_days - used, 0)
        raise Invalid(f"最长 {profile.longest_days} 天，还能延长 {left} 天", field="working_days")


def decide_extension(granted: bool) -> Callable[..., None]:
    """The verb that grants (or refuses) the extension asked for."""
    action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION

    def decide(session: Session, now: datetime, person: Person, case: Case, note: str = "") -> None:
        extension = queries.open_extension(session, case.id)
        if extension is None:
            raise Invalid("这件没有等批准的延期申请")
        if extension.asked_by == person.id:
            raise NotAllowed("自己申请的延期要由别人批准", code="same_person")
        extension.decided_by, extension.decided_at, extension.granted = person.id, now, granted
        extension.note = note[:500]
        if granted:
            add_change(session, case, extension_row(extension.working_days))
        move(session, now, person, case, action, working_days=extension.working_days, note=note[:500])
        words = f"{case.number} 的延期申请{'已批准' if granted else '没有批准'}"
        tell(session, now, extension.asked_by, case, "extension", words, key=f"extension:{extension.id}")

    return decide


def set_pace(session: Session, now: datetime, person: Person | None, case: Case, pace: Pace) -> Case:
    """紧急 or 舆情: from now on this case runs by the hour (or by the calendar again); logged with both dates."""
    before = case.due_at
    case.pace = pace.value
    set_due(session, case)
    session.add(case)
    log.record(
        session,
        now,
        person,
        "pace_set",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        pace=pace.value,
        before=before.isoformat(),
        due_at=case.due_at.isoformat(),
        note=f"改为{PACE_LABELS[pace]}",
    )
    return case
