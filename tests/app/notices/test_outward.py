"""What leaves the house, when, and how often? Against a group that is as strict as the real ones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from app.base.errors import Conflict, Invalid, NotAllowed
from app.duty import service as duty
from app.log.models import Event
from app.notices import outward, queries, service
from app.notices.models import Notice, NoticeSending, NoticeTarget
from app.notices.outward import Item, written
from connectors.sandbox.robots import RobotsSandbox
from tests.conftest import NOW, TheOffice
from tests.connectors.stands import MovingClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
CASE = "20261009-7K2M9Q"
SECRET_WORDS = "联系人张三 13900001111"


@pytest.fixture
def group() -> Iterator[RobotsSandbox]:
    with RobotsSandbox(clock=MovingClock(NOW)) as stand:
        yield stand


def target(office: TheOffice, group: RobotsSandbox, **fields: object) -> int:
    """A group on 企业微信; for everybody unless told otherwise."""
    with office.db.writing() as session:
        made = service.add_target(
            session, NOW, office.people["系统管理员"], way="wecom", name="值班群",
            settings={"key": group.key, "api_base": group.url}, link_base="http://desk.yunze.example", **fields,
        )  # fmt: skip
        return made.id


def tell(office: TheOffice, name: str, key: str, *, kind: str = "alert", now: datetime = NOW) -> int:
    with office.db.writing() as session:
        notice = service.tell(
            session, now, office.people[name].id, key=f"{key}:{name}", kind=kind,
            text=f"提醒 {SECRET_WORDS}", address=f"/desk/cases/{CASE[:-1]}{key[-1]}?name=张三",
        )  # fmt: skip
        assert notice is not None
        return notice.id


def send(office: TheOffice, group: RobotsSandbox, now: datetime = NOW) -> int:
    group.clock.at = now  # type: ignore[attr-defined]
    return service.send_outward(office.db, now)


def states(office: TheOffice) -> list[str]:
    with office.db.reading() as session:
        return list(session.exec(select(NoticeSending.state).order_by(col(NoticeSending.id))))


# ------------------------------------------------------------------ the words


def test_pitfall_32_nothing_but_number_link_and_what_to_do_leaves_the_house(
    office: TheOffice, group: RobotsSandbox
) -> None:
    target(office, group)
    tell(office, "小陈", "AAAAAA")
    assert send(office, group) == 1
    (seen,) = group.ledger.seen_by("wecom")
    assert seen == (
        "【回应】1 条提醒\n"
        "· 舆情 20261009-7K2M9A，请马上研判：http://desk.yunze.example/desk/cases/20261009-7K2M9A"
    )


def test_many_are_counted_by_kind_with_what_cannot_wait_first() -> None:
    items = [Item("assigned", f"20261009-AAAA{n:02}", f"/desk/cases/{n}") for n in range(30)]
    items += [Item("overdue", CASE, "/desk/cases/x")] * 3
    text = written(items, "http://h", lambda text: len(text.encode()) <= 2048)
    assert text.splitlines() == [
        "【回应】31 条提醒",
        "· 超期 1 件，已超期，请马上办理",
        "· 交办给您 30 件，请签收办理",
        "http://h/desk/",
    ]


def test_a_few_that_are_too_long_together_are_counted_too() -> None:
    items = [Item("alert", CASE, f"/desk/cases/{n}") for n in range(3)]
    assert written(items, "http://h", lambda text: len(text) < 40).count("\n") == 2
    assert written(items, "http://h", lambda text: True).count("\n") == 3


# ------------------------------------------------------------------ to whom


def test_a_notice_reaches_its_person_the_department_and_the_group_once_each(
    office: TheOffice, group: RobotsSandbox
) -> None:
    everybody = target(office, group)
    chen, police = office.people["小陈"], office.departments["公安局户政科"]
    with office.db.writing() as session:
        service.add_target(
            session, NOW, None, way="wecom", name="小陈", settings={}, via_id=everybody, handle="chen.lin",
            staff_id=chen.id, link_base="http://h",
        )  # fmt: skip
        service.add_target(
            session, NOW, None, way="wecom", name="户政科", settings={}, via_id=everybody,
            department_id=police.id, link_base="http://h",
        )  # fmt: skip
    tell(office, "小陈", "A")  # everybody's group, and named in it
    tell(office, "老李", "B", kind="assigned")  # the department's only: the group hears what cannot wait
    assert send(office, group) == 1
    (seen,) = group.ledger.seen_by("wecom")
    assert seen.count("舆情") == seen.count("交办给您") == 1
    assert states(office) == ["done"] * 3
    assert send(office, group, NOW + timedelta(minutes=1)) == 0


def test_a_group_for_all_hears_only_what_cannot_wait(office: TheOffice, group: RobotsSandbox) -> None:
    target(office, group)
    tell(office, "小陈", "A", kind="assigned")
    assert (send(office, group), states(office)) == (0, [])


# ------------------------------------------------------------------ when


def at(day: int, hour: int, minute: int) -> datetime:
    """An instant of October 2026 in Shanghai; the 9th is a Friday, the 10th a make-up Saturday."""
    return datetime(2026, 10, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("kind", "told", "expected"),
    [
        ("alert", at(9, 23, 0), at(9, 23, 0)),
        ("assigned", at(9, 21, 29), at(9, 21, 29)),
        ("assigned", at(9, 21, 31), at(10, 7, 30)),  # a make-up Saturday
        ("assigned", at(10, 22, 0), at(12, 7, 30)),  # over the Sunday
        ("assigned", at(1, 10, 0), at(8, 7, 30)),  # over the National Day
    ],
)
@pytest.mark.clause("C27")
def test_ordinary_notices_wait_for_the_next_working_morning(
    office: TheOffice, group: RobotsSandbox, kind: str, told: datetime, expected: datetime
) -> None:
    target(office, group, staff_id=office.people["小陈"].id)
    tell(office, "小陈", "A", kind=kind, now=told)
    if told != expected:
        assert send(office, group, told) == 0
        assert send(office, group, expected - timedelta(seconds=1)) == 0
    assert send(office, group, expected) == 1


def test_whoever_is_on_duty_is_told_at_night_too(office: TheOffice, group: RobotsSandbox) -> None:
    night = at(9, 23, 0)
    target(office, group, staff_id=office.people["小陈"].id)
    with office.db.writing() as session:
        duty.add_shift(
            session, NOW, None, staff_id=office.people["小陈"].id, duty="reading",
            starts_at=night - timedelta(hours=1), ends_at=night + timedelta(hours=8),
        )  # fmt: skip
    tell(office, "小陈", "A", kind="new", now=night)
    assert send(office, group, night) == 1


def test_what_was_read_meanwhile_does_not_leave(office: TheOffice, group: RobotsSandbox) -> None:
    target(office, group)
    number = tell(office, "小陈", "A")
    with office.db.writing() as session:
        service.read(session, NOW, office.people["小陈"], number)
    assert (send(office, group), states(office)) == (0, ["unneeded"])


# ------------------------------------------------------------------ how often


def test_pitfall_32_no_more_than_twenty_a_minute_whatever_happens(
    office: TheOffice, group: RobotsSandbox
) -> None:
    target(office, group)
    for second in range(60):
        tell(office, "小陈", f"k{second}A")
        send(office, group, NOW + timedelta(seconds=second))
    send(office, group, NOW + timedelta(minutes=2))
    assert len(group.ledger.entries()) <= 20
    assert set(states(office)) == {"done"}
    assert len(states(office)) == 60


def test_a_silence_is_never_sent_again_and_a_person_decides(office: TheOffice, group: RobotsSandbox) -> None:
    target(office, group)
    tell(office, "小陈", "A")
    group.fail_next("cgi-bin/webhook/send", fault="html_after")
    assert (send(office, group), states(office)) == (0, ["unknown"])
    assert send(office, group, NOW + timedelta(days=1)) == 0
    assert len(group.ledger.entries()) == 1
    with office.db.writing() as session:
        (out,) = queries.not_out(session)
        with pytest.raises(NotAllowed):
            service.settle_sending(session, NOW, office.people["小陈"], out.sending.id, again=True)
        leader = office.people["值班长老徐"]
        service.settle_sending(session, NOW, leader, out.sending.id, again=False)
        with pytest.raises(Conflict):
            service.settle_sending(session, NOW, leader, out.sending.id, again=False)
        assert queries.count_not_out(session) == 0


def test_a_busy_messenger_is_asked_again_later(office: TheOffice, group: RobotsSandbox) -> None:
    target(office, group)
    tell(office, "小陈", "A")
    group.fail_next("cgi-bin/webhook/send", errcode=45009)
    assert (send(office, group), states(office)) == (0, ["ready"])
    assert send(office, group, NOW + timedelta(seconds=50)) == 0
    assert send(office, group, NOW + timedelta(minutes=2)) == 1


def test_a_wrong_key_is_told_to_the_administrator_and_the_rest_waits(
    office: TheOffice, group: RobotsSandbox
) -> None:
    number = target(office, group)
    tell(office, "小陈", "A")
    group.fail_next("cgi-bin/webhook/send", errcode=93000)
    assert (send(office, group), states(office)) == (0, ["failed"])
    tell(office, "小陈", "B")
    assert send(office, group, NOW + timedelta(minutes=5)) == 0
    with office.db.reading() as session:
        assert "机器人" in session.get_one(NoticeTarget, number).trouble
        told = session.exec(select(Notice).where(Notice.kind == "account")).one()
        assert told.staff_id == office.people["系统管理员"].id
        assert group.key not in told.text
    assert send(office, group, NOW + timedelta(hours=1)) == 1


def test_a_sender_that_died_leaves_an_unknown_outcome(office: TheOffice, group: RobotsSandbox) -> None:
    target(office, group)
    tell(office, "小陈", "A")
    with office.db.writing() as session:
        row = session.exec(select(NoticeSending)).one()
        row.state, row.batch, row.lease_until = outward.SendingState.INTENT, "x", NOW + outward.LEASE
        session.add(row)
    assert send(office, group, NOW + timedelta(seconds=30)) == 0
    assert send(office, group, NOW + timedelta(hours=1)) == 0
    assert states(office) == ["unknown"]
    assert not group.ledger.entries()


# ------------------------------------------------------------------ the targets


def test_secrets_and_handles_are_sealed_and_not_in_the_log(office: TheOffice, group: RobotsSandbox) -> None:
    number = target(office, group, handle="chen.lin")
    with office.db.reading() as session:
        row = session.get_one(NoticeTarget, number)
        kept = f"{row.settings}{row.secrets_sealed}{row.handle_sealed}"
        logged = "".join(str(event.data) for event in session.exec(select(Event)))
    assert group.key not in kept + logged
    assert "chen.lin" not in kept + logged


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"way": "pigeon"}, "way"),
        ({"name": " "}, "name"),
        ({"settings": {"key": ""}}, "key"),
        ({"settings": {"key": "short"}}, "key"),
        ({"handle": "a b<"}, "handle"),
        ({"kinds": ["weather"]}, "kinds"),
    ],
)
def test_a_target_that_cannot_work_is_refused_at_its_field(
    office: TheOffice, change: dict[str, object], field: str
) -> None:
    fields = {"way": "wecom", "name": "群", "settings": {"key": "robot-key-0001"}, **change}
    with office.db.writing() as session, pytest.raises(Invalid) as refused:
        service.add_target(session, NOW, office.people["系统管理员"], **fields)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_only_the_administrator_sets_targets_and_none_in_use_is_closed(
    office: TheOffice, group: RobotsSandbox
) -> None:
    first = target(office, group)
    second = target(office, group, via_id=first)
    admin = office.people["系统管理员"]
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.close_target(session, NOW, office.people["小陈"], first)
        with pytest.raises(Conflict):
            service.close_target(session, NOW, admin, first)
        service.close_target(session, NOW, admin, second)
        service.close_target(session, NOW, admin, first)
    tell(office, "小陈", "A")
    assert states(office) == []


def test_trying_says_what_is_wrong_and_clears_it_when_it_is_right(
    office: TheOffice, group: RobotsSandbox
) -> None:
    number, admin = target(office, group), office.people["系统管理员"]
    group.fail_next("cgi-bin/webhook/send", errcode=93000)
    assert "机器人地址无效" in service.try_target(office.db, NOW, admin, number)
    assert service.try_target(office.db, NOW, admin, number) == ""
    with office.db.reading() as session:
        assert session.get_one(NoticeTarget, number).trouble == ""
