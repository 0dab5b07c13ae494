"""What is done about an alert: judged, handled, answered, settled; reported and passed on, with every time."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, select

from app.alerts import papers, queries, steps
from app.alerts.models import Alert, AlertPaper, AlertStep
from app.alerts.papers import Kind
from app.alerts.service.keeping import require_contact
from app.alerts.steps import Level, Stage
from app.base import db
from app.base.clock import SHANGHAI
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases import service as cases
from app.cases.deadlines import Pace
from app.cases.models import Case
from app.duty import queries as duty
from app.log import service as log
from app.notices import service as notices
from app.staff import service as staff
from app.staff.roles import Person, Role

WORKS = (Role.DUTY_LEADER, Role.CLERK, Role.SUPERVISOR)
LONGEST_NOTE = 500
LONGEST_PART = 2000


def assess(
    session: Session,
    now: datetime,
    person: Person,
    alert_id: int,
    *,
    level: str,
    responsible_id: int | None,
    note: str,
) -> Alert:
    """研判: how grave it is and who answers for it. May be done anew while it is open; a major one starts the
    clock of the report. The case runs by the hour from here on, unless it is ordinary."""
    alert = _open(session, now, person, alert_id)
    if level not in set(Level):
        raise Invalid("请选一般、较大或重大", field="level")
    words = _words(note)
    if responsible_id is None:
        raise Invalid("请指定负责人", field="responsible_id")
    responsible = staff.require(session, responsible_id)
    was_due = alert.due_at if alert.stage == Stage.WARNED else None
    alert.level, alert.responsible_id = level, responsible.id
    if level == Level.MAJOR:
        alert.major_at = alert.major_at or now
    else:
        alert.major_at = None
    if alert.stage == Stage.WARNED:
        alert.stage = Stage.ASSESSED
    alert.due_at = steps.due_at(alert.raised_at, alert.stage, level, alert.major_at)
    text = f"{steps.LEVEL_LABELS[level]}，负责人{responsible.name}：{words}"
    _noted(session, now, person, alert, Stage.ASSESSED, text, was_due, level=level)
    case = session.get_one(Case, alert.case_id)
    if level != Level.ORDINARY and case.open and case.pace != Pace.ALERT:
        cases.set_pace(session, now, person, case, Pace.ALERT)
    notices.tell(
        session, now, responsible.id, key=f"alert_yours:{alert.id}:{now.isoformat()}:{responsible.id}",
        kind="alert", text=f"舆情 {case.number} 由您负责，{steps.LEVEL_LABELS[level]}",
        address=f"/desk/alerts/{alert.id}", case_id=case.id,
    )  # fmt: skip
    return alert


def advance(session: Session, now: datetime, person: Person, alert_id: int, *, step: str, note: str) -> Alert:
    """处置 or 回应 was done, in the person's words. Raises `Conflict` where another step comes first."""
    alert = _open(session, now, person, alert_id)
    if step not in (Stage.HANDLED, Stage.RESPONDED):
        raise Invalid("请选处置或回应", field="step")
    if wrong := steps.problem(alert.stage, step):
        raise Conflict(wrong)
    words, was_due = _words(note), alert.due_at
    alert.stage = step
    alert.due_at = steps.due_at(alert.raised_at, step, alert.level, alert.major_at)
    _noted(session, now, person, alert, Stage(step), words, was_due)
    return alert


def settle(session: Session, now: datetime, person: Person, alert_id: int, note: str) -> Alert:
    """Somebody looked and says what was done: nothing more is to do. A major one is reported first."""
    alert = _open(session, now, person, alert_id)
    if not note.strip():
        raise Invalid("请写明怎样处理的", field="note")
    if alert.major_at is not None and not queries.reported(session, alert.id):
        raise Conflict("重大舆情还没有上报，不能了结")
    alert.settled_at, alert.settled_by, alert.settled_note = now, person.id, note.strip()[:LONGEST_NOTE]
    was_due, alert.stage = alert.due_at, Stage.SETTLED
    session.add(AlertStep(alert_id=alert.id, step=Stage.SETTLED, at=now, by_id=person.id,
                          note=alert.settled_note, due_at=was_due))  # fmt: skip
    session.add(alert)
    log.record(
        session, now, person, "settle_alert", subject_type="alert", subject_id=alert.id, case_id=alert.case_id
    )
    return alert


def issue_paper(
    session: Session,
    now: datetime,
    person: Person,
    alert_id: int,
    *,
    kind: str,
    contact_id: int,
    facts: str,
    judgement: str,
    measures: str,
) -> AlertPaper:
    """Write a report or a transfer to one contact, numbered within the year; the clock of the report stops.

    Staff's own words: nothing of a citizen's goes in by itself. Raises `Invalid`, `Conflict`, `NotFound`.
    """
    alert = _open(session, now, person, alert_id)
    if wrong := papers.problem(
        kind, is_major=alert.major_at is not None, reported=queries.reported(session, alert.id)
    ):
        raise Conflict(wrong)
    contact = require_contact(session, contact_id)
    parts = {"facts": facts.strip(), "judgement": judgement.strip(), "measures": measures.strip()}
    names = {"facts": "基本情况", "judgement": "研判意见", "measures": "已采取的措施"}
    for field, text in parts.items():
        if not text or len(text) > LONGEST_PART:
            raise Invalid(f"请写{names[field]}，最多 {LONGEST_PART} 字", field=field)
    db.lock(session, "alert_papers")
    year = now.astimezone(SHANGHAI).year
    newest = select(func.max(AlertPaper.serial)).where(AlertPaper.kind == kind, AlertPaper.year == year)
    began = alert.major_at if kind == Kind.REPORT and alert.major_at else now
    made = AlertPaper(
        alert_id=alert.id, kind=kind, year=year, serial=(session.exec(newest).one() or 0) + 1,
        contact_id=contact.id, facts=parts["facts"], judgement=parts["judgement"],
        measures=parts["measures"], due_at=began + steps.REPORT_WITHIN, issued_at=now,
        issued_by=person.id, acknowledge_by=now + steps.ACKNOWLEDGE_WITHIN,
    )  # fmt: skip
    session.add(made)
    session.flush()
    log.record(
        session, now, person, "alert_paper_issued", subject_type="alert", subject_id=alert.id,
        case_id=alert.case_id, kind=kind, number=papers.number(kind, year, made.serial), contact_id=contact.id,
    )  # fmt: skip
    return made


def acknowledge(session: Session, now: datetime, person: Person, paper_id: int, note: str) -> AlertPaper:
    """Note who at the other end has it, and how we know. Once. Raises `Invalid`, `Conflict`, `NotFound`."""
    found = session.get(AlertPaper, paper_id, with_for_update=True)
    if found is None:
        raise NotFound("没有这份单子")
    alert = session.get_one(Alert, found.alert_id)
    _check_may(session, now, person, alert)
    if found.acknowledged_at is not None:
        raise Conflict("这份已经签收")
    found.acknowledged_note, found.acknowledged_at = _words(note, "请写对方谁签收的、怎样得知"), now
    found.acknowledged_by = person.id
    session.add(found)
    log.record(
        session, now, person, "alert_paper_acknowledged", subject_type="alert", subject_id=alert.id,
        case_id=alert.case_id, paper=found.id,
    )  # fmt: skip
    return found


def _open(session: Session, now: datetime, person: Person, alert_id: int) -> Alert:
    alert = session.get(Alert, alert_id, with_for_update=True)
    _check_may(session, now, person, alert)
    if alert is None or alert.settled_at:
        raise NotFound("没有这条待处理的提示")
    return alert


def _check_may(session: Session, now: datetime, person: Person, alert: Alert | None) -> None:
    """Those whose work it is, whoever is on duty, and who was made responsible."""
    if person.may(*WORKS) or (alert is not None and alert.responsible_id == person.id):
        return
    if person.id not in {shift.staff_id for shift in duty.on_duty(session, now)}:
        raise NotAllowed("舆情提示由值班的人、受理员、督办员或指定的负责人处理")


def _words(note: str, asked: str = "请写明怎样处理的") -> str:
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise Invalid(f"{asked}，最多 {LONGEST_NOTE} 字", field="note")
    return note.strip()


def _noted(
    session: Session,
    now: datetime,
    person: Person,
    alert: Alert,
    step: Stage,
    words: str,
    was_due: datetime | None,
    **data: str,
) -> None:
    session.add(AlertStep(alert_id=alert.id, step=step, at=now, by_id=person.id, note=words, due_at=was_due))
    session.add(alert)
    log.record(
        session, now, person, f"alert_{step}", subject_type="alert", subject_id=alert.id,
        case_id=alert.case_id, **data,
    )  # fmt: skip
