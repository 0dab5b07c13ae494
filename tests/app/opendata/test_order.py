"""A reader that follows the feed misses nothing, though two officers publish at the same moment."""

import threading

from sqlalchemy import text

from app.base.db import Database
from app.base.keys import Keys
from app.opendata import queries, service
from app.opendata.queries import SOURCES
from tests.closing import DISCLOSER, proposed, words_of
from tests.conftest import NOW, SECRET, TheOffice, open_office

WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
PATIENCE = 30  # seconds until a thread that hangs fails the test


def _follow(db: Database) -> list[str]:
    with db.reading() as session:
        found = queries.changes(session, NOW, "cases", SOURCES["cases"], 0, 10, "")
    return [line.key for line in found.lines]


def _publish(office: TheOffice, disclosure_id: int, written: threading.Event, go_on: threading.Event) -> None:
    with office.db.writing() as session:
        found = service.disclosure_service.queries.get(session, disclosure_id).disclosure
        service.publish(
            session,
            NOW,
            office.people[DISCLOSER],
            disclosure_id,
            digest=found.digest,
            considered=found.flags,
            **words_of(found),
        )
        written.set()
        assert go_on.wait(PATIENCE)


def test_the_second_waits_until_the_first_has_committed(postgresql_url: str) -> None:
    db = Database(postgresql_url, Keys(SECRET))
    office = open_office(db)
    with db.writing() as session:
        ids = [proposed(session, office).id for _ in range(2)]
    first, second = threading.Event(), threading.Event()
    may_commit, at_once = threading.Event(), threading.Event()
    at_once.set()
    slow = threading.Thread(target=_publish, args=(office, ids[0], first, may_commit))
    quick = threading.Thread(target=_publish, args=(office, ids[1], second, at_once))
    slow.start()
    assert first.wait(PATIENCE)
    quick.start()
    with db.engine.connect() as watching:
        while not watching.execute(text(WAITS)).scalar():
            watching.rollback()
            assert quick.is_alive(), "the second committed before the first: its number would be passed over"
    assert not second.is_set()
    assert _follow(db) == []
    may_commit.set()
    slow.join(PATIENCE)
    quick.join(PATIENCE)
    with db.reading() as session:
        numbers = [queries.latest_by_key(session, "cases")[key].id for key in _follow(db)]
    assert len(numbers) == 2 and numbers == sorted(numbers)
    db.close()
