"""预警 → 研判 → 处置 → 回应: each with its time and its clock, around the clock; reported, passed on, acknowledged."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.alerts import papers, queries, service, signals, steps
from app.alerts.models import Alert, AlertPaper, LiaisonContact
from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound
from app.cases.models import Case
from app.duty import service as duty
from app.log.models import Event
from app.notices.models import Notice
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

HOUR = timedelta(hours=1)
LEADER = "值班长老徐"


@pytest.fixture
def alert_id(office: TheOffice) -> int:
    """One alert on one case, raised by a word at `NOW`."""
    with office.db.writing() as session:
        a_case(session, office, text="小区门口着火了，快来人")
    with office.db.writing() as session:  # the scan reads the log, which is written at the commit
        service.scan_new_cases(session, NOW)
        return session.exec(select(Alert)).one().id


def assess(office: TheOffice, alert_id: int, level: str, who: str = LEADER, *, after: int = 1) -> Alert:
    with office.db.writing() as session:
        return service.assess(
            session, NOW + after * HOUR, office.people[who], alert_id, level=level,
            responsible_id=office.people["小林"].id, note="已有多人转发",
        )  # fmt: skip


def advance(office: TheOffice, alert_id: int, step: str, *, after: int, who: str = LEADER) -> Alert:
    with office.db.writing() as session:
        return service.advance(
            session, NOW + after * HOUR, office.people[who], alert_id, step=step, note="消防已到场"
        )


def contact(office: TheOffice) -> int:
    with office.db.writing() as session:
        return service.add_contact(
            session, NOW, office.people[LEADER], unit="市委网信办", sphere="网信", how="0000-1234567 值班室"
        ).id


def issue(office: TheOffice, alert_id: int, kind: str, to: int, *, after: int = 2, **more: str) -> AlertPaper:
    parts = {"facts": "小区门口起火", "judgement": "有多人转发", "measures": "消防到场", **more}
    with office.db.writing() as session:
        return service.issue_paper(
            session, NOW + after * HOUR, office.people[LEADER], alert_id, kind=kind, contact_id=to, **parts
        )


# ------------------------------------------------------------------ the clocks


@pytest.mark.clause("B18")
@pytest.mark.parametrize(
    ("stage", "level", "major_after", "hours"),
    [
        ("warned", "", None, 2),
        ("assessed", "ordinary", None, 24),
        ("assessed", "serious", None, 12),
        ("assessed", "major", 1, 1 + 4),
        ("handled", "ordinary", None, 48),
        ("handled", "major", 3, 3 + 5),
        ("responded", "major", 3, None),
        ("settled", "ordinary", None, None),
    ],
)
def test_each_step_has_its_hours_around_the_clock(
    stage: str, level: str, major_after: int | None, hours: int | None
) -> None:
    major_at = NOW + major_after * HOUR if major_after else None
    expected = NOW + hours * HOUR if hours else None
    assert steps.due_at(NOW, stage, level, major_at) == expected


@pytest.mark.parametrize(
    ("stage", "step", "words"),
    [
        ("assessed", "handled", None),
        ("handled", "responded", None),
        ("warned", "settled", None),
        ("warned", "handled", "先研判"),
        ("assessed", "responded", "待处置"),
        ("settled", "handled", "已经了结"),
    ],
)
def test_one_step_follows_another(stage: str, step: str, words: str | None) -> None:
    found = steps.problem(stage, step)
    assert found is None if words is None else words in (found or "")


# ------------------------------------------------------------------ the way


@pytest.mark.clause("B18")
def test_from_the_warning_to_the_answer_every_step_keeps_its_time(office: TheOffice, alert_id: int) -> None:
    assess(office, alert_id, "serious", after=1)
    with pytest.raises(Conflict, match="待处置"):
        advance(office, alert_id, "responded", after=2)
    advance(office, alert_id, "handled", after=3, who="小林")
    advance(office, alert_id, "responded", after=20)
    with office.db.writing() as session:
        service.settle(session, NOW + 21 * HOUR, office.people[LEADER], alert_id, "已平息")
    with office.db.reading() as session:
        told = [
            (steps.LABELS[one.step], (one.at - NOW) / HOUR, one.due_at and (one.due_at - NOW) / HOUR)
            for one in queries.steps_of(session, alert_id)
        ]
        case = session.exec(select(Case)).one()
        actions = set(session.exec(select(Event.action).where(col(Event.subject_type) == "alert")))
    assert told == [
        ("预警", 0, None), ("研判", 1, 2), ("处置", 3, 12), ("回应", 20, 24), ("了结", 21, None)
    ]  # fmt: skip
    assert case.pace == "alert"
    assert actions == {"alert_assessed", "alert_handled", "alert_responded", "settle_alert"}


def test_an_ordinary_one_leaves_the_case_its_own_time(office: TheOffice, alert_id: int) -> None:
    assess(office, alert_id, "ordinary")
    with office.db.reading() as session:
        assert session.exec(select(Case)).one().pace == "ordinary"


def test_who_works_on_it(office: TheOffice, alert_id: int) -> None:
    with pytest.raises(NotAllowed):
        assess(office, alert_id, "ordinary", who="王科长")
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["王科长"].id, duty="reading",
            starts_at=NOW, ends_at=NOW + 8 * HOUR,
        )  # fmt: skip
    assess(office, alert_id, "ordinary", who="王科长")
    for change in ({"level": "grave"}, {"responsible_id": None}, {"note": " "}):
        fields = {"level": "major", "responsible_id": office.people["小林"].id, "note": "重判", **change}
        with office.db.writing() as session, pytest.raises(Invalid):
            service.assess(session, NOW, office.people[LEADER], alert_id, **fields)  # type: ignore[arg-type]


@pytest.mark.clause("A21")
def test_what_is_not_done_in_time_is_told_once_a_step(office: TheOffice, alert_id: int) -> None:
    def remind(hours: int) -> int:
        with office.db.writing() as session:
            return service.remind_of_alerts(session, NOW + hours * HOUR)

    assert (remind(1), remind(2), remind(3)) == (0, 1, 0)
    assess(office, alert_id, "serious", after=4)
    assert (remind(11), remind(12), remind(13)) == (0, 2, 0)  # the leader and the responsible person


# ------------------------------------------------------------------ the report


@pytest.mark.clause("A22", "C28")
def test_a_major_one_is_reported_within_its_clock_before_it_is_settled(
    office: TheOffice, alert_id: int
) -> None:
    to = contact(office)
    with pytest.raises(Conflict, match="重大的才上报"):
        issue(office, alert_id, "report", to)
    assess(office, alert_id, "major", after=1)
    with office.db.writing() as session, pytest.raises(Conflict, match="还没有上报"):
        service.settle(session, NOW, office.people[LEADER], alert_id, "先了结")
    with pytest.raises(Conflict, match="初报"):
        issue(office, alert_id, "follow_up", to)
    report = issue(office, alert_id, "report", to, after=3)
    assert papers.number(report.kind, report.year, report.serial) == "舆报〔2026〕1号"
    assert report.due_at == NOW + HOUR + steps.REPORT_WITHIN
    with pytest.raises(Conflict, match="续报"):
        issue(office, alert_id, "report", to)
    assert issue(office, alert_id, "follow_up", to).serial == 1
    assert issue(office, alert_id, "follow_up", to).serial == 2


def test_a_report_that_does_not_leave_is_told(office: TheOffice, alert_id: int) -> None:
    assess(office, alert_id, "major", after=0)
    with office.db.writing() as session:
        service.remind_of_alerts(session, NOW + steps.REPORT_WITHIN)
    with office.db.reading() as session:
        words = list(session.exec(select(Notice.text).where(col(Notice.key).startswith("report_late"))))
    assert len(words) == 2
    assert "还没有上报" in words[0]


@pytest.mark.clause("D16")
def test_what_was_passed_on_waits_for_its_acknowledgement(office: TheOffice, alert_id: int) -> None:
    paper, leader = issue(office, alert_id, "transfer", contact(office), after=0), office.people[LEADER]
    assert papers.number(paper.kind, paper.year, paper.serial) == "舆转〔2026〕1号"
    with office.db.writing() as session:
        assert service.remind_of_alerts(session, NOW + steps.ACKNOWLEDGE_WITHIN - HOUR) == 0
        assert (
            service.remind_of_alerts(session, NOW + steps.ACKNOWLEDGE_WITHIN) == 2
        )  # and the warning itself
        assert queries.count(session, leader, "unacknowledged", NOW) == 1
        with pytest.raises(Invalid):
            service.acknowledge(session, NOW, leader, paper.id, "")
        service.acknowledge(session, NOW + HOUR, leader, paper.id, "网信办值班员电话确认")
        with pytest.raises(Conflict):
            service.acknowledge(session, NOW + HOUR, leader, paper.id, "再一次")
        assert queries.count(session, leader, "unacknowledged", NOW) == 0


@pytest.mark.parametrize("part", ["facts", "judgement", "measures"])
def test_a_report_has_all_its_parts(office: TheOffice, alert_id: int, part: str) -> None:
    with pytest.raises(Invalid) as refused:
        issue(office, alert_id, "transfer", contact(office), **{part: " "})
    assert refused.value.field == part


# ------------------------------------------------------------------ words, contacts, by hand, volumes


def test_the_office_watches_for_its_own_words(office: TheOffice) -> None:
    leader = office.people[LEADER]
    with office.db.writing() as session:
        service.set_word(session, NOW, leader, topic="校园", word="营养餐", watched=True)
        service.set_word(session, NOW, leader, topic="网络热议", word="曝光", watched=False)
        a_case(session, office, text="营养餐有问题，我要曝光")
    with office.db.writing() as session:
        service.scan_new_cases(session, NOW)
        assert [one.signal for one in session.exec(select(Alert))] == ["校园"]
        service.set_word(session, NOW, leader, topic="校园", word="营养餐", watched=False)
        assert "校园" not in queries.words(session)
        assert "曝光" not in queries.words(session)["网络热议"]
        for topic, word in (("", "营养餐"), ("校园", "餐")):
            with pytest.raises(Invalid):
                service.set_word(session, NOW, leader, topic=topic, word=word, watched=True)
        with pytest.raises(NotAllowed):
            service.set_word(session, NOW, office.people["小陈"], topic="校园", word="营养餐", watched=True)


def test_how_a_contact_is_reached_is_sealed(office: TheOffice) -> None:
    number = contact(office)
    with office.db.writing() as session:
        row = session.get_one(LiaisonContact, number)
        assert "1234567" not in row.how_sealed
        assert service.how_to_reach(session, row) == "0000-1234567 值班室"
        service.end_contact(session, NOW, office.people[LEADER], number)
        assert queries.contacts(session) == []
        with pytest.raises(NotFound):
            service.end_contact(session, NOW, office.people[LEADER], number)


def test_a_person_raises_an_alert_once_a_case(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
        alert = service.raise_by_hand(session, NOW, office.people["小陈"], case.number, "多人在评论区转发")
        assert alert.due_at == NOW + steps.ASSESS_WITHIN
        for words, problem in (("再一次", Conflict), (" ", Invalid)):
            with pytest.raises(problem):
                service.raise_by_hand(session, NOW, office.people["小陈"], case.number, words)
        with pytest.raises(AppError):
            service.raise_by_hand(session, NOW, office.people["小陈"], "20260101-AAAAAA", "没有这一件")


@pytest.mark.parametrize(
    ("today", "before", "raised"),
    [
        (8, [0] * 28, True),
        (7, [0] * 28, False),
        (12, [3] * 28, True),
        (8, [3] * 28, False),
        (60, [50] * 28, False),
        (90, [50] * 28, True),
        (30, [], False),
    ],
)
def test_a_day_is_judged_by_the_days_before(today: int, before: list[int], raised: bool) -> None:
    assert (signals.surge("供水", today, before) is not None) is raised


def test_a_surge_of_one_category_is_raised_once_a_day(office: TheOffice) -> None:
    with office.db.writing() as session:
        for day in range(1, 11):
            a_case(session, office, sender=f"oOLD{day}", now=NOW - timedelta(days=day, hours=1))
        for number in range(14):
            case = a_case(session, office, sender=f"oNEW{number}", now=NOW - timedelta(minutes=number))
            case.category = "供水"
        session.flush()
        raised = [service.watch_volumes(session, NOW + timedelta(hours=hour)) for hour in (0, 1)]
        assert raised[0] >= 1
        assert raised[1] == 0
        words = session.exec(select(Alert.words).where(Alert.signal == f"{signals.SURGE}:供水")).one()
    assert "“供水”一天内 14 件" in words


@pytest.mark.clause("A21")
def test_new_and_unassigned_cases_go_to_whoever_is_on_duty(office: TheOffice) -> None:
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["小林"].id, duty="reading",
            starts_at=NOW - HOUR, ends_at=NOW + 30 * HOUR,
        )  # fmt: skip
        case = a_case(session, office)
    with office.db.writing() as session:
        service.scan_new_cases(session, NOW)
        due = case.step_due_at
        assert due is not None
        assert service.watch_unassigned(session, due - timedelta(minutes=1)) == 0
        assert [service.watch_unassigned(session, due) for _ in range(2)] == [1, 0]
        told = session.exec(select(Notice.kind, Notice.staff_id).order_by(col(Notice.id))).all()
    lin = office.people["小林"].id
    assert [("new", lin), ("unassigned", lin)] == [row for row in told if row[0] in ("new", "unassigned")]


def test_each_view_has_as_many_rows_as_its_number(office: TheOffice, alert_id: int) -> None:
    assess(office, alert_id, "major")
    leader = office.people[LEADER]
    with office.db.reading() as session:
        for view in queries.VIEWS:
            page = queries.listed(session, leader, view, NOW + 6 * HOUR)
            assert len(page.rows) == page.total == queries.count(session, leader, view, NOW + 6 * HOUR)
        counts = {view: queries.count(session, leader, view, NOW + 6 * HOUR) for view in queries.VIEWS}
        with pytest.raises(Invalid):
            queries.listed(session, leader, "nowhere", NOW)
        with pytest.raises(NotFound):
            queries.visible(session, office.people["刘洋"], alert_id)
    assert counts == {
        "open": 1, "warned": 0, "late": 1, "major": 1, "to_report": 1, "unacknowledged": 0, "settled": 0
    }  # fmt: skip
