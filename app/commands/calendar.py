"""Working days and deadlines at the shell."""

import json
from datetime import datetime, time
from pathlib import Path

import click
from sqlmodel import Session

from app.base.errors import Invalid
from app.calendar import queries, service
from app.calendar.workdays import SHANGHAI, Kind, day_of
from app.cases import deadlines, profiles, steps
from app.cases import queries as cases
from app.cases import service as cases_service
from app.cases.deadlines import Clock, Limit, MessageType, Pace, Unit
from app.cases.steps import Span, Step
from app.commands.shell import Shell, as_json, json_option, print_rows


@click.command()
@click.option("--received", required=True, help="收到的时刻，ISO 8601，如 2026-10-07T20:31+08:00")
@click.option("--working-days", type=click.IntRange(0, 250), help="工作日数")
@click.option("--profile", help="时限方案，如 default")
@click.option("--type", "message_type", help="诉求类型，如 consultation")
@click.option("--complex", "is_complex", is_flag=True, help="复杂事项")
@click.option("--pace", type=click.Choice([one.value for one in Pace]), default="ordinary", help="缓急")
@json_option
@click.pass_obj
def deadline(
    shell: Shell,
    received: str,
    working_days: int | None,
    profile: str | None,
    message_type: str | None,
    is_complex: bool,
    pace: str,
    as_json_: bool,
) -> None:
    """算出到期时刻，并逐日说明怎样算的；给了方案时连每一步的时间一起算。"""
    from app.cli import instant

    received_at = instant(received)
    if (working_days is None) == (profile is None):
        raise click.UsageError("要么给 --working-days，要么给 --profile 和 --type")
    with shell.reading() as session:
        calendar = queries.calendar(session)
        rules = _profile(session, profile) if profile is not None else None
    if rules is None:
        due = deadlines.due_at(Clock(received_at, Limit(working_days or 0, Unit.WORKING_DAYS)), calendar)
        times: dict[Step, datetime] = {}
    else:
        limit = profiles.limit_of(rules, _type(message_type), complex=is_complex, pace=Pace(pace))
        due = deadlines.due_at(Clock(received_at, limit, rules.end_of_day), calendar)
        span = Span(received_at, due.due_at, limit.unit is Unit.HOURS)
        shares = profiles.shares_for(rules, limit)
        times = steps.times_of(span, shares, rules.hours, calendar, rules.assign_days)
    if as_json_:
        days = [{"on": day.on.isoformat(), "counts": day.counts, "why": day.why} for day in due.days]
        row = {"due_at": due.due_at, "due_on": due.due_on, "provisional": due.provisional, "days": days}
        click.echo(as_json(row | {"steps": {step.value: at for step, at in times.items()}}))
        return
    guess = "（暂定：有的年度放假安排还没公布）" if due.provisional else ""
    click.echo(f"{due.due_on} {_hour(due.due_at)} 到期{guess}")
    for day in due.days:
        click.echo(f"  {day.on}  {'计' if day.counts else '不计'}  {day.why}")
    for step, at in times.items():
        click.echo(f"  {steps.LABELS[step]}：{at.astimezone(SHANGHAI):%m-%d %H:%M} 前")


def _hour(due_at: datetime) -> str:
    local = due_at.astimezone(SHANGHAI)
    return "24:00" if local.time() == time(0) else f"{local:%H:%M}"


def _profile(session: Session, key: str) -> profiles.Profile:
    if key not in profiles.PROFILES:
        raise Invalid(f"没有叫 {key} 的时限方案。有：{'、'.join(profiles.PROFILES)}")
    return cases.profile(session, key)


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
        preview_ = service.preview(session, data)
        moves = cases_service.preview_moves(session, preview_)
    _print_preview(preview_, moves, as_json_)
    if preview:
        return
    with shell.writing() as session:
        year, moved = cases_service.load_arrangement(session, shell.now, None, data)
    if not as_json_:
        days = len(preview_.changes)
        click.echo(
            f"已装入 {year.year} 年第 {year.version} 版，{days} 天有变化，{len(moved)} 件的时限重新算过"
        )


def _print_preview(preview: service.Preview, moves: list[cases_service.Moved], as_json_: bool) -> None:
    """The days that change, then the due dates that move."""
    print_rows(
        ({"kind": "day", "on": change.on, "why": change.why} for change in preview.changes),
        as_lines_of_json=as_json_,
    )
    print_rows(
        (
            {
                "kind": "case",
                "number": moved.number,
                "before": moved.before,
                "after": moved.after,
                "provisional": moved.is_provisional,
            }
            for moved in moves
        ),
        as_lines_of_json=as_json_,
    )


@calendar.command(name="local-day")
@click.argument("on", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--closed", "kind", flag_value="rest", help="本单位这一天不上班")
@click.option("--open", "kind", flag_value="work", help="本单位这一天上班")
@click.option("--as-announced", "kind", flag_value="", help="恢复按国务院安排")
@click.option("--why", default="", help="为什么，如 机房检修")
@click.option("--preview", is_flag=True, help="只看哪些时限会变，不保存")
@json_option
@click.pass_obj
def local_day(shell: Shell, on: datetime, kind: str | None, why: str, preview: bool, as_json_: bool) -> None:
    """设本单位自己的休息日或上班日；在办的时限随之重新算。"""
    if kind is None:
        raise click.UsageError("请给 --closed、--open 或 --as-announced")
    wanted = Kind(kind) if kind else None
    with shell.reading() as session:
        preview_ = service.preview_local_day(session, on.date(), wanted, why)
        moves = cases_service.preview_moves(session, preview_)
    _print_preview(preview_, moves, as_json_)
    if preview:
        return
    with shell.writing() as session:
        year, moved = cases_service.set_local_day(session, shell.now, None, on.date(), wanted, why)
    if not as_json_:
        click.echo(f"已保存为 {year.year} 年第 {year.version} 版，{len(moved)} 件的时限重新算过")


COMMANDS = (deadline, calendar)
