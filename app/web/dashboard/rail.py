"""What stands around every page of the desk: the places this person may go, with their counts."""

from dataclasses import dataclass
from typing import Any

from flask import request

from app.alerts import queries as alerts
from app.cases import queries as cases
from app.disclosure import queries as disclosures
from app.duty import queries as duty
from app.duty.models import Shift
from app.notices import queries as notices
from app.official_accounts import queries as accounts
from app.replies import queries as replies
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.roles import GRANTABLE, LABELS, Role
from app.web.access import may_open
from app.web.context import current_person, now, reading, told
from app.web.presenting import clock_time

_DESK = (Role.CLERK, Role.HANDLER, Role.REVIEWER, Role.ISSUER, Role.SUPERVISOR, Role.DUTY_LEADER)
_ADMIN = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


DUTY = "/desk/duty"
KEYS_COOKIE = "huiying_keys"
"""Whether single-letter keys are off in this browser (WCAG 2.1.4)."""


@dataclass(frozen=True)
class Place:
    """One entry of the rail, and who sees it. ``also``: another page that belongs to it."""

    key: str
    href: str
    icon: str
    label: str
    roles: tuple[Role, ...]
    also: str = ""


PLACES = (
    Place("work", "/desk/", "work", "我的工作", GRANTABLE),
    Place("queue", "/desk/cases", "queue", "队列", (*_DESK, Role.DISCLOSER)),
    Place("review", "/desk/reviews", "review", "审核", (Role.REVIEWER, Role.ISSUER)),
    Place("board", "/desk/board", "board", "值班看板", _DESK),
    Place("alerts", "/desk/alerts", "flag", "舆情", _DESK),
    Place("extensions", "/desk/extensions", "clock", "延期审批", (Role.SUPERVISOR,)),
    Place("answers", "/desk/answers", "book", "问答库", (*_DESK, Role.EDITOR)),
    Place("disclosures", "/desk/disclosures", "eye", "公开审核", (Role.DISCLOSER, Role.DUTY_LEADER)),
    Place(
        "deliveries", "/desk/deliveries", "send", "收发记录", (*_DESK, Role.SYSTEM_ADMIN), "/desk/arrivals"
    ),
    Place("duty", DUTY, "user", "值班表", (*_DESK, Role.SYSTEM_ADMIN)),
    Place("imports", "/desk/imports", "upload", "导入", (Role.CLERK,)),
    Place("accounts", "/desk/accounts", "plug", "账号与接入", (*_ADMIN, Role.DUTY_LEADER, Role.CLERK)),
    Place("staff", "/desk/staff", "people", "人员", (*_ADMIN, Role.AUDIT_ADMIN)),
    Place("departments", "/desk/departments", "building", "承办单位", (*_ADMIN, Role.CLERK)),
    Place("office", "/desk/office", "gear", "单位设置", (Role.SYSTEM_ADMIN,)),
    Place("limits", "/desk/time-limits", "calendar", "时限与催办", (Role.SYSTEM_ADMIN,)),
    Place("targets", "/desk/notice-targets", "bell", "提醒外发", (Role.SYSTEM_ADMIN, Role.DUTY_LEADER)),
    Place("log", "/desk/log", "log", "操作记录", (Role.AUDIT_ADMIN,)),
    Place("statistics", "/desk/statistics", "chart", "统计", GRANTABLE),
)


def rail() -> dict[str, Any]:
    """The context of `desk_base.html`. Counts equal the lists they open."""
    person = current_person()
    with reading() as session:
        office = staff.office(session)
        counts = {
            "work": cases.count_mine(session, person),
            "queue": cases.count_open(session, person),
            "alerts": alerts.count(session, person, "open", now()) if person.may(*_DESK) else None,
            "review": replies.count_waiting_for(session, person),
            "extensions": (
                cases.count_waiting_extensions(session, person) if person.may(Role.SUPERVISOR) else None
            ),
            "disclosures": disclosures.count_work(session) if person.may(Role.DISCLOSER) else None,
        }
        shifts = duty.on_duty(session, now())
        on_duty = staff_queries.names(session, [shift.staff_id for shift in shifts])
        unread = notices.unread_count(session, person.id)
        stopped = accounts.stopped(session)
    items = [
        {"key": p.key, "href": p.href, "icon": p.icon, "label": p.label, "count": counts.get(p.key)}
        for p in PLACES
        if person.may(*p.roles)
    ]
    return {
        "rail": {
            "items": items,
            "current": _current(),
            "office_name": office.place or office.name if office else "",
            "duty": _duty_line(shifts, on_duty, may_open(DUTY)),
            "person": {"name": person.name, "role": _first_role(person.roles), "href": "/desk/sessions"},
            "unread": unread,
        },
        "person": person,
        "office": office,
        "sample": bool(office and office.sample),
        "stopped": stopped,
        "single_keys": request.cookies.get(KEYS_COOKIE) != "off",
        "notices": told(),
    }


def _duty_line(shifts: list[Shift], names: dict[int, str], open_to: bool) -> dict[str, str] | None:
    if not shifts:
        return None
    turns = (f"{names.get(shift.staff_id, '')}至 {clock_time(shift.ends_at)}" for shift in shifts)
    return {"text": "、".join(turns), "href": DUTY if open_to else ""}


def _current() -> str:
    path = request.path
    fits = {href: place.key for place in PLACES for href in (place.href, place.also) if _is_below(path, href)}
    return fits[max(fits, key=len)] if fits else ""


def _is_below(path: str, href: str) -> bool:
    return bool(href) and (path == href or path.startswith(href.rstrip("/") + "/"))


def _first_role(roles: frozenset[Role]) -> str:
    return next((LABELS[role] for role in Role if role in roles), "")
