"""Look through new cases for what must be noticed, and settle what was noticed."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.alerts import signals
from app.alerts.models import Alert, ScanState
from app.base.errors import Invalid, NotAllowed, NotFound
from app.base.rows import insert_once
from app.cases.models import Case
from app.duty import queries as duty
from app.log import service as log
from app.log.models import Event
from app.messages.abuse import judge
from app.messages.repeats import likely_repeats
from app.notices import service as notices
from app.staff import queries as staff
from app.staff.roles import Person, Role

_AT_ONCE = 200
_BURST_DAYS = 3


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
    count = 0
    for event_id, case in session.exec(taken_in).all():
        found = signals.signals_in(case.text)
        alike = _alike(session, case)
        crowd = None if _raised_before(session, alike) else signals.burst(alike, _master(session, alike))
        found += [one for one in (crowd, signals.abuse(judge(case.text).flagged)) if one]
        count += sum(_raise(session, now, case, signal) for signal in found)
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
    """Those nobody looked at in time are told once more, to the leaders of the duty. Returns how many."""
    late = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    late = late.where(col(Alert.settled_at).is_(None), col(Alert.due_at) <= now)
    told = 0
    leaders = [leader.id for leader in staff.people(session, role=Role.DUTY_LEADER)]
    for alert, case in session.exec(late.order_by(col(Alert.id)).limit(_AT_ONCE)).all():
        for staff_id in leaders:
            notice = notices.tell(
                session,
                now,
                staff_id,
                key=f"alert_late:{alert.id}:{staff_id}",
                kind="alert",
                text=f"舆情提示 {case.number} 到时还没有人处理",
                address=f"/desk/cases/{case.number}",
                case_id=case.id,
            )
            told += notice is not None
    return told


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


def _raise(session: Session, now: datetime, case: Case, signal: signals.Signal) -> int:
    due_at = now + signal.within if signal.within else None
    values = {"signal": signal.key, "words": signal.words, "raised_at": now, "due_at": due_at}
    if not insert_once(session, Alert, case_id=case.id, **values):
        return 0
    log.record(
        session,
        now,
        None,
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
            address=f"/desk/cases/{case.number}",
            case_id=case.id,
        )
    return 1


def _told(session: Session, now: datetime) -> list[int]:
    on_duty = [shift.staff_id for shift in duty.on_duty(session, now)]
    return on_duty or [leader.id for leader in staff.people(session, role=Role.DUTY_LEADER)]


def settle(session: Session, now: datetime, person: Person, alert_id: int, note: str) -> Alert:
    """Somebody looked and says what was done."""
    if not person.may(Role.DUTY_LEADER, Role.CLERK, Role.SUPERVISOR):
        raise NotAllowed("舆情提示由值班长、受理员或督办员处理")
    alert = session.get(Alert, alert_id, with_for_update=True)
    if alert is None or alert.settled_at:
        raise NotFound("没有这条待处理的提示")
    if not note.strip():
        raise Invalid("请写明怎样处理的", field="note")
    alert.settled_at, alert.settled_by, alert.settled_note = now, person.id, note.strip()[:500]
    session.add(alert)
    log.record(
        session, now, person, "settle_alert", subject_type="alert", subject_id=alert.id, case_id=alert.case_id
    )
    return alert
