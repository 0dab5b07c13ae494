"""How is a row added once, however many processes try? By its unique key, not by looking first."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Row = TypeVar("Row", bound=SQLModel)


def insert_once(session: Session, table: type[SQLModel], **values: Any) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; True if the row is new.

    Asked by RETURNING: a row count is not told for inserts on every database. Python-side defaults
    of the table are not applied by a plain INSERT, so they are taken from it here.
    """
    return _insert(session, table, values, whole=False).first() is not None


def add_once(session: Session, table: type[Row], **values: Any) -> Row | None:
    """The same, giving the new row to work on; None where it was there."""
    added: Row | None = _insert(session, table, values, whole=True).scalars().first()
    return added


def _insert(session: Session, table: type[SQLModel], values: Mapping[str, Any], *, whole: bool) -> Any:
    session.flush()
    given = {name: default() for name, default in _defaults(table) if name not in values}
    statement = _statement(table, session.get_bind().dialect.name, whole)
    return session.execute(statement, {**given, **values})


@cache
def _statement(table: type[SQLModel], dialect: str, whole: bool) -> Any:
    """Made once: to make it costs more than to run it."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()
    return insert.returning(table) if whole else insert.returning(*inspect(table).primary_key)


@cache
def _defaults(table: type[SQLModel]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    return tuple(
        (name, field.default_factory or (lambda value=field.default: value))  # type: ignore[misc]
        for name, field in table.model_fields.items()
        if not field.is_required() and name != "id"
    )
