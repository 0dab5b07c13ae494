"""导入, 收件 and 操作记录: files with their reports, raw arrivals, and the log with its verification."""

from flask import redirect, request, send_file
from sqlmodel import Session
from werkzeug.wrappers import Response

from app.base.errors import AppError, Invalid, NotFound
from app.cases import service as cases
from app.log import queries as log_queries
from app.messages import queries as messages
from app.messages import service as messages_service
from app.messages.models import Arrival, ImportRun
from app.official_accounts import queries as accounts
from app.official_accounts.models import OfficialAccount
from app.replies import queries as replies
from app.replies import service as replies_service
from app.staff import queries as staff
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, tell, writing
from app.web.dashboard import desk
from app.web.dashboard.log_words import STEP_LABELS
from app.web.dashboard.showing import platform_label
from app.web.forms import number_of, refused
from connectors.contract import ImportRow
from connectors.registry import platform

_PAGE = 50
_PASTED = "粘贴的内容.txt"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES = {
    "": "全部",
    "waiting": "等着读",
    "read": "已读懂",
    "event": "关注等事件",
    "unsupported": "还不会读的种类",
    "failed": "读不懂",
}
_SHAPES = {
    "waiting": ("clock", ""),
    "read": ("check", "is-good"),
    "event": ("dot", ""),
    "unsupported": ("question", "is-soon"),
    "failed": ("warn", "is-over"),
}
"""Icon and colour of each state."""
_REASONS = {
    "PayloadError": "内容和平台说明的格式不一样，原样留着。平台改过格式的，升级以后再读一次",
}
"""What an error's name means to whoever looks, and what to do."""


@desk.get("/imports")
@needs(Role.CLERK)
def imports() -> str:
    """Which files were imported, and the form for the next one."""
    return _imports_page()


def _imports_page(error: AppError | None = None, preview: list[ImportRow] | None = None) -> str:
    with reading() as session:
        runs = messages.imports(session)
        open_accounts = [one for one in accounts.all_open(session) if platform(one.platform).imports]
        return render(
            "desk/imports.html",
            runs=runs,
            names=staff.names(session, {run.by_id for run in runs}),
            accounts=[(one.key, f"{one.name}（{platform_label(one.platform)}）") for one in open_accounts],
            replies=[
                (one.key, one.name) for one in open_accounts if one.platform in replies_service.HEADINGS
            ],
            errors=[{"field": error.field, "message": error.message}] if error else [],
            typed={"account": request.form.get("account", ""), "text": request.form.get("text", "")},
            preview=preview,
        )


@desk.post("/imports/paste")
@needs(Role.CLERK)
def paste() -> Response | str:
    """A pasted table or text: shown row by row first, taken in when the person says so."""
    done, again = refused(_paste, _imports_page)
    return again or done


def _paste() -> Response | str:
    text = request.form.get("text", "")
    if not text.strip():
        raise Invalid("请把表格或文字贴进来", field="text")
    data = text.encode("utf-8", "replace")
    if request.form.get("go") != "yes":
        with reading() as session:
            return _imports_page(preview=cases.preview_file(session, _account(session), _PASTED, data))
    with writing() as session:
        run = cases.import_file(session, now(), current_person(), _account(session), _PASTED, data)
    return _told(run)


def _account(session: Session) -> OfficialAccount:
    account = accounts.by_key(session, request.values.get("account", ""))
    if account is None or account.closed_at:
        raise Invalid("请选一个账号", field="account")
    return account


def _first_to_enter(session: Session) -> OfficialAccount:
    for one in accounts.all_open(session):
        if one.platform in replies_service.HEADINGS:
            return one
    raise NotFound("还没有要人录入答复的账号")


def _told(run: ImportRun) -> Response:
    tell("good", f"新收 {run.added} 行", f"以前已有 {run.known} 行，没收 {run.refused} 行")
    return redirect(f"/desk/imports/{run.id}", 303)


@desk.post("/imports")
@needs(Role.CLERK)
def import_file() -> Response:
    """Read a file into the queue; the report says what became of each row."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("请选一个 .xlsx 或 .csv 文件", field="file")
    with writing() as session:
        run = cases.import_file(
            session, now(), current_person(), _account(session), file.filename, file.read()
        )
    return _told(run)


@desk.get("/imports/<int:run_id>")
@needs(Role.CLERK)
def import_report(run_id: int) -> str:
    """The report of one file, a line a row."""
    with reading() as session:
        run = session.get(ImportRun, run_id)
        if run is None:
            raise NotFound("没有这次导入")
        return render("desk/import_report.html", run=run)


@desk.get("/imports/replies")
@needs(*replies_service.SETTLERS)
def replies_to_enter() -> str:
    """Replies that wait to be typed into the system their letters came from, oldest first."""
    with reading() as session:
        account = _chosen(session)
        rows = list(replies.brought_back(session, current_person(), account.id, entered=False, limit=_PAGE))
        return render("desk/replies_to_enter.html", account=account, rows=rows)


def _chosen(session: Session) -> OfficialAccount:
    """The account that the address names; without one, the first whose replies are entered by hand."""
    return _account(session) if request.args.get("account") else _first_to_enter(session)


@desk.post("/imports/replies")
@needs(*replies_service.SETTLERS)
def mark_entered() -> Response:
    """Those that were ticked are in that system now: by whom and when is kept of each."""
    chosen = [number_of(one) or 0 for one in request.form.getlist("delivery")]
    with writing() as session:
        account = _account(session)
        note = request.form.get("note", "")
        done = replies_service.enter_many(session, now(), current_person(), chosen, note=note)
    tell("good", f"已记下：{len(done)} 条人工录入完成")
    return redirect(f"/desk/imports/replies?account={account.key}", 303)


@desk.get("/imports/replies.xlsx")
@needs(*replies_service.SETTLERS)
def replies_table() -> Response:
    """The replies as a table to work from: those to enter, those entered (with who and when), or both."""
    entered = {"": None, "no": False, "yes": True}.get(request.args.get("entered", ""))
    with writing() as session:
        file = replies_service.write_table(session, now(), current_person(), _chosen(session), entered)
    return send_file(file, mimetype=_XLSX, as_attachment=True, download_name="replies.xlsx", max_age=0)


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
                {
                    "arrival": row,
                    "platform": platform_label(row.platform),
                    "state": _STATES[row.state],
                    "shape": _SHAPES[row.state],
                    "why": _why(row),
                }
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


def _why(row: Arrival) -> str:
    """Why a push is no message yet and what to do, in words; empty where it was read."""
    if row.state == "unsupported":
        return "这种消息系统还不会读，原样留着。升级以后可以再读一次"
    if row.state != "failed":
        return ""
    return _REASONS.get(row.error, "读的时候系统出了错，原样留着。再读一次还不行，请告诉系统管理员")


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
