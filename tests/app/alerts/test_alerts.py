"""舆情: what must be noticed at once is noticed once, said with why, and settled by somebody in words."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.alerts import queries, service, signals
from app.alerts.models import Alert
from app.base.db import Database
from app.base.errors import Invalid, NotAllowed, NotFound
from app.base.keys import Keys
from app.cases.models import Case
from app.duty import service as duty
from app.notices.models import Notice
from tests.conftest import NOW, SECRET, TheOffice, open_office
from tests.factories import a_case

WATER = "柳荫社区停水三天了，没有人来修"


def scan(office: TheOffice) -> int:
    with office.db.writing() as session:
        return service.scan_new_cases(session, NOW)


def raised(office: TheOffice) -> list[tuple[str, str]]:
    with office.db.reading() as session:
        return [(one.signal, one.words) for one in session.exec(select(Alert).order_by(col(Alert.id)))]


def told(office: TheOffice) -> list[str]:
    names = {person.id: name for name, person in office.people.items()}
    with office.db.reading() as session:
        rows = session.exec(select(Notice).where(Notice.kind == "alert").order_by(col(Notice.id)))
        return [names[row.staff_id] for row in rows]


# ------------------------------------------------------------------ the words


@pytest.mark.clause("E11")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("门口有人聚集，拉横幅", ["群体性事件"]),
        ("楼下着火了", ["安全事故"]),
        ("河边的洪水要上来了", ["灾情疫情"]),
        ("我不想活了，想跳楼", ["人身安全"]),
        ("再不管我就找媒体", ["网络热议"]),
        ("着火了，再不管我就曝光", ["安全事故", "网络热议"]),
        ("居住证怎么办", []),
        ("", []),
    ],
)
def test_a_word_of_each_group_gives_one_signal(text: str, keys: list[str]) -> None:
    assert [one.key for one in signals.signals_in(text)] == keys


def test_a_signal_quotes_the_words_it_was_raised_for() -> None:
    (signal,) = signals.signals_in("有人聚集，还要拉横幅")
    assert signal.words == "提到“聚集”“拉横幅”"


def test_no_word_stands_in_two_groups() -> None:
    words = [word for group in signals.WORDS.values() for word in group]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(("others", "words"), [(3, None), (4, "有 5 件"), (9, "有 10 件")])
def test_from_the_fifth_letter_on_it_is_a_burst(others: int, words: str | None) -> None:
    found = signals.burst(list(range(others)))
    assert (found is not None) == (words is not None)
    assert found is None or words in found.words  # type: ignore[operator]


# ------------------------------------------------------------------ the scan


def test_a_new_case_is_looked_at_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text="小区门口着火了，快来人")
        a_case(session, office, sender="oOTHER")
    assert [scan(office), scan(office)] == [1, 0]
    assert raised(office) == [("安全事故", "提到“着火”")]


def test_whoever_is_on_duty_is_told_else_the_leaders_of_the_shift(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text="小区门口着火了，快来人")
    scan(office)
    assert told(office) == ["值班长老徐"]
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["小林"].id, duty="reading",
            starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=8),
        )  # fmt: skip
        a_case(session, office, text="又着火了", sender="oOTHER")
    scan(office)
    assert told(office) == ["值班长老徐", "小林"]


def test_the_fifth_who_writes_the_same_within_three_days_raises_a_burst(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text=WATER, sender="oLONGAGO", now=NOW - timedelta(days=4))
        for number in range(5):
            a_case(session, office, text=WATER + "！" * number, sender=f"o{number}")
    assert scan(office) == 1
    ((signal, words),) = raised(office)
    assert signal == "burst" and words.startswith("近几天有 5 件说的像是同一件事，可考虑并案")


def test_a_case_that_appears_after_a_later_one_was_looked_at_is_looked_at_too(postgresql_url: str) -> None:
    """Its number was drawn first and its transaction ended last; the log tells the true order."""
    office = open_office(Database(postgresql_url, Keys(SECRET)))
    with office.db.writing() as slow:
        first = a_case(slow, office, text="小区门口着火了", sender="oSLOW")
        with office.db.writing() as fast:
            assert a_case(fast, office, sender="oFAST").id > first.id
        assert scan(office) == 0
    assert scan(office) == 1
    office.db.close()


# ------------------------------------------------------------------ settling


def test_it_is_settled_once_by_who_may_and_in_words(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text="小区门口着火了，快来人")
    scan(office)
    with office.db.reading() as session:
        ((alert, _),) = queries.open_alerts(session, office.people["小陈"])

    def settle(who: str, note: str, alert_id: int = alert.id) -> Alert:
        with office.db.writing() as session:
            return service.settle(session, NOW, office.people[who], alert_id, note)

    with pytest.raises(NotAllowed):
        settle("老李", "已去现场")
    with pytest.raises(Invalid) as refused:
        settle("小陈", " ")
    assert refused.value.field == "note"
    with pytest.raises(NotFound):
        settle("小陈", "已去现场", alert.id + 1)
    settled = settle("值班长老徐", " 消防已到，火已灭 ")
    assert (settled.settled_note, settled.settled_by) == ("消防已到，火已灭", office.people["值班长老徐"].id)
    with pytest.raises(NotFound):
        settle("小陈", "再处理一次")
    with office.db.reading() as session:
        assert queries.open_alerts(session, office.people["小陈"]) == []


@pytest.mark.clause("A2")
def test_a_department_is_shown_only_the_alerts_of_its_own_cases(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text="小区门口着火了，快来人")
    scan(office)
    with office.db.reading() as session:
        assert queries.open_alerts(session, office.people["老李"]) == []
        case = session.exec(select(Case)).one()
    with office.db.writing() as session:
        mine = session.get_one(Case, case.id)
        mine.department_id = office.departments["公安局户政科"].id
    with office.db.reading() as session:
        assert len(queries.open_alerts(session, office.people["老李"])) == 1
        assert queries.open_alerts(session, office.people["刘洋"]) == []
        assert len(queries.of_case(session, case.id)) == 1


# ------------------------------------------------------------------ a hot question, and abuse


def test_a_hot_question_is_raised_once_and_names_a_master_case(office: TheOffice) -> None:
    with office.db.writing() as session:
        cases = [a_case(session, office, text=WATER, sender=f"oHOT{at}") for at in range(7)]
    scan(office)
    found = [(key, words) for key, words in raised(office) if key == signals.BURST]
    assert len(found) == 1
    assert f"建议以 {cases[0].number} 为主办件" in found[0][1]


ABUSIVE = "这些外地人都是垃圾，脑子有病，滚回老家去"


def test_abuse_has_a_clock_of_hours_and_is_told_once_more_when_it_has_run_out(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text=ABUSIVE)
    assert scan(office) == 1
    with office.db.reading() as session:
        (alert,) = session.exec(select(Alert))
        assert alert.signal == signals.ABUSE
        assert alert.due_at == NOW + signals.ABUSE_WITHIN
    late = NOW + signals.ABUSE_WITHIN
    with office.db.writing() as session:
        assert service.remind_of_alerts(session, late - timedelta(minutes=1)) == 0
        assert [service.remind_of_alerts(session, late) for _ in range(2)] == [1, 0]


def test_anger_is_no_abuse(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_case(session, office, text="路灯坏了三个月没人管，你们到底在干什么？太让人失望了！")
    assert scan(office) == 0
