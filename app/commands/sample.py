"""`huiying sample load|remove`: the invented office, in and out."""

import sys
import time
from collections.abc import Callable

import click

from app.commands.shell import Shell
from app.sample import service
from app.sample.house import NAME, PASSWORD
from app.staff import queries as staff
from app.staff.roles import LABELS, Role

SHOWN = 3
"""Names in the line of a role; the others are in the list of staff."""


@click.group()
def sample() -> None:
    """示例数据：装入、清除。"""


@sample.command()
@click.option("--if-empty", is_flag=True, help="数据库里已有内容就什么也不做")
@click.pass_obj
def load(shell: Shell, if_empty: bool) -> None:
    """把示例数据装进空的数据库：单位、人员、账号、答案和 60 天的办件。"""
    with shell.reading() as session:
        found = service.state(session)
    if if_empty and found in ("sample", "real"):
        click.echo("数据库里已有内容，不再装入示例" if found == "real" else "示例数据已在，不再装入")
        if found == "sample":
            _say_how_to_enter(shell)
        return
    started = time.monotonic()
    loaded = service.load(shell.db, shell.now, shell.settings.data_dir, say=_progress())
    seconds = time.monotonic() - started
    click.echo(
        f"示例数据已装入：办件 {loaded.cases} 件、答案 {loaded.answers} 条、人员 {loaded.people} 人（{seconds:.0f} 秒）"
    )
    _say_how_to_enter(shell)


@sample.command()
@click.pass_obj
def remove(shell: Shell) -> None:
    """清除示例数据，换成一个全新的空数据库。收到过真实来信就不清除。先停掉 serve、web 和 jobs。"""
    service.remove(shell.db, shell.now, shell.settings.data_dir)
    click.echo("示例数据已清除，数据库是空的。用 huiying staff add 加第一位管理员")


def _progress() -> Callable[[float], None]:
    """A line that is written over on a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return lambda _: None

    def say(share: float) -> None:
        click.echo(f"\r正在装入示例数据 {share:4.0%}", nl=share >= 1, err=True)

    return say


def _say_how_to_enter(shell: Shell) -> None:
    for address in shell.settings.listen:
        click.echo(f"公众页面 http://{address}/  工作台 http://{address}/desk/")
    with shell.reading() as session:
        for role in LABELS:
            people = [person for person in staff.people(session, role=role) if person.sample]
            if role is not Role.SYSTEM and people:
                names = "、".join(f"{person.sign_in}（{person.name}）" for person in people[:SHOWN])
                more = f" 等 {len(people)} 人" if len(people) > SHOWN else ""
                click.echo(f"{LABELS[role]}：{names}{more}")
    click.echo(f"密码都是 {PASSWORD}，只能在本机登录")
    click.echo(f"“{NAME}”的人员、来信、文件和文号全是编造的，不接任何真实平台")


COMMANDS = (sample,)
