"""Which alerts are open, which wait for what, and what was written about them?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from app.alerts import signals, steps
from app.alerts.models import Alert, AlertPaper, AlertStep, AlertWord, LiaisonContact
from app.alerts.papers import REPORTS, Kind
from app.base.errors import Invalid, NotFound
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.staff.roles import Person

PAGE = 25
VIEWS: Mapping[str, str] = {
    "open": "没有了结",
    "warned": "待研判",
    "late": "已超时",
    "major": "重大",
    "to_report": "待上报",
    "unacknowledged": "待签收",
    "settled": "已了结",
}


@dataclass(frozen=True)
class Listed:
    """One page of alerts with their cases; ``older`` is the cursor of the next."""

    rows: list[tuple[Alert, Case]]
    total: int
    older: int | None


def open_alerts(session: Session, person: Person, limit: int = 20) -> list[tuple[Alert, Case]]:
    """Alerts nobody has settled, newest first, with their cases, as far as ``person`` may see these."""
    wanted = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    wanted = wanted.where(col(Alert.settled_at).is_(None), visible_cases(person))
    return [(row[0], row[1]) for row in session.exec(wanted.order_by(col(Alert.id).desc()).limit(limit))]


def listed(
    session: Session,
    person: Person,
    view: str,
    now: datetime,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> Listed:
    """One view of the alerts, newest first. Raises `Invalid` for a view that there is not."""
    conditions = [_view(view, now), visible_cases(person)]
    found = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id)).where(*conditions)
    if before is not None:
        found = found.where(Alert.id < before)
    rows = [(row[0], row[1]) for row in session.exec(found.order_by(col(Alert.id).desc()).limit(limit + 1))]
    older = rows[limit - 1][0].id if len(rows) > limit else None
    return Listed(rows[:limit], count(session, person, view, now), older)


def count(session: Session, person: Person, view: str, now: datetime) -> int:
    """How many rows that view has: the same condition as `listed`."""
    found = select(func.count()).select_from(Alert).join(Case, col(Case.id) == col(Alert.case_id))
    return session.exec(found.where(_view(view, now), visible_cases(person))).one()


def _view(view: str, now: datetime) -> ColumnElement[bool]:
    is_open = col(Alert.settled_at).is_(None)
    unacknowledged = select(AlertPaper.alert_id).where(col(AlertPaper.acknowledged_at).is_(None))
    reported = select(AlertPaper.alert_id).where(AlertPaper.kind == Kind.REPORT)
    conditions: Mapping[str, ColumnElement[bool]] = {
        "open": is_open,
        "warned": is_open & (col(Alert.stage) == steps.Stage.WARNED),
        "late": is_open & (col(Alert.due_at) <= now),
        "major": is_open & col(Alert.major_at).is_not(None),
        "to_report": is_open & col(Alert.major_at).is_not(None) & col(Alert.id).not_in(reported),
        "unacknowledged": col(Alert.id).in_(unacknowledged),
        "settled": col(Alert.settled_at).is_not(None),
    }
    if view not in conditions:
        raise Invalid("没有这个视图。请从上面的视图里选一个", field="view")
    return conditions[view]


def visible(session: Session, person: Person, alert_id: int) -> tuple[Alert, Case]:
    """One alert and its case. Raises `NotFound` where there is none, or the person may not see the case."""
    found = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    row = session.exec(found.where(Alert.id == alert_id, visible_cases(person))).first()
    if row is None:
        raise NotFound("没有这条舆情提示")
    return row[0], row[1]


def of_case(session: Session, case_id: int) -> list[Alert]:
    return list(session.exec(select(Alert).where(Alert.case_id == case_id).order_by(col(Alert.id))))


def steps_of(session: Session, alert_id: int) -> list[AlertStep]:
    """What was done, oldest first."""
    return list(
        session.exec(select(AlertStep).where(AlertStep.alert_id == alert_id).order_by(col(AlertStep.id)))
    )


def papers_of(session: Session, alert_id: int) -> list[AlertPaper]:
    """What was written, oldest first."""
    return list(
        session.exec(select(AlertPaper).where(AlertPaper.alert_id == alert_id).order_by(col(AlertPaper.id)))
    )


def paper(session: Session, person: Person, paper_id: int) -> tuple[AlertPaper, Alert, Case]:
    """One paper with what it is about. Raises `NotFound`."""
    found = session.get(AlertPaper, paper_id)
    if found is None:
        raise NotFound("没有这份单子")
    return (found, *visible(session, person, found.alert_id))


def reported(session: Session, alert_id: int) -> bool:
    """Whether the first report of it has left."""
    return any(one.kind in REPORTS for one in papers_of(session, alert_id))


def contacts(session: Session) -> list[LiaisonContact]:
    """The liaison directory in use, by sphere and unit."""
    wanted = select(LiaisonContact).where(col(LiaisonContact.ended_at).is_(None))
    return list(session.exec(wanted.order_by(col(LiaisonContact.sphere), col(LiaisonContact.unit))))


def own_words(session: Session) -> list[AlertWord]:
    """What the office itself said of words, by topic."""
    return list(session.exec(select(AlertWord).order_by(col(AlertWord.topic), col(AlertWord.id))))


def words(session: Session) -> dict[str, tuple[str, ...]]:
    """The words that are watched for now, by topic."""
    return signals.watched((row.topic, row.word, row.watched) for row in own_words(session))
