"""数据开放: what was decided is public, what was withdrawn is gone everywhere, in the order of the commits."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.base.errors import Conflict, NotAllowed
from app.cases.models import Case
from app.disclosure import service as disclosure
from app.log.models import Event
from app.opendata import queries, service
from app.opendata.datasets import DATASETS
from app.opendata.models import Change, PublishedCase
from app.opendata.queries import SOURCES, CaseFilters
from tests.closing import DISCLOSER, REPLY, confirmed, proposed, published, words_of
from tests.conftest import NOW, TheOffice

LATER = NOW + timedelta(days=3)
ADDRESS = "https://hy.example"


def feed(office: TheOffice, dataset: str = "cases", position: int = 0, limit: int = 100) -> queries.Changes:
    with office.db.reading() as session:
        return queries.changes(session, LATER, dataset, SOURCES[dataset], position, limit, ADDRESS)


@pytest.mark.clause("C4")
def test_a_confirmed_case_is_public_with_its_facts(office: TheOffice) -> None:
    with office.db.writing() as session:
        shown = published(session, office)
    with office.db.reading() as session:
        (row,) = SOURCES["cases"].rows(session, NOW, ADDRESS)
    assert row["number"] == shown.number
    assert row["reply"] == REPLY
    assert "13900000138" not in str(row)
    assert (row["message_type_name"], row["outcome_name"]) == ("咨询", "解释说明")
    assert (row["platform"], row["place"], row["category"]) == ("", "", ""), "one of its kind in its week"
    assert row["department"] == "公安局户政科"
    # Received on Thursday 8 October 2026, a working day, answered on Friday: one working day.
    assert (row["received_on"].isoformat(), row["working_days"], row["on_time"]) == ("2026-10-08", 1, True)
    assert row["url"] == f"{ADDRESS}/cases/{shown.number}"
    assert set(row) == set(DATASETS["cases"].names)


@pytest.mark.clause("E14")
def test_a_withdrawal_leaves_number_times_and_reason_everywhere(office: TheOffice) -> None:
    with office.db.writing() as session:
        shown = published(session, office)
        number = shown.number
    with office.db.writing() as session:
        service.withdraw(session, LATER, office.people[DISCLOSER], number, reason="requested")
    with office.db.reading() as session:
        kept = queries.public_case(session, number)
        told = {name: value for name, value in kept.model_dump().items() if value not in ("", None, [])}
        assert set(told) == {"id", "number", "published_at", "changed_at", "withdrawn_at", "reason"}
        assert list(SOURCES["cases"].rows(session, LATER, ADDRESS)) == []
        assert queries.case_page(session, CaseFilters()).total == 0
        assert queries.feed_entries(session, ADDRESS)[0].deleted_at == LATER
    assert [(line.kind, line.reason) for line in feed(office).lines] == [
        ("created", ""),
        ("withdrawn", "requested"),
    ]
    assert feed(office).lines[0].data is None, "the old line must not carry the withdrawn text"


def test_the_same_place_in_the_feed_gives_the_same_changes(office: TheOffice) -> None:
    with office.db.writing() as session:
        numbers = [published(session, office).number for _ in range(3)]
    first = feed(office, limit=2)
    assert ([line.key for line in first.lines], first.has_more) == (numbers[:2], True)
    assert feed(office, limit=2) == first
    rest = feed(office, position=first.position, limit=2)
    assert ([line.key for line in rest.lines], rest.has_more) == (numbers[2:], False)
    end = feed(office, position=rest.position)
    assert (end.lines, end.position) == ([], rest.position)


def test_a_decision_taken_elsewhere_is_public_after_the_next_tick(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        confirmed(session, office, found)
    with office.db.writing() as session:
        assert service.publish_decided(session, LATER) == 1
        assert service.publish_decided(session, LATER) == 0
        number = session.exec(select(PublishedCase.number)).one()
        disclosure.withdraw(session, LATER, None, number, reason="privacy")
    with office.db.writing() as session:
        assert service.publish_decided(session, LATER) == 1
        assert service.publish_decided(session, LATER) == 0
    assert [line.kind for line in feed(office).lines] == ["created", "withdrawn"]


def test_a_case_closed_again_changes_and_keeps_its_address(office: TheOffice) -> None:
    officer = office.people[DISCLOSER]
    with office.db.writing() as session:
        shown = published(session, office)
        case = session.exec(select(Case).where(Case.number == shown.number)).one()
        case.closed_at = LATER
        session.add(case)
        disclosure.propose_closed(session, LATER)
        found = disclosure.queries.of_case(session, case.id)
        assert found is not None
        assert queries.public_case(session, shown.number).message, (
            "what is public stays until the new text is read"
        )
        service.publish(
            session, LATER, officer, found.id, digest=found.digest, considered=found.flags, **words_of(found)
        )
    assert [(line.kind, line.key) for line in feed(office).lines] == [
        ("created", shown.number), ("changed", shown.number),
    ]  # fmt: skip


@pytest.mark.clause("C4")
def test_withholding_takes_down_what_was_public_before(office: TheOffice) -> None:
    with office.db.writing() as session:
        shown = published(session, office)
        case = session.exec(select(Case).where(Case.number == shown.number)).one()
        case.closed_at = LATER
        session.add(case)
        disclosure.propose_closed(session, LATER)
        found = disclosure.queries.of_case(session, case.id)
        assert found is not None
        service.withhold(session, LATER, office.people[DISCLOSER], found.id, reason="privacy")
        # What was public once is kept by nobody; the case can be looked at again from its own words.
        assert (found.title, found.summary, found.message, found.reply, found.hits) == ("", "", "", "", [])
        disclosure.reconsider(session, LATER, office.people[DISCLOSER], found.id)
        assert found.reply and found.state == "waiting"
    assert [line.kind for line in feed(office).lines] == ["created", "withdrawn"]


def test_the_duty_leader_takes_down_at_night_and_a_clerk_does_not(office: TheOffice) -> None:
    with office.db.writing() as session:
        number = published(session, office).number
    with office.db.writing() as session, pytest.raises(NotAllowed):
        service.withdraw(session, LATER, office.people["小陈"], number, reason="privacy")
    with office.db.writing() as session:
        service.withdraw(session, LATER, office.people["值班长老徐"], number, reason="privacy")
    with office.db.writing() as session, pytest.raises(Conflict):
        service.withdraw(session, LATER, office.people["值班长老徐"], number, reason="privacy")
    with office.db.reading() as session:
        event = session.exec(select(Event).where(Event.action == "disclosure_withdrawn")).one()
    assert (event.actor_name, event.data) == ("值班长老徐", {"code": "privacy", "reason": "个人隐私"})


def test_the_accounts_are_told_of_once_and_when_they_change(office: TheOffice) -> None:
    with office.db.writing() as session:
        assert service.follow_sources(session, NOW) == 5
        assert service.follow_sources(session, NOW) == 0
        account = office.accounts["weibo"]
        row = session.get_one(type(account), account.id)
        row.name = "云泽发布"
        session.add(row)
        assert service.follow_sources(session, LATER) == 1
    lines = feed(office, "accounts").lines
    assert [line.kind for line in lines] == ["created"] * 5 + ["changed"]
    assert lines[-1].data is not None and lines[-1].data["name"] == "云泽发布"


def test_the_list_filters_searches_and_turns_pages_without_gaps(office: TheOffice) -> None:
    with office.db.writing() as session:
        for day in range(5):
            published(session, office, now=NOW + timedelta(hours=day), text=f"第{day}封信，问居住证怎么办")
        published(
            session, office, now=NOW, text="路灯不亮了，100%_坏", message_type="complaint", platform="weibo"
        )
    with office.db.reading() as session:
        seen: list[str] = []
        page = queries.case_page(session, CaseFilters(), limit=2)
        while True:
            seen += [case.number for case in page.items]
            if page.next is None:
                break
            page = queries.case_page(session, CaseFilters(), after=page.next, limit=2)
        assert (len(seen), len(set(seen)), page.total, page.first) == (6, 6, 6, 5)
        back = queries.case_page(session, CaseFilters(), before=page.previous or "", limit=2)
        assert [case.number for case in back.items] == seen[2:4]
        assert queries.case_page(session, CaseFilters(words="路灯")).total == 1
        assert queries.case_page(session, CaseFilters(words="100%_坏")).total == 1
        assert queries.case_page(session, CaseFilters(words="%")).total == 1
        assert queries.case_page(session, CaseFilters(message_type="complaint")).total == 1
        assert queries.case_page(session, CaseFilters(platform="wechat")).total == 5
        assert queries.case_page(session, CaseFilters(platform="weibo")).total == 0, (
            "one alone says not whence"
        )
        assert queries.case_page(session, CaseFilters(month="2026-10")).total == 6
        assert queries.case_page(session, CaseFilters(month="2026-12")).total == 0
        assert queries.facets(session).months == [("2026-10", 6)]


def test_the_index_finds_by_words_and_never_shows_what_was_withdrawn(
    office: TheOffice, tmp_path: Path
) -> None:
    index = service.CaseIndex(tmp_path / "index")
    with office.db.writing() as session:
        number = published(session, office).number
        other = published(session, office, text="小区门口的路灯不亮了", reply="您好！路灯已经修好。").number
    with office.db.reading() as session:
        assert index.search(session, "没签租房合同能办居住证吗")[:1] == [number]
        assert index.search(session, "路灯坏了没人修")[:1] == [other]
    with office.db.writing() as session:
        service.withdraw(session, LATER, None, number, reason="privacy")
    with office.db.reading() as session:
        assert number not in index.search(session, "没签租房合同能办居住证吗")
        assert queries.case_page(session, CaseFilters(), numbers=[number, other]).total == 1


def test_digests_of_files_are_kept_without_the_files(office: TheOffice, tmp_path: Path) -> None:
    with office.db.writing() as session:
        published(session, office)
    described = service.write_files(office.db, NOW, tmp_path / "public", SOURCES, ADDRESS)
    assert described["cases"].rows == 1
    assert service.files_described(tmp_path / "public") == described
    assert [path.name for path in (tmp_path / "public").iterdir()] == ["files.json"]


def test_every_change_has_its_number_in_order(office: TheOffice) -> None:
    with office.db.writing() as session:
        for _ in range(3):
            published(session, office)
    with office.db.reading() as session:
        numbers = session.exec(select(Change.id).order_by(Change.id)).all()
    assert list(numbers) == sorted(set(numbers))
