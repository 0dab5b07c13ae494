"""`huiying answers|reindex|suggest|search`: the answer library, from the shell. The shell acts as the system."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from app.answers import queries, service
from app.base.errors import Invalid, NotFound, Unavailable
from app.calendar.workdays import day_of
from app.commands.cases import import_
from app.commands.shell import Shell, as_json, json_option, print_rows
from app.departments import queries as departments
from app.finding import service as finding
from app.finding.found import Match
from app.finding.index import AnswerIndex
from app.staff import queries as staff
from app.staff.roles import Person
from kb import queries as library
from kb.exchange import form_of_entry
from kb.models import AnswerEntry, EntryVersion

DAY = click.DateTime(["%Y-%m-%d"])
_PAGE = 500
_STATES = "、".join(queries.VIEWS)


def _index(shell: Shell) -> AnswerIndex:
    return AnswerIndex(shell.settings.data_dir / "index" / "answers", now=lambda: shell.now)


# ---------------------------------------------------------------- the library


@click.group()
def answers() -> None:
    """问答库：列出、导出、起草、签发。"""


@answers.command(name="list")
@click.option("--view", default="all", help=f"只列这一类：{_STATES}")
@json_option
@click.pass_obj
def list_answers(shell: Shell, view: str, as_json_: bool) -> None:
    """列出问答条目，最近改动的在前。"""
    today, after = day_of(shell.now), None
    with shell.reading() as session:
        while True:
            filters = queries.LibraryFilters(view=view)
            page = queries.listed(session, filters, today, after=after, limit=_PAGE)
            rows = ({**_row(one.entry, one.version), "uses": one.uses} for one in page.rows)
            print_rows(rows, as_lines_of_json=as_json_)
            after = page.next
            if after is None:
                return
            session.expunge_all()


def _row(entry: AnswerEntry, version: EntryVersion) -> dict[str, Any]:
    return {
        "id": entry.id,
        "key": entry.key,
        "state": entry.state,
        "version": version.number,
        "question": version.question,
        "owner": entry.owner_name,
        "valid_until": version.valid_until,
        "review_by": version.review_by,
    }


@answers.command()
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="写到文件；不写则输出到屏幕"
)
@click.pass_obj
def export(shell: Shell, output: Path | None) -> None:
    """导出已发布的问答，一行一条 JSON，带指纹，可以导入另一个库。"""
    count, after = 0, None
    with shell.reading() as session, click.open_file(str(output or "-"), "w", encoding="utf-8") as file:
        while rows := library.published(session, after=after, limit=_PAGE):
            for entry, version in rows:
                file.write(as_json(form_of_entry(entry, version)) + "\n")
            count, after = count + len(rows), (rows[-1][0].updated_at, rows[-1][0].id)
            session.expunge_all()
    if output:
        click.echo(f"已导出 {count} 条到 {output}")


@answers.command()
@click.option("--question", required=True, help="问题")
@click.option("--text", required=True, help="答复口径")
@click.option("--phrasing", "phrasings", multiple=True, help="其他问法，可写几次")
@click.option("--basis-title", default="", help="依据的文件名称")
@click.option("--basis-number", default="", help="文号")
@click.option("--basis-url", default="", help="依据的网址")
@click.option("--verified-by", default="", help="核实人")
@click.option("--category", default="", help="事项")
@click.option("--department", default="", help="承办单位")
@click.option("--valid-until", type=DAY, help="有效期止，如 2027-06-30")
@click.option("--entry", "key", default="", help="改已有的条目：写它的 KEY")
@click.option("--author", "staff_id", type=int, help="起草人的编号，用 huiying staff list 查")
@click.option("--submit", is_flag=True, help="同时送审")
@json_option
@click.pass_obj
def propose(
    shell: Shell,
    question: str,
    text: str,
    phrasings: tuple[str, ...],
    basis_title: str,
    basis_number: str,
    basis_url: str,
    verified_by: str,
    category: str,
    department: str,
    valid_until: datetime | None,
    key: str,
    staff_id: int | None,
    submit: bool,
    as_json_: bool,
) -> None:
    """起草一条问答，或已有条目的下一版。"""
    with shell.writing() as session:
        person = _person(session, staff_id)
        content: dict[str, Any] = {
            "question": question,
            "text": text,
            "phrasings": phrasings,
            "basis": [{"title": basis_title, "number": basis_number, "url": basis_url}]
            if basis_title
            else [],
            "verified_by": verified_by,
            "category": category,
            "valid_until": valid_until.date() if valid_until else None,
            "owner_department_id": _department(session, department),
        }
        entry_id = _entry(session, key).id if key else None
        version = service.propose(session, shell.now, person, entry_id=entry_id, **content)
        if submit:
            service.submit(session, shell.now, person, version.id)
        row = _row(session.get_one(AnswerEntry, version.entry_id), version)
    done = "已送审" if submit else "已存为草稿"
    click.echo(as_json(row) if as_json_ else f"{done}：{row['key']} 第 {row['version']} 版")


@answers.command()
@click.argument("key")
@click.option("--by", "staff_id", type=int, help="签发人的编号，用 huiying staff list 查")
@json_option
@click.pass_obj
def publish(shell: Shell, key: str, staff_id: int | None, as_json_: bool) -> None:
    """签发一条问答的最新一版；三审没有完成的不能签发。"""
    with shell.writing() as session:
        entry = _entry(session, key)
        version = library.latest_version(session, entry.id)
        assert version is not None  # an entry begins with its first version
        service.publish(session, shell.now, _person(session, staff_id), version.id)
        row = _row(entry, version)
    click.echo(as_json(row) if as_json_ else f"已签发：{key} 第 {row['version']} 版")


def _person(session: Any, staff_id: int | None) -> Person | None:
    if staff_id is None:
        return None
    person = staff.person(session, staff_id)
    if person is None:
        raise NotFound("没有这个人员，或已停用。用 huiying staff list 查编号")
    return person


def _entry(session: Any, key: str) -> AnswerEntry:
    entry = library.by_key(session, key)
    if entry is None:
        raise NotFound(f"没有 KEY 是 {key} 的问答条目。用 huiying answers list 查")
    return entry


def _department(session: Any, name: str) -> int | None:
    if not name:
        return None
    department = departments.by_name(session, name)
    if department is None:
        raise Invalid(f"没有叫“{name}”的承办单位。用 huiying departments list 查")
    return department.id


@import_.command(name="answers")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--author", "staff_id", type=int, help="记为谁起草的，用 huiying staff list 查编号")
@json_option
@click.pass_obj
def import_answers(shell: Shell, file: Path, staff_id: int | None, as_json_: bool) -> None:
    """导入问答（.xlsx .csv .jsonl）为草稿，逐行报告，问过的不再导入。"""
    with shell.writing() as session:
        report = service.import_file(
            session, shell.now, _person(session, staff_id), file.name, file.read_bytes()
        )
    shown = (
        {"row": one.row, "outcome": one.outcome, "words": one.words, "question": one.question}
        for one in report
    )
    print_rows(shown, as_lines_of_json=as_json_)
    if not as_json_:
        count = {kind: sum(one.outcome == kind for one in report) for kind in ("added", "known", "refused")}
        click.echo(f"新收 {count['added']} 行，以前已有 {count['known']} 行，没收 {count['refused']} 行")


# ---------------------------------------------------------------- finding


@click.command()
@json_option
@click.pass_obj
def reindex(shell: Shell, as_json_: bool) -> None:
    """从数据库重建问答索引；页面照常可用。"""
    with shell.reading() as session:
        count = _index(shell).rebuild(session)
    click.echo(as_json({"answers": count}) if as_json_ else f"索引已重建，共 {count} 条")


@click.command()
@click.argument("text")
@click.option("--limit", default=3, show_default=True, help="最多几条")
@json_option
@click.pass_obj
def suggest(shell: Shell, text: str, limit: int, as_json_: bool) -> None:
    """给一封来信推荐答案，把握大的在前。"""
    with shell.reading() as session:
        found = finding.suggest(session, _index(shell), text, limit=limit)
    rows = (
        {
            "level": one.level,
            "key": one.key,
            "version": one.version,
            "question": one.question,
            "text": one.text,
            "owner": one.owner,
            "valid_until": one.valid_until,
            "reasons": one.reasons,
        }
        for one in found
    )
    print_rows(rows, as_lines_of_json=as_json_)
    if not found and not as_json_:
        click.echo("没有把握的建议，请自行起草")


@click.command()
@click.argument("text")
@click.option("--limit", default=10, show_default=True, help="最多几条")
@json_option
@click.pass_obj
def search(shell: Shell, text: str, limit: int, as_json_: bool) -> None:
    """像公众那样查答案。"""
    with shell.reading() as session:
        found = _index(shell).search(session, text, limit)
    if found.rebuilding:
        raise Unavailable("索引正在重建，请稍后再查")
    print_rows((_found(match) for match in found.matches), as_lines_of_json=as_json_)
    if not found.matches and not as_json_:
        click.echo("没有找到答案" + (f"。您要找的是不是：{found.did_you_mean}" if found.did_you_mean else ""))


def _found(match: Match) -> dict[str, Any]:
    return {
        "level": str(match.level),
        "key": match.entry.key,
        "question": match.version.question,
        "owner": match.entry.owner_name,
        "valid_until": match.version.valid_until,
        "reasons": list(match.reasons),
    }


COMMANDS = (answers, reindex, suggest, search)
