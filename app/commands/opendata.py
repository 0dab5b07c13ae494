"""`huiying publish`: bring open data up to date now, and say how far it is."""

from datetime import datetime

import click

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


COMMANDS = [publish]
