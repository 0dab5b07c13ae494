"""Who works here, with which roles, and who is signed in? Reads for pages, jobs and the shell."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.base.standing import standing
from app.calendar.workdays import day_of
from app.staff.models import ApiToken, Office, SignInSession, StaffMember, StaffRole
from app.staff.roles import Person, Role


@standing
def office(session: Session) -> Office | None:
    """The office of this installation; None before the first-run page was filled in."""
    return session.exec(select(Office)).first()


def member(session: Session, staff_id: int) -> StaffMember | None:
    """The row of one person, also of one who has left."""
    return session.get(StaffMember, staff_id)


def by_sign_in(session: Session, sign_in: str) -> StaffMember | None:
    """The person with this sign-in name (plain form), also one who has left."""
    return session.exec(select(StaffMember).where(StaffMember.sign_in == sign_in)).first()


def find(session: Session, words: str) -> list[StaffMember]:
    """People at work whose sign-in name or name is exactly ``words``."""
    matches = (StaffMember.sign_in == words) | (StaffMember.name == words)
    return list(session.exec(_at_work().where(matches).order_by(col(StaffMember.id))))


def person(session: Session, staff_id: int) -> Person | None:
    """The person as rules and services see them; None for somebody unknown or disabled."""
    found = session.get(StaffMember, staff_id)
    if found is None or found.disabled_at is not None:
        return None
    return as_person(found, roles_of(session, [staff_id])[staff_id])


def as_person(found: StaffMember, roles: frozenset[Role]) -> Person:
    """A row and its roles as one value."""
    return Person(found.id, found.name, found.department_id, roles, found.contractor)


def people(
    session: Session, *, role: Role | None = None, department_id: int | None = None
) -> list[StaffMember]:
    """People at work, by name; with ``role`` or in ``department_id`` where given."""
    wanted = _at_work()
    if role is not None:
        wanted = wanted.join(StaffRole, col(StaffRole.staff_id) == col(StaffMember.id))
        wanted = wanted.where(StaffRole.role == role.value)
    if department_id is not None:
        wanted = wanted.where(StaffMember.department_id == department_id)
    return list(session.exec(wanted.order_by(col(StaffMember.name), col(StaffMember.id))))


def everybody(session: Session) -> list[StaffMember]:
    """All people, those who left last."""
    order = (col(StaffMember.disabled_at).is_not(None), col(StaffMember.name), col(StaffMember.id))
    return list(session.exec(select(StaffMember).order_by(*order)))


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id, also of people who have left; ids that are None or unknown are left out."""
    wanted = {number for number in ids if number is not None}
    if not wanted:
        return {}
    found = select(StaffMember.id, StaffMember.name).where(col(StaffMember.id).in_(wanted))
    return dict(session.exec(found).all())


def roles_of(session: Session, ids: Iterable[int]) -> dict[int, frozenset[Role]]:
    """The roles of each of ``ids``; nobody is left out."""
    wanted = set(ids)
    held: dict[int, frozenset[Role]] = dict.fromkeys(wanted, frozenset())
    for row in session.exec(select(StaffRole).where(col(StaffRole.staff_id).in_(wanted))):
        held[row.staff_id] |= {Role(row.role)}
    return held


def has_role(session: Session, role: Role) -> bool:
    """Whether anybody at work holds ``role``."""
    return bool(people(session, role=role))


def sign_in_names(session: Session) -> set[str]:
    """Every sign-in name ever given."""
    return set(session.exec(select(StaffMember.sign_in)))


def sessions(session: Session, staff_id: int, now: datetime, *, idle: float) -> list[SignInSession]:
    """The live sessions of one person, newest first; ``idle``: seconds without a request that end one."""
    found = select(SignInSession).where(
        SignInSession.staff_id == staff_id, col(SignInSession.ended_at).is_(None), SignInSession.ends_at > now
    )
    rows = session.exec(found.order_by(col(SignInSession.seen_at).desc()))
    return [row for row in rows if (now - row.seen_at).total_seconds() < idle]


def tokens(session: Session, staff_id: int | None = None) -> list[ApiToken]:
    """Tokens in force, newest first; of one person where given."""
    found = select(ApiToken).where(col(ApiToken.revoked_at).is_(None)).order_by(col(ApiToken.id).desc())
    return list(session.exec(found.where(ApiToken.staff_id == staff_id) if staff_id else found))


def is_at_work(found: StaffMember, now: datetime) -> bool:
    """Whether a person may act: not disabled, and a contractor's contract has not run out (Shanghai days)."""
    if found.disabled_at is not None:
        return False
    return found.contract_ends_on is None or day_of(now) <= found.contract_ends_on


def _at_work() -> SelectOfScalar[StaffMember]:
    return select(StaffMember).where(col(StaffMember.disabled_at).is_(None))
