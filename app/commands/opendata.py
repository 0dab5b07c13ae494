"""`huiying publish`: bring open data up to date now; `huiying recount`: do the figures come out of the log?"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from app.base.errors import Conflict, Invalid
from app.commands.shell import Shell, json_option, print_rows
from app.disclosure import queries as disclosures
from app.disclosure import service as disclosure
from app.opendata import queries
from app.opendata import service as opendata
from app.opendata.datasets import DATASETS
from app.statistics import service as statistics


@click.command()
@json_option
@click.pass_obj
def publish(shell: Shell, as_json_: bool) -> None:
    """把数据开放更新到现在：备好公开稿，公开已决定的，记下问答库、账号和统计的变化。"""
    now = shell.now
    proposed = 0
    while made := _propose(shell, now):
        proposed += made
    with shell.writing() as session:
        for bring_up in (opendata.publish_decided, opendata.follow_sources, statistics.follow_figures):
            bring_up(session, now)
        opendata.settle_all(session, now)
    with shell.reading() as session:
        opendata.CaseIndex(shell.settings.data_dir / "index" / "cases").follow(session)
        waiting = disclosures.count_waiting(session)
    described = opendata.write_files(
        shell.db, now, shell.settings.data_dir / "public", statistics.SOURCES, shell.settings.public_url
    )
    with shell.reading() as session:
        rows = [
            {
                "dataset": name,
                "title": DATASETS[name].title,
                "rows": found.rows,
                "changed_at": queries.changed_at(session, name),
                "last_change": queries.last_change(session, name),
                "sha256_csv": found.digests["csv"],
                "sha256_jsonl": found.digests["jsonl"],
            }
            for name, found in described.items()
        ]
    print_rows(rows, as_lines_of_json=as_json_)
    if not as_json_:
        click.echo(f"新备好 {proposed} 件公开稿；等审看的 {waiting} 件")


def _propose(shell: Shell, now: datetime) -> int:
    """One helping of proposals in a transaction of its own: nobody else waits for the whole backlog."""
    with shell.writing() as session:
        return disclosure.propose_closed(session, now)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_obj
def recount(shell: Shell, file: Path | None, as_json_: bool) -> None:
    """只凭流转记录（或导出的 FILE）重算统计，列出对不上的数；有一个就以 1 结束。"""
    with shell.reading() as session:
        if file is None:
            found = statistics.recounted(session, shell.now)
        else:
            with file.open(encoding="utf-8") as lines:
                found = statistics.compare(session, shell.now, _events(lines, file.name))
    print_rows([asdict(one) for one in found], as_lines_of_json=as_json_)
    if found:
        raise Conflict(f"有 {len(found)} 个数对不上。先用 huiying verify-log 看记录是否完整")
    if not as_json_:
        click.echo("都对得上")


def _events(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    try:
        for line in lines:
            if line.strip():
                event = json.loads(line)
                yield {key: event[key] for key in ("at", "action", "case_id", "data")}
    except (ValueError, KeyError, TypeError):
        raise Invalid(f"{name} 不是导出的流转记录（一行一条 JSON）") from None


COMMANDS = [publish, recount]
