"""Which alerts are still open?"""

from sqlmodel import Session, col, select

from app.alerts.models import Alert
from app.cases.models import Case
from app.cases.queries import visible_cases
from app.staff.roles import Person


def open_alerts(session: Session, person: Person, limit: int = 20) -> list[tuple[Alert, Case]]:
    """Alerts nobody has settled, newest first, with their cases, as far as ``person`` may see these."""
    wanted = select(Alert, Case).join(Case, col(Case.id) == col(Alert.case_id))
    wanted = wanted.where(col(Alert.settled_at).is_(None), visible_cases(person))
    return [(row[0], row[1]) for row in session.exec(wanted.order_by(col(Alert.id).desc()).limit(limit))]


def of_case(session: Session, case_id: int) -> list[Alert]:
    return list(session.exec(select(Alert).where(Alert.case_id == case_id).order_by(col(Alert.id))))
