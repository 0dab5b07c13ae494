"""What does every command share? The database, the time, how lines and errors are printed."""

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click
from sqlmodel import Session

from app.base import clock
from app.base.config import Settings
from app.base.db import Database


@dataclass
class Shell:
    """`ctx.obj` of every command."""

    settings: Settings
    db: Database

    @property
    def now(self) -> datetime:
        return clock.now()

    def reading(self) -> AbstractContextManager[Session]:
        return self.db.reading()

    def writing(self) -> AbstractContextManager[Session]:
        return self.db.writing()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(clock.SHANGHAI).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(type(value).__name__)


def as_json(row: Mapping[str, Any]) -> str:
    """One JSON object on one line; instants in ISO 8601 with +08:00."""
    return json.dumps(row, ensure_ascii=False, default=_plain)


def print_rows(rows: Iterable[Mapping[str, Any]], *, as_lines_of_json: bool) -> None:
    """A list: one object a line with `--json`, else `key=value` columns for people."""
    for row in rows:
        if as_lines_of_json:
            click.echo(as_json(row))
        else:
            click.echo("  ".join(str(_shown(value)) for value in row.values() if value not in (None, "")))


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple | set | frozenset):
        return "、".join(str(one) for one in value)
    return value


json_option = click.option("--json", "as_json_", is_flag=True, help="输出 JSON")
