"""A migrated database is a fresh database, on both; and nothing is kept that has no purpose."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from app import migrations
from app.base.db import Database
from app.schema import metadata


def test_a_migrated_database_has_exactly_the_tables_of_the_code(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(db: Database) -> None:
    migrations.migrate(db)
    assert not migrations.behind(db)


def test_the_database_itself_refuses_to_change_the_log(db: Database) -> None:
    import pytest
    from sqlalchemy.exc import DBAPIError

    from app.log import service as log
    from tests.conftest import NOW

    with db.writing() as session:
        log.record(session, NOW, None, "begin", subject_type="test", subject_id=1)
    for statement in ("UPDATE events SET action = 'x'", "DELETE FROM events"):
        with pytest.raises(DBAPIError, match="append-only"), db.writing() as session:
            session.execute(text(statement))
