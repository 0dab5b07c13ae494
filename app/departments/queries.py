"""Which departments are there, and who is responsible for what?"""

from collections.abc import Iterable

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.base.standing import standing
from app.departments.models import AssignmentRule, Department, LearnedModel, Responsibility
from app.staff import queries as staff


def all(session: Session) -> list[Department]:
    """Departments at work, in the order in which they were added."""
    open_ones = select(Department).where(col(Department.closed_at).is_(None))
    return list(session.exec(open_ones.order_by(col(Department.id))))


def get(session: Session, department_id: int) -> Department | None:
    """One department, also a closed one."""
    return session.get(Department, department_id)


def by_name(session: Session, name: str) -> Department | None:
    """The department at work with this name, or with this short name if only one has it."""
    words = name.strip()
    matching = [row for row in all(session) if words in (row.name, row.short)]
    exact = [row for row in matching if row.name == words]
    found = exact or matching
    return found[0] if len(found) == 1 else None


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Short names (full where there is none) by id, also of closed departments."""
    wanted = {number for number in ids if number is not None}
    if not wanted:
        return {}
    found = session.exec(select(Department).where(col(Department.id).in_(wanted)))
    return {row.id: row.short or row.name for row in found}


@standing
def responsibilities(session: Session, department_id: int | None = None) -> list[Responsibility]:
    """The responsibility table in force, by category and place; of one department where given."""
    in_force = select(Responsibility).where(col(Responsibility.ended_at).is_(None))
    if department_id is not None:
        in_force = in_force.where(Responsibility.department_id == department_id)
    order = (col(Responsibility.category), col(Responsibility.place), col(Responsibility.id))
    return list(session.exec(in_force.order_by(*order)))


def places(session: Session) -> list[str]:
    """Every place named in the responsibility table."""
    return sorted({row.place for row in responsibilities(session) if row.place})


def office_places(session: Session) -> frozenset[str]:
    """The office's own place and those of its responsibility table: never a person's name."""
    office = staff.office(session)
    return frozenset(places(session)) | ({office.place} if office and office.place else frozenset())


@standing
def learned(session: Session, kind: str) -> LearnedModel | None:
    """The model in force for ``kind`` (category, department), if one was learned; its weights unread."""
    wanted = select(LearnedModel).where(LearnedModel.kind == kind, col(LearnedModel.ended_at).is_(None))
    wanted = wanted.options(defer(col(LearnedModel.weights)))  # type: ignore[arg-type]
    return session.exec(wanted.order_by(col(LearnedModel.id).desc())).first()


def trainings(session: Session, kind: str, limit: int = 5) -> list[LearnedModel]:
    """The latest trainings of ``kind`` with their figures, newest first; the weights unread."""
    wanted = select(LearnedModel).where(LearnedModel.kind == kind)
    wanted = wanted.options(defer(col(LearnedModel.weights)))  # type: ignore[arg-type]
    return list(session.exec(wanted.order_by(col(LearnedModel.id).desc()).limit(limit)))


@standing
def assignment_rule(session: Session) -> AssignmentRule | None:
    """From which confidence on a case is assigned without a person; None before anybody set it."""
    return session.exec(select(AssignmentRule).order_by(col(AssignmentRule.id).desc())).first()


def history(session: Session, limit: int = 20) -> list[Responsibility]:
    """Rows of the responsibility table that are out of force, the latest ended first."""
    ended = select(Responsibility).where(col(Responsibility.ended_at).is_not(None))
    order = (col(Responsibility.ended_at).desc(), col(Responsibility.id).desc())
    return list(session.exec(ended.order_by(*order).limit(limit)))
