"""导入, 收件 and 操作记录: files with their reports, raw arrivals, and the log with its verification."""

from flask import redirect, request
from werkzeug.wrappers import Response

from app.base.errors import Invalid, NotFound
from app.cases import service as cases
from app.log import queries as log_queries
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.models import ImportRun
from app.official_accounts import queries as accounts
from app.staff import queries as staff
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.showing import STEP_LABELS, platform_label
from connectors.registry import platform

_PAGE = 50
_STATES = {
    "": "全部",
    "waiting": "等着读",
    "read": "已读懂",
    "event": "事件",
    "unsupported": "还不会读的种类",
    "failed": "读不懂",
}


@desk.get("/imports")
@needs(Role.CLERK)
def imports() -> str:
    """Which files were imported, and the form for the next one."""
    with reading() as session:
        runs = messages.imports(session)
        open_accounts = [one for one in accounts.all_open(session) if platform(one.platform).imports]
        return render(
            "desk/imports.html",
            runs=runs,
            names=staff.names(session, {run.by_id for run in runs}),
            accounts=[(one.key, f"{one.name}（{platform_label(one.platform)}）") for one in open_accounts],
        )


@desk.post("/imports")
@needs(Role.CLERK)
def import_file() -> Response:
    """Read a file into the queue; the report says what became of each row."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("请选一个 .xlsx 或 .csv 文件", field="file")
    with writing() as session:
        account = accounts.by_key(session, request.form.get("account", ""))
        if account is None or account.closed_at:
            raise Invalid("请选一个账号", field="account")
        run = cases.import_file(session, now(), current_person(), account, file.filename, file.read())
    tell("good", f"新收 {run.added} 行", f"以前已有 {run.known} 行，没收 {run.refused} 行")
    return redirect(f"/desk/imports/{run.id}", 303)


@desk.get("/imports/<int:run_id>")
@needs(Role.CLERK)
def import_report(run_id: int) -> str:
    """The report of one file, a line a row."""
    with reading() as session:
        run = session.get(ImportRun, run_id)
        if run is None:
            raise NotFound("没有这次导入")
        return render("desk/import_report.html", run=run)


@desk.get("/arrivals")
@needs(Role.CLERK, Role.DUTY_LEADER, Role.SYSTEM_ADMIN)
def arrivals() -> str:
    """What platforms sent, also what could not be read, under its error's name. The bytes stay inside."""
    state = request.args.get("state", "")
    before = request.args.get("before", "")
    if state not in _STATES or (before and not before.isdecimal()):
        raise Invalid("没有这个视图", field="state")
    with reading() as session:
        rows = messages.arrivals(session, state=state, before=int(before) if before else None, limit=_PAGE)
        counts = messages.arrival_counts(session)
        return render(
            "desk/arrivals.html",
            rows=[
                {"arrival": row, "platform": platform_label(row.platform), "state": _STATES[row.state]}
                for row in rows
            ],
            views=[
                {
                    "href": f"/desk/arrivals?state={key}",
                    "label": label,
                    "count": counts.get(key, 0) if key else sum(counts.values()),
                    "is_current": key == state,
                }
                for key, label in _STATES.items()
            ],
            spool=services().intake.spool.standing(),
            next_href=f"/desk/arrivals?state={state}&before={rows[-1].id}" if len(rows) == _PAGE else None,
        )


@desk.post("/arrivals/<int:arrival_id>/again")
@needs(Role.CLERK, Role.DUTY_LEADER, Role.SYSTEM_ADMIN)
def read_again(arrival_id: int) -> Response:
    """Put one that could not be read back in line."""
    with writing() as session:
        messages_service.read_again(session, now(), arrival_id)
    tell("good", "已放回待读", "几秒后再看")
    return redirect("/desk/arrivals", 303)


@desk.get("/log")
@needs(Role.AUDIT_ADMIN)
def log_page() -> str:
    """The whole log, newest first, for the audit administrator."""
    before = request.args.get("before", "")
    if before and not before.isdecimal():
        raise Invalid("这个翻页地址不对。请回到第一页", field="before")
    with reading() as session:
        events = log_queries.page(session, before=int(before) if before else None, limit=_PAGE)
        return render(
            "desk/log.html",
            events=events,
            labels=STEP_LABELS,
            position=log_queries.position(session),
            next_href=f"/desk/log?before={events[-1].id}" if len(events) == _PAGE else None,
        )
