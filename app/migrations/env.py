"""How Alembic reaches the database: with our own engine, in a writing transaction."""

from alembic import context

from app.base.db import _WRITES, Database
from app.schema import metadata

database: Database | None = context.config.attributes.get("database")
if database is None:
    raise SystemExit("migrations are run by `huiying migrate`")

engine = database.engine.execution_options(**{_WRITES: True})
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
