"""The `huiying` command. Exit status: 0 done, 1 could not (one line says why), 2 wrong use."""

import gc
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from app import create_app, jobs, migrations, open_database
from app.base import clock, config, logs
from app.base.errors import AppError, Invalid
from app.commands.shell import Shell, json_option, print_rows
from connectors.errors import ConnectorError
from kb.errors import LibraryError

# Features with commands of their own: each module has COMMANDS.
FEATURES = (
    "administration",
    "staff",
    "calendar",
    "cases",
    "replies",
    "answers",
    "opendata",
    "federation",
    "evaluation",
    "sandbox",
    "sample",
)


_NO_TABLES = "数据库里还没有表，请先运行 huiying migrate"
_NO_DATABASE = "数据库连不上，请检查 HUIYING_DATABASE_URL"


class _Main(click.Group):
    """Turns refusals into one line on standard error and exit status 1."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except AppError as error:
            message = error.message
        except LibraryError as error:
            message = error.message_zh
        except ConnectorError as error:
            message = getattr(error, "message_zh", "") or f"平台接入出错：{error}"
        except SQLAlchemyError as error:
            is_empty = "no such table" in str(error) or "does not exist" in str(error)
            message = _NO_TABLES if is_empty else _NO_DATABASE
        except BrokenPipeError:
            raise  # `huiying … | head` has read enough: click ends without a word
        except OSError as error:
            message = f"文件或网络出错：{error.strerror or error}"
        click.echo(message.replace("\n", " "), err=True)
        sys.exit(1)


@click.group(cls=_Main)
@click.pass_context
def main(context: click.Context) -> None:
    """回应：一个队列听各平台来信，一个口径答复。"""
    settings = config.load()
    context.obj = Shell(settings, open_database(settings))


@main.command()
@click.pass_obj
def migrate(shell: Shell) -> None:
    """建表或升级数据库，装入随附的工作日历，记下隐去个人信息的规则版本。"""
    from app.calendar import service as calendar
    from app.redaction.service import record_rules

    migrations.migrate(shell.db)
    with shell.writing() as session:
        years = calendar.seed(session, shell.now)
        record_rules(session, shell.now)
    click.echo(f"数据库已是最新（{migrations.head()}）。新装入 {years} 个年度的工作日历")


@main.command()
@json_option
@click.pass_obj
def settings(shell: Shell, as_json_: bool) -> None:
    """列出全部设置和它们现在的值（密钥不显示）。"""
    values = shell.settings
    shown = {
        "DATABASE_URL": _without_password(values.database_url),
        "DATA_DIR": str(values.data_dir),
        "LISTEN": ",".join(values.listen),
        "PUBLIC_URL": values.public_url,
        "SECRET_KEY": "（已设置，不显示）",
        "TRUSTED_PROXIES": ",".join(values.trusted_proxies),
        "METRICS_TOKEN": "（已设置，不显示）" if values.metrics_token else "",
        "FOOTER": values.footer,
        "ENV_FILE": "",
    }
    rows = (
        {"name": row.variable, "value": shown[row.name], "default": row.default, "meaning": row.meaning}
        for row in config.SETTINGS
    )
    print_rows(rows, as_lines_of_json=as_json_)


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _ready(shell: Shell) -> None:
    if migrations.behind(shell.db):
        raise click.ClickException("数据库结构不是这个版本的。请先运行 huiying migrate")


def _until_told(stop: Callable[[], None]) -> None:
    """Wait for SIGTERM or Ctrl+C, then stop in order."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()
    stop()


@main.command()
@click.pass_obj
def serve(shell: Shell) -> None:
    """网页和定时任务都在一个进程里（默认的用法）。"""
    _ready(shell)
    logs.configure()
    ticking = jobs.Clock(shell.db)
    ticking.start()
    server = _listening(shell)
    _say_addresses(shell)
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()

    def stop() -> None:
        server.close()
        ticking.stop()

    _until_told(stop)


def _listening(shell: Shell) -> Any:
    # Waitress ships no types: a server with run() and close().
    from waitress.server import create_server

    application = create_app(shell.settings, shell.db)
    _settle()
    threading.Thread(target=_open_index, args=(shell, application), name="index", daemon=True).start()
    return create_server(
        application,
        listen=" ".join(shell.settings.listen),
        threads=8,
        ident=None,
        clear_untrusted_proxy_headers=False,
    )


def _settle() -> None:
    """What was loaded stays for good: the collector need not look at it again, which stops everybody for a
    moment, and writes into each page that processes share."""
    configure_mappers()
    gc.collect()
    gc.freeze()


def _open_index(shell: Shell, application: Flask) -> None:
    """Open the answer index (or rebuild it) before the first person searches; pages go on meanwhile."""
    with shell.reading() as session:
        application.extensions["huiying"].answers.follow(session)
    application.extensions["huiying"].answers.prepare_beside()


def _say_addresses(shell: Shell) -> None:
    for address in shell.settings.listen:
        click.echo(f"已启动：http://{address}/ （公众页面）  http://{address}/desk/ （工作台）")
    sys.stdout.flush()


@main.command()
@click.option("--workers", default=1, show_default=True, help="进程数，大于 1 时用 gunicorn")
@click.pass_obj
def web(shell: Shell, workers: int) -> None:
    """只有网页。可以开几个，配 PostgreSQL。"""
    _ready(shell)
    logs.configure()
    _say_addresses(shell)
    if workers > 1:
        _gunicorn(shell, workers)
        return
    server = _listening(shell)
    threading.Thread(target=server.run, name="web", daemon=True).start()
    _until_told(server.close)


def _gunicorn(shell: Shell, workers: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in {
                "bind": list(shell.settings.listen),
                "workers": workers,
                "worker_class": "gthread",
                "threads": 8,
                "timeout": 60,
                "control_socket_disable": True,
            }.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> object:  # in each process
            application.extensions["huiying"].intake.start()
            return application

    shell.db.close()
    # Made once, before the processes part: they share what they do not change. Nothing is connected yet.
    application = create_app(shell.settings, open_database(shell.settings), start=False)
    _settle()
    Server().run()


@main.group(invoke_without_command=True, name="jobs")
@click.pass_context
def jobs_(context: click.Context) -> None:
    """只有定时任务和发送（另开网页时用）。"""
    if context.invoked_subcommand:
        return
    shell: Shell = context.obj
    _ready(shell)
    logs.configure()
    ticking = jobs.Clock(shell.db)
    ticking.start()
    click.echo("定时任务已启动")
    sys.stdout.flush()
    _until_told(ticking.stop)


@jobs_.command(name="list")
@json_option
@click.pass_obj
def list_jobs(shell: Shell, as_json_: bool) -> None:
    """列出全部定时任务和上次运行的情况。"""
    from sqlmodel import select

    from app.base.models import JobRun

    with shell.reading() as session:
        runs = {run.name: run for run in session.exec(select(JobRun))}
    rows = (
        {
            "name": job.name,
            "when": job.cron or f"每 {job.every} 秒",
            "why": job.why,
            "last_ended_at": runs[job.name].ended_at if job.name in runs else None,
            "last_error": runs[job.name].error if job.name in runs else "",
        }
        for job in jobs.JOBS
    )
    print_rows(rows, as_lines_of_json=as_json_)


@main.command(name="run-job")
@click.argument("name")
@click.option("--now", "at", help="当作现在的时刻，ISO 8601，如 2026-10-09T10:42+08:00")
@json_option
@click.pass_obj
def run_job(shell: Shell, name: str, at: str | None, as_json_: bool) -> None:
    """手工运行一个定时任务；再运行一次也无妨。"""
    done = jobs.run(shell.db, name, instant(at) if at else shell.now)
    print_rows([{"job": name, "done": done}], as_lines_of_json=as_json_)


def instant(text: str) -> datetime:
    """An ISO 8601 instant; without an offset it is Shanghai time."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("时刻写成 2026-10-09T10:42+08:00 的样子") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=clock.SHANGHAI)).astimezone(UTC)


@main.command(name="verify-log")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def verify_log(shell: Shell, file: Path | None, as_json_: bool) -> None:
    """重算流转记录的哈希链；也可以核对导出的文件。"""
    import json

    from app.log import chain, queries

    if file:
        try:
            with file.open(encoding="utf-8") as lines:
                verdict = chain.verify(json.loads(line) for line in lines if line.strip())
        except (ValueError, KeyError, TypeError):
            raise Invalid(f"{file.name} 不是导出的流转记录（一行一条 JSON）") from None
    else:
        with shell.reading() as session:
            verdict = chain.verify(queries.walk(session))
    row = {"ok": verdict.ok, "events": verdict.events, "head": verdict.head}
    if not verdict.ok:
        row |= {"broken_at": verdict.broken_at, "why": verdict.why}
    print_rows([row], as_lines_of_json=as_json_)
    if not verdict.ok:
        sys.exit(1)


for _feature in FEATURES:
    for _command in import_module(f"app.commands.{_feature}").COMMANDS:
        main.add_command(_command)
