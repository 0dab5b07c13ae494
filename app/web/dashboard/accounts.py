"""Official accounts on the desk: are they alive, filed, connected? And the emergency stop of sending."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import redirect, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from app.base.errors import AppError, NotFound
from app.calendar.workdays import day_of
from app.departments import queries as department_queries
from app.messages import queries as messages
from app.official_accounts import endings, queries
from app.official_accounts import service as accounts
from app.official_accounts.models import FetchState, OfficialAccount
from app.official_accounts.silence import History
from app.replies import queries as replies
from app.staff import queries as staff_queries
from app.staff.roles import Role
from app.web.access import needs
from app.web.context import current_person, now, reading, render, services, settings, writing
from app.web.dashboard import desk
from app.web.forms import day_of_form, number_of, page_after, refused
from app.web.presenting import instant
from connectors import registry
from connectors.contract import AddressLister, SettingField

SEES_ACCOUNTS = (
    Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.DUTY_LEADER, Role.CLERK, Role.SUPERVISOR
)  # fmt: skip
STOPS = (Role.DUTY_LEADER, Role.SYSTEM_ADMIN)
LOUDEST = ("over", "soon", "unknown", "good")
ICONS = {"good": "check", "soon": "warn", "over": "stop", "unknown": "question"}
VERDICTS = {True: ("check", "通过", "is-good"), False: ("stop", "不通过", "is-over")}
UNKNOWN = ("question", "不明", "is-soon")

DONE = {
    "added": "账号已登记，备案时限开始计算。接下来：把接收地址填到平台后台，再做一次自检",
    "settings": "设置已保存。接下来：做一次自检",
    "responsible": "负责人已改",
    "tested": "自检做完了，结果在下面",
    "gate_on": "来源地址核对已开，只收平台公布的地址发来的推送",
    "gate_off": "来源地址核对已关，凭签名收推送",
    "gate_refreshed": "平台的推送地址已更新",
    "keys_ended": "更换完成，旧密钥已失效",
    "endings": "结尾已保存，用于以后送审的答复",
    "stopped": "已停发。留言照常收，签发了的答复先不送出",
    "resumed": "已恢复发送，等着的答复会陆续送出",
    "filed": "已登记备案",
    "registered": "备案时限开始计算",
    "closed": "账号已注销，接收地址已失效。请在 5 个工作日内备案",
}


@desk.get("/accounts")
@needs(*SEES_ACCOUNTS)
def accounts_list() -> str:
    """Every account: alive or not known, its filing, its last message; what needs somebody stands first."""
    return _list_page()


def _list_page(error: AppError | None = None) -> str:
    with reading() as session:
        rows = queries.all_open(session)
        people = staff_queries.names(session, [row.responsible_id for row in rows])
        places = department_queries.names(session, [row.department_id for row in rows])
        absent = {row.id for row in rows if staff_queries.person(session, row.responsible_id) is None}
        filings = [one for one in queries.filings(session, now()) if one.state.key != "filed"]
        known = messages.histories(session, now())
        names = {row.id: row.name for row in rows}
    return page_after(
        "desk/accounts.html",
        DONE,
        error=error,
        rows=sorted(
            (_row(row, known.get(row.id)) for row in rows),
            key=lambda one: LOUDEST.index(one["activity"]["tone"]),
        ),
        people=people,
        places=places,
        absent=absent,
        filings=filings,
        names=names,
        may_stop=current_person().may(*STOPS),
        may_change=current_person().may(Role.SYSTEM_ADMIN),
        are_stopped=[row for row in rows if row.stopped_at],
    )


@desk.get("/accounts/new")
@needs(Role.SYSTEM_ADMIN)
def new_account() -> str:
    """Choose a platform, then fill in what its connector asks for."""
    return _new_page()


@desk.post("/accounts/new")
@needs(Role.SYSTEM_ADMIN)
def add_account() -> Response:
    """Register the account; refused without a responsible person (B7) or as a second one (A1)."""
    made, again = refused(_add, _new_page)
    return again or redirect(url_for("desk.account", account_id=made, done="added"), 303)


def _add() -> int:
    form = request.form
    with writing() as session:
        return accounts.add(
            session,
            now(),
            current_person(),
            platform=form.get("platform", ""),
            name=form.get("name", ""),
            department_id=number_of(form.get("department_id")) or 0,
            responsible_id=number_of(form.get("responsible_id")),
            settings=_given_settings(form.get("platform", "")),
            opened_on=day_of_form(form.get("opened_on"), "opened_on"),
        ).id


def _new_page(error: AppError | None = None) -> str:
    key = request.values.get("platform", "")
    platform = registry.PLATFORMS.get(key)
    with reading() as session:
        departments = [(row.id, row.name) for row in department_queries.all(session)]
        people = [("", "请选一位"), *((row.id, row.name) for row in staff_queries.people(session))]
    return page_after(
        "desk/account_new.html",
        DONE,
        error=error,
        platform=platform,
        platforms=list(registry.PLATFORMS.values()),
        fields=list(platform.connector.SETTINGS) if platform else [],
        details=list(accounts.DETAILS.items()),
        departments=departments,
        people=people,
        values=request.form,
    )


@desk.get("/accounts/<int:account_id>")
@needs(*SEES_ACCOUNTS)
def account(account_id: int) -> str:
    """One account: how it is, its self-test, settings without secrets, filings, stop and resume."""
    return _account_page(account_id)


@desk.post("/accounts/<int:account_id>/settings")
@needs(Role.SYSTEM_ADMIN)
def change_settings(account_id: int) -> Response:
    """Change settings; a secret left empty stays as it is."""

    def do() -> None:
        with writing() as session:
            platform = queries.get(session, account_id).platform
            accounts.change_settings(session, now(), current_person(), account_id, _given_settings(platform))

    return _about(account_id, do, "settings")


@desk.post("/accounts/<int:account_id>/responsible")
@needs(Role.SYSTEM_ADMIN)
def set_responsible(account_id: int) -> Response:
    """Another person answers for the account (B7)."""

    def do() -> None:
        with writing() as session:
            to = number_of(request.form.get("responsible_id")) or 0
            accounts.set_responsible(session, now(), current_person(), account_id, to)

    return _about(account_id, do, "responsible")


@desk.post("/accounts/<int:account_id>/test")
@needs(Role.SYSTEM_ADMIN, Role.DUTY_LEADER)
def test_account(account_id: int) -> Response:
    """Call the platform once, outside of any transaction; the result stands on the page."""
    transport, own = services().extra.get("transport"), services().extra.get("own_transport")

    def do() -> None:
        accounts.self_test(
            services().db,
            now(),
            current_person(),
            account_id,
            public_url=settings().public_url,
            transport=transport,
            own_transport=own,
        )

    return _about(account_id, do, "tested")


@desk.post("/accounts/<int:account_id>/gate")
@needs(Role.SYSTEM_ADMIN)
def set_gate(account_id: int) -> Response:
    """来源地址核对 on or off."""
    on = request.form.get("on") == "yes"

    def do() -> None:
        with writing() as session:
            accounts.set_gate(session, now(), current_person(), account_id, on)

    return _about(account_id, do, "gate_on" if on else "gate_off")


@desk.post("/accounts/<int:account_id>/gate/refresh")
@needs(Role.SYSTEM_ADMIN)
def refresh_gate(account_id: int) -> Response:
    """Ask the platform from where it calls, outside of any transaction."""
    transport = services().extra.get("transport")
    return _about(
        account_id,
        lambda: accounts.refresh_gate(services().db, now(), account_id, strict=True, transport=transport),
        "gate_refreshed",
    )


@desk.post("/accounts/<int:account_id>/keys")
@needs(Role.SYSTEM_ADMIN)
def begin_rotation(account_id: int) -> Response | str:
    """Make new keys and show them this once; the old ones hold as well until the change is ended."""

    def do() -> dict[str, tuple[str, str]]:
        with writing() as session:
            return accounts.begin_rotation(session, now(), current_person(), account_id)

    made, again = refused(do, lambda error: _account_page(account_id, error))
    return again or _account_page(account_id, new_keys=list((made or {}).values()))


@desk.post("/accounts/<int:account_id>/keys/end")
@needs(Role.SYSTEM_ADMIN)
def end_rotation(account_id: int) -> Response:
    """更换完成: the old keys hold no longer."""

    def do() -> None:
        with writing() as session:
            accounts.end_rotation(session, now(), current_person(), account_id)

    return _about(account_id, do, "keys_ended")


@desk.post("/accounts/<int:account_id>/registrations")
@needs(Role.SYSTEM_ADMIN)
def register(account_id: int) -> Response:
    """Start the timer of another filing: change or suspension (B3)."""

    def do() -> None:
        with writing() as session:
            on = day_of_form(request.form.get("occurred_on"), "occurred_on") or _today()
            accounts.register(session, now(), current_person(), account_id, request.form.get("kind", ""), on)

    return _about(account_id, do, "registered")


@desk.post("/accounts/<int:account_id>/registrations/<int:registration_id>")
@needs(Role.SYSTEM_ADMIN)
def file_registration(account_id: int, registration_id: int) -> Response:
    """Note that a filing was handed in."""

    def do() -> None:
        with writing() as session:
            note = request.form.get("note", "")
            accounts.file_registration(session, now(), current_person(), registration_id, note)

    return _about(account_id, do, "filed")


@desk.get("/accounts/<int:account_id>/close")
@needs(Role.SYSTEM_ADMIN)
def ask_close(account_id: int) -> str:
    """Asked once more before an account is cancelled."""
    with reading() as session:
        return render("desk/account_close.html", account=queries.get(session, account_id))


@desk.post("/accounts/<int:account_id>/close")
@needs(Role.SYSTEM_ADMIN)
def close_account(account_id: int) -> Response:
    """Cancel an account."""

    def do() -> None:
        with writing() as session:
            accounts.close(session, now(), current_person(), account_id)

    return _about(account_id, do, "closed")


@desk.post("/accounts/<int:account_id>/endings")
@needs(Role.SYSTEM_ADMIN)
def set_endings(account_id: int) -> Response:
    """Which endings may be added where the same words went out before; one a line."""

    def do() -> None:
        with writing() as session:
            words = request.form.get("endings", "").splitlines()
            accounts.set_endings(session, now(), current_person(), account_id, words)

    return _about(account_id, do, "endings")


@desk.post("/accounts/<int:account_id>/stop")
@needs(*STOPS)
def stop_account(account_id: int) -> Response:
    """Nothing is sent on this account until it is resumed."""
    return _about(account_id, lambda: _hold(accounts.stop, account_id), "stopped")


@desk.post("/accounts/<int:account_id>/resume")
@needs(*STOPS)
def resume_account(account_id: int) -> Response:
    """Let this account send again."""
    return _about(account_id, lambda: _hold(accounts.resume, account_id), "resumed")


@desk.get("/accounts/stop")
@needs(*STOPS)
def ask_stop() -> str:
    """Asked once more before everything is stopped."""
    with reading() as session:
        rows = queries.all_open(session)
    return render("desk/accounts_stop.html", rows=rows, held=[row for row in rows if row.stopped_at])


@desk.post("/accounts/stop")
@needs(*STOPS)
def stop_all() -> Response:
    """紧急停发: nothing is sent on any account."""
    _, again = refused(lambda: _hold(accounts.stop, None), _list_page)
    return again or redirect(url_for("desk.accounts_list", done="stopped"), 303)


@desk.post("/accounts/resume")
@needs(*STOPS)
def resume_all() -> Response:
    """Let all accounts send again."""
    _, again = refused(lambda: _hold(accounts.resume, None), _list_page)
    return again or redirect(url_for("desk.accounts_list", done="resumed"), 303)


# ---------------------------------------------------------------- within


def _hold(step: Callable[..., list[int]], account_id: int | None) -> None:
    with writing() as session:
        step(session, now(), current_person(), account_id)


def _about(account_id: int, do: Callable[[], Any], done: str) -> Response:
    _, again = refused(do, lambda error: _account_page(account_id, error))
    return again or redirect(url_for("desk.account", account_id=account_id, done=done), 303)


def _account_page(
    account_id: int, error: AppError | None = None, *, new_keys: list[tuple[str, str]] | None = None
) -> str:
    with reading() as session:
        found = queries.get(session, account_id)
        kept = accounts.settings_of(session, found)
        people = [(row.id, row.name) for row in staff_queries.people(session)]
        names = staff_queries.names(session, [found.responsible_id])
        places = department_queries.names(session, [found.department_id])
        filings = queries.filings(session, now(), account_id=account_id)
        tested = queries.last_self_test(session, account_id)
        is_absent = staff_queries.person(session, found.responsible_id) is None
        known = messages.histories(session, now()).get(account_id)
        health = _health(session, found)
        is_rotating = accounts.is_rotating(session, found)
    platform = registry.PLATFORMS[found.platform]
    person = current_person()
    return page_after(
        "desk/account.html",
        DONE,
        error=error,
        account=found,
        platform=platform,
        activity=_activity(found, known),
        health=health,
        new_keys=new_keys or [],
        is_rotating=is_rotating,
        may_rotate=accounts.may_rotate(found),
        has_gate=issubclass(platform.connector, AddressLister),
        fields=[_shown(field, kept) for field in platform.connector.SETTINGS],
        details=[(name, label, kept.get(name, "")) for name, label in accounts.DETAILS.items()],
        people=people,
        responsible=names.get(found.responsible_id, ""),
        is_absent=is_absent,
        department=places.get(found.department_id, ""),
        filings=filings,
        tested_at=tested[0] if tested else None,
        checks=[(one["name"], VERDICTS.get(one["ok"], UNKNOWN), one["words"]) for one in tested[1]]
        if tested
        else [],
        snippet=_snippet(found),
        webhook=f"{settings().public_url}/webhooks/{found.platform}/{found.key}" if platform.receives else "",
        may_change=person.may(Role.SYSTEM_ADMIN) and found.closed_at is None,
        may_stop=person.may(*STOPS) and found.closed_at is None,
        may_test=person.may(Role.SYSTEM_ADMIN, Role.DUTY_LEADER) and found.closed_at is None,
        kinds=[("change", "变更"), ("suspend", "关停")],
        today=_today(),
    )


def _health(session: Session, found: OfficialAccount) -> list[tuple[str, str]]:
    """How the connection does, line by line; what is not known of it is left out."""
    at = now()
    sending = replies.sending_health(session, at).get(found.id, replies.SendingHealth())
    fetched, token = queries.fetch_state(session, found.id), queries.token_row(session, found.id)
    tried, ends_on = sending.sent + sending.failed, queries.ends_on(found)
    lately = f"送达 {sending.sent}，没送到 {sending.failed}（{sending.failed * 100 // max(tried, 1)}%）"
    rows = [
        ("最近收到", instant(found.last_arrival_at, at) if found.last_arrival_at else "还没有"),
        ("最近读取", _fetched(fetched)),
        ("最近送达", instant(sending.last_sent_at, at) if sending.last_sent_at else ""),
        ("近 24 小时", lately if tried else ""),
        ("等待发送", str(sending.waiting) if sending.waiting else ""),
        ("暂停发送", f"到 {instant(found.held_until, at)}" if accounts.breaker_of(found).holds(at) else ""),
        ("访问凭证", f"到 {instant(token.ends_at, at)}" if token and token.ends_at else ""),
        ("平台授权", endings.words(ends_on, _today()) if ends_on else ""),
    ]  # fmt: skip
    return [(label, words) for label, words in rows if words]


def _fetched(state: FetchState | None) -> str:
    if state is None or state.fetched_at is None:
        return ""
    return instant(state.fetched_at, now()) + (f"，没有读成：{state.error}" if state.error else "")


def _shown(field: SettingField, kept: dict[str, str]) -> dict[str, Any]:
    """A setting for the form; of a secret only whether it is there."""
    is_set = bool(kept.get(field.name))
    help_ = f"{field.help}已经填过，不显示；不改就留空。" if field.secret and is_set else field.help
    return {
        "name": field.name,
        "label": field.label,
        "value": "" if field.secret else kept.get(field.name, field.default),
        "kind": "password" if field.secret else "text",
        "required": field.required and not (field.secret and is_set),
        "help": help_,
    }


def _snippet(found: OfficialAccount) -> str:
    """The line with which the office's own site shows our form; empty where none may."""
    if not found.settings.get("embed_on"):
        return ""
    address = f"{settings().public_url}/write/embedded"
    return f'<iframe src="{address}" title="我要写信" width="100%" height="760" style="border:0"></iframe>'


def _row(row: OfficialAccount, known: History | None) -> dict[str, Any]:
    platform, ends_on = registry.PLATFORMS[row.platform].label, queries.ends_on(row)
    soon = ends_on is not None and endings.warning(ends_on, _today()) is not None
    return {
        "account": row,
        "platform": platform,
        "activity": _activity(row, known),
        "ending": endings.words(ends_on, _today()) if ends_on and soon else "",
    }


def _activity(row: OfficialAccount, known: History | None) -> dict[str, str]:
    found = queries.activity_of(row, now(), known)
    colour = "" if found.tone == "unknown" else f"is-{found.tone}"
    icon = ICONS[found.tone]
    return {"label": found.label, "words": found.words, "icon": icon, "colour": colour, "tone": found.tone}


def _given_settings(platform: str) -> dict[str, str]:
    """What the form holds of the settings and details of this platform."""
    row = registry.PLATFORMS.get(platform)
    if row is None:
        raise NotFound("没有这个平台")
    names = [*(field.name for field in row.connector.SETTINGS), *accounts.DETAILS]
    return {name: request.form[name] for name in names if name in request.form}


def _today() -> date:
    return day_of(now())
