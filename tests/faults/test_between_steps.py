"""kill -9 of the real server between the steps of a message: nothing is lost, nothing is doubled."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from app import jobs
from app.base import clock, leases
from app.log import chain
from app.log import queries as log_queries
from app.messages.models import Message, Requester
from app.messages.pseudonym import pseudonym_of
from app.replies import service as replies
from app.replies.models import Delivery
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

ASKS, WAITS, HEARS, MISSES = (f"oTEST{name:0>22}" for name in ("asks", "waits", "hears", "misses"))


@pytest.fixture
def made(tmp_path: Path, sqlite_url: str) -> Iterator[Prepared]:
    with prepared(tmp_path, sqlite_url) as one:
        yield one


def hold_the_jobs(made: Prepared) -> None:
    """Somebody else's turn: this server takes messages in at its door, and does nothing else."""
    free_the_leases(made.db)
    with made.db.writing() as session:
        assert leases.take(session, clock.now(), "jobs", "somebody else", timedelta(hours=1))


def delivery_to(made: Prepared, person: str) -> Delivery:
    """The delivery of the only reply to this citizen."""
    pseudonym = pseudonym_of(made.db.keys, made.office.accounts["wechat"].id, person)
    with made.db.reading() as session:
        of_person = (
            select(Delivery)
            .join(Message, Message.id == Delivery.message_id)
            .join(Requester, Requester.id == Message.requester_id)
        )
        return session.exec(of_person.where(Requester.pseudonym == pseudonym)).one()


@pytest.mark.timeout(240)
@pytest.mark.clause("A18")
def test_a_killed_server_goes_on_where_it_was(made: Prepared) -> None:
    live, sandbox = made.live, made.sandbox

    # 1. The push was acknowledged, nobody has read it yet: killed. It is in the queue once after the restart,
    #    also when the platform tells it again.
    hold_the_jobs(made)
    live.start()
    push = sandbox.push_of(sandbox.inner_xml("text", ASKS), ASKS)
    with httpx.Client(timeout=5, trust_env=False) as client:
        assert post(client, made.webhook(), push)
        live.kill()
        assert tallies(made.db) == {"arrivals": 1, "messages": 0, "cases": 0, "waiting": 1}
        free_the_leases(made.db)
        live.start()
        eventually(lambda: tallies(made.db)["cases"] == 1, what="the case")
        assert post(client, made.webhook(), push)
    assert kept(made.db) == {push.body: 1}

    # 2. A reply was released, nobody has sent it yet: killed. The citizen gets it once after the restart.
    hold_the_jobs(made)
    release_replies(made, [WAITS])
    live.kill()
    assert (delivery_states(made.db), seen(sandbox)) == ({"ready": 1}, {})
    free_the_leases(made.db)
    live.start()
    eventually(lambda: delivery_states(made.db) == {"done": 1}, what="the delivery")
    assert seen(sandbox) == {WAITS: 1}

    # 3. The platform has the reply and does not answer: killed while waiting for it.
    sandbox.fail_next("custom/send", fault="timeout_after")
    release_replies(made, [HEARS])
    eventually(lambda: seen(sandbox)[HEARS], what="the reply")
    live.kill()

    # 4. The platform was called and did nothing: killed while waiting for it. From here it looks the same.
    free_the_leases(made.db)
    sandbox.fail_next("custom/send", fault="timeout_before")
    release_replies(made, [MISSES])
    called = sandbox.calls["custom/send"]
    live.start()
    eventually(lambda: sandbox.calls["custom/send"] == called + 1, what="the call")
    live.kill()
    assert delivery_states(made.db) == {"done": 1, "intent": 2}

    # Both are somebody's to look at, and are never sent again by themselves.
    free_the_leases(made.db)
    live.start()
    for minutes in (3, 60):
        jobs.run(made.db, "deliver_released", clock.now() + timedelta(minutes=minutes))
    assert delivery_states(made.db) == {"done": 1, "unknown": 2}
    assert (seen(sandbox), sandbox.calls["custom/send"]) == ({WAITS: 1, HEARS: 1}, called + 1)

    # A person looked at the platform: one arrived, the other is sent once more, and only once.
    clerk = made.office.people["小陈"]
    with made.db.writing() as session:
        for person, arrived in ((HEARS, True), (MISSES, False)):
            number = delivery_to(made, person).id
            replies.settle_delivery(session, clock.now(), clerk, number, arrived=arrived, note="查看过后台")
    eventually(lambda: delivery_states(made.db) == {"done": 3}, what="the last delivery")
    assert seen(sandbox) == {WAITS: 1, HEARS: 1, MISSES: 1}
    assert tallies(made.db) == {"arrivals": 1, "messages": 4, "cases": 4, "waiting": 0}
    with made.db.reading() as session:
        assert chain.verify(log_queries.walk(session)).ok
    logs = live.log_text()
    assert [word for word in (ASKS, HEARS, sandbox.app_secret, "signature") if word in logs] == []
