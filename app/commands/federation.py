"""`huiying federation`: neighbouring libraries, from the shell. The shell acts as the system."""

from typing import Any

import click

from app.base.errors import Invalid
from app.commands.shell import Shell, as_json, json_option, print_rows
from app.federation import queries, service
from kb.federation import LEVEL_LABELS, Level

_LEVELS = {label: level.value for level, label in LEVEL_LABELS.items()}


@click.group()
def federation() -> None:
    """对接的问答库：登记、列出、取来。"""


@federation.command(name="add")
@click.argument("url")
@click.option("--level", required=True, help="对方的级别：" + "、".join(_LEVELS))
@click.option("--fingerprint", required=True, help="对方电话里报的指纹，至少前 8 位")
@json_option
@click.pass_obj
def add_library(shell: Shell, url: str, level: str, fingerprint: str, as_json_: bool) -> None:
    """对接一个问答库；先打电话向对方核对指纹（对方用 huiying federation list 看）。"""
    if level not in _LEVELS and level not in set(Level):
        raise Invalid(f"没有“{level}”这个级别。可写：{'、'.join(_LEVELS)}")
    told = service.introduce(url)
    with shell.writing() as session:
        row = service.add(
            session,
            shell.now,
            None,
            url=url,
            told=told,
            level=_LEVELS.get(level, level),
            fingerprint=fingerprint,
        )
        name, number = row.name, row.library
    click.echo(as_json({"library": number, "name": name}) if as_json_ else f"已对接：{name}（{number}）")


@federation.command(name="list")
@json_option
@click.pass_obj
def list_libraries(shell: Shell, as_json_: bool) -> None:
    """列出本单位和已知的问答库；第一行是本单位，指纹报给对方核对。"""
    with shell.reading() as session:
        own, counts = service.ourselves(session), queries.counts(session)
        rows: list[dict[str, Any]] = [
            {"library": own["id"], "name": own["name"], "level": own["level"], "url": "", "answers": None,
             "answered_at": None, "trouble": ""}
        ]  # fmt: skip
        rows += [
            {
                "library": one.library,
                "name": one.name,
                "level": one.level,
                "url": one.url,
                "answers": counts.get(one.library, 0),
                "answered_at": one.answered_at,
                "trouble": "已停止对接" if one.is_refused else one.trouble,
            }
            for one in queries.libraries(session)
        ]
    print_rows(iter(rows), as_lines_of_json=as_json_)


@federation.command()
@json_option
@click.pass_obj
def pull(shell: Shell, as_json_: bool) -> None:
    """现在就从对接的问答库取一次。"""
    taken = service.pull_neighbours(shell.db, shell.now)
    with shell.reading() as session:
        troubles = [f"{one.name}：{one.trouble}" for one in queries.asked(session) if one.trouble]
    click.echo(as_json({"taken": taken, "troubles": troubles}) if as_json_ else f"取来和撤下共 {taken} 条")
    if troubles:
        raise Invalid("；".join(troubles))


COMMANDS = (federation,)
