"""How does a row reach the disk with next to nothing around it?

One connection of the driver's own, kept open, and statements made once. SQLAlchemy's pool, its transaction and
the binding of its values cost a single row several times what the commit itself costs; that is nothing for a
page and too much for a push. A database that hangs is given up after a while instead of being waited for.
Pragmas, address and encoding of values are those of `db` and of the tables: there is no second dialect here.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.sql import ClauseElement

from app.base.db import POSTGRESQL_OPTIONS, Database, configure_sqlite, sqlite_module
from app.base.errors import Unavailable

Row = Mapping[str, Any]
Turned = Callable[[Any], Any]


@dataclass(frozen=True)
class Statement:
    """A statement as text for the driver. ``into`` and ``out`` turn values as its columns' types do."""

    text: str
    fixed: Mapping[str, Any]
    into: Mapping[str, Turned]
    out: tuple[Turned | None, ...]

    def values(self, row: Row) -> dict[str, Any]:
        """What is handed over with the text."""
        values = {**self.fixed, **row}
        for name, turned in self.into.items():
            values[name] = turned(values[name])
        return values

    def read(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        return [tuple(t(one) if t else one for t, one in zip(self.out, row, strict=True)) for row in rows]


class Straight:
    """The connection of one process. It belongs to one thread at a time: its user holds a lock.

    ``patience``: seconds after which a database that does not answer, or that others hold, is given up. Any
    error closes the connection, and with it whatever was half done; `open()` makes a new one.
    """

    def __init__(self, db: Database, patience: float) -> None:
        self._db = db
        self._patience = patience
        self._connection: Any = None
        self._in_hand = threading.RLock()  # held by whoever is at a statement
        self._of_process = 0
        db.closing.append(self.close)
        kind: Any = type(db.engine.dialect)
        self._dialect = kind(paramstyle="named") if db.is_sqlite else db.engine.dialect
        dbapi: Any = db.engine.dialect.dbapi
        self.refusals: tuple[type[Exception], ...] = (dbapi.DataError, dbapi.IntegrityError)
        """What the driver raises for a row that will not be taken today nor tomorrow."""

    @property
    def is_open(self) -> bool:
        """Whether it may be used without waiting for a connection. One from before a fork is not ours."""
        return self._connection is not None and self._of_process == os.getpid()

    @property
    def _at_hand(self) -> Any:
        """The connection. Raises `Unavailable` where it was given up meanwhile."""
        if self._connection is None:
            raise Unavailable("数据库连接已经关闭，请稍后再试")
        return self._connection

    def open(self) -> None:
        """Connect, which may take seconds where the database is away."""
        if self.is_open:
            return
        given, named = self._db.engine.dialect.create_connect_args(self._db.engine.url)
        if self._db.is_sqlite:
            waits = self._patience / 2  # the other half is spent on our turn
            made = sqlite_module().connect(*given, **{**named, "timeout": waits, "check_same_thread": False})
            configure_sqlite(made, sqlite_module(), round(waits * 1000))
        else:
            made = _Impatient.connect(*given, **{**named, **POSTGRESQL_OPTIONS}, autocommit=True)
            made.patience = self._patience
        self._connection, self._of_process = made, os.getpid()

    def close(self) -> None:
        """Give the connection up; what it had not committed is undone.

        Whoever is at a statement in another thread ends it first, within its patience: a connection that is closed
        under a statement takes the process with it. One that hangs for longer is left to itself.
        """
        is_ours = self._in_hand.acquire(timeout=self._patience)
        connection, self._connection = self._connection, None
        try:
            if is_ours and connection is not None and self._of_process == os.getpid():
                with contextlib.suppress(Exception):  # it may be broken: that is why it is closed
                    connection.close()
        finally:
            if is_ours:
                self._in_hand.release()

    def statement(self, clause: ClauseElement, columns: Sequence[str] | None = None) -> Statement:
        """``clause`` made once. ``columns``: those an insert is given."""
        compiled: Any = clause.compile(dialect=self._dialect, column_keys=columns)
        into, fixed = {}, {}
        for bind, name in compiled.bind_names.items():
            turned = bind.type.dialect_impl(self._dialect).bind_processor(self._dialect)
            if turned:
                into[name] = turned
            if not bind.required and name not in (columns or ()):
                fixed[name] = bind.effective_value
        told = getattr(clause, "selected_columns", ())
        out = tuple(
            one.type.dialect_impl(self._dialect).result_processor(self._dialect, None) for one in told
        )
        return Statement(str(compiled), fixed, into, out)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: committed when the block ends, undone when it raises."""
        try:
            with self._in_hand, self._db.turn(self._patience / 2):
                self._at_hand.execute("BEGIN IMMEDIATE" if self._db.is_sqlite else "BEGIN").close()
                yield
                self._at_hand.execute("COMMIT").close()
        except BaseException:
            self.close()
            raise

    def tell_one(self, statement: Statement, row: Row) -> None:
        """A statement that is a transaction of its own."""
        values = statement.values(row)
        try:
            with self._in_hand, self._db.turn(self._patience / 2):
                self._at_hand.execute(statement.text, values)
        except BaseException:
            self.close()
            raise

    def tell(self, statement: Statement, rows: Sequence[Row]) -> None:
        """The statement for each of ``rows``, inside `writing`."""
        with contextlib.closing(self._at_hand.cursor()) as cursor:
            cursor.executemany(statement.text, [statement.values(row) for row in rows])

    def ask(self, statement: Statement, row: Row) -> list[tuple[Any, ...]]:
        """The answer to a question, inside `writing`."""
        with contextlib.closing(self._at_hand.execute(statement.text, statement.values(row))) as cursor:
            return statement.read(cursor.fetchall())


class _Impatient(psycopg.Connection[Any]):
    """A connection that does not wait for ever for a server that hangs."""

    patience = 5.0  # seconds for one answer

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """As psycopg waits, and no longer than `patience`. Raises `psycopg.OperationalError`."""
        return super().wait(self._until(gen, time.monotonic() + self.patience), *args, **kwargs)

    @staticmethod
    def _until(gen: Any, end: float) -> Generator[Any, Any, Any]:
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and time.monotonic() > end:
                    raise psycopg.OperationalError("no answer in time")
                state = gen.send(ready)
        except StopIteration as done:
            return done.value
