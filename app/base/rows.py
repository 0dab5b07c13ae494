"""How is a row added once, however many processes try? By its unique key, not by looking first."""

from collections.abc import Mapping
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
    key = inspect(table).primary_key
    inserted = _insert(session, table, values).returning(*key)
    return session.execute(inserted).first() is not None


def add_once(session: Session, table: type[Row], **values: Any) -> Row | None:
    """The same, giving the new row to work on; None where it was there."""
    inserted = _insert(session, table, values).returning(table)
    return session.execute(inserted).scalars().first()


def _insert(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> Any:
    session.flush()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    complete = {**_defaults(table), **values}
    return dialect.insert(table).values(complete).on_conflict_do_nothing()


def _defaults(table: type[SQLModel]) -> dict[str, Any]:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in table.model_fields.items()
        if not field.is_required() and name != "id"
    }
