"""Do the figures come out of the log alone? The same counts from an export of it, without the database (D21).

Reads the events of `huiying verify-log`'s export one by one and keeps of each case what it was counted by.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from app.statistics.indicators import Counts

SHANGHAI = timezone(timedelta(hours=8))
"""China has had no summer time since 1991: eight hours, always."""
SATISFIED_FROM = 4
_ENDED = frozenset({"invalid", "merged", "declined"})
_HANDLED = frozenset({"closed", "declined"})
_WITHHELD = {"privacy": "withheld_privacy", "secret": "withheld_secret", "other": "withheld_other"}


@dataclass
class Told:
    """What the log says of one case so far. Instants are aware."""

    received_at: datetime
    due_at: datetime
    platform: str
    message_type: str
    department_id: int | None = None
    status: str = "new"
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    correcting: bool = False
    rating: int = 0
    is_public: bool = False
    decided: str = ""


def told(events: Iterable[Mapping[str, Any]]) -> dict[int, Told]:
    """Every case the log knows (by its number in the database), as the log leaves it."""
    cases: dict[int, Told] = {}
    for event in events:
        case_id, action, data = event["case_id"], event["action"], event["data"]
        if action == "take_in" and "received_at" in data:
            cases[case_id] = Told(
                received_at=_instant(data["received_at"]),
                due_at=_instant(data["due_at"]),
                platform=data["platform"],
                message_type=data["message_type"],
            )
        elif case_id in cases:
            _follow(cases[case_id], action, _instant(event["at"]), data)
    return cases


def _instant(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _follow(case: Told, action: str, at: datetime, data: Mapping[str, Any]) -> None:
    if "to" in data and "due_at" in data:
        case.status, case.message_type = data["to"], data["message_type"]
        case.department_id, case.due_at = data["department_id"], _instant(data["due_at"])
    does = _STEPS.get(action)
    if does:
        does(case, at, data)


def _returned(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.department_id = None


def _to_correct(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.correcting = True


def _released(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    if case.replied_at is None or not case.correcting:
        case.replied_at = at
    case.correcting = False


def _closed(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.closed_at = at


def _reopened(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.replied_at = case.closed_at = None
    case.reopened += 1


def _rated(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.rating = int(data["score"])


def _proposed(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.decided = ""


def _shown(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.is_public, case.decided = True, ""


def _withheld(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.is_public, case.decided = False, _WITHHELD[data["code"]]


def _withdrawn(case: Told, at: datetime, data: Mapping[str, Any]) -> None:
    case.is_public, case.decided = False, "withdrawn"


_STEPS: Mapping[str, Callable[[Told, datetime, Mapping[str, Any]], None]] = {
    "return": _returned,
    "correct": _to_correct,
    "release_reply": _released,
    "close": _closed,
    "decline": _closed,
    "reopen": _reopened,
    "rate": _rated,
    "disclosure_proposed": _proposed,
    "disclosure_reconsidered": _proposed,
    "disclosure_confirmed": _shown,
    "disclosure_withheld": _withheld,
    "disclosure_withdrawn": _withdrawn,
}


def counts(case: Told, now: datetime, working_days: Callable[[date, date], int]) -> tuple[Counts, Counts]:
    """What one case adds: to the figures of its month of receipt, and to those of its month of closing."""
    due = case.status not in _ENDED
    replied = due and case.replied_at is not None
    received = Counts(
        received=1,
        valid=int(case.status != "invalid"),
        due=int(due),
        replied=int(replied),
        on_time=int(replied and case.replied_at is not None and case.replied_at <= case.due_at),
        overdue=int(due and case.replied_at is None and case.due_at <= now),
        reopened=int(case.reopened > 0),
        rated=int(case.rating > 0),
        satisfied=int(case.rating >= SATISFIED_FROM),
    )
    if replied and case.replied_at is not None:
        took = working_days(_day(case.received_at), _day(case.replied_at))
        received = replace(received, working_days=took)
    if case.status not in _HANDLED or case.closed_at is None:
        return received, Counts()
    part = "published" if case.is_public else case.decided or "undecided"
    return received, Counts(**{"closed": 1, part: 1})


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


GROUPS: Mapping[str, Callable[[Told], str]] = {
    "month": lambda case: "",
    "department": lambda case: "" if case.department_id is None else str(case.department_id),
    "message_type": lambda case: case.message_type,
    "platform": lambda case: case.platform,
}


def figures(
    cases: Iterable[Told], now: datetime, by: str, working_days: Callable[[date, date], int]
) -> dict[tuple[str, str], Counts]:
    """Counts by (month, group) as the log alone has them; ``by`` is a key of `GROUPS`."""
    found: dict[tuple[str, str], Counts] = {}
    for case in cases:
        group = GROUPS[by](case)
        received, closed = counts(case, now, working_days)
        for at, more in ((case.received_at, received), (case.closed_at, closed)):
            if at is not None and more != Counts():
                key = (f"{_day(at):%Y-%m}", group)
                found[key] = found.get(key, Counts()) + more
    return found
