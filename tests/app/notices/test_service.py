"""Telling one person one thing, once, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.base.errors import Invalid, NotFound
from app.notices import queries, service
from tests.conftest import NOW, TheOffice


def tell(office: TheOffice, name: str, key: str, kind: str = "assigned") -> bool:
    with office.db.writing() as session:
        told = service.tell(
            session, NOW, office.people[name].id, key=key, kind=kind, text=f"提醒 {key}", address="/desk/"
        )
        return told is not None


def test_the_same_thing_is_told_once(office: TheOffice) -> None:
    assert tell(office, "小陈", "assigned:1")
    assert not tell(office, "小陈", "assigned:1")
    assert tell(office, "小陈", "assigned:2")
    with office.db.reading() as session:
        assert queries.unread_count(session, office.people["小陈"].id) == 2
        assert queries.unread_count(session, office.people["老李"].id) == 0


def test_two_processes_at_once_tell_it_once(office: TheOffice) -> None:
    with ThreadPoolExecutor(4) as together:
        told = list(together.map(lambda _: tell(office, "小陈", "burst"), range(8)))
    assert sorted(told) == [False] * 7 + [True]


def test_unread_ones_stand_first_and_newest_first(office: TheOffice) -> None:
    chen = office.people["小陈"]
    for key in ("a", "b", "c"):
        tell(office, "小陈", key)
    with office.db.writing() as session:
        newest = queries.inbox(session, chen.id)[0]
        assert newest.key == "c"
        service.read(session, NOW, chen, newest.id)
        assert [row.key for row in queries.inbox(session, chen.id)] == ["b", "a", "c"]
        assert [row.key for row in queries.inbox(session, chen.id, limit=1)] == ["b"]
        assert queries.unread_count(session, chen.id) == 2
        assert service.read_all(session, NOW, chen) == 2
        assert queries.unread_count(session, chen.id) == 0


def test_reading_it_again_does_not_move_the_time(office: TheOffice) -> None:
    chen = office.people["小陈"]
    tell(office, "小陈", "a")
    with office.db.writing() as session:
        number = queries.inbox(session, chen.id)[0].id
        service.read(session, NOW, chen, number)
        assert service.read(session, NOW + timedelta(hours=1), chen, number).read_at == NOW


def test_nobody_reads_anothers_notices(office: TheOffice) -> None:
    tell(office, "小陈", "a")
    with office.db.writing() as session:
        number = queries.inbox(session, office.people["小陈"].id)[0].id
        with pytest.raises(NotFound):
            service.read(session, NOW, office.people["老李"], number)


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/cases/1"])
def test_a_notice_leads_only_within_the_desk(office: TheOffice, address: str) -> None:
    with office.db.writing() as session, pytest.raises(Invalid):
        service.tell(
            session, NOW, office.people["小陈"].id, key="x", kind="assigned", text="x", address=address
        )
