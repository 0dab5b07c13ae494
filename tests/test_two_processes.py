"""Two of each on one PostgreSQL: webs that both take pushes in, jobs of which one acts and the other stands by."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.base.models import Lease
from app.log import chain
from app.log import queries as log_queries
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

PUSHES = 40
PEOPLE = [f"oTEST{number:022}" for number in range(PUSHES)]


@pytest.fixture
def made(tmp_path: Path, postgresql_url: str) -> Iterator[Prepared]:
    with prepared(tmp_path, postgresql_url) as one:
        yield one


def acting(made: Prepared) -> str:
    """Process id of the jobs process that holds the lease."""
    with made.db.reading() as session:
        lease = session.get(Lease, "jobs")
        return lease.holder.partition("-")[0] if lease else ""


@pytest.mark.timeout(240)
@pytest.mark.clause("A18")
def test_two_webs_and_two_jobs_are_one_office(made: Prepared) -> None:
    first, second = made.live, made.beside()
    clocks = {str(process.pid): process for process in (first.start("jobs"), second.start("jobs"))}
    for web in (first, second):
        web.start("web", ready=False)
    for web in (first, second):
        eventually(web._is_ready, what="the web process")

    # Every push comes to both, from eight connections at once; each is one arrival, one message, one case.
    texts = {person: f"{person[-2:]} 号楼的路灯坏了" for person in PEOPLE}
    xmls = {
        person: made.sandbox.inner_xml("text", person, {"Content": text}) for person, text in texts.items()
    }
    with httpx.Client(timeout=10, trust_env=False) as client, ThreadPoolExecutor(8) as pool:

        def tell(job: tuple[str, str]) -> bool:
            person, address = job
            return post(client, address, made.sandbox.push_of(xmls[person], person))

        addresses = [made.webhook(web) for web in (first, second)]
        assert all(pool.map(tell, [(person, address) for person in PEOPLE for address in addresses]))
    whole = {"arrivals": PUSHES, "messages": PUSHES, "cases": PUSHES, "waiting": 0}
    eventually(lambda: tallies(made.db) == whole, what="the cases")
    assert len(kept(made.db)) == PUSHES

    # What was released arrives once, though two could send.
    eventually(lambda: acting(made) in clocks, what="one that acts")
    release_replies(made, PEOPLE[:3])
    eventually(lambda: delivery_states(made.db) == {"done": 3}, what="the deliveries")
    assert seen(made.sandbox) == dict.fromkeys(PEOPLE[:3], 1)

    # The one that acts is killed: when its time has run out, the other takes over.
    killed = acting(made)
    (first if clocks[killed] in first.processes else second).kill(clocks[killed])
    release_replies(made, PEOPLE[3:6])
    free_the_leases(made.db)
    eventually(lambda: delivery_states(made.db) == {"done": 6}, what="the deliveries by the other")
    assert acting(made) in clocks.keys() - {killed}
    assert seen(made.sandbox) == dict.fromkeys(PEOPLE[:6], 1)
    with made.db.reading() as session:
        assert chain.verify(log_queries.walk(session)).ok
