"""Working days and deadlines at the shell."""

import json
from pathlib import Path

import click

from app.base.errors import Invalid
from app.calendar import queries, service
from app.calendar.workdays import day_of, due_after
from app.cases import deadlines
from app.cases.deadlines import MessageType
from app.commands.shell import Shell, as_json, json_option, print_rows


@click.command()
@click.option("--received", required=True, help="收到的时刻，ISO 8601，如 2026-10-07T20:31+08:00")
@click.option("--working-days", type=click.IntRange(0, 250), help="工作日数")
@click.option("--profile", help="时限方案，如 default")
@click.option("--type", "message_type", help="诉求类型，如 consultation")
@json_option
@click.pass_obj
def deadline(
    shell: Shell,
    received: str,
    working_days: int | None,
    profile: str | None,
    message_type: str | None,
    as_json_: bool,
) -> None:
    """算出到期时刻，并逐日说明怎样算的。"""
    from app.cli import instant

    received_at = instant(received)
    if (working_days is None) == (profile is None):
        raise click.UsageError("要么给 --working-days，要么给 --profile 和 --type")
    with shell.reading() as session:
        calendar = queries.calendar(session)
    if working_days is not None:
        due = due_after(received_at, working_days, calendar)
    else:
        due = deadlines.due_at(received_at, _type(message_type), _profile(profile or ""), calendar)
    days = [{"on": day.on.isoformat(), "counts": day.counts, "why": day.why} for day in due.days]
    row = {"due_at": due.due_at, "due_on": due.due_on, "provisional": due.provisional, "days": days}
    if as_json_:
        click.echo(as_json(row))
        return
    click.echo(f"{due.due_on} 24:00 到期" + ("（暂定：有的年度放假安排还没公布）" if due.provisional else ""))
    for day in due.days:
        click.echo(f"  {day.on}  {'计' if day.counts else '不计'}  {day.why}")


def _profile(key: str) -> deadlines.Profile:
    if key not in deadlines.PROFILES:
        raise Invalid(f"没有叫 {key} 的时限方案。有：{'、'.join(deadlines.PROFILES)}")
    return deadlines.PROFILES[key]


def _type(value: str | None) -> MessageType:
    if value not in set(MessageType):
        raise Invalid(f"请用 --type 给出诉求类型：{'、'.join(MessageType)}")
    return MessageType(value)


@click.group()
def calendar() -> None:
    """工作日历。"""


@calendar.command(name="list")
@json_option
@click.pass_obj
def list_years(shell: Shell, as_json_: bool) -> None:
    """已知的年度；今年和明年没有的也列出来。"""
    with shell.reading() as session:
        known = {year.year: year for year in queries.years(session)}
    this_year = day_of(shell.now).year
    wanted = sorted({*known, this_year, this_year + 1})
    rows = (
        {
            "year": year,
            "state": "known" if year in known else "missing",
            "version": known[year].version if year in known else None,
            "source": known[year].source if year in known else "放假安排还没有装入，跨到这一年的时限是暂定的",
        }
        for year in wanted
    )
    print_rows(rows, as_lines_of_json=as_json_)


@calendar.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--preview", is_flag=True, help="只看会变哪些日子，不保存")
@json_option
@click.pass_obj
def load(shell: Shell, file: Path, preview: bool, as_json_: bool) -> None:
    """装入国务院放假安排（holiday-cn 格式的 JSON）。"""
    try:
        data = json.loads(file.read_text("utf-8-sig"))
    except (ValueError, UnicodeDecodeError):
        raise Invalid(f"{file.name} 不是 JSON 文件") from None
    if not isinstance(data, dict):
        raise Invalid(f"{file.name} 不是放假安排（应当有 year 和 days）")
    with shell.reading() as session:
        changes = service.preview(session, data)
    print_rows(({"on": change.on, "why": change.why} for change in changes), as_lines_of_json=as_json_)
    if preview:
        return
    with shell.writing() as session:
        year = service.load(session, shell.now, None, data)
    if not as_json_:
        click.echo(f"已装入 {year.year} 年第 {year.version} 版，{len(changes)} 天有变化")


COMMANDS = (deadline, calendar)
