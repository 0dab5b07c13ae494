"""Which schema does this version need, and does the database have it? Alembic, on both databases."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.base.db import Database

FOLDER = Path(__file__).parent


def config(db: Database | None = None) -> Config:
    """Alembic's settings without a file of its own; the database is handed over, not its address."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["database"] = db
    return made


@cache
def head() -> str:
    """The newest revision shipped."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None  # this package ships at least one
    return found


def current(db: Database) -> str | None:
    """The revision the database is at; None: empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def behind(db: Database) -> bool:
    """Whether the schema is another one than this version needs."""
    return current(db) != head()


def migrate(db: Database) -> None:
    """Bring the schema to the newest revision; each revision is one transaction. Harmless when run twice."""
    command.upgrade(config(db), "head")
