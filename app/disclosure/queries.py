"""Which closed cases wait for a decision on showing them, and what was decided?"""

from dataclasses import dataclass

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from app.base.errors import Invalid, NotFound
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.disclosure.decision import STATE_LABELS, State
from app.disclosure.models import Disclosure, PublicRequest
from app.log.models import Event

PAGE = 25
# What C4 calls handled: answered and closed, or declined with a reason. Adverts and merged ones are not.
HANDLED = (Status.CLOSED.value, Status.DECLINED.value)
# Acts of handling; whoever did one does not decide on showing the case (A6: 审看 apart from 处理).
HANDLING = (*(action.value for action in Action), "draft_reply")


@dataclass(frozen=True)
class Listed:
    """One row of the list: the decision and its case."""

    disclosure: Disclosure
    case: Case


@dataclass(frozen=True)
class Page:
    """One page of a keyset list."""

    items: list[Listed]
    total: int
    first: int
    next: int | None
    previous: int | None


def count_waiting(session: Session) -> int:
    """How many wait for a disclosure officer: the count in the rail equals the list."""
    wanted = select(func.count()).select_from(Disclosure).where(Disclosure.state == State.WAITING.value)
    return session.exec(wanted).one()


def count_work(session: Session) -> int:
    """What the disclosure officer has before them: cases that wait, and requests about public ones."""
    return count_waiting(session) + count_requests(session)


def count_requests(session: Session) -> int:
    """How many requests about public cases are open."""
    wanted = select(func.count()).select_from(PublicRequest).where(PublicRequest.state == "open")
    return session.exec(wanted).one()


@dataclass(frozen=True)
class Asked:
    """A request and the case it is about."""

    request: PublicRequest
    case: Case


MOST_REQUESTS = 100


def requests(session: Session, *, state: str = "open") -> list[Asked]:
    """Requests about public cases: leaks first, then the longest waiting; of decided ones the newest."""
    is_leak = (col(PublicRequest.kind) == "leak").desc()
    order = (is_leak, col(PublicRequest.id)) if state == "open" else (col(PublicRequest.decided_at).desc(),)
    wanted = select(PublicRequest, Case).join(Case, col(Case.id) == col(PublicRequest.case_id))
    found = session.exec(wanted.where(PublicRequest.state == state).order_by(*order).limit(MOST_REQUESTS))
    return [Asked(request, case) for request, case in found]


def request(session: Session, request_id: int) -> PublicRequest:
    """One request. Raises `NotFound`."""
    found = session.get(PublicRequest, request_id) if request_id < 2**31 else None
    if found is None:
        raise NotFound("没有这个申请。可能地址写错了，请回到公开审核")
    return found


def requests_of(session: Session, case_id: int) -> list[PublicRequest]:
    """What was asked about a case and what was decided, the newest first."""
    wanted = select(PublicRequest).where(PublicRequest.case_id == case_id)
    return list(session.exec(wanted.order_by(col(PublicRequest.id).desc()).limit(20)))


def has_handled(session: Session, case_id: int, person_id: int) -> bool:
    """Whether this person did anything in the handling of a case: took it in, wrote, reviewed, released …"""
    did = or_(col(Event.action).in_(HANDLING), col(Event.action).like("review\\_%", escape="\\"))
    wanted = select(Event.id).where(Event.case_id == case_id, Event.actor_id == person_id, did)
    return session.exec(wanted.limit(1)).first() is not None


def alike(session: Session, disclosure_id: int, limit: int = 100) -> list[Disclosure]:
    """Other waiting ones with exactly the same public texts and the same things to consider."""
    one = get(session, disclosure_id).disclosure
    wanted = select(Disclosure).where(
        Disclosure.state == State.WAITING.value, Disclosure.digest == one.digest, Disclosure.id != one.id
    )
    found = session.exec(wanted.order_by(col(Disclosure.id)).limit(limit))
    return [other for other in found if other.flags == one.flags and one.state == State.WAITING]


def counts(session: Session) -> dict[State, int]:
    """How many decisions are in each state; none is left out."""
    rows = session.exec(select(Disclosure.state, func.count()).group_by(col(Disclosure.state))).all()
    found = dict(rows)
    return {state: found.get(state.value, 0) for state in State}


def waiting(session: Session, *, after: int | None = None, limit: int = PAGE) -> Page:
    """What waits, the longest waiting first."""
    return listed(session, State.WAITING, after=after, limit=limit)


def listed(
    session: Session,
    state: str,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of decisions in one state, oldest first. Cursors are ids. Raises `Invalid`."""
    if state not in STATE_LABELS:
        raise Invalid("没有这个视图。请从上面的视图里选一个", field="state")
    of_state = col(Disclosure.state) == state
    total = session.exec(select(func.count()).select_from(Disclosure).where(of_state)).one()
    wanted = select(Disclosure, Case).join(Case, col(Case.id) == col(Disclosure.case_id)).where(of_state)
    if before is not None:
        found = wanted.where(col(Disclosure.id) < before).order_by(col(Disclosure.id).desc()).limit(limit)
        rows = session.exec(found).all()[::-1]
    else:
        found = wanted.where(col(Disclosure.id) > (after or 0)).order_by(col(Disclosure.id)).limit(limit)
        rows = session.exec(found).all()
    if not rows:
        return Page([], total, 0, None, None)
    ahead = select(func.count()).select_from(Disclosure).where(of_state, col(Disclosure.id) < rows[0][0].id)
    first = session.exec(ahead).one() + 1
    return Page(
        items=[Listed(disclosure, case) for disclosure, case in rows],
        total=total,
        first=first,
        next=rows[-1][0].id if first + len(rows) - 1 < total else None,
        previous=rows[0][0].id if first > 1 else None,
    )


def get(session: Session, disclosure_id: int) -> Listed:
    """One decision with its case. Raises `NotFound`."""
    found = session.get(Disclosure, disclosure_id)
    if found is None:
        raise NotFound("没有这一件公开审核。可能地址写错了，请回到列表")
    return Listed(found, session.get_one(Case, found.case_id))


def of_case(session: Session, case_id: int) -> Disclosure | None:
    """The decision on a case, if there is one already."""
    return session.exec(select(Disclosure).where(Disclosure.case_id == case_id)).first()


def next_waiting(session: Session, after: int) -> int | None:
    """The id of the one that waits after ``after``; from the start again when there is none."""
    wanted = select(Disclosure.id).where(Disclosure.state == State.WAITING.value).order_by(col(Disclosure.id))
    later = session.exec(wanted.where(col(Disclosure.id) > after).limit(1)).first()
    return later or session.exec(wanted.where(col(Disclosure.id) != after).limit(1)).first()


def unproposed(session: Session, limit: int) -> list[tuple[Case, Disclosure | None]]:
    """Handled cases without a proposal, or handled once more after it (reopened, corrected).

    What was withdrawn stays withdrawn: a new handling is no reason to show it again.
    """
    wanted = (
        select(Case, Disclosure)
        .join(Disclosure, col(Disclosure.case_id) == col(Case.id), isouter=True)
        .where(
            col(Case.status).in_(HANDLED),
            or_(
                col(Disclosure.id).is_(None),
                (col(Disclosure.state) != State.WITHDRAWN.value)
                & (col(Case.closed_at) > col(Disclosure.proposed_at)),
            ),
        )
        .order_by(col(Case.closed_at), col(Case.id))
        .limit(limit)
    )
    return [(case, disclosure) for case, disclosure in session.exec(wanted)]


def unscanned(session: Session, rules: str, limit: int) -> list[tuple[Case, Disclosure]]:
    """Public cases that the rules ``rules`` have not looked at yet, the oldest decision first."""
    wanted = (
        select(Case, Disclosure)
        .join(Disclosure, col(Disclosure.case_id) == col(Case.id))
        .where(Disclosure.state == State.PUBLISHED.value, Disclosure.scanned_with != rules)
        .order_by(col(Disclosure.id))
        .limit(limit)
    )
    return [(case, disclosure) for case, disclosure in session.exec(wanted).all()]
