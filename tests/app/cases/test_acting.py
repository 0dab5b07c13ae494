"""The office's verbs: each does what it says, tells whom it must, and refuses in words with the field."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.base.errors import AppError, Conflict, Invalid, NotAllowed, NotFound
from app.cases import queries, service
from app.cases.models import Case, Extension, Inquiry, OfflineAction, Reminder, Supervision
from app.cases.transitions import BY_ACTION, BY_REPLY, OPEN_STATUSES, Action, Status
from app.duty import service as duty
from app.log.models import Event
from app.messages.models import Message
from app.notices.models import Notice
from app.staff.roles import Role
from tests.app.cases.acting import (
    CLERK,
    DETAILS,
    HANDLER,
    LABOUR,
    OTHER_HANDLER,
    POLICE,
    SUPERVISOR,
    a_return,
    act,
    an_extension,
    case_at,
)
from tests.conftest import NOW, TheOffice
from tests.factories import a_message

A, S = Action, Status
DAY = timedelta(days=1)


def told(office: TheOffice, kind: str) -> list[str]:
    """Who has a notice of this kind, by name."""
    names = {person.id: name for name, person in office.people.items()}
    with office.db.reading() as session:
        rows = session.exec(select(Notice).where(Notice.kind == kind).order_by(col(Notice.id)))
        return [names[row.staff_id] for row in rows]


def last_event(office: TheOffice, case: Case) -> Event:
    with office.db.reading() as session:
        events = select(Event).where(Event.case_id == case.id).order_by(col(Event.id).desc())
        event = session.exec(events).first()
    assert event is not None
    return event


def read(office: TheOffice, case: Case) -> Case:
    with office.db.reading() as session:
        return session.get_one(Case, case.id)


def on_duty(office: TheOffice, name: str = "小林", now: datetime = NOW) -> None:
    with office.db.writing() as session:
        duty.add_shift(
            session, now, None, staff_id=office.people[name].id, duty="reading",
            starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=8),
        )  # fmt: skip


# ------------------------------------------------------------------ what each does

# fmt: off
WORKS: list[tuple[Status, str, Action, Status, dict[str, object]]] = [
    (S.NEW, CLERK, A.ACCEPT, S.ACCEPTED,
     {"message_type": "complaint", "category": "供水", "place": "城东街道", "sensitivity": "important"}),
    (S.NEW, "值班长老徐", A.ACCEPT, S.ACCEPTED, {}),
    (S.NEW, CLERK, A.DECLINE, S.DECLINED, {"ended_reason": "已进入诉讼，由法院处理", "closed_at": NOW}),
    (S.ACCEPTED, CLERK, A.MARK_INVALID, S.INVALID, {"ended_reason": "advert", "closed_at": NOW}),
    (S.NEW, CLERK, A.ASSIGN, S.ASSIGNED, {"department_id": POLICE, "handler_id": HANDLER, "assigned_at": NOW}),
    (S.ACCEPTED, CLERK, A.ASSIGN, S.ASSIGNED, {"department_id": POLICE, "handler_id": HANDLER}),
    (S.ASSIGNED, CLERK, A.TRANSFER, S.ASSIGNED, {"department_id": LABOUR, "handler_id": OTHER_HANDLER}),
    (S.IN_PROGRESS, CLERK, A.TRANSFER, S.ASSIGNED, {"department_id": LABOUR, "due_on": date(2026, 10, 15)}),
    (S.ASSIGNED, "外包小吴", A.ACKNOWLEDGE, S.IN_PROGRESS, {"handler_id": "外包小吴"}),
    (S.ASSIGNED, HANDLER, A.RETURN, S.ACCEPTED, {"department_id": None, "handler_id": None, "returns": 1}),
    (S.IN_PROGRESS, HANDLER, A.ASK_CITIZEN, S.WAITING_CITIZEN, {"paused_at": NOW}),
    (S.WAITING_CITIZEN, HANDLER, A.RESUME, S.IN_PROGRESS, {"paused_at": None}),
    (S.IN_PROGRESS, HANDLER, A.CO_SIGN, S.IN_PROGRESS, {}),
    (S.ACCEPTED, CLERK, A.VERIFY, S.ACCEPTED, {}),
    (S.ASSIGNED, CLERK, A.ASSIST, S.ASSIGNED, {}),
    (S.IN_PROGRESS, HANDLER, A.RECORD_ACTION, S.IN_PROGRESS, {}),
    (S.REPLIED, CLERK, A.CLOSE, S.CLOSED, {"outcome": "solved", "closed_at": NOW}),
    (S.CLOSED, SUPERVISOR, A.REOPEN, S.ASSIGNED,
     {"reopened": 1, "closed_at": None, "replied_at": None, "outcome": "", "assigned_at": NOW}),
    (S.ASSIGNED, SUPERVISOR, A.REMIND, S.ASSIGNED, {}),
    (S.IN_REVIEW, SUPERVISOR, A.SUPERVISE, S.IN_REVIEW, {"supervised": True}),
    (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, S.IN_PROGRESS, {"due_on": date(2026, 10, 15)}),
]
# fmt: on


@pytest.mark.parametrize(
    ("begins", "who", "action", "ends", "columns"),
    WORKS,
    ids=[f"{row[1]} {row[2]} a case that is {row[0]}" for row in WORKS],
)
def test_an_action_moves_the_case_writes_its_columns_and_is_logged_once(
    office: TheOffice, begins: Status, who: str, action: Action, ends: Status, columns: dict[str, object]
) -> None:
    with office.db.writing() as session:
        case, master = case_at(session, office, begins), case_at(session, office, S.NEW, sender="oOTHER")
    before = case.version
    act(office, who, case, action, version=before, **DETAILS[action](office, master))
    after = read(office, case)
    ids: dict[object, object] = {
        **{name: row.id for name, row in office.departments.items()},
        **{name: person.id for name, person in office.people.items()},
    }
    assert (after.status, after.open, after.version) == (ends, ends in OPEN_STATUSES, before + 1)
    assert {name: getattr(after, name) for name in columns} == {
        name: ids.get(value, value) for name, value in columns.items()
    }
    event = last_event(office, case)
    assert (event.action, event.actor_name, event.at) == (action, who, NOW)
    assert (event.data["from"], event.data["to"]) == (begins, ends)


def test_every_button_is_proved_here_or_below() -> None:
    below = {A.MERGE, A.GRANT_EXTENSION, A.REFUSE_EXTENSION}
    below |= {A.REFUSE_RETURN}  # in test_returning.py
    assert {row[2] for row in WORKS} | below == set(service.ACTION_DETAILS) == set(Action) - BY_REPLY


@pytest.mark.parametrize(
    ("begins", "who", "action", "kind", "people"),
    [
        (S.ACCEPTED, CLERK, A.ASSIGN, "assigned", [HANDLER]),
        (S.ACCEPTED, CLERK, A.CO_SIGN, "co_sign", [OTHER_HANDLER]),
        (S.ACCEPTED, CLERK, A.VERIFY, "verify", [OTHER_HANDLER]),
        (S.ASSIGNED, HANDLER, A.RETURN, "returned", ["小林"]),
        (S.ASSIGNED, SUPERVISOR, A.REMIND, "reminder", [HANDLER]),
        (S.IN_PROGRESS, SUPERVISOR, A.SUPERVISE, "reminder", [HANDLER]),
        (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, "extension", [SUPERVISOR]),
    ],
)
def test_whoever_must_know_is_told_once(
    office: TheOffice, begins: Status, who: str, action: Action, kind: str, people: list[str]
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, begins)
    on_duty(office)
    act(office, who, case, action, **DETAILS[action](office, case))
    assert told(office, kind) == people


def test_the_new_department_is_told_of_a_transfer_and_the_old_of_a_reopening(office: TheOffice) -> None:
    with office.db.writing() as session:
        one, other = (
            case_at(session, office, S.ASSIGNED),
            case_at(session, office, S.REPLIED, sender="oOTHER"),
        )
    act(office, CLERK, one, A.TRANSFER, **DETAILS[A.TRANSFER](office, one))
    act(office, CLERK, other, A.REOPEN, reason="来信人说没有解决")
    assert told(office, "assigned") == [HANDLER, HANDLER, OTHER_HANDLER, HANDLER]


def test_nobody_need_read_that_a_case_is_theirs_once_it_is_not(office: TheOffice) -> None:
    """转办 settles the notice of whoever had it; 送审 that of whoever has it."""

    def unread() -> list[str]:
        names = {person.id: name for name, person in office.people.items()}
        wanted = select(Notice).where(Notice.kind == "assigned", col(Notice.read_at).is_(None))
        with office.db.reading() as session:
            return [names[row.staff_id] for row in session.exec(wanted.order_by(col(Notice.id)))]

    with office.db.writing() as session:
        case = case_at(session, office, S.ACCEPTED)
    act(office, CLERK, case, A.ASSIGN, **DETAILS[A.ASSIGN](office, case))
    assert unread() == [HANDLER]
    act(office, CLERK, case, A.TRANSFER, **DETAILS[A.TRANSFER](office, case))
    act(office, OTHER_HANDLER, case, A.ACKNOWLEDGE)
    assert unread() == [OTHER_HANDLER]
    with office.db.writing() as session:
        now_theirs = session.get_one(Case, case.id)
        service.move(session, NOW, office.people[OTHER_HANDLER], now_theirs, A.SUBMIT_REPLY)
    assert unread() == []


@pytest.mark.clause("D5")
def test_what_was_done_away_from_the_desk_and_what_was_asked_stays_with_the_case(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    steps = (
        (HANDLER, A.RECORD_ACTION),
        (SUPERVISOR, A.SUPERVISE),
        (CLERK, A.REMIND),
        (HANDLER, A.ASK_CITIZEN),
    )
    for who, action in steps:
        act(office, who, case, action, **DETAILS[action](office, case))
    act(office, HANDLER, case, A.RESUME, now=NOW + DAY, answer="电话里说住在柳荫社区")
    with office.db.reading() as session:
        story = queries.case_story(session, office.people[HANDLER], session.get_one(Case, case.id))
    assert [(one.done_on, one.what, one.by_id) for one in story.actions] == [
        (date(2026, 10, 9), "上门看了现场", office.people[HANDLER].id)
    ]
    assert [one.note for one in story.supervisions] == ["本周内办结"]
    assert [(one.note, one.by_id) for one in story.reminders] == [("请今天答复", office.people[CLERK].id)]
    asked = story.inquiries[0]
    assert (asked.question, asked.answer) == ("请问住在哪个社区？", "电话里说住在柳荫社区")
    assert (asked.answered_by, asked.answered_at) == (office.people[HANDLER].id, NOW + DAY)


# ------------------------------------------------------------------ what is refused

# fmt: off
REFUSED: list[tuple[Status, str, Action, dict[str, object], str | None]] = [
    (S.NEW, CLERK, A.ACCEPT, {"message_type": "gossip"}, "message_type"),
    (S.NEW, CLERK, A.ACCEPT, {"sensitivity": "very"}, "sensitivity"),
    (S.NEW, CLERK, A.ACCEPT, {"outcome": "solved"}, "outcome"),
    (S.NEW, CLERK, A.DECLINE, {}, "reason"),
    (S.NEW, CLERK, A.DECLINE, {"reason": "　 "}, "reason"),
    (S.NEW, CLERK, A.DECLINE, {"reason": "长" * 501}, "reason"),
    (S.NEW, CLERK, A.MARK_INVALID, {}, "reason"),
    (S.NEW, CLERK, A.MARK_INVALID, {"reason": "boring"}, "reason"),
    (S.NEW, CLERK, A.MERGE, {}, "master"),
    (S.ACCEPTED, CLERK, A.ASSIGN, {}, "department_id"),
    (S.ACCEPTED, CLERK, A.ASSIGN, {"department_id": "police"}, "department_id"),
    (S.ACCEPTED, CLERK, A.ASSIGN, {"department_id": 999}, "department_id"),
    (S.ACCEPTED, CLERK, A.ASSIGN, {"department_id": 2**31}, "department_id"),
    (S.ACCEPTED, CLERK, A.ASSIGN, {"department_id": POLICE, "handler_id": OTHER_HANDLER}, "handler_id"),
    (S.ASSIGNED, CLERK, A.TRANSFER, {"department_id": POLICE, "note": "再试"}, "department_id"),
    (S.ASSIGNED, CLERK, A.TRANSFER, {"department_id": LABOUR}, "note"),
    (S.ASSIGNED, CLERK, A.TRANSFER, {"note": "属于社保"}, "department_id"),
    (S.ASSIGNED, HANDLER, A.RETURN, {"basis": "三定规定"}, "reason"),
    (S.ASSIGNED, HANDLER, A.RETURN, {"reason": "不归我们管"}, "basis"),
    (S.ACCEPTED, CLERK, A.REFUSE_RETURN, {"note": "归你们管"}, None),
    (S.NEW, CLERK, A.ACCEPT, {"pace": "slow"}, "pace"),
    (S.IN_PROGRESS, HANDLER, A.ASK_CITIZEN, {}, "question"),
    (S.WAITING_CITIZEN, HANDLER, A.RESUME, {}, "answer"),
    (S.IN_PROGRESS, HANDLER, A.CO_SIGN, {"department_id": LABOUR}, "question"),
    (S.IN_PROGRESS, HANDLER, A.CO_SIGN, {"question": "请会签"}, "department_id"),
    (S.IN_PROGRESS, HANDLER, A.VERIFY, {"department_id": POLICE, "question": "自己问自己"}, "department_id"),
    (S.IN_PROGRESS, HANDLER, A.VERIFY, {"department_id": 2**31 - 1, "question": "没有这个"}, "department_id"),
    (S.IN_PROGRESS, HANDLER, A.RECORD_ACTION, {"done_on": "昨天", "what": "看了"}, "done_on"),
    (S.IN_PROGRESS, HANDLER, A.RECORD_ACTION, {"done_on": "2026-10-10", "what": "看了"}, "done_on"),
    (S.IN_PROGRESS, HANDLER, A.RECORD_ACTION, {"done_on": "2026-10-09"}, "what"),
    (S.REPLIED, CLERK, A.CLOSE, {}, "outcome"),
    (S.REPLIED, CLERK, A.CLOSE, {"outcome": "happy"}, "outcome"),
    (S.CLOSED, CLERK, A.REOPEN, {}, "reason"),
    (S.IN_PROGRESS, SUPERVISOR, A.SUPERVISE, {}, "note"),
    (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, {"working_days": "0", "reason": "等"}, "working_days"),
    (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, {"working_days": "16", "reason": "等"}, "working_days"),
    (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, {"working_days": "三", "reason": "等"}, "working_days"),
    (S.IN_PROGRESS, HANDLER, A.REQUEST_EXTENSION, {"working_days": "3"}, "reason"),
    (S.IN_PROGRESS, SUPERVISOR, A.GRANT_EXTENSION, {}, None),
]
# fmt: on


def test_what_is_missing_or_wrong_is_refused_at_its_field_and_changes_nothing(office: TheOffice) -> None:
    ids: dict[object, object] = {name: row.id for name, row in office.departments.items()}
    ids |= {name: person.id for name, person in office.people.items()}
    with office.db.writing() as session:
        at = {row[0]: case_at(session, office, row[0], sender=f"o{row[0]}") for row in REFUSED}
    for status, who, action, details, field in REFUSED:
        with pytest.raises(Invalid) as refused:
            act(office, who, at[status], action, **{name: ids.get(one, one) for name, one in details.items()})
        assert refused.value.field == field, (action, details)
        assert refused.value.message
    for status, case in at.items():
        assert (read(office, case).status, read(office, case).version) == (status, case.version)


def _attempt(
    office: TheOffice, case: Case, status: Status, who: str, action: Action, master: Case
) -> AppError | None:
    """Try ``action`` while the case is at ``status``; everything is undone again."""
    with office.db.writing() as session:
        current = session.get_one(Case, case.id)
        current.status, current.open = status.value, status in OPEN_STATUSES
        an_extension(session, office, current, by="外包小吴")
        if action is Action.REFUSE_RETURN:
            a_return(session, office, current)
        try:
            service.act(
                session, NOW, office.people[who], case.number, action, **DETAILS[action](office, master)
            )
        except (Invalid, NotAllowed) as refused:
            return refused
        finally:
            session.rollback()
    return None


def test_only_what_the_table_allows_can_be_done_in_each_status(office: TheOffice) -> None:
    """All statuses and all buttons; the same sentence for each refusal says where the case stands."""
    who = {Role.CLERK: CLERK, Role.HANDLER: HANDLER, Role.SUPERVISOR: SUPERVISOR}
    with office.db.writing() as session:
        case, master = (
            case_at(session, office, S.IN_PROGRESS),
            case_at(session, office, S.NEW, sender="oOTHER"),
        )
    for action in service.ACTION_DETAILS:
        row = BY_ACTION[action]
        actor = next(who[role] for role in Role if role in row.roles and role in who)
        for status in Status:
            refused = _attempt(office, case, status, actor, action, master)
            code = getattr(refused, "code", None)
            if status not in row.sources:
                assert code == "wrong_status", (action, status)
            elif action is A.REQUEST_EXTENSION:  # one is open already
                assert code == "invalid"
            else:
                assert refused is None, (action, status)


def test_only_those_whom_the_table_names_may_do_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        case, master = (
            case_at(session, office, S.IN_PROGRESS),
            case_at(session, office, S.NEW, sender="oOTHER"),
        )
    seeing = [CLERK, HANDLER, "王科长", "周局长", SUPERVISOR, "公开员小方", "值班长老徐"]
    for action in set(service.ACTION_DETAILS) - {A.REQUEST_EXTENSION}:
        row = BY_ACTION[action]
        status = min(row.sources)
        for name in seeing:
            refused = _attempt(office, case, status, name, action, master)
            allowed = office.people[name].may(*row.roles)
            assert getattr(refused, "code", None) == (None if allowed else "wrong_role"), (action, name)


def test_steps_of_a_reply_are_not_taken_on_the_case(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    for action in BY_REPLY:
        with pytest.raises(NotAllowed, match="在答复里做"):
            act(office, HANDLER, case, action)


@pytest.mark.clause("A2")
def test_another_department_sees_nothing_until_it_is_asked_and_then_may_look_but_not_act(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    with pytest.raises(NotFound):
        act(office, OTHER_HANDLER, case, A.RECORD_ACTION, done_on="2026-10-09", what="看了")
    act(office, HANDLER, case, A.CO_SIGN, **DETAILS[A.CO_SIGN](office, case))
    for action in (A.ASK_CITIZEN, A.RECORD_ACTION, A.VERIFY):
        with pytest.raises(NotAllowed) as refused:
            details = DETAILS[action](office, case)
            if action is A.VERIFY:
                details["department_id"] = office.departments["城市管理局"].id
            act(office, OTHER_HANDLER, case, action, **details)
        assert refused.value.code == "wrong_department"


# ------------------------------------------------------------------ at once


def _together(*deeds: Callable[[], object]) -> list[AppError | None]:
    """Do all at once, each in a thread; what each was refused with."""
    gate, refused = threading.Barrier(len(deeds)), [None] * len(deeds)

    def do(place: int) -> None:
        gate.wait(30)
        try:
            deeds[place]()
        except AppError as error:
            refused[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return list(refused)


def test_what_somebody_changed_since_is_not_overwritten(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)
    act(office, "小林", case, A.ACCEPT, version=1)
    with pytest.raises(Conflict, match="有人先改了"):
        act(office, CLERK, case, A.DECLINE, version=1, reason="不归我们")
    assert read(office, case).status == S.ACCEPTED


def test_of_two_clerks_who_assign_at_once_one_is_told_that_the_other_was_faster(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)

    def assign(who: str, to: str) -> Callable[[], object]:
        return lambda: act(office, who, case, A.ASSIGN, version=1, department_id=office.departments[to].id)

    refused = _together(assign(CLERK, POLICE), assign("小林", LABOUR))
    assert [type(error) for error in refused if error] == [Conflict]
    after = read(office, case)
    assert (after.status, after.version) == (S.ASSIGNED, 2)
    won = POLICE if refused[0] is None else LABOUR
    assert after.department_id == office.departments[won].id
    assert len(told(office, "assigned")) == 1


def test_a_case_read_before_another_changed_it_cannot_be_moved(office: TheOffice) -> None:
    """The WHERE of the update itself, where no version came from a form."""
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)
    with office.db.reading() as session:
        stale = session.get_one(Case, case.id)
    act(office, CLERK, case, A.ACCEPT)
    with office.db.writing() as session, pytest.raises(Conflict):
        service.move(session, NOW, office.people[CLERK], stale, A.DECLINE)
    assert read(office, case).status == S.ACCEPTED


# ------------------------------------------------------------------ merging


@pytest.mark.clause("E16")
def test_what_is_merged_into_a_merged_case_goes_along_to_the_new_master(office: TheOffice) -> None:
    with office.db.writing() as session:
        first, second, chief = (case_at(session, office, S.NEW, sender=f"o{n}") for n in range(3))
    act(office, CLERK, first, A.MERGE, master=second.number)
    act(office, CLERK, second, A.MERGE, master=f" {chief.number.lower()} ")
    assert [read(office, case).master_id for case in (first, second, chief)] == [chief.id, chief.id, None]
    assert [read(office, case).status for case in (first, second)] == [S.MERGED, S.MERGED]


def test_a_case_is_not_merged_into_itself_nor_into_a_merged_or_finished_one(office: TheOffice) -> None:
    with office.db.writing() as session:
        one, merged, chief, done = (case_at(session, office, S.NEW, sender=f"o{n}") for n in range(4))
    act(office, CLERK, merged, A.MERGE, master=chief.number)
    act(office, CLERK, done, A.DECLINE, reason="不归我们")
    for master in (one, merged, done):
        with pytest.raises(Invalid) as refused:
            act(office, CLERK, one, A.MERGE, master=master.number)
        assert refused.value.field == "master"
    with pytest.raises(NotFound):
        act(office, CLERK, one, A.MERGE, master="20261009-AAAAAA")


def test_two_who_merge_each_others_case_at_once_leave_one_to_be_answered(office: TheOffice) -> None:
    with office.db.writing() as session:
        one, other = (case_at(session, office, S.NEW, sender=f"o{n}") for n in range(2))
    refused = _together(
        lambda: act(office, CLERK, one, A.MERGE, master=other.number),
        lambda: act(office, "小林", other, A.MERGE, master=one.number),
    )
    assert [type(error) for error in refused if error] == [Invalid]
    assert sorted([read(office, one).status, read(office, other).status]) == [S.MERGED, S.NEW]


def test_what_was_merged_ends_with_its_master_and_is_reopened_with_it(office: TheOffice) -> None:
    with office.db.writing() as session:
        merged, chief = (case_at(session, office, S.NEW, sender=f"o{n}") for n in range(2))
    act(office, CLERK, merged, A.MERGE, master=chief.number)
    with office.db.writing() as session:
        current = session.get_one(Case, chief.id)
        current.status, current.open, current.replied_at = S.REPLIED.value, False, NOW
        current.department_id = office.departments[POLICE].id
    for outcome in ("solved", "cannot"):
        act(office, CLERK, chief, A.CLOSE, outcome=outcome)
        assert (read(office, merged).outcome, read(office, merged).closed_at) == (outcome, NOW)
        act(office, CLERK, chief, A.REOPEN, reason="来信人说没有解决")
        assert (read(office, merged).outcome, read(office, merged).closed_at) == ("", None)
        with office.db.writing() as session:
            again = session.get_one(Case, chief.id)
            again.status, again.open, again.replied_at = S.REPLIED.value, False, NOW


# ------------------------------------------------------------------ deadlines

# Received on Friday 9 October 2026, a question: due on Thursday the 15th, for Saturday the 10th is worked.


@pytest.mark.parametrize(
    ("resumed", "due"),
    [
        (NOW, date(2026, 10, 15)),  # the same Friday: Thursday
        (NOW + DAY, date(2026, 10, 16)),  # Saturday, a make-up workday: Friday
        (NOW + 2 * DAY, date(2026, 10, 16)),  # Sunday gives nothing more
        (NOW + 3 * DAY, date(2026, 10, 19)),  # Monday: Monday
    ],
)
def test_waiting_for_the_citizen_gives_the_working_days_back(
    office: TheOffice, resumed: datetime, due: date
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    assert case.due_on == date(2026, 10, 15)
    act(office, HANDLER, case, A.ASK_CITIZEN, question="请问住在哪个社区？")
    act(office, HANDLER, case, A.RESUME, now=resumed, answer="柳荫社区")
    after = read(office, case)
    assert (after.due_on, after.paused_at) == (due, None)
    assert after.sooner_at == min(after.due_at, after.window_closes_at or after.due_at)


def test_whoever_keeps_the_case_is_told_that_the_citizen_has_answered(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    act(office, HANDLER, case, A.ASK_CITIZEN, question="请问住在哪个社区？")
    with office.db.writing() as session:
        service.take_in(session, NOW + DAY, a_message(session, office, text="柳荫社区", now=NOW + DAY))
    assert told(office, "answered") == [HANDLER]


@pytest.mark.parametrize(
    ("message_type", "complex", "due"),
    [
        ("consultation", "", date(2026, 10, 15)),  # 5: Thursday
        ("complaint", "", date(2026, 10, 19)),  # 7: Monday
        ("correction", "on", date(2026, 10, 10)),  # 1, however complex: Saturday, worked
        ("help", "on", date(2026, 10, 29)),  # 15: Thursday
    ],
)
def test_the_deadline_follows_the_type_the_clerk_gives(
    office: TheOffice, message_type: str, complex: str, due: date
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)
    act(office, CLERK, case, A.ACCEPT, message_type=message_type, complex=complex)
    assert read(office, case).due_on == due


@pytest.mark.parametrize(
    ("action", "due", "granted"),
    [(A.GRANT_EXTENSION, date(2026, 10, 22), True), (A.REFUSE_EXTENSION, date(2026, 10, 15), False)],
)
def test_an_extension_moves_the_deadline_only_when_it_is_granted(
    office: TheOffice, action: Action, due: date, granted: bool
) -> None:
    """Five working days from Thursday the 15th: Thursday the 22nd."""
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    act(office, HANDLER, case, A.REQUEST_EXTENSION, working_days="5", reason="要等鉴定结果")
    with pytest.raises(Invalid, match="已经有一个延期申请"):
        act(office, HANDLER, case, A.REQUEST_EXTENSION, working_days="5", reason="要等鉴定结果")
    act(office, SUPERVISOR, case, action, note="看过了")
    assert read(office, case).due_on == due
    with office.db.reading() as session:
        row = session.exec(select(Extension)).one()
    assert (row.granted, row.decided_by, row.decided_at) == (granted, office.people[SUPERVISOR].id, NOW)
    assert told(office, "extension") == [SUPERVISOR, HANDLER]
    with pytest.raises(Invalid, match="没有等批准"):
        act(office, SUPERVISOR, case, action)


def test_after_the_deadline_no_extension_can_be_asked_for(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    details: dict[str, Any] = {"working_days": "5", "reason": "要等鉴定结果"}
    with pytest.raises(Invalid, match="已经超期") as refused:
        act(office, HANDLER, case, A.REQUEST_EXTENSION, now=case.due_at, **details)
    assert refused.value.field == "working_days"
    act(office, HANDLER, case, A.REQUEST_EXTENSION, now=case.due_at - timedelta(seconds=1), **details)


def test_nobody_grants_an_extension_to_themselves(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
        an_extension(session, office, case)
    both = replace(office.people[HANDLER], roles=frozenset({Role.HANDLER, Role.SUPERVISOR}))
    with office.db.writing() as session, pytest.raises(NotAllowed) as refused:
        service.act(session, NOW, both, case.number, A.GRANT_EXTENSION)
    assert refused.value.code == "same_person"


def test_a_reopened_case_has_a_new_deadline_from_that_day(office: TheOffice) -> None:
    """Monday 12 October and five working days: Monday the 19th."""
    with office.db.writing() as session:
        case = case_at(session, office, S.CLOSED)
    act(office, SUPERVISOR, case, A.REOPEN, now=NOW + 3 * DAY, reason="来信人说没有解决")
    after = read(office, case)
    assert (after.due_on, after.open, after.received_at) == (date(2026, 10, 19), True, NOW)


def test_a_case_no_department_had_is_reopened_for_one_that_is_named(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.REPLIED)
        case.department_id = case.handler_id = None
    with pytest.raises(Invalid) as refused:
        act(office, CLERK, case, A.REOPEN, reason="来信人说没有解决")
    assert refused.value.field == "department_id"
    act(office, CLERK, case, A.REOPEN, reason="来信人说没有解决", department_id=office.departments[LABOUR].id)
    assert read(office, case).handler_id == office.people[OTHER_HANDLER].id


# ------------------------------------------------------------------ other departments' answers


def test_the_department_that_was_asked_answers_once_and_the_asker_is_told(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_PROGRESS)
    act(office, HANDLER, case, A.CO_SIGN, **DETAILS[A.CO_SIGN](office, case))
    with office.db.reading() as session:
        asked = session.exec(select(Inquiry)).one()
    assert (
        asked.due_at is not None and asked.due_at.isoformat() == "2026-10-10T16:00:00+00:00"
    )  # Saturday, 24:00

    def answer(who: str, words: str = "同意", inquiry: int = asked.id) -> Inquiry:
        with office.db.writing() as session:
            return service.answer_inquiry(session, NOW, office.people[who], case.number, inquiry, words)

    with pytest.raises(NotAllowed):
        answer(CLERK)
    with pytest.raises(Invalid) as refused:
        answer(OTHER_HANDLER, " ")
    assert refused.value.field == "answer"
    for unknown in (asked.id + 1, 2**63):
        with pytest.raises(NotFound):
            answer(OTHER_HANDLER, inquiry=unknown)
    assert answer(OTHER_HANDLER).answered_by == office.people[OTHER_HANDLER].id
    with pytest.raises(NotFound):
        answer(OTHER_HANDLER)
    assert told(office, "inquiry_answered") == [HANDLER]
    assert last_event(office, case).action == "answer_co_sign"


# ------------------------------------------------------------------ the jobs


@pytest.mark.clause("A8")
def test_a_reply_nobody_objected_to_for_seven_days_closes_its_case(office: TheOffice) -> None:
    with office.db.writing() as session:
        case, recent = (
            case_at(session, office, S.REPLIED),
            case_at(session, office, S.REPLIED, sender="oOTHER"),
        )
        recent.replied_at = NOW + DAY
    for later, closed in ((7 * DAY - timedelta(seconds=1), 0), (7 * DAY, 1), (7 * DAY, 0)):
        with office.db.writing() as session:
            assert service.close_replied(session, NOW + later) == closed
    after = read(office, case)
    assert (after.status, after.outcome, after.closed_at) == (S.CLOSED, "explained", NOW + 7 * DAY)
    assert read(office, recent).status == S.REPLIED
    assert last_event(office, case).actor_id is None


def test_a_closed_window_no_longer_sorts_the_queue(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)
    closes = case.window_closes_at
    assert closes is not None and case.sooner_at == closes < case.due_at
    for at, passed in ((closes - timedelta(seconds=1), 0), (closes, 1), (closes, 0)):
        with office.db.writing() as session:
            assert service.pass_closed_windows(session, at) == passed
    assert read(office, case).sooner_at == case.due_at


# ------------------------------------------------------------------ the citizen


def test_the_citizen_rates_once_also_when_two_windows_are_open(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.REPLIED)

    def rate(score: object = "5") -> object:
        with office.db.writing() as session:
            return service.rate(session, NOW, session.get_one(Case, case.id), score=score, solved=True)

    for wrong in ("", "6", "0", "满意"):
        with pytest.raises(Invalid) as refused:
            rate(wrong)
        assert refused.value.field == "score"
    refusals = _together(rate, rate)
    assert [error.code for error in refusals if error] == ["rated"]
    with office.db.reading() as session:
        given = queries.rating_of(session, case.id)
    assert given is not None and (given.score, given.solved) == (5, True)


def test_before_the_reply_there_is_nothing_to_rate(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.IN_REVIEW)
        with pytest.raises(Invalid, match="收到答复后"):
            service.rate(session, NOW, case, score=5, solved=True)


def test_the_citizens_reopening_goes_back_once_and_the_log_keeps_none_of_their_words(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.REPLIED)

    def reopen(words: str) -> Case:
        with office.db.writing() as session:
            return service.reopen_by_requester(session, NOW + DAY, session.get_one(Case, case.id), words)

    with pytest.raises(Invalid) as refused:
        reopen(" ")
    assert refused.value.field == "reason"
    assert reopen("还没人来，请打 13900000138").status == S.ASSIGNED
    assert "13900000138" not in str(last_event(office, case).data)
    with office.db.reading() as session:
        said = session.exec(select(Message).where(Message.case_id == case.id).order_by(col(Message.id))).all()
    assert [(one.kind, one.text) for one in said[1:]] == [("reopen", "还没人来，请打 13900000138")]
    assert told(office, "assigned") == [HANDLER, HANDLER]
    with office.db.writing() as session:
        again = session.get_one(Case, case.id)
        again.status, again.open = S.REPLIED.value, False
    with pytest.raises(Invalid, match="已经重办过一次"):
        reopen("还是没人来")


def test_what_the_clerk_answered_is_not_reopened_by_the_citizen_and_they_are_told_what_to_do(
    office: TheOffice,
) -> None:
    with office.db.writing() as session:
        case = case_at(session, office, S.REPLIED)
        case.department_id = case.handler_id = None
        with pytest.raises(Invalid, match="另写一封信"):
            service.reopen_by_requester(session, NOW, case, "没有说清楚")


def test_rows_beside_a_case_are_written_by_their_actions_only(office: TheOffice) -> None:
    """A refused action leaves nothing behind."""
    with office.db.writing() as session:
        case = case_at(session, office, S.NEW)
    tries = ((SUPERVISOR, A.SUPERVISE), (SUPERVISOR, A.REMIND), (CLERK, A.RECORD_ACTION), (CLERK, A.CO_SIGN))
    for who, action in tries:
        with pytest.raises(NotAllowed):
            act(office, who, case, action, **DETAILS[action](office, case))
    with office.db.reading() as session:
        for table in (Supervision, Reminder, OfflineAction, Inquiry):
            assert session.exec(select(table)).all() == []
