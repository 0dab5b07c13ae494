"""值班看板: what needs a person now, each with a verb; then the day's figures, as charts with tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import redirect
from sqlmodel import Session
from werkzeug.wrappers import Response

from app.alerts import queries as alerts
from app.alerts.steps import Stage
from app.calendar import queries as calendars
from app.calendar.workdays import day_of
from app.cases import queries as cases
from app.departments import queries as departments
from app.duty import queries as duty
from app.duty.roster import DUTIES
from app.messages import queries as messages
from app.notices import queries as notices
from app.official_accounts import queries as accounts
from app.official_accounts import service as accounts_service
from app.replies import queries as replies
from app.staff import queries as staff
from app.staff.roles import Person, Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.showing import days_left, platform_label
from app.web.presenting import instant, short_date

_SEES = (Role.CLERK, Role.HANDLER, Role.REVIEWER, Role.ISSUER, Role.SUPERVISOR, Role.DUTY_LEADER)
# How loud an account's state is: icon and colour.
_TONES = {
    "good": ("check", "is-good"),
    "soon": ("warn", "is-soon"),
    "over": ("stop", "is-over"),
    "unknown": ("question", ""),
}
_DUE_WEEKS = 5
# Views of the alerts that are alarms by themselves: view, how loud, in words, the verb.
_ALERTS = (
    ("to_report", "over", "是重大的，还没有上报", "上报"),
    ("late", "over", "到时还没有处理", "处理"),
    ("unacknowledged", "soon", "发出的报告、转送还没有签收", "核实"),
)
_MAY_STOP = (Role.DUTY_LEADER, Role.ISSUER, Role.SYSTEM_ADMIN)


@desk.get("/board")
@needs(*_SEES)
def board() -> str:
    """Read standing, on a phone, at night: first what needs somebody, then numbers, then charts."""
    person, at = current_person(), now()
    with reading() as session:
        counts = cases.counts(
            session, person, at, ("new", "at_department", "in_review", "overdue", "due_today")
        )
        flow = cases.flow(session, person, at)
        on_time, answered = cases.on_time_this_month(session, person, at)
        shifts = duty.between(session, at - timedelta(hours=4), at + timedelta(hours=20))
        return render(
            "desk/board.html",
            alarms=_alarms(session, person, at, counts),
            tallies=_tallies(counts, flow, on_time, answered),
            flow=_flow_figure(session, flow, at),
            load=_load_figure(session, person, at),
            due_weeks=_due_weeks(session, person, at),
            accounts=_accounts(session, at),
            shifts=_shifts(session, shifts, at),
            may_stop=person.may(*_MAY_STOP),
        )


def _alarms(session: Session, person: Person, at: datetime, counts: dict[str, int]) -> list[dict[str, Any]]:
    """What cannot wait, the loudest first."""
    return [
        *_late(session, person, at, counts["overdue"]),
        *_unsent(session, person, at),
        *_unread(session),
        *_troubles(session),
        *_noticed(session, person, at),
        *_today(counts["due_today"]),
        *_missed(session, at),
        *_unmanned(session, at),
        *_not_out(session, person),
    ]


def _late(session: Session, person: Person, at: datetime, count: int) -> Iterator[dict[str, Any]]:
    for longest in cases.overdue_now(session, person, at, limit=1):
        late = -days_left(at, longest, calendars.calendar(session))
        note = f"最久的超期 {late} 个工作日：{longest.title}"
        yield _alarm("over", "stop", f"{count} 件已超期", note, "/desk/cases?view=overdue", "看超期")


def _unsent(session: Session, person: Person, at: datetime) -> Iterator[dict[str, Any]]:
    failed = replies.count_not_delivered(session, person) + replies.count_moderations_open(
        session, person, at
    )
    if failed:
        note = "发送或留言操作失败、结果不明，不会自动重来，须人工核对"
        yield _alarm(
            "over", "question", f"{failed} 件没有送到", note, "/desk/deliveries?view=not_delivered", "去核对"
        )


def _unread(session: Session) -> Iterator[dict[str, Any]]:
    if broken := messages.arrival_counts(session).get("failed", 0):
        note = "原文都在，可以再读一次"
        yield _alarm("over", "warn", f"{broken} 条推送读不懂", note, "/desk/arrivals?state=failed", "查看")


def _troubles(session: Session) -> Iterator[dict[str, Any]]:
    for account in accounts.all_open(session):
        if account.trouble:
            title = f"{account.name}：接入有问题"
            yield _alarm("over", "plug", title, account.trouble, "/desk/accounts", "查看接入")


def _noticed(session: Session, person: Person, at: datetime) -> Iterator[dict[str, Any]]:
    for view, level, words, verb in _ALERTS:
        if count := alerts.count(session, person, view, at):
            yield _alarm(level, "flag", f"{count} 条舆情{words}", "", f"/desk/alerts?view={view}", verb)
    for alert, case in alerts.open_alerts(session, person, limit=3):
        if alert.stage == Stage.WARNED:
            note, href = f"{case.number} {case.title}", f"/desk/alerts/{alert.id}"
            yield _alarm("soon", "flag", f"舆情提示：{alert.words}", note, href, "研判")


def _today(count: int) -> Iterator[dict[str, Any]]:
    if count:
        href = "/desk/cases?view=due_today"
        yield _alarm("soon", "clock", f"{count} 件今天到期", "都在 24:00 前", href, "看今日到期")


def _unmanned(session: Session, at: datetime) -> Iterator[dict[str, Any]]:
    for gap in duty.gaps(session, at)[:1]:
        title = f"{instant(gap.starts_at, at)} 起无人值班"
        yield _alarm("soon", "user", title, f"到 {instant(gap.ends_at, at)}", "/desk/duty", "补班")


def _missed(session: Session, at: datetime) -> Iterator[dict[str, Any]]:
    shifts = duty.missed(session, at)
    names = staff.names(session, [shift.staff_id for shift in shifts])
    for shift in shifts:
        title = f"{names.get(shift.staff_id, '')}还没有接{DUTIES[shift.duty]}班"
        yield _alarm("over", "user", title, f"{instant(shift.starts_at, at)} 开始", "/desk/duty", "看值班表")


def _not_out(session: Session, person: Person) -> Iterator[dict[str, Any]]:
    if person.may(Role.DUTY_LEADER, Role.SYSTEM_ADMIN) and (count := notices.count_not_out(session)):
        note = "群里或邮箱可能没有收到；站内的提醒都在"
        yield _alarm("soon", "bell", f"{count} 条提醒没有发出去", note, "/desk/notice-targets", "去核对")


def _alarm(level: str, icon: str, title: str, note: str, href: str, verb: str) -> dict[str, Any]:
    return {"level": level, "icon": icon, "title": title, "note": note, "href": href, "verb": verb}


def _tallies(
    counts: dict[str, int], flow: list[tuple[Any, int, int]], on_time: int, answered: int
) -> list[dict[str, Any]]:
    share = f"{100 * on_time / answered:.1f}%" if answered else "—"
    return [
        {
            "count": flow[-1][1],
            "label": "今天收到",
            "note": f"昨天 {flow[-2][1]}",
            "href": f"/desk/cases?view=all&received={flow[-1][0]}",
        },
        {"count": counts["new"], "label": "待受理", "href": "/desk/cases?view=new"},
        {"count": counts["at_department"], "label": "在承办单位", "href": "/desk/cases?view=at_department"},
        {"count": counts["in_review"], "label": "审核中", "href": "/desk/cases?view=in_review"},
        {
            "count": share,
            "label": "本月按时率",
            "note": f"按时 {on_time}，共 {answered}",
            "href": "/desk/cases?view=answered_this_month",
        },
    ]


def _flow_figure(session: Session, flow: list[tuple[Any, int, int]], at: datetime) -> dict[str, Any]:
    calendar = calendars.calendar(session)
    total_in, total_out = sum(row[1] for row in flow), sum(row[2] for row in flow)
    return {
        "caption": f"近 14 天收到 {total_in} 件，办结 {total_out} 件",
        "subject": "日期",
        "bar_label": "收到",
        "line_label": "办结",
        "points": [
            {
                "label": "今天" if position == len(flow) - 1 else short_date(day, at),
                "bar": received,
                "line": closed,
                "bar_href": f"/desk/cases?view=all&received={day}",
                "line_href": f"/desk/cases?view=all&closed={day}",
                "is_rest": not calendar.is_working_day(day),
            }
            for position, (day, received, closed) in enumerate(flow)
        ],
    }


def _due_weeks(session: Session, person: Person, at: datetime) -> list[list[dict[str, Any]]]:
    """Five weeks of due dates from this week's Monday: how many open cases run out each day, opening them."""
    calendar, today = calendars.calendar(session), day_of(at)
    first = today - timedelta(days=today.weekday())
    days = [first + timedelta(days=i) for i in range(7 * _DUE_WEEKS)]
    counts = cases.due_per_day(session, person, days[0], days[-1])
    cells = [
        {
            "label": "今天" if day == today else f"{day:%m-%d}",
            "count": counts.get(day, 0),
            "href": f"/desk/cases?view=open&due={day}",
            "is_rest": not calendar.is_working_day(day),
            "is_guess": not calendar.is_announced(day),
        }
        for day in days
    ]
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def _load_figure(session: Session, person: Person, at: datetime) -> dict[str, Any]:
    rows = cases.by_department(session, person, at)
    names = departments.names(session, {row[0] for row in rows})
    total = sum(sum(row[1:]) for row in rows)
    soon, late = sum(row[2] for row in rows), sum(row[3] for row in rows)
    return {
        "caption": f"{total} 件在办，{soon} 件今明到期，{late} 件超期",
        "subject": "承办单位",
        "series": ["时限内", "今明到期", "超期"],
        "measure": "件",
        "rows": [
            {
                "label": names.get(department_id, ""),
                "values": [on_time, due_soon, overdue],
                "hrefs": [
                    f"/desk/cases?view={view}&department={department_id}"
                    for view in ("due_later", "due_tomorrow", "overdue")
                ],
                "href": f"/desk/cases?view=open&department={department_id}",
                "note": f"超期 {overdue}" if overdue else None,
            }
            for department_id, on_time, due_soon, overdue in rows
        ],
    }


def _accounts(session: Session, at: datetime) -> list[dict[str, Any]]:
    rows, known = [], messages.histories(session, at)
    for account in accounts.all_open(session):
        seen = accounts.activity_of(account, at, known.get(account.id))
        rows.append(
            {
                "title": f"{account.name} · {platform_label(account.platform)}",
                "state": {"icon": _TONES[seen.tone][0], "word": seen.label, "colour": _TONES[seen.tone][1]},
                "note": seen.words or f"最近 {instant(account.last_arrival_at, at)}",
            }
        )
    return rows


def _shifts(session: Session, shifts: list[Any], at: datetime) -> list[dict[str, Any]]:
    names = staff.names(session, [shift.staff_id for shift in shifts])
    return [
        {
            "verb": names.get(shift.staff_id, ""),
            "object": f"{instant(shift.starts_at, at)} 到 {instant(shift.ends_at, at)}",
            "who": None,
            "at": None,
            "note": f"交接：{shift.handover_note}" if shift.handover_note else None,
            "is_now": shift.starts_at <= at < shift.ends_at,
        }
        for shift in shifts
    ]


@desk.post("/stop")
@needs(*_MAY_STOP)
def stop() -> Response:
    """紧急停发: nothing more is sent on any account (D18)."""
    with writing() as session:
        accounts_service.stop(session, now(), current_person(), None)
    tell("over", "已紧急停发", "所有账号都不再发送；已签发的在等，恢复后接着发")
    return redirect("/desk/board", 303)


@desk.post("/resume")
@needs(*_MAY_STOP)
def resume() -> Response:
    """Sending goes on; what waited is sent."""
    with writing() as session:
        accounts_service.resume(session, now(), current_person(), None)
    tell("good", "已恢复发送", "等着的答复会接着发")
    return redirect("/desk/board", 303)
