"""Self-test, backup and restore."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from sqlalchemy.engine import make_url
from sqlmodel import Session, select

from app import migrations
from app.base.db import sqlite_module, wal_is_safe
from app.base.errors import Conflict, Invalid, Unavailable
from app.calendar import queries as calendars
from app.calendar.workdays import day_of
from app.cases.models import Case
from app.commands.shell import Shell, json_option, print_rows
from app.official_accounts import queries as accounts
from app.staff import queries as staff
from app.staff.models import StaffMember

_SQLITE_COPY = "huiying.db"
_POSTGRESQL_COPY = "huiying.dump"
_KEPT_FOLDERS = ("attachments",)
_BACKUP_FORMAT = 1
_CALENDAR_WORDS = {
    True: "已装入",
    False: "还没有装入，跨到这一年的时限是暂定的。放假安排公布后请运行 huiying calendar load",
}


@click.command()
@json_option
@click.pass_obj
def check(shell: Shell, as_json_: bool) -> None:
    """自检：数据库、时钟、工作日历、密钥、账号。有问题时退出状态为 1。"""
    rows = list(_checks(shell))
    print_rows(rows, as_lines_of_json=as_json_)
    if any(row["state"] == "bad" for row in rows):
        raise SystemExit(1)


def _row(what: str, state: str, words: str) -> dict[str, str]:
    return {"check": what, "state": state, "words": words}


def _checks(shell: Shell) -> Iterator[dict[str, str]]:
    if migrations.behind(shell.db):
        yield _row("schema", "bad", "数据库结构不是这个版本的，请运行 huiying migrate")
        return
    yield _row("schema", "good", f"数据库结构 {migrations.head()}")
    if shell.db.is_sqlite:
        module = sqlite_module()
        safe = wal_is_safe(module)
        yield _row(
            "sqlite",
            "good" if safe else "warn",
            f"SQLite {module.sqlite_version}"
            + ("" if safe else "，低于 3.51.3，已改用回滚日志（慢一些，但安全）"),
        )
    with shell.reading() as session:
        known = {year.year for year in calendars.years(session)}
        this_year = day_of(shell.now).year
        for year in (this_year, this_year + 1):
            state = "good" if year in known else ("bad" if year == this_year else "warn")
            yield _row(f"calendar {year}", state, f"{year} 年工作日历{_CALENDAR_WORDS[year in known]}")
        opens = _keys_open(session)
        words = "密钥与数据相符" if opens else "密钥与数据不符，请检查 HUIYING_SECRET_KEY"
        yield _row("keys", "good" if opens else "bad", words)
        for account in accounts.all_open(session):
            yield _row(
                f"account {account.name}",
                "bad" if account.trouble else "good",
                account.trouble or "没有报告过问题",
            )
        if not session.exec(select(StaffMember.id).limit(1)).first():
            yield _row("staff", "warn", "还没有人员。用 huiying staff add 加第一位管理员")


def _keys_open(session: Session) -> bool:
    """Whether one sealed value opens (an empty office has none and is fine)."""
    sealed = session.exec(select(Case.lookup_code_sealed).limit(1)).first()
    if sealed is None:
        return True
    try:
        session.info["keys"].unseal(sealed, "lookup")
    except Unavailable:
        return False
    return True


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def backup(shell: Shell, folder: Path) -> None:
    """备份到一个空文件夹；不用停机。密钥文件要另外妥善保存。"""
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} 不是空的。请换一个空文件夹")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if shell.db.is_sqlite:
        _copy_sqlite(shell, folder / _SQLITE_COPY)
    else:
        _dump_postgresql(shell, folder / _POSTGRESQL_COPY)
    for name in _KEPT_FOLDERS:
        source = shell.settings.data_dir / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
    about = {"format": _BACKUP_FORMAT, "schema": migrations.head(), "made_at": shell.now.isoformat()}
    (folder / "backup.json").write_text(json.dumps(about), "utf-8")
    click.echo(
        f"已备份到 {folder}。索引不在备份里，恢复后会自己重建；请另外保存 secret.key 或 HUIYING_SECRET_KEY"
    )


def _copy_sqlite(shell: Shell, target: Path) -> None:
    source = Path(make_url(shell.db.url).database or "")
    module = sqlite_module()
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        copy = Path(scratch) / target.name
        reading, writing = module.connect(str(source)), module.connect(str(copy))
        try:
            reading.backup(writing)  # the online backup: never a plain copy of a live file
        finally:
            reading.close()
            writing.close()
        copy.chmod(0o600)
        copy.rename(target)


def _postgresql_address(shell: Shell) -> str:
    return make_url(shell.db.url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(program: str, *arguments: str) -> None:
    found = os.environ.get(f"HUIYING_{program.upper()}") or shutil.which(program)
    if not found:
        raise Invalid(f"找不到 {program}。请安装 PostgreSQL 客户端程序")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Conflict(
            f"{program} 没有成功：{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ''}"
        )


def _dump_postgresql(shell: Shell, target: Path) -> None:
    _run("pg_dump", "--format=custom", f"--file={target}", _postgresql_address(shell))
    target.chmod(0o600)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def restore(shell: Shell, folder: Path) -> None:
    """从备份恢复到一个空的数据库。先停掉 serve、web 和 jobs。"""
    try:
        about = json.loads((folder / "backup.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise Invalid(f"{folder} 里没有完整的备份（缺 backup.json）") from None
    if about.get("format") != _BACKUP_FORMAT:
        raise Invalid("这份备份是别的版本做的，不能恢复")
    if migrations.current(shell.db) is not None and _has_people(shell):
        raise Conflict("现在的数据库不是空的，没有动它。请换一个数据库地址，或先移走现有数据")
    if shell.db.is_sqlite:
        _restore_sqlite(shell, folder / _SQLITE_COPY)
    else:
        address = f"--dbname={_postgresql_address(shell)}"
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", address, str(folder / _POSTGRESQL_COPY))
    for name in _KEPT_FOLDERS:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, shell.settings.data_dir / name, dirs_exist_ok=True)
    shutil.rmtree(shell.settings.data_dir / "index", ignore_errors=True)
    migrations.migrate(shell.db)
    click.echo("已恢复。请运行 huiying check 和 huiying verify-log 核对")


def _has_people(shell: Shell) -> bool:
    with shell.reading() as session:
        return bool(staff.everybody(session))


def _restore_sqlite(shell: Shell, source: Path) -> None:
    if not source.is_file():
        raise Invalid(f"备份里没有 {source.name}。这份备份是从 PostgreSQL 做的吗？")
    target = Path(make_url(shell.db.url).database or "")
    shell.db.close()
    for leftover in (target.with_name(target.name + "-wal"), target.with_name(target.name + "-shm")):
        leftover.unlink(missing_ok=True)
    module = sqlite_module()
    reading, writing = module.connect(str(source)), module.connect(str(target))
    try:
        if not _is_whole(module, reading):
            raise Invalid("备份文件已损坏，没有恢复")
        reading.backup(writing)
    except module.Error:
        raise Conflict("数据库正被使用。请先停掉 serve、web 和 jobs") from None
    finally:
        reading.close()
        writing.close()


def _is_whole(module: ModuleType, copy: Any) -> bool:
    try:
        return bool(copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    except module.DatabaseError:
        return False


COMMANDS = (check, backup, restore)
