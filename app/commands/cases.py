"""What is in the queue, and what platforms sent."""

from pathlib import Path

import click
from sqlmodel import col, select

from app.base.errors import NotFound
from app.calendar import queries as calendars
from app.cases import queries, service
from app.cases.models import Case
from app.commands.shell import Shell, as_json, json_option, print_rows
from app.departments import queries as departments
from app.messages import service as messages_service
from app.messages.models import Arrival
from app.messages.spool import Spool
from app.official_accounts import queries as accounts

_PAGE = 500


@click.group()
def cases() -> None:
    """办件。"""


def _row(case: Case, names: dict[int, str]) -> dict[str, object]:
    return {
        "number": case.number,
        "status": case.status,
        "platform": case.platform,
        "department": names.get(case.department_id or 0, ""),
        "message_type": case.message_type,
        "received_at": case.received_at,
        "due_at": case.due_at,
        "title": case.title,
        "text": case.text,
    }


@cases.command(name="list")
@click.option("--status", default="", help="只列这个状态")
@json_option
@click.pass_obj
def list_cases(shell: Shell, status: str, as_json_: bool) -> None:
    """全部办件，一行一件。"""
    after = 0
    with shell.reading() as session:
        names = {row.id: row.name for row in departments.all(session)}
        while True:
            wanted = select(Case).where(Case.id > after).order_by(col(Case.id)).limit(_PAGE)
            rows = list(session.exec(wanted.where(Case.status == status) if status else wanted))
            if not rows:
                return
            print_rows((_row(case, names) for case in rows), as_lines_of_json=as_json_)
            after = rows[-1].id
            session.expunge_all()


@cases.command()
@click.argument("number")
@json_option
@click.pass_obj
def show(shell: Shell, number: str, as_json_: bool) -> None:
    """一件的详情和时限是怎样算的。"""
    with shell.reading() as session:
        case = queries.by_number(session, number)
        if case is None:
            raise NotFound(f"没有编号是 {number} 的办件")
        names = {row.id: row.name for row in departments.all(session)}
        row = _row(case, names) | {
            "category": case.category,
            "place": case.place,
            "sensitivity": case.sensitivity,
            "outcome": case.outcome,
            "provisional": case.due_provisional,
            "days": case.due_days,
            "steps": {
                step.value: at.isoformat()
                for step, at in service.step_times(
                    case, service.profile_of(session, case), calendars.calendar(session)
                ).items()
            },
            "routing": case.routing,
        }
    if as_json_:
        click.echo(as_json(row))
        return
    for key, value in row.items():
        click.echo(f"{key}: {value}")


@click.group()
def arrivals() -> None:
    """平台发来的原始消息。"""


@arrivals.command(name="list")
@click.option("--state", default="", help="waiting、read、event、unsupported 或 failed")
@json_option
@click.pass_obj
def list_arrivals(shell: Shell, state: str, as_json_: bool) -> None:
    """全部收到的推送，读不懂的带错误名。"""
    after = 0
    with shell.reading() as session:
        while True:
            wanted = select(Arrival).where(Arrival.id > after).order_by(col(Arrival.id)).limit(_PAGE)
            rows = list(session.exec(wanted.where(Arrival.state == state) if state else wanted))
            if not rows:
                return
            print_rows(
                (
                    {
                        "id": row.id,
                        "platform": row.platform,
                        "received_at": row.received_at,
                        "state": row.state,
                        "error": row.error,
                    }
                    for row in rows
                ),
                as_lines_of_json=as_json_,
            )
            after = rows[-1].id
            session.expunge_all()


@arrivals.command(name="again")
@click.argument("number", type=int)
@click.pass_obj
def read_again(shell: Shell, number: int) -> None:
    """把一条读不懂的推送放回待读（编号见 arrivals list）。"""
    with shell.writing() as session:
        messages_service.read_again(session, shell.now, number)
    click.echo("已放回待读，几秒后再看")


@arrivals.command(name="spool")
@json_option
@click.pass_obj
def spool(shell: Shell, as_json_: bool) -> None:
    """数据库连不上时暂存在本机的推送：有几条、多大、最早的何时收到。"""
    standing = Spool(shell.db.folder).standing()
    row = {"pushes": standing.pushes, "bytes": standing.bytes, "oldest_at": standing.oldest_at}
    print_rows([{**row, "set_aside": standing.set_aside}], as_lines_of_json=as_json_)


@click.group(name="import")
def import_() -> None:
    """从文件导入。"""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--account", "key", required=True, help="账号的 KEY，用 huiying accounts list 查")
@json_option
@click.pass_obj
def messages(shell: Shell, file: Path, key: str, as_json_: bool) -> None:
    """导入留言（.xlsx .csv .jsonl），逐行报告，重复的不再导入。"""
    with shell.writing() as session:
        account = accounts.by_key(session, key)
        if account is None or account.closed_at:
            raise NotFound("没有这个账号。用 huiying accounts list 查看 KEY")
        run = service.import_file(session, shell.now, None, account, file.name, file.read_bytes())
    print_rows(run.report, as_lines_of_json=as_json_)
    if not as_json_:
        click.echo(f"新收 {run.added} 行，以前已有 {run.known} 行，没收 {run.refused} 行")


COMMANDS = (cases, arrivals, import_)
