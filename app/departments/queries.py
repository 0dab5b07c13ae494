"""Which departments are there, and who is responsible for what?"""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from app.departments.models import Department, Responsibility
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


def responsibilities(session: Session, department_id: int | None = None) -> list[Responsibility]:
    """The responsibility table in force, by category and place; of one department where given."""
    in_force = select(Responsibility).where(col(Responsibility.ended_at).is_(None))
    if department_id is not None:
        in_force = in_force.where(Responsibility.department_id == department_id)
    order = (col(Responsibility.category), col(Responsibility.place), col(Responsibility.id))
    return list(session.exec(in_force.order_by(*order)))


def categories(session: Session) -> list[str]:
    """Every category somebody is responsible for."""
    return sorted({row.category for row in responsibilities(session) if row.category})


def places(session: Session) -> list[str]:
    """Every place named in the responsibility table."""
    return sorted({row.place for row in responsibilities(session) if row.place})


def office_places(session: Session) -> frozenset[str]:
    """The office's own place and those of its responsibility table: never a person's name."""
    office = staff.office(session)
    return frozenset(places(session)) | ({office.place} if office and office.place else frozenset())
