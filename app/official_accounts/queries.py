"""Which official accounts are there, which are stopped or silent, and which filings are open?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.base.errors import NotFound
from app.calendar import queries as calendar
from app.calendar.workdays import day_of
from app.log.models import Event
from app.official_accounts import filing, silence
from app.official_accounts.activity import Activity, activity
from app.official_accounts.models import AccountToken, FetchState, OfficialAccount, Registration
from app.official_accounts.silence import History


@dataclass(frozen=True)
class Stopped:
    """Sending is stopped: since when, by whom, on which accounts, and where to lift it."""

    at: datetime
    by: str
    names: tuple[str, ...]
    href: str = "/desk/accounts"


@dataclass(frozen=True)
class Filing:
    """One registration and how far it is."""

    registration: Registration
    label: str
    state: filing.State


def get(session: Session, account_id: int) -> OfficialAccount:
    """One account, also a closed one. Raises `NotFound`."""
    found = session.get(OfficialAccount, account_id)
    if found is None:
        raise NotFound("没有这个账号")
    return found


def by_key(session: Session, key: str) -> OfficialAccount | None:
    """The account whose webhook address carries ``key``, also a closed one."""
    return session.exec(select(OfficialAccount).where(OfficialAccount.key == key)).first()


def find(session: Session, words: str) -> list[OfficialAccount]:
    """Open accounts whose key or name is exactly ``words``."""
    return [row for row in all_open(session) if words in (row.key, row.name)]


def all_open(session: Session, *, platform: str | None = None) -> list[OfficialAccount]:
    """Accounts that are not closed, by platform and name; of one platform where given."""
    open_ones = select(OfficialAccount).where(col(OfficialAccount.closed_at).is_(None))
    if platform is not None:
        open_ones = open_ones.where(OfficialAccount.platform == platform)
    order = (col(OfficialAccount.platform), col(OfficialAccount.name), col(OfficialAccount.id))
    return list(session.exec(open_ones.order_by(*order)))


def of_department(session: Session, department_id: int, platform: str) -> OfficialAccount | None:
    """The open account of a department on a platform; there is one at most (A1)."""
    return next(
        (row for row in all_open(session, platform=platform) if row.department_id == department_id), None
    )


def stopped(session: Session) -> Stopped | None:
    """The emergency stop in force, newest first; None when everything may be sent."""
    held = [row for row in all_open(session) if row.stopped_at is not None]
    if not held:
        return None
    last = select(Event).where(Event.action == "sending_stopped").order_by(col(Event.id).desc()).limit(1)
    event = session.exec(last).first()
    by = event.actor_name if event and event.actor_name else "系统"
    at = max(row.stopped_at for row in held if row.stopped_at is not None)
    return Stopped(at, by, tuple(row.name for row in held))


def activity_of(account: OfficialAccount, now: datetime, known: History | None = None) -> Activity:
    """How an account is, in words; with its history also whether it is unusually long without a message."""
    last_at = account.last_arrival_at
    return activity(
        now,
        created_at=account.created_at,
        last_arrival_at=account.last_arrival_at,
        trouble=account.trouble,
        stopped_at=account.stopped_at,
        closed_at=account.closed_at,
        held_until=account.held_until,
        missed=silence.missed(known, last_at, now) if known and last_at else 0.0,
    )


def ends_on(account: OfficialAccount) -> date | None:
    """Until which day (in Shanghai) somebody's permission for this account holds: as the platform says, else
    as was filled in; None where neither is known."""
    if account.grant_ends_at is not None:
        return day_of(account.grant_ends_at)
    written = account.settings.get("token_ends_on", "")
    return date.fromisoformat(written) if written else None


def fetch_state(session: Session, account_id: int) -> FetchState | None:
    """How far and when a polled account was read last."""
    return session.get(FetchState, account_id)


def filings(session: Session, now: datetime, *, account_id: int | None = None) -> list[Filing]:
    """Registrations with their state today; those not yet filed first, the most urgent of them on top."""
    found = select(Registration)
    if account_id is not None:
        found = found.where(Registration.account_id == account_id)
    days, today = calendar.calendar(session), day_of(now)
    order = (col(Registration.filed_at).is_not(None), col(Registration.due_on), col(Registration.number))
    return [
        Filing(
            row, filing.KINDS[row.kind].label, filing.state(row.due_on, row.filed_at is not None, today, days)
        )
        for row in session.exec(found.order_by(*order))
    ]


def token_row(session: Session, account_id: int) -> AccountToken | None:
    """The access token of an account as it is kept."""
    return session.get(AccountToken, account_id)


def last_self_test(session: Session, account_id: int) -> tuple[datetime, list[dict[str, Any]]] | None:
    """When the account was last tested, and what came out."""
    tested = select(Event).where(
        Event.action == "account_tested",
        Event.subject_type == "official_account",
        Event.subject_id == str(account_id),
    )
    event = session.exec(tested.order_by(col(Event.id).desc()).limit(1)).first()
    return (event.at, list(event.data.get("checks", []))) if event else None
