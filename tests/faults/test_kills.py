"""kill -9, at least a hundred times: F1 while messages come in, F2 while replies go out.

Whatever was acknowledged is there once; whatever was released arrived once or is a person's to look at.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text as sql

from app import jobs
from app.base import clock
from app.base.db import Database
from app.log import chain
from app.log import queries as log_queries
from app.replies.sending import LEASE
from connectors.sandbox.wechat_pushes import Push
from tests.faults.nursery import Nursery
from tests.faults.office import (
    Prepared,
    delivery_states,
    free_the_leases,
    kept,
    post,
    prepared,
    release_replies,
    seen,
    tallies,
)
from tests.live import eventually

pytestmark = pytest.mark.faults
SEED = 20261121
WAIT = threading.Event()  # never set: to wait a little without polling harder than the office is used

REAL_KILLS, FORKED_KILLS, SENDER_KILLS, REPLIES = 20, 44, 44, 320
SHARES = {"sqlite": 1.0, "postgresql": 0.25}
"""Of these counts on each database."""
PUSHERS = 4
TRIES = 3
"""As often as WeChat tells a message."""


def unharmed(db: Database) -> None:
    """The file is whole, every reference leads somewhere, the log's chain holds (I8, I10)."""
    with db.reading() as session:
        if db.is_sqlite:
            assert session.execute(sql("PRAGMA integrity_check")).scalar() == "ok"
            assert session.execute(sql("PRAGMA foreign_key_check")).all() == []
        assert chain.verify(log_queries.walk(session)).ok


def take_in_everything(db: Database) -> None:
    while jobs.run(db, "take_in_arrivals", clock.now()):
        assert tallies(db)["waiting"] >= 0


# ------------------------------------------------------------------ F1: messages come in


@dataclass
class Crowd:
    """Citizens who write all the time. The platform tells each message up to three times."""

    made: Prepared
    told: Counter[bytes] = field(default_factory=Counter)
    acknowledged: Counter[bytes] = field(default_factory=Counter)
    _enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def writing(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._write, args=(number,)) for number in range(PUSHERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._enough.set()
            for thread in threads:
                thread.join(60)

    def _write(self, pusher: int) -> None:
        sandbox, address, number = self.made.sandbox, self.made.webhook(), 0
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._enough.is_set():
                number += 1
                person = f"oTEST{pusher:02}{number:020}"
                text = {"Content": f"{pusher} 号小区第 {number} 盏路灯坏了"}
                self._tell(client, address, sandbox.push_of(sandbox.inner_xml("text", person, text), person))
                self._enough.wait(0.02)

    def _tell(self, client: httpx.Client, address: str, push: Push) -> None:
        for _ in range(TRIES):
            with self._lock:
                self.told[push.body] += 1
            if post(client, address, push):
                with self._lock:
                    self.acknowledged[push.body] += 1
                return
            self._enough.wait(0.1)


@pytest.fixture
def made(tmp_path: Path, sqlite_url: str) -> Iterator[Prepared]:
    with prepared(tmp_path, sqlite_url) as one:
        yield one


@pytest.fixture
def on_each(tmp_path: Path, database_url: str) -> Iterator[Prepared]:
    with prepared(tmp_path, database_url) as one:
        yield one


def share_of(made: Prepared, count: int, times: int) -> int:
    return int(count * times * SHARES[made.db.engine.dialect.name])


def called(made: Prepared) -> str:
    return "SQLite" if made.db.is_sqlite else "PostgreSQL"


@pytest.mark.timeout(3600)
def test_whatever_was_acknowledged_is_there_once_however_often_the_server_is_killed(
    on_each: Prepared, times: int, counted: Callable[[str], None]
) -> None:
    made, chance, crowd = on_each, random.Random(SEED), Crowd(on_each)
    kills: Counter[str] = Counter()

    def at_any_moment(life: int) -> None:
        """In every second life soon after the door opened, else in the midst of taking in."""
        if life % 2:
            enough = len(crowd.acknowledged) + chance.randint(1, 30)
            eventually(lambda: len(crowd.acknowledged) >= enough, what="acknowledged pushes")
        else:
            cases = tallies(made.db)["cases"] + chance.randint(1, 12)
            eventually(lambda: tallies(made.db)["cases"] >= cases, what="cases taken in")
        WAIT.wait(chance.random() * 0.02)

    with Nursery(made.live) as nursery, crowd.writing():
        for life in range(share_of(made, FORKED_KILLS, times)):
            free_the_leases(made.db)
            process = nursery.start("serve")
            at_any_moment(life)
            nursery.kill(process)
            kills["forked"] += 1
        for life in range(share_of(made, REAL_KILLS, times)):
            free_the_leases(made.db)
            process = made.live.start(ready=False)
            at_any_moment(life)
            made.live.kill(process)
            kills["started"] += 1

    there = kept(made.db)
    lost = [raw for raw in crowd.acknowledged if raw not in there]
    doubled = [raw for raw, number in there.items() if number != 1]
    unasked = [raw for raw in there if raw not in crowd.told]
    unharmed(made.db)
    take_in_everything(made.db)
    after = tallies(made.db)
    unsaid = len(there) - len(crowd.acknowledged)
    counted(
        f"F1  {called(made)}: huiying serve killed {kills.total()} times ({kills['started']} started as a command, "
        f"{kills['forked']} forked): {len(crowd.told)} messages told, {len(crowd.acknowledged)} acknowledged, "
        f"{after['arrivals']} kept ({unsaid} kept whose acknowledgement was cut off), {after['cases']} cases; "
        f"{len(lost)} lost, {len(doubled)} doubled"
    )
    assert (lost, doubled, unasked) == ([], [], [])
    assert kills.total() >= share_of(made, 60, times)
    assert after == {"arrivals": len(there), "messages": len(there), "cases": len(there), "waiting": 0}
    unharmed(made.db)


# ------------------------------------------------------------------ F2: replies go out


@pytest.mark.timeout(3600)
def test_whatever_was_released_arrives_once_or_is_a_persons_to_look_at(
    on_each: Prepared, times: int, counted: Callable[[str], None]
) -> None:
    made, chance, sandbox = on_each, random.Random(SEED), on_each.sandbox
    people = [f"oTEST{number:022}" for number in range(share_of(made, REPLIES, times))]
    release_replies(made, people)
    kills: Counter[str] = Counter()

    def while_it_waits_for_an_answer(fault: str) -> None:
        calls = sandbox.calls["custom/send"]
        ahead = chance.randint(1, 4)
        eventually(lambda: sandbox.calls["custom/send"] >= calls + ahead, what="the sender at work")
        calls = sandbox.calls["custom/send"]
        sandbox.fail_next("custom/send", fault=fault)
        eventually(lambda: sandbox.calls["custom/send"] > calls, what="the call that is held")

    def at_any_moment() -> None:
        calls = sandbox.calls["custom/send"] + chance.randint(1, 8)
        eventually(lambda: sandbox.calls["custom/send"] >= calls, what="the sender at work")
        WAIT.wait(chance.random() * 0.03)

    with Nursery(made.live) as nursery:
        for life in range(share_of(made, SENDER_KILLS, times)):
            if delivery_states(made.db)["ready"] < 12:
                break
            free_the_leases(made.db)
            process = nursery.start("jobs")
            how = ("any", "any", "timeout_after", "timeout_before")[life % 4]
            at_any_moment() if how == "any" else while_it_waits_for_an_answer(how)
            nursery.kill(process)
            kills[how] += 1
    # The rest goes out undisturbed, and whoever was left in the middle is given up after its time.
    free_the_leases(made.db)
    while delivery_states(made.db)["ready"]:
        jobs.run(made.db, "deliver_released", clock.now())
    jobs.run(made.db, "deliver_released", clock.now() + 2 * LEASE)
    calls_before = sandbox.calls["custom/send"]
    jobs.run(made.db, "deliver_released", clock.now() + 4 * LEASE)

    states, got = delivery_states(made.db), seen(sandbox)
    twice = [person for person, number in got.items() if number > 1]
    arrived_unknown = sum(got.values()) - states["done"]
    silent = len(people) - states["done"] - states["unknown"]
    held = kills.total() - kills["any"]
    counted(
        f"F2  {called(made)}: huiying jobs killed {kills.total()} times while sending ({kills['any']} at any moment, "
        f"{held} while the platform held the call): {len(people)} released, {states['done']} delivered, "
        f"{states['unknown']} unknown and shown to a person ({arrived_unknown} of them had arrived); "
        f"{silent} lost in silence, {len(twice)} sent twice"
    )
    assert (silent, twice) == (0, [])
    assert states["unknown"] <= kills.total()
    assert 0 <= arrived_unknown <= states["unknown"]
    assert sandbox.calls["custom/send"] == calls_before  # an unknown one is never sent again by itself
    assert kills.total() >= share_of(made, 40, times)
    unharmed(made.db)
