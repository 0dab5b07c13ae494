"""How is a row added once, however many processes try? By its unique key, not by looking first."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_once(session: Session, table: type[SQLModel], **values: Any) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; True if the row is new.

    Asked by RETURNING: a row count is not told for inserts on every database. Python-side defaults
    of the table are not applied by a plain INSERT, so they are taken from it here.
    """
    session.flush()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    key = inspect(table).primary_key
    complete = {**_defaults(table), **values}
    statement = dialect.insert(table.__table__).values(complete)  # type: ignore[attr-defined]
    added = session.execute(statement.on_conflict_do_nothing().returning(*key)).first()
    return added is not None


def _defaults(table: type[SQLModel]) -> dict[str, Any]:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in table.model_fields.items()
        if not field.is_required() and name != "id"
    }
