"""When the rules change, what is public is looked at again: leaks go at once, doubts go to a person."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.disclosure import service
from app.disclosure.models import Disclosure
from app.disclosure.rescan import judge
from app.notices.models import Notice
from app.redaction.masking import redact
from app.redaction.models import RuleVersion
from app.redaction.service import mark_of
from tests.closing import confirmed, proposed
from tests.conftest import NOW, TheOffice


def a_public_case(session: Session, office: TheOffice, **texts: str) -> Disclosure:
    """A published decision whose texts may hold what older rules did not know."""
    found = proposed(session, office)
    found.state = "published"
    for field, text in texts.items():
        setattr(found, field, text)
    session.add(found)
    session.flush()
    return found


@pytest.mark.clause("E14")
def test_what_may_never_stay_readable_is_taken_down_at_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = a_public_case(session, office, message="请打yao san ba ling ling yao san ba ling ling ling")
        assert service.rescan_public(session, NOW) == 1
        assert (found.state, found.reason) == ("withdrawn", "privacy")
        assert "电话" in found.note and "yao" not in found.note
        told = session.exec(select(Notice).where(Notice.kind == "rescan")).all()
        assert told and all("已撤下" in notice.text for notice in told)


def test_a_clean_text_is_scanned_once_for_each_set_of_rules(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = a_public_case(session, office, message="路灯不亮", reply="已修好。")
        assert service.rescan_public(session, NOW) == 1
        assert service.rescan_public(session, NOW) == 0
        assert found.state == "published" and found.scanned_with
        found.scanned_with = "older rules"
        session.add(found)
        session.flush()
        assert service.rescan_public(session, NOW) == 1


def test_what_a_person_left_readable_is_no_news_and_what_is_new_is_told(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = a_public_case(session, office, message="联系人：王建国，路灯不亮")
        service.rescan_public(session, NOW)
        assert session.exec(select(Notice).where(Notice.kind == "rescan")).first() is None
        found.scanned_with, found.readable = "older rules", {}
        session.add(found)
        session.flush()
        service.rescan_public(session, NOW + timedelta(days=1))
        assert found.state == "published"
        told = session.exec(select(Notice).where(Notice.kind == "rescan")).all()
        assert told and all("姓名" in notice.text and "王建国" not in notice.text for notice in told)


def test_what_a_person_confirmed_was_looked_at_by_the_rules_of_that_day(office: TheOffice) -> None:
    with office.db.writing() as session:
        found = confirmed(session, office, proposed(session, office, text="联系人：王建国，路灯不亮"))
        written = session.exec(select(RuleVersion)).one()
        assert found.scanned_with == mark_of(written) and found.readable is not None
        assert service.rescan_public(session, NOW) == 0, "nothing newer has come since"
        assert session.exec(select(RuleVersion)).one() == written


def test_the_rules_in_force_are_written_down_by_the_job(office: TheOffice) -> None:
    with office.db.writing() as session:
        service.rescan_public(session, NOW)
        service.rescan_public(session, NOW)
        assert len(session.exec(select(RuleVersion)).all()) == 1


def test_a_legal_exception_may_name_people() -> None:
    named = [redact("当事人：王建国，电话13800138000")]

    assert judge(named, {}, excepted=True).leaks == judge(named, {}, excepted=True).news == ()
    assert judge(named, {}, excepted=False).leaks == ("phone",)
