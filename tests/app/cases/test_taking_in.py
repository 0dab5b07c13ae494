"""What came in becomes a case: once, with a due date, a suggested department and a code to follow it."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.base.errors import NotFound, TooMany
from app.cases import queries, service
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.departments import service as departments
from app.messages import service as messages
from app.messages.models import ImportRun, Message
from tests.conftest import NOW, TheOffice
from tests.factories import a_case, a_message


@pytest.mark.clause("A8")
def test_a_question_is_due_on_the_fifth_working_day_with_the_make_up_saturday_counted(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    # Friday 9 October 2026; Saturday the 10th is a make-up workday; Sunday rests.
    assert case.due_on.isoformat() == "2026-10-15"
    assert [day["counts"] for day in case.due_days][:3] == [False, True, False]


def test_the_department_is_suggested_with_its_reason(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    assert case.routing["department_id"] == office.departments["公安局户政科"].id
    assert "居住证" in case.routing["reason"]


def test_the_same_message_of_a_platform_is_kept_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        a_message(session, office, external_id="24700000000000011")
    with office.db.writing() as session, pytest.raises(AssertionError):
        a_message(session, office, external_id="24700000000000011")
    with office.db.reading() as session:
        assert len(session.exec(select(Message)).all()) == 1


@pytest.mark.clause("D7")
def test_the_platform_window_runs_beside_the_deadline_and_the_sooner_one_sorts(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    assert case.window_closes_at == NOW + timedelta(hours=48)
    assert case.sooner_at == case.window_closes_at


def test_the_look_up_code_opens_the_case_and_is_not_kept_in_plain(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
    with office.db.reading() as session:
        code = queries.lookup_code(session, case)
        assert len(code) == 8
        assert code not in case.lookup_code_sealed
    found = service.follow(office.db, NOW, case.number, code.lower(), address_key="127.0.0.1")
    assert found.id == case.id


def test_five_wrong_codes_close_the_look_up_for_an_hour_also_for_the_right_code(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office)
        code = queries.lookup_code(session, case)
    for _ in range(5):
        with pytest.raises(NotFound):
            service.follow(office.db, NOW, case.number, "22222222", address_key="192.0.2.7")
    with pytest.raises(TooMany):
        service.follow(office.db, NOW, case.number, code, address_key="198.51.100.9")
    later = NOW + timedelta(minutes=61)
    assert service.follow(office.db, later, case.number, code, address_key="192.0.2.7").id == case.id


def test_an_awaited_answer_joins_its_case_and_the_clock_runs_again(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, status=Status.IN_PROGRESS)
        handler = office.people["老李"]
        service.act(session, NOW, handler, case.number, Action.ASK_CITIZEN, question="请问住在哪个社区？")
        due = case.due_on
        later = NOW + timedelta(days=3)  # Monday 12 October
        answered = service.take_in(session, later, a_message(session, office, text="柳荫社区", now=later))
    assert answered.id == case.id
    assert answered.status == Status.IN_PROGRESS
    assert answered.due_on > due
    with office.db.reading() as session:
        assert len(session.exec(select(Case)).all()) == 1


# ------------------------------------------------------------------ rows of other systems


def _of_a_file(office: TheOffice, platform: str, text: str) -> Case:
    with office.db.writing() as session:
        account = office.accounts[platform]
        run = service.import_file(session, NOW, office.people["小陈"], account, "清单.csv", text.encode())
        return session.exec(select(Case).where(Case.number == run.report[0]["number"])).one()


@pytest.mark.parametrize(
    ("asked", "due_on", "is_theirs"),
    [
        ("2026-10-09 18:00", "2026-10-09", True),  # sooner than ours: it holds
        ("2026-12-01", "2026-10-10", False),  # later: our own rule holds
        ("2026-10-01", "2026-10-10", False),  # before it was handed in: asks for nothing
    ],
)
@pytest.mark.clause("C1")
def test_the_sooner_of_the_national_deadline_and_our_own_holds_and_is_explained(
    sqlite_office: TheOffice, asked: str, due_on: str, is_theirs: bool
) -> None:
    words = f"留言编号,问题描述,提交时间,办理时限\nJC1,首页打不开,2026-10-09 09:00,{asked}\n"
    case = _of_a_file(sqlite_office, "corrections", words)
    assert case.due_on.isoformat() == due_on
    assert case.due_days[-1]["why"].startswith("原系统要求") == is_theirs


def test_of_a_work_order_s_address_only_the_known_place_goes_into_the_case(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        departments.add_responsibility(
            session, NOW, None, category="供水", keywords=["停水"], place="柳荫街道",
            department_id=sqlite_office.departments["公安局户政科"].id, reason="街道管",
        )  # fmt: skip
    order = "工单编号,诉求内容,事发地址\nYZ1,家里停水两天了,云泽市柳荫街道幸福里 18 号 502\n"
    assert _of_a_file(sqlite_office, "hotline", order).place == "柳荫街道"


def test_an_order_that_comes_again_with_other_words_changes_nothing_and_says_so(
    sqlite_office: TheOffice,
) -> None:
    order = "工单编号,诉求内容,事发地址\nYZ1,家里停水两天了,无\n"
    case = _of_a_file(sqlite_office, "hotline", order)
    again = _of_a_file(sqlite_office, "hotline", order.replace("两天", "三天"))
    assert (again.number, again.text) == (case.number, "家里停水两天了")
    with sqlite_office.db.reading() as session:
        runs = list(session.exec(select(ImportRun).order_by(col(ImportRun.id))))
    assert "内容不一样" in runs[-1].report[0]["words"]


def test_one_run_works_through_a_backlog_and_not_a_hundred_of_it(sqlite_office: TheOffice) -> None:
    account = sqlite_office.accounts["wechat"]
    with sqlite_office.db.writing() as session:
        for number in range(150):
            messages.keep_arrival(session, NOW, account, str(number), b"nothing that anybody can read")
    assert service.take_in_arrivals(sqlite_office.db, NOW) == 150
    assert service.take_in_arrivals(sqlite_office.db, NOW) == 0
