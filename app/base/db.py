"""How does everything reach the database, so that no update is lost and no reader writes?

Stock SQLAlchemy on SQLite sends no BEGIN before a SELECT and loses read-modify-write updates; here a
writer begins IMMEDIATE and a reader cannot write at all. `synchronous=FULL`: an acknowledged push is
on disk. SQLite before 3.51.3 can corrupt a WAL file that several processes write
(sqlite.org/wal.html#walresetbug): a fixed module is used where there is one, else the rollback
journal. The database address may also name PostgreSQL through psycopg 3.
"""

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlmodel import Session

from app.base.errors import Invalid
from app.base.keys import Keys
from app.base.turns import is_wanted, turn

WAL_IS_SAFE_FROM = (3, 51, 3)
BUSY_TIMEOUT_MS = 5_000
POSTGRESQL_OPTIONS = {"connect_timeout": 5, "options": "-c idle_in_transaction_session_timeout=60000"}
_WRITES = "huiying_writes"


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the one shipped with pysqlite3 where that wheel exists."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    newer = dbapi2.sqlite_version_info > sqlite3.sqlite_version_info
    return dbapi2 if newer else sqlite3


def wal_is_safe(module: ModuleType) -> bool:
    """Whether several processes may write one WAL file with this SQLite."""
    return tuple(module.sqlite_version_info) >= WAL_IS_SAFE_FROM


class Database:
    """One database and the two ways into it: `reading()` and `writing()`.

    ``folder`` is where files stand that belong to its rows (attachments, the spool of pushes); services find
    it as ``session.info["folder"]``. Where none is given it is the folder of the SQLite file. ``address``: where
    the public reads what is in it (https://hy.example), for jobs that write whole addresses.
    """

    def __init__(self, url: str, keys: Keys, folder: Path | None = None, address: str = "") -> None:
        self.url = url
        self.address = address
        self.keys = keys
        self.folder = folder or _beside_the_file(url)
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        self._turns = _turns_of(self.engine)
        self.closing: list[Callable[[], None]] = []
        """What else is to be given up together with the engine (see `straight`)."""

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view in which nothing can be written."""
        with Session(self.engine, info=self._info()) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Objects stay readable after the commit, so that a view may still show what it wrote.
        """
        with self.turn(), Session(self._writer, info=self._info(), expire_on_commit=False) as session:
            yield session
            session.commit()

    def _info(self) -> dict[str, Any]:
        return {"keys": self.keys, "folder": self.folder}

    def turn(self, patience: float = BUSY_TIMEOUT_MS / 1000) -> AbstractContextManager[None]:
        """The writers of a SQLite file take turns (see `turns`); PostgreSQL has row locks."""
        return turn(self._turns, patience) if self._turns else nullcontext()

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """Around a transaction of work that nobody waits for: where others want to write to the same SQLite file,
        stay out afterwards as long as it took, a tenth of a second at most. Who stands at the door goes first."""
        began = time.monotonic()
        yield
        if self._turns and is_wanted(self._turns):
            time.sleep(min(time.monotonic() - began, 0.1))

    def close(self) -> None:
        for give_up in self.closing:
            give_up()
        self.engine.dispose()


def _turns_of(engine: Engine) -> Path | None:
    """The file over which the writers of a SQLite file take turns; None where there is no such file."""
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(f"{name}-turn") if name and name != ":memory:" else None


def _beside_the_file(url: str) -> Path:
    """The folder of a SQLite file; for PostgreSQL the default data folder."""
    name = make_url(url).database if make_url(url).get_backend_name() == "sqlite" else None
    return Path(name).parent if name and name != ":memory:" else Path("var")


def make_engine(url: str) -> Engine:
    """An engine with the pragmas and transaction starts that the module's docstring tells of."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql_engine(url)
    raise Invalid("HUIYING_DATABASE_URL 只能是 sqlite:/// 或 postgresql+psycopg:// 开头的地址")


def _sqlite_engine(url: str) -> Engine:
    module = sqlite_module()
    engine = create_engine(
        url, module=module, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        configure_sqlite(connection, module, BUSY_TIMEOUT_MS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def configure_sqlite(connection: Any, module: ModuleType, busy_timeout_ms: int) -> None:
    """Make a new connection of the driver one of ours."""
    connection.isolation_level = None  # we send BEGIN ourselves
    for pragma in (
        f"busy_timeout={busy_timeout_ms}",
        f"journal_mode={'WAL' if wal_is_safe(module) else 'DELETE'}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _postgresql_engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, connect_args=POSTGRESQL_OPTIONS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(_WRITES, False):
            # One snapshot for all it reads, as on SQLite: a file is never half of one state, half of another.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def beside(session: Session) -> Session:
    """A reading session on the database of ``session``, for work in a thread of its own."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    return Session(engine.execution_options(**{_WRITES: False}), info=dict(session.info))


def lock(session: Session, name: str) -> None:
    """Let one writer at a time do ``name`` until its commit.

    SQLite has one writer anyway. On PostgreSQL a transaction-level advisory lock (session-level ones
    outlive a request on a pooled connection).
    """
    if session.get_bind().dialect.name == "postgresql":
        key = zlib.crc32(name.encode())
        session.execute(text("SELECT pg_advisory_xact_lock(7301, :key)"), {"key": key - 2**31})
