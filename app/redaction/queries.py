"""Which rules of redaction were in force, and since when?"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.redaction.models import RuleVersion

MOST = 20


def versions(session: Session) -> Sequence[RuleVersion]:
    """The newest rules first, at most `MOST`."""
    return session.exec(select(RuleVersion).order_by(col(RuleVersion.id).desc()).limit(MOST)).all()
