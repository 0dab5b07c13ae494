"""`huiying departments|staff|tokens|accounts`: who we are, from the shell. The shell acts as the system."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from app.base.errors import Invalid, Unavailable
from app.commands.shell import Shell, as_json, json_option, print_rows
from app.departments import queries as department_queries
from app.departments import service as departments_service
from app.messages import queries as message_queries
from app.official_accounts import queries as account_queries
from app.official_accounts import service as accounts_service
from app.staff import queries as staff_queries
from app.staff import scopes
from app.staff import service as staff_service
from app.staff.roles import GRANTABLE, LABELS, Role, role_named
from connectors import registry

VERDICTS = {True: "通过", False: "不通过", None: "不明"}
DAY = click.DateTime(["%Y-%m-%d"])


# ---------------------------------------------------------------- departments


@click.group()
def departments() -> None:
    """承办单位：添加、列出。"""


@departments.command(name="add")
@click.option("--name", required=True, help="单位名称")
@click.option("--short", default="", help="简称，列表里用")
@json_option
@click.pass_obj
def add_department(shell: Shell, name: str, short: str, as_json_: bool) -> None:
    """添加一个承办单位。"""
    with shell.writing() as session:
        made = departments_service.add(session, shell.now, None, name=name, short=short)
        row = {"id": made.id, "name": made.name, "short": made.short}
    click.echo(as_json(row) if as_json_ else f"已添加承办单位“{made.name}”")


@departments.command(name="list")
@json_option
@click.pass_obj
def list_departments(shell: Shell, as_json_: bool) -> None:
    """列出承办单位。"""
    with shell.reading() as session:
        rows = [
            {"id": row.id, "name": row.name, "short": row.short} for row in department_queries.all(session)
        ]
    print_rows(rows, as_lines_of_json=as_json_)


# ---------------------------------------------------------------- staff


@click.group()
def staff() -> None:
    """人员：添加、列出、停用、另开登录地址。"""


@staff.command(name="add")
@click.option("--name", required=True, help="姓名")
@click.option("--department", help="所在单位的名称或简称")
@click.option("--role", "roles", multiple=True, required=True, help="角色，可写几次：" + "、".join(GRANTABLE))
@click.option("--sign-in", help="登录名；不写则用姓名的拼音")
@click.option("--contractor", is_flag=True, help="外包人员")
@click.option("--contract-ends", type=DAY, help="外包合同到期日，过了这天不能再登录")
@json_option
@click.pass_obj
def add_staff(
    shell: Shell,
    name: str,
    department: str | None,
    roles: tuple[str, ...],
    sign_in: str | None,
    contractor: bool,
    contract_ends: datetime | None,
    as_json_: bool,
) -> None:
    """添加一个人，最后一行是一次性登录地址（24 小时内有效）。"""
    with shell.writing() as session:
        found = departments_service.require_named(session, department) if department else None
        made = staff_service.add(
            session,
            shell.now,
            None,
            name=name,
            department_id=found.id if found else None,
            roles=frozenset(_role(words) for words in roles),
            sign_in=sign_in,
            contractor=contractor,
            contract_ends_on=contract_ends.date() if contract_ends else None,
        )
        token = staff_service.sign_in_link(session, shell.now, None, made.id)
        row = {"id": made.id, "sign_in": made.sign_in, "name": made.name, "sign_in_url": _first(shell, token)}
    _say_link(row, as_json_, f"已添加{made.name}，登录名 {made.sign_in}。请把下面的一次性登录地址交给本人")


@staff.command(name="link")
@click.argument("who")
@json_option
@click.pass_obj
def link_staff(shell: Shell, who: str, as_json_: bool) -> None:
    """另开一个一次性登录地址（忘了密码时用），以前没用过的随即失效。"""
    with shell.writing() as session:
        found = staff_service.require_named(session, who)
        token = staff_service.sign_in_link(session, shell.now, None, found.id)
        row = {
            "id": found.id,
            "sign_in": found.sign_in,
            "name": found.name,
            "sign_in_url": _first(shell, token),
        }
    _say_link(row, as_json_, f"{found.name}（{found.sign_in}）的一次性登录地址，24 小时内有效")


@staff.command(name="list")
@click.option("--all", "everybody", is_flag=True, help="也列出已停用的")
@json_option
@click.pass_obj
def list_staff(shell: Shell, everybody: bool, as_json_: bool) -> None:
    """列出人员和角色。"""
    with shell.reading() as session:
        people = staff_queries.everybody(session) if everybody else staff_queries.people(session)
        roles = staff_queries.roles_of(session, [row.id for row in people])
        places = department_queries.names(session, [row.department_id for row in people])
    rows = (
        {
            "id": row.id,
            "sign_in": row.sign_in,
            "name": row.name,
            "department": places.get(row.department_id or 0, ""),
            "roles": _roles(roles[row.id], as_json_),
            "contractor": row.contractor if as_json_ else "外包" if row.contractor else "",
            "disabled_at": row.disabled_at,
        }
        for row in people
    )
    print_rows(rows, as_lines_of_json=as_json_)


@staff.command(name="disable")
@click.argument("who")
@json_option
@click.pass_obj
def disable_staff(shell: Shell, who: str, as_json_: bool) -> None:
    """停用一个人：马上退出登录，登录地址和令牌一起作废；登录名不再给别人用。"""
    with shell.writing() as session:
        found = staff_service.require_named(session, who)
        staff_service.disable(session, shell.now, None, found.id)
        row = {"id": found.id, "sign_in": found.sign_in, "disabled": True}
    click.echo(as_json(row) if as_json_ else f"已停用{found.name}（{found.sign_in}）")


# ---------------------------------------------------------------- tokens


@click.group()
def tokens() -> None:
    """接口令牌：添加、列出、撤销。"""


@tokens.command(name="add")
@click.option("--staff", "who", required=True, help="令牌以谁的身份办事：登录名或姓名")
@click.option(
    "--scope", "wanted", multiple=True, required=True, help="权限，可写几次：" + "、".join(scopes.SCOPES)
)
@click.option("--label", default="", help="给谁用，写给自己看")
@json_option
@click.pass_obj
def add_token(shell: Shell, who: str, wanted: tuple[str, ...], label: str, as_json_: bool) -> None:
    """做一个接口令牌；只显示这一次，在最后一行。"""
    with shell.writing() as session:
        found = staff_service.require_named(session, who)
        token = staff_service.add_token(session, shell.now, None, found.id, wanted, label)
        made = staff_queries.tokens(session, found.id)[0]
        row = {"id": made.id, "staff": found.sign_in, "scopes": made.scopes, "label": label, "token": token}
    if as_json_:
        click.echo(as_json(row))
        return
    click.echo(f"令牌 {made.id}，以{found.name}的身份，权限：{'、'.join(made.scopes)}。只显示这一次：")
    click.echo(token)


@tokens.command(name="list")
@json_option
@click.pass_obj
def list_tokens(shell: Shell, as_json_: bool) -> None:
    """列出有效的令牌（令牌本身不显示）。"""
    with shell.reading() as session:
        found = staff_queries.tokens(session)
        names = staff_queries.names(session, [row.staff_id for row in found])
    rows = (
        {
            "id": row.id,
            "staff": names.get(row.staff_id, ""),
            "scopes": row.scopes,
            "label": row.label,
            "created_at": row.created_at,
        }
        for row in found
    )
    print_rows(rows, as_lines_of_json=as_json_)


@tokens.command(name="revoke")
@click.argument("which")
@json_option
@click.pass_obj
def revoke_token(shell: Shell, which: str, as_json_: bool) -> None:
    """撤销一个令牌：写它的编号，或令牌本身。"""
    with shell.writing() as session:
        row = staff_service.revoke_token(session, shell.now, None, which)
    click.echo(as_json({"id": row.id, "revoked": True}) if as_json_ else f"已撤销令牌 {row.id}")


# ---------------------------------------------------------------- official accounts


ANY_KEY = {"ignore_unknown_options": True}
"""Older keys may begin with a dash: what is no option of the command is the key."""


@click.group()
def accounts() -> None:
    """政务新媒体账号：登记、列出、自检。"""


@accounts.group(name="add")
def add_account() -> None:
    """登记一个账号，最后一行是接收地址。"""


def _platform_command(platform: registry.Platform) -> click.Command:
    """`accounts add <platform>`, its options drawn from the settings of the platform's connector."""

    def run(shell: Shell, as_json_: bool, **given: Any) -> None:
        _add_account(shell, platform.key, given, as_json_)

    made: Callable[..., Any] = click.pass_obj(json_option(run))
    for field in reversed(platform.connector.SETTINGS):
        made = click.option(
            f"--{field.name.replace('_', '-')}", field.name, help=f"{field.label}。{field.help}"
        )(made)
    for name, label in reversed(accounts_service.DETAILS.items()):
        made = click.option(f"--{name.replace('_', '-')}", name, help=label)(made)
    made = click.option("--opened-on", type=DAY, help="开设日期；不写则是今天")(made)
    made = click.option("--responsible", help="负责人：登录名或姓名")(made)
    made = click.option("--department", required=True, help="开设单位的名称或简称")(made)
    made = click.option("--name", required=True, help="账号名称")(made)
    return click.command(name=platform.key, help=f"登记一个{platform.label}账号，最后一行是接收地址。")(made)


for _row in registry.PLATFORMS.values():
    add_account.add_command(_platform_command(_row))


def _add_account(shell: Shell, platform: str, given: dict[str, Any], as_json_: bool) -> None:
    name, department = given.pop("name"), given.pop("department")
    who, opened = given.pop("responsible"), given.pop("opened_on")
    with shell.writing() as session:
        department_id = departments_service.require_named(session, department).id
        made = accounts_service.add(
            session,
            shell.now,
            None,
            platform=platform,
            name=name,
            department_id=department_id,
            responsible_id=staff_service.require_named(session, who).id if who else None,
            settings={key: value for key, value in given.items() if value is not None},
            opened_on=opened.date() if opened else None,
        )
        filings = account_queries.filings(session, shell.now, account_id=made.id)
    address = f"{shell.settings.public_url}/webhooks/{platform}/{made.key}"
    due = filings[0].registration.due_on
    if as_json_:
        row = {"id": made.id, "platform": platform, "name": made.name, "key": made.key}
        click.echo(as_json({**row, "filing_due_on": due, "webhook_url": address}))
        return
    click.echo(f"已登记{registry.PLATFORMS[platform].label}账号“{made.name}”，账号代码 {made.key}")
    click.echo(f"请在 {due} 前备案（开设后 7 个工作日）。接收地址：")
    click.echo(address)


@accounts.command(name="list")
@json_option
@click.pass_obj
def list_accounts(shell: Shell, as_json_: bool) -> None:
    """列出账号和它们现在怎样。"""
    now = shell.now
    with shell.reading() as session:
        found = account_queries.all_open(session)
        known = message_queries.histories(session, now)
        people = staff_queries.names(session, [row.responsible_id for row in found])
        places = department_queries.names(session, [row.department_id for row in found])
    rows = (
        {
            "id": row.id,
            "platform": row.platform,
            "name": row.name,
            "key": row.key,
            "department": places.get(row.department_id, ""),
            "responsible": people.get(row.responsible_id, ""),
            "state": account_queries.activity_of(row, now, known.get(row.id)).key
            if as_json_
            else account_queries.activity_of(row, now, known.get(row.id)).label,
            "last_arrival_at": row.last_arrival_at,
            "opened_on": row.opened_on,
        }
        for row in found
    )
    print_rows(rows, as_lines_of_json=as_json_)


@accounts.command(name="test", context_settings=ANY_KEY)
@click.argument("which")
@json_option
@click.pass_obj
def test_account(shell: Shell, which: str, as_json_: bool) -> None:
    """自检一个账号（账号代码、名称或编号）：接收地址和签名、平台接口、权限、时钟、来源地址。"""
    now = shell.now
    with shell.reading() as session:
        account = accounts_service.require_named(session, which)
    checks = accounts_service.self_test(shell.db, now, None, account.id, public_url=shell.settings.public_url)
    rows = (
        {"check": one.name, "ok": one.ok if as_json_ else VERDICTS[one.ok], "words": one.words}
        for one in checks
    )
    print_rows(rows, as_lines_of_json=as_json_)
    if failed := [one.name for one in checks if one.ok is False]:
        raise Unavailable(f"“{account.name}”自检不通过：{'、'.join(failed)}")


@accounts.command(name="keys", context_settings=ANY_KEY)
@click.argument("which")
@click.option("--end", is_flag=True, help="平台后台已换好，旧密钥作废")
@json_option
@click.pass_obj
def change_keys(shell: Shell, which: str, end: bool, as_json_: bool) -> None:
    """更换一个账号的密钥：生成新的，新旧都能用；平台后台换好后加 --end 结束。"""
    with shell.writing() as session:
        account = accounts_service.require_named(session, which)
        if end:
            accounts_service.end_rotation(session, shell.now, None, account.id)
            made = {}
        else:
            made = accounts_service.begin_rotation(session, shell.now, None, account.id)
    rows = [{"setting": name, "label": label, "value": value} for name, (label, value) in made.items()]
    print_rows(rows, as_lines_of_json=as_json_)
    if not as_json_:
        click.echo(
            "旧密钥已失效" if end else f"只显示这一次。平台后台换好后运行 huiying accounts keys {which} --end"
        )


@accounts.command(name="gate", context_settings=ANY_KEY)
@click.argument("which")
@click.option("--on/--off", "on", default=None, help="开或关；都不写则只更新平台的地址表")
@click.pass_obj
def gate(shell: Shell, which: str, on: bool | None) -> None:
    """来源地址核对：只收平台公布的地址发来的推送。"""
    with shell.reading() as session:
        account_id = accounts_service.require_named(session, which).id
    if on is not False:
        accounts_service.refresh_gate(shell.db, shell.now, account_id, strict=True)
    if on is not None:
        with shell.writing() as session:
            accounts_service.set_gate(session, shell.now, None, account_id, on)
    with shell.reading() as session:
        account = account_queries.get(session, account_id)
    words = "已开" if account.gate_on else "没有开"
    click.echo(f"来源地址核对{words}，平台的地址表有 {len(account.gate_addresses)} 个地址（段）")


# ---------------------------------------------------------------- within


def _role(words: str) -> Role:
    found = role_named(words)
    if found is None:
        listed = "、".join(f"{role.value}（{LABELS[role]}）" for role in GRANTABLE)
        raise Invalid(f"没有“{words}”这个角色。可以用的是：{listed}", field="role")
    return found


def _roles(held: frozenset[Role], as_keys: bool) -> list[str]:
    return [role.value if as_keys else LABELS[role] for role in Role if role in held]


def _first(shell: Shell, token: str) -> str:
    return f"{shell.settings.public_url}/desk/first/{token}"


def _say_link(row: dict[str, Any], as_json_: bool, words: str) -> None:
    if as_json_:
        click.echo(as_json(row))
        return
    click.echo(words)
    click.echo(row["sign_in_url"])


COMMANDS = [departments, staff, tokens, accounts]
