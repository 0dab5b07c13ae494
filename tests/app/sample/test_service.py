"""The sample office as it stands after loading, on both databases, and how it goes again."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from app.answers.models import AnswerUse
from app.base.db import Database
from app.base.errors import Conflict, Invalid
from app.base.keys import Keys
from app.cases import service as cases
from app.cases.models import Case, Extension
from app.disclosure.models import Disclosure
from app.duty import queries as duty
from app.log import chain
from app.log import queries as log_queries
from app.messages.models import Message
from app.official_accounts import queries as accounts
from app.opendata.models import PublishedCase
from app.replies.models import Delivery, Reply, ReplyOpinion
from app.sample import service as sample
from app.sample.house import PASSWORD
from app.sample.material import material
from app.staff import queries as staff
from app.staff import service as staff_service
from connectors.contract import IncomingMessage
from kb.models import AnswerEntry
from tests.conftest import SECRET

LOADED_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # Friday 20 November 2026, 15:30 in Shanghai
SOME = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, folder: Path) -> Iterator[Database]:
    """The sample with sixty cases of every kind; only looked at."""
    path = folder / "huiying.db"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}", Keys(SECRET))
    sample.load(db, LOADED_AT, folder, total=SOME)
    yield db
    db.close()


@pytest.fixture
def session(loaded: Database) -> Iterator[Session]:
    with loaded.reading() as opened:
        yield opened


def test_the_house_is_complete(session: Session) -> None:
    office = staff.office(session)
    assert office is not None
    assert office.sample
    assert len(staff.everybody(session)) == 29
    assert {account.platform for account in accounts.all_open(session)} == {
        "wechat", "weibo", "corrections", "website", "hotline",
    }  # fmt: skip
    assert Counter(session.exec(select(AnswerEntry.state))) == {"published": 150}


def test_cases_stand_in_every_status(session: Session) -> None:
    statuses = Counter(session.exec(select(Case.status)))
    assert sum(statuses.values()) == SOME
    assert {"new", "in_progress", "in_review", "replied", "closed", "merged", "invalid"} <= set(statuses)


def test_every_released_reply_passed_three_different_people_and_was_released_by_one_who_may(
    session: Session,
) -> None:
    for reply in session.exec(select(Reply).where(Reply.state == "released")):
        said = session.exec(
            select(ReplyOpinion).where(
                ReplyOpinion.reply_id == reply.id,
                ReplyOpinion.digest == reply.digest,
                ReplyOpinion.verdict == "approve",
            )
        ).all()
        assert len({one.reviewer_id for one in said}) == 3
        assert reply.author_id not in {one.reviewer_id for one in said} | {reply.released_by}


def test_replies_went_out_as_their_platforms_carry_them(session: Session) -> None:
    states = {(row.platform, row.state) for row in session.exec(select(Delivery))}
    assert ("wechat", "done") in states
    assert ("weibo", "done") in states
    assert ("website", "on_page") in states
    assert not [state for _, state in states if state in ("ready", "intent")]


def test_nothing_personal_is_left_in_what_is_public(session: Session) -> None:
    hidden = {words for letter in material(LOADED_AT.date()).letters for words in letter.personal}
    shown = session.exec(select(PublishedCase).where(col(PublishedCase.withdrawn_at).is_(None))).all()
    assert shown
    for case in shown:
        text = f"{case.title}{case.message}{case.reply}{case.summary}"
        assert not [words for words in hidden if words in text]
        assert "13900000" not in text


def test_decisions_on_showing_are_of_every_kind(session: Session) -> None:
    states = set(session.exec(select(Disclosure.state)))
    assert states == {"waiting", "published", "withheld", "withdrawn"}


def test_nothing_lies_in_the_future(session: Session) -> None:
    assert all(event["at"] <= LOADED_AT for event in log_queries.walk(session))
    assert all(case.received_at < LOADED_AT for case in session.exec(select(Case)))


def test_the_log_is_one_unbroken_chain_in_the_order_of_what_happened(session: Session) -> None:
    verdict = chain.verify(log_queries.walk(session))
    assert verdict.ok
    # The calendar was loaded when the database was made, before the years that were lived through.
    moments = [event["at"] for event in log_queries.walk(session) if event["action"] != "calendar_loaded"]
    assert moments == sorted(moments)


def test_the_roster_covers_the_coming_two_weeks_but_for_one_gap(session: Session) -> None:
    gaps = duty.gaps(session, LOADED_AT, timedelta(days=13))
    assert [(gap.duty, gap.ends_at - gap.starts_at) for gap in gaps] == [("reading", timedelta(hours=8))]


def test_released_replies_that_used_an_answer_are_counted(session: Session) -> None:
    assert session.exec(select(AnswerUse)).first() is not None
    assert session.exec(select(Extension)).first() is not None


def test_sample_people_come_in_from_this_machine_only(loaded: Database) -> None:
    opened = staff_service.sign_in(
        loaded, LOADED_AT, "chenxiao", PASSWORD, address="127.0.0.1", browser="tests"
    )
    assert opened.token
    with pytest.raises(Invalid):
        staff_service.sign_in(loaded, LOADED_AT, "chenxiao", PASSWORD, address="203.0.113.9", browser="tests")


def test_the_sample_is_loaded_once_only(loaded: Database, folder: Path) -> None:
    with pytest.raises(Conflict):
        sample.load(loaded, LOADED_AT, folder, total=SOME)


# ------------------------------------------------------------------ in and out, on both databases


def test_it_comes_in_and_goes_without_a_trace(db: Database, tmp_path: Path) -> None:
    (tmp_path / "index" / "answers").mkdir(parents=True)
    sample.load(db, LOADED_AT, tmp_path, total=8)
    with db.reading() as session:
        assert sample.state(session) == "sample"
        assert chain.verify(log_queries.walk(session)).ok
    sample.remove(db, LOADED_AT, tmp_path)
    with db.reading() as session:
        assert sample.state(session) == "empty"
    assert not (tmp_path / "index").exists()


def test_it_stays_once_a_real_message_has_come(sqlite_db: Database, tmp_path: Path) -> None:
    sample.load(sqlite_db, LOADED_AT, tmp_path, total=8)
    with sqlite_db.writing() as session:
        account = next(row for row in accounts.all_open(session) if row.platform == "website")
        letter = IncomingMessage("website", "real-1", "letter", None, "请问社保卡怎么补办？")
        cases.receive_letter(session, LOADED_AT + timedelta(hours=1), account, letter)
    with pytest.raises(Conflict):
        sample.remove(sqlite_db, LOADED_AT + timedelta(hours=2), tmp_path)
    with sqlite_db.reading() as session:
        assert session.exec(select(Message).where(Message.external_id == "real-1")).one()


def test_an_office_of_its_own_is_left_alone(sqlite_db: Database, tmp_path: Path) -> None:
    with sqlite_db.writing() as session:
        staff_service.set_up_office(
            session, LOADED_AT, None, name="真实单位", place="", profile="default", departments=[]
        )
    for attempt in (sample.load, sample.remove):
        with pytest.raises(Conflict):
            attempt(sqlite_db, LOADED_AT, tmp_path)
    with sqlite_db.reading() as session:
        office = staff.office(session)
        assert office is not None
        assert office.name == "真实单位"


class _Interrupted(Exception):
    """Somebody stopped the loading."""


def test_a_loading_that_breaks_off_leaves_an_empty_database(sqlite_db: Database, tmp_path: Path) -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        sample.load(sqlite_db, LOADED_AT, tmp_path, total=8, say=stop)
    with sqlite_db.reading() as session:
        assert sample.state(session) == "empty"
