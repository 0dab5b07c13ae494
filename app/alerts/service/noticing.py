"""Look through new cases for what must be noticed, and see that somebody looks in time."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from app.alerts import papers, queries, signals, steps
from app.alerts.models import Alert, AlertPaper, AlertStep, ScanState
from app.alerts.papers import Kind
from app.base.errors import Conflict, Invalid
from app.base.rows import insert_once
from app.cases.models import Case
from app.cases.queries import visible_case
from app.cases.transitions import Status
from app.duty import queries as duty
from app.log import service as log
from app.log.models import Event
from app.messages.abuse import judge
from app.messages.repeats import likely_repeats
from app.notices import service as notices
from app.notices.models import Notice
from app.staff import queries as staff
from app.staff.roles import Person, Role

_AT_ONCE = 200
_BURST_DAYS = 3
_BY_HAND = "by_hand"
_LONGEST_WORDS = 200


def scan_new_cases(session: Session, now: datetime) -> int:
    """Raise alerts for cases that came since the last scan; whoever is on duty is told. Returns how many.

    New cases are known by the log, not by their own ids: a case whose taking in took longer may get its id
    before, and appear after, one that was looked at already.
    """
    state = session.get(ScanState, 1) or ScanState(id=1)
    taken_in = (
        select(Event.id, Case)
        .join(Case, col(Case.id) == col(Event.case_id))
        .where(Event.action == "take_in", Event.id > state.last_event_id)
        .order_by(col(Event.id))
        .limit(_AT_ONCE)
    )
    count, words = 0, queries.words(session)
    for event_id, case in session.exec(taken_in).all():
        found = signals.signals_in(case.text, words)
        alike = _alike(session, case)
        crowd = None if _raised_before(session, alike) else signals.burst(alike, _master(session, alike))
        found += [one for one in (crowd, signals.abuse(judge(case.text).flagged)) if one]
        count += sum(_raise(session, now, case, signal) for signal in found)
        _tell_new(session, now, case)
        state.last_event_id = event_id
        session.add(state)
    return count


def _raised_before(session: Session, alike: list[int]) -> bool:
    """Whether the hot question these cases ask was raised already: once a question, not once a letter."""
    wanted = select(Alert.id).where(col(Alert.case_id).in_(alike), Alert.signal == signals.BURST)
    return bool(alike) and session.exec(wanted.limit(1)).first() is not None


def _master(session: Session, alike: list[int]) -> str:
    """The number of the oldest of these that is still open: it could take the others in."""
    wanted = select(Case.number).where(col(Case.id).in_(alike), col(Case.open), col(Case.master_id).is_(None))
    return session.exec(wanted.order_by(col(Case.id)).limit(1)).first() or ""


def remind_of_alerts(session: Session, now: datetime) -> int:
    """A step that nobody did in time, a report that did not leave, a paper nobody acknowledged: each is told
    once more, to the leaders of the duty and whoever is responsible. Returns how many were told."""
    leaders = [leader.id for leader in staff.people(session, role=Role.DUTY_LEADER)]
    return (
        _remind_of_steps(session, now, leaders)
        + _remind_of_reports(session, now, leaders)
        + _remind_of_papers(session, now, leaders)
    )


def _remind_of_steps(session: Session, now: datetime, leaders: list[int]) -> int:
    late = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    late = late.where(col(Alert.settled_at).is_(None), col(Alert.due_at) <= now)
    told = 0
    for alert, case in session.exec(late.order_by(col(Alert.id)).limit(_AT_ONCE)).all():
        words = f"舆情提示 {case.number} 到时还没有人处理（{steps.WAITS_FOR[alert.stage]}）"
        key = f"alert_late:{alert.id}:{alert.stage}"
        told += _tell_all(session, now, {*leaders, alert.responsible_id}, alert, case, key, words)
    return told


def _remind_of_reports(session: Session, now: datetime, leaders: list[int]) -> int:
    reported = select(AlertPaper.alert_id).where(AlertPaper.kind == Kind.REPORT)
    due = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    due = due.where(
        col(Alert.settled_at).is_(None),
        col(Alert.major_at) <= now - steps.REPORT_WITHIN,
        col(Alert.id).not_in(reported),
    )
    return sum(
        _tell_all(
            session, now, {*leaders, alert.responsible_id}, alert, case,
            f"report_late:{alert.id}", f"重大舆情 {case.number} 到时还没有上报",
        )
        for alert, case in session.exec(due.order_by(col(Alert.id)).limit(_AT_ONCE)).all()
    )  # fmt: skip


def _remind_of_papers(session: Session, now: datetime, leaders: list[int]) -> int:
    waiting = (
        select(AlertPaper, Alert, Case)
        .join(Alert, col(Alert.id) == col(AlertPaper.alert_id))
        .join(Case, col(Case.id) == col(Alert.case_id))
        .where(col(AlertPaper.acknowledged_at).is_(None), col(AlertPaper.acknowledge_by) <= now)
        .order_by(col(AlertPaper.id))
        .limit(_AT_ONCE)
    )
    told = 0
    for paper, alert, case in session.exec(waiting).all():
        words = f"{papers.number(paper.kind, paper.year, paper.serial)} 对方还没有签收，请电话核实"
        to: set[int | None] = {*leaders, paper.issued_by}
        told += _tell_all(session, now, to, alert, case, f"paper_late:{paper.id}", words)
    return told


def _tell_all(
    session: Session, now: datetime, to: set[int | None], alert: Alert, case: Case, key: str, words: str
) -> int:
    """Tell each of ``to`` (None: nobody), leading to the alert. Returns how many had not been told."""
    told = 0
    for staff_id in sorted(one for one in to if one is not None):
        notice = notices.tell(
            session, now, staff_id, key=f"{key}:{staff_id}", kind="alert", text=words,
            address=f"/desk/alerts/{alert.id}", case_id=case.id,
        )  # fmt: skip
        told += notice is not None
    return told


def raise_by_hand(session: Session, now: datetime, person: Person, number: str, words: str) -> Alert:
    """A person noticed it, on a platform or on the telephone. Raises `NotFound`, `Invalid`, `Conflict`."""
    case = visible_case(session, person, number)
    if not words.strip() or len(words) > _LONGEST_WORDS:
        raise Invalid(f"请写看到了什么，最多 {_LONGEST_WORDS} 字", field="words")
    if not _raise(session, now, case, signals.Signal(_BY_HAND, words.strip()), person):
        raise Conflict("这一件已经有人标过舆情")
    return session.exec(select(Alert).where(Alert.case_id == case.id, Alert.signal == _BY_HAND)).one()


def watch_volumes(session: Session, now: datetime) -> int:
    """Raise an alert where far more cases of a category, or of all, came in 24 hours than in the four weeks
    before; once a day for each. Returns how many."""
    day = timedelta(days=1)
    fresh = select(Case.category, func.count()).where(Case.received_at > now - day, Case.received_at <= now)
    counts = {row[0]: row[1] for row in session.exec(fresh.group_by(col(Case.category))) if row[0]}
    counts = {"": sum(counts.values()), **counts}
    raised = 0
    for topic, count in counts.items():
        if count < signals.SURGE_LEAST or _surged(session, now, topic):
            continue
        if signal := signals.surge(topic, count, _windows(session, now, topic)):
            newest = select(Case).where(Case.received_at <= now, *_of(topic))
            case = session.exec(newest.order_by(col(Case.received_at).desc()).limit(1)).one()
            raised += _raise(session, now, case, signal)
    return raised


def _surged(session: Session, now: datetime, topic: str) -> bool:
    """Whether this was raised within the last day already."""
    same = select(Alert.id).where(
        Alert.signal == f"{signals.SURGE}:{topic}", Alert.raised_at > now - timedelta(days=1)
    )
    return session.exec(same.limit(1)).first() is not None


def _windows(session: Session, now: datetime, topic: str) -> list[int]:
    """How many came in each of the 28 windows of 24 hours before the last; those before the first case of
    the office say nothing and are left out."""
    day = timedelta(days=1)
    began = session.exec(select(func.min(Case.received_at))).one()
    known = min(signals.SURGE_DAYS, int((now - began) / day) - 1) if began else 0
    found = select(Case.received_at).where(
        Case.received_at > now - (signals.SURGE_DAYS + 1) * day, Case.received_at <= now - day, *_of(topic)
    )
    counts = [0] * max(known, 0)
    for at in session.exec(found):
        window = int((now - at) / day) - 1
        if 0 <= window < len(counts):
            counts[window] += 1
    return counts


def _of(topic: str) -> list[ColumnElement[bool]]:
    return [col(Case.category) == topic] if topic else []


def watch_unassigned(session: Session, now: datetime) -> int:
    """What stands unaccepted or unassigned beyond the time of its step is told to whoever is on duty (A21)."""
    told_before = select(Notice.id).where(Notice.case_id == Case.id, Notice.kind == "unassigned").exists()
    waiting = select(Case).where(
        col(Case.status).in_((Status.NEW, Status.ACCEPTED)),
        col(Case.open),
        col(Case.department_id).is_(None),
        col(Case.step_due_at) <= now,
        ~told_before,
    )
    to, told = _told(session, now), 0
    for case in session.exec(waiting.order_by(col(Case.sooner_at)).limit(_AT_ONCE)).all():
        for staff_id in to:
            notices.tell(
                session, now, staff_id, key=f"unassigned:{case.id}:{staff_id}", kind="unassigned",
                text=f"{case.number} 还没有交办", address=f"/desk/cases/{case.number}", case_id=case.id,
            )  # fmt: skip
            told += 1
    return told


def _tell_new(session: Session, now: datetime, case: Case) -> None:
    """A new case is told to whoever is on duty (A21); with nobody on duty the gap itself is told."""
    for shift in duty.on_duty(session, now):
        notices.tell(
            session, now, shift.staff_id, key=f"new:{case.id}:{shift.staff_id}", kind="new",
            text=f"新来信 {case.number}", address=f"/desk/cases/{case.number}", case_id=case.id,
        )  # fmt: skip


def _alike(session: Session, case: Case) -> list[int]:
    since = case.received_at - timedelta(days=_BURST_DAYS)
    pool = session.execute(
        select(Case.id, Case.text, Case.place)
        .where(Case.received_at >= since, Case.id < case.id)
        .order_by(col(Case.id).desc())
        .limit(_AT_ONCE)
    ).all()
    rows = [(row[0], row[1], row[2]) for row in pool]
    return [one.case_id for one in likely_repeats(case.text, case.place, rows, limit=20)]


def _raise(
    session: Session, now: datetime, case: Case, signal: signals.Signal, person: Person | None = None
) -> int:
    due_at = now + (signal.within or steps.ASSESS_WITHIN)
    values = {"signal": signal.key, "words": signal.words, "raised_at": now, "due_at": due_at}
    if not insert_once(session, Alert, case_id=case.id, **values):
        return 0
    same = select(Alert).where(Alert.case_id == case.id, Alert.signal == signal.key)
    alert = session.exec(same).one()
    by = person.id if person else None
    session.add(AlertStep(alert_id=alert.id, step=steps.Stage.WARNED, at=now, by_id=by, note=signal.words))
    log.record(
        session,
        now,
        person,
        "alert",
        subject_type="case",
        subject_id=case.number,
        case_id=case.id,
        signal=signal.key,
    )
    for staff_id in _told(session, now):
        notices.tell(
            session,
            now,
            staff_id,
            key=f"alert:{case.id}:{signal.key}:{staff_id}",
            kind="alert",
            text=f"舆情提示 {case.number}：{signal.words}",
            address=f"/desk/alerts/{alert.id}",
            case_id=case.id,
        )
    return 1


def _told(session: Session, now: datetime) -> list[int]:
    on_duty = [shift.staff_id for shift in duty.on_duty(session, now)]
    return on_duty or [leader.id for leader in staff.people(session, role=Role.DUTY_LEADER)]
