"""Signing in: passwords, one-time addresses, sessions, tokens, and what happens after five wrong tries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlmodel import select

from app.base.db import Database
from app.base.errors import AppError, Invalid, NotAllowed, NotFound, TooMany
from app.log import service as log
from app.staff import queries, service
from app.staff.models import ApiToken, Attempt, SignInLink, SignInSession, StaffMember
from app.staff.roles import Role
from tests.conftest import NOW, TheOffice

PASSWORD = "柳荫巷的路灯第三盏亮"
HERE = {"address": "127.0.0.1", "browser": "tests"}
AWAY = {"address": "192.0.2.7", "browser": "tests"}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2 with its smallest cost: what is proved here does not depend on how long a hash takes."""
    monkeypatch.setattr(service, "_hasher", service.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    service._nobodys_hash.cache_clear()


@contextmanager
def refused(kind: type[AppError], words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert words in caught.value.message


def give_password(office: TheOffice, name: str) -> None:
    with office.db.writing() as session:
        service.set_password(session, NOW, office.people[name], PASSWORD)


def sample_person(db: Database) -> int:
    with db.writing() as session:
        made = service.add(
            session, NOW, None, name="示例", department_id=None, roles=frozenset({Role.CLERK}), sign_in="sample",
            sample=True,
        )  # fmt: skip
        person = queries.person(session, made.id)
        assert person is not None
        service.set_password(session, NOW, person, PASSWORD)
        return made.id


# ------------------------------------------------------------------ by password


def test_the_right_name_and_password_open_a_session(office: TheOffice) -> None:
    give_password(office, "小陈")

    opened = service.sign_in(office.db, NOW, " XiaoChen ", PASSWORD, **AWAY)

    with office.db.reading() as session:
        found = service.person_for_session(session, NOW, opened.token)
    assert found is not None
    assert found[0] == office.people["小陈"]
    assert found[1].address == "192.0.2.7"


def test_neither_cookie_nor_password_is_kept_as_it_is(office: TheOffice) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.reading() as session:
        row = session.exec(select(SignInSession)).one()
        member = session.get(StaffMember, office.people["小陈"].id)
        assert member is not None
        assert opened.token not in (row.token_digest, repr(opened))
        assert len(opened.token) >= 43, "256 random bits"
        assert PASSWORD not in (member.password_hash or "")
        assert (member.password_hash or "").startswith("$argon2id$")


@pytest.mark.parametrize("name", ["xiaochen", "laoli", "没有这个人", "xitong' --"])
def test_every_refusal_reads_the_same(office: TheOffice, name: str) -> None:
    """小陈 has another password, 老李 none yet, the others do not exist."""
    give_password(office, "小陈")
    with pytest.raises(Invalid) as caught:
        service.sign_in(office.db, NOW, name, "不是这个密码不是这个", **AWAY)
    assert caught.value.message == service.REFUSED


def test_an_unknown_name_costs_a_comparison_too(office: TheOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    give_password(office, "小陈")
    compared: list[str] = []

    def count(kept: str, password: str) -> bool:
        compared.append(kept)
        return False

    monkeypatch.setattr(service, "_matches", count)
    for name in ("xiaochen", "没有这个人", "laoli"):
        with pytest.raises(Invalid):
            service.sign_in(office.db, NOW, name, "x", **AWAY)
    assert len(compared) == 3
    assert all(kept.startswith("$argon2id$") for kept in compared)


def test_after_five_wrong_tries_even_the_right_password_waits_fifteen_minutes(office: TheOffice) -> None:
    give_password(office, "小陈")
    for number in range(5):
        with refused(Invalid, service.REFUSED):
            service.sign_in(office.db, NOW, "xiaochen", "错", address=f"192.0.2.{number}", browser="")

    with pytest.raises(TooMany) as caught:
        service.sign_in(office.db, NOW + 14 * MINUTE, "xiaochen", PASSWORD, **HERE)
    assert caught.value.message == service.REFUSED
    assert 0 < caught.value.retry_after <= 60
    assert service.sign_in(office.db, NOW + 15 * MINUTE, "xiaochen", PASSWORD, **HERE).token


def test_an_unknown_name_is_locked_just_the_same(office: TheOffice) -> None:
    for number in range(5):
        with pytest.raises(Invalid):
            service.sign_in(office.db, NOW, "没有这个人", "错", address=f"192.0.2.{number}", browser="")
    with refused(TooMany, service.REFUSED):
        service.sign_in(office.db, NOW, "没有这个人", "错", **HERE)


@pytest.mark.parametrize(
    ("others", "next_one", "locked"),
    [
        ([f"2001:db8:1:2::{n}" for n in range(1, 6)], "2001:db8:1:2:aaaa::9", True),
        ([f"2001:db8:1:{n}::1" for n in range(1, 6)], "2001:db8:1:6::1", False),
        (["192.0.2.7"] * 5, "192.0.2.7", True),
        (["192.0.2.7"] * 5, "::ffff:192.0.2.7", True),
        (["192.0.2.7"] * 5, "192.0.2.8", False),
    ],
    ids=["one /64", "five /64", "one IPv4", "the same written as IPv6", "the neighbour"],
)
def test_an_address_that_tries_many_names_is_locked_too(
    office: TheOffice, others: list[str], next_one: str, locked: bool
) -> None:
    give_password(office, "小陈")
    for number, address in enumerate(others):
        with pytest.raises(Invalid):
            service.sign_in(office.db, NOW, f"猜的名字{number}", "错", address=address, browser="")
    if locked:
        with pytest.raises(TooMany):
            service.sign_in(office.db, NOW, "xiaochen", PASSWORD, address=next_one, browser="")
    else:
        assert service.sign_in(office.db, NOW, "xiaochen", PASSWORD, address=next_one, browser="").token


def test_a_success_forgives_the_name_but_not_what_the_address_tried_on_others(office: TheOffice) -> None:
    give_password(office, "小陈")
    for number in range(4):
        with pytest.raises(Invalid):
            service.sign_in(office.db, NOW, f"猜的名字{number}", "错", **AWAY)
    service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with refused(Invalid, service.REFUSED):
        service.sign_in(office.db, NOW, "xiaochen", "错", **AWAY)
    with refused(TooMany, service.REFUSED):
        service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    assert service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **HERE).token


def test_the_table_of_attempts_names_nobody(office: TheOffice) -> None:
    with pytest.raises(Invalid):
        service.sign_in(office.db, NOW, "xiaochen", "错", **AWAY)
    with office.db.reading() as session:
        keys = [row.key for row in session.exec(select(Attempt))]
    assert len(keys) == 2
    assert all(len(key) == 64 and "xiaochen" not in key and "192.0.2" not in key for key in keys)


@pytest.mark.parametrize(
    ("address", "may"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.7", False), ("", False)],
)
def test_sample_people_come_in_from_this_machine_only(office: TheOffice, address: str, may: bool) -> None:
    sample_person(office.db)
    if may:
        assert service.sign_in(office.db, NOW, "sample", PASSWORD, address=address, browser="").token
    else:
        with refused(Invalid, service.REFUSED):
            service.sign_in(office.db, NOW, "sample", PASSWORD, address=address, browser="")


def test_a_new_sign_in_ends_the_session_in_the_cookie(office: TheOffice) -> None:
    give_password(office, "小陈")
    before = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    after = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY, replaces=before.token)
    with office.db.reading() as session:
        assert service.person_for_session(session, NOW, before.token) is None
        assert service.person_for_session(session, NOW, after.token) is not None
    assert before.token != after.token


def test_a_changed_password_is_asked_for_and_signs_out_every_other_browser(office: TheOffice) -> None:
    give_password(office, "小陈")
    person = office.people["小陈"]
    other = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    own = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with refused(Invalid, "现在的密码不对"):
        service.confirm_password(office.db, NOW, person, "错")
    service.confirm_password(office.db, NOW, person, PASSWORD)

    with office.db.writing() as session:
        service.set_password(session, NOW, person, "另一个不相干的长密码", keep=own.token)

    with office.db.reading() as session:
        assert service.person_for_session(session, NOW, own.token) is not None
        assert service.person_for_session(session, NOW, other.token) is None
    with pytest.raises(Invalid):
        service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    assert service.sign_in(office.db, NOW, "xiaochen", "另一个不相干的长密码", **AWAY).token


def test_guessing_the_present_password_is_limited_as_well(office: TheOffice) -> None:
    give_password(office, "小陈")
    for _ in range(5):
        with pytest.raises(Invalid):
            service.confirm_password(office.db, NOW, office.people["小陈"], "错")
    with pytest.raises(TooMany):
        service.confirm_password(office.db, NOW, office.people["小陈"], PASSWORD)


# ------------------------------------------------------------------ sessions


@pytest.mark.parametrize(
    ("later", "lives"),
    [
        (timedelta(minutes=29, seconds=59), True),
        (timedelta(minutes=30), False),
        (timedelta(hours=13), False),
    ],
)
def test_a_session_ends_after_thirty_idle_minutes(office: TheOffice, later: timedelta, lives: bool) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.reading() as session:
        assert (service.person_for_session(session, NOW + later, opened.token) is not None) is lives


def test_a_session_in_use_ends_after_twelve_hours_all_the_same(office: TheOffice) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    at = NOW
    while at < NOW + timedelta(hours=12) - 20 * MINUTE:
        at += 20 * MINUTE
        with office.db.writing() as session:
            assert service.person_for_session(session, at, opened.token) is not None
            service.touch(session, at, opened.token)
    with office.db.reading() as session:
        assert service.person_for_session(session, NOW + timedelta(hours=12), opened.token) is None


def test_a_session_in_use_is_noted_once_a_minute_and_never_revived(office: TheOffice) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.writing() as session:
        row = session.exec(select(SignInSession)).one()
        assert not service.needs_touch(row, NOW + timedelta(seconds=59))
        assert service.needs_touch(row, NOW + MINUTE)
        service.end_session(session, NOW, opened.token)
        service.touch(session, NOW + MINUTE, opened.token)
    with office.db.reading() as session:
        assert service.person_for_session(session, NOW + MINUTE, opened.token) is None


def test_one_may_end_only_ones_own_sessions(office: TheOffice) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.writing() as session:
        row = session.exec(select(SignInSession)).one()
        with refused(NotFound, "没有这条登录记录"):
            service.end_own_session(session, NOW, office.people["老李"], row.id)
        service.end_own_session(session, NOW, office.people["小陈"], row.id)
    with office.db.reading() as session:
        assert service.person_for_session(session, NOW, opened.token) is None
        assert queries.sessions(session, office.people["小陈"].id, NOW, idle=1800) == []


def test_who_is_disabled_is_out_at_once_with_every_key(office: TheOffice) -> None:
    give_password(office, "小陈")
    chen = office.people["小陈"]
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.writing() as session:
        token = service.add_token(session, NOW, None, chen.id, ["cases.read"])
        link = service.sign_in_link(session, NOW, None, chen.id)

    with office.db.writing() as session:
        service.disable(session, NOW, office.people["安全管理员"], chen.id)

    with office.db.writing() as session:
        assert service.person_for_session(session, NOW, opened.token) is None
        assert service.person_for_token(session, NOW, token) is None
        assert queries.person(session, chen.id) is None
        assert queries.names(session, [chen.id]) == {chen.id: "小陈"}, "the record keeps the name"
        with pytest.raises(NotFound):
            service.use_link(session, NOW, link, **HERE)
    with pytest.raises(Invalid):
        service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)


@pytest.mark.clause("E27")
def test_a_contractor_is_out_the_day_after_the_contract_ended(office: TheOffice) -> None:
    """The contract ends on Friday 9 October; the office's day ends at 24:00 in Shanghai, 16:00 UTC."""
    with office.db.writing() as session:
        member = session.get(StaffMember, office.people["外包小吴"].id)
        assert member is not None
        member.contract_ends_on = date(2026, 10, 9)
        session.add(member)
        token = service.add_token(session, NOW, None, member.id, ["cases.read"])
    with office.db.reading() as session:
        friday_evening = NOW.replace(hour=15, minute=59)
        saturday = NOW.replace(hour=16, minute=0)
        assert service.person_for_token(session, friday_evening, token) is not None
        assert service.person_for_token(session, saturday, token) is None


def test_new_roles_make_the_person_sign_in_again(office: TheOffice) -> None:
    give_password(office, "小陈")
    opened = service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.writing() as session:
        both = frozenset({Role.CLERK, Role.EDITOR})
        service.set_roles(session, NOW, office.people["安全管理员"], office.people["小陈"].id, both)
    with office.db.reading() as session:
        assert service.person_for_session(session, NOW, opened.token) is None
        person = queries.person(session, office.people["小陈"].id)
    assert person is not None
    assert person.roles == both


# ------------------------------------------------------------------ one-time addresses


def test_a_one_time_address_opens_once_and_asks_for_a_password(office: TheOffice) -> None:
    chen = office.people["小陈"]
    with office.db.writing() as session:
        token = service.sign_in_link(session, NOW, office.people["安全管理员"], chen.id)
    with office.db.reading() as session:
        assert service.person_for_link(session, NOW, token) == chen
        assert service.person_for_link(session, NOW, token) == chen, "looking does not use it up"
    hashed = service.hash_password(PASSWORD)
    with office.db.writing() as session:
        opened = service.first_sign_in(session, NOW, token, hashed, **AWAY)
    with office.db.writing() as session:
        assert service.person_for_session(session, NOW, opened.token) is not None
        with refused(NotFound, "用过了"):
            service.use_link(session, NOW, token, **AWAY)
    assert service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY).token


@pytest.mark.parametrize(("hours", "lives"), [(23, True), (24, False), (48, False)])
def test_a_one_time_address_lives_24_hours(office: TheOffice, hours: int, lives: bool) -> None:
    with office.db.writing() as session:
        token = service.sign_in_link(session, NOW, None, office.people["小陈"].id)
    with office.db.writing() as session:
        later = NOW + timedelta(hours=hours)
        if lives:
            assert service.use_link(session, later, token, **AWAY).token
        else:
            with refused(NotFound, "24 小时"):
                service.use_link(session, later, token, **AWAY)


def test_a_new_address_ends_the_one_before(office: TheOffice) -> None:
    with office.db.writing() as session:
        first = service.sign_in_link(session, NOW, None, office.people["小陈"].id)
        second = service.sign_in_link(session, NOW, None, office.people["小陈"].id)
    with office.db.writing() as session:
        with pytest.raises(NotFound):
            service.use_link(session, NOW, first, **AWAY)
        assert service.use_link(session, NOW, second, **AWAY).token
        assert all(first not in row.token_digest for row in session.exec(select(SignInLink)))


def test_sample_people_get_in_by_address_from_this_machine_only(office: TheOffice) -> None:
    number = sample_person(office.db)
    with office.db.writing() as session:
        token = service.sign_in_link(session, NOW, None, number)
    with pytest.raises(NotFound), office.db.writing() as session:
        service.use_link(session, NOW, token, **AWAY)
    with office.db.writing() as session:
        assert service.use_link(session, NOW, token, **HERE).token


def test_who_may_not_grant_the_roles_may_not_hand_out_the_key(office: TheOffice) -> None:
    issuer = office.people["周局长"]
    with office.db.writing() as session:
        with refused(NotAllowed, "安全管理员"):
            service.sign_in_link(session, NOW, office.people["系统管理员"], issuer.id)
        with pytest.raises(NotAllowed):
            service.sign_in_link(session, NOW, office.people["小陈"], issuer.id)
        assert service.sign_in_link(session, NOW, office.people["安全管理员"], issuer.id)


# ------------------------------------------------------------------ tokens


def test_a_token_acts_as_its_person_within_its_scopes(office: TheOffice) -> None:
    chen = office.people["小陈"]
    with office.db.writing() as session:
        token = service.add_token(session, NOW, None, chen.id, ["cases.read", "cases.read", "answers.read"])
    with office.db.writing() as session:
        found = service.person_for_token(session, NOW, token)
        assert found == (chen, frozenset({"cases.read", "answers.read"}))
        assert service.person_for_token(session, NOW, token + "x") is None
        row = session.exec(select(ApiToken)).one()
        assert token not in row.token_digest
        service.revoke_token(session, NOW, None, token)
    with office.db.reading() as session:
        assert service.person_for_token(session, NOW, token) is None


def test_a_token_is_revoked_by_its_number_too_and_only_once(office: TheOffice) -> None:
    with office.db.writing() as session:
        service.add_token(session, NOW, None, office.people["小陈"].id, ["cases.read"], "网站")
        row = queries.tokens(session, office.people["小陈"].id)[0]
        service.revoke_token(session, NOW, office.people["安全管理员"], row.id)
        assert queries.tokens(session) == []
        with refused(NotFound, "已经撤销"):
            service.revoke_token(session, NOW, None, str(row.id))


def test_tokens_need_a_known_scope_and_an_administrator(office: TheOffice) -> None:
    with office.db.writing() as session:
        with refused(Invalid, "没有 everything 这个权限"):
            service.add_token(session, NOW, None, office.people["小陈"].id, ["everything"])
        with pytest.raises(NotAllowed):
            service.add_token(session, NOW, office.people["老李"], office.people["小陈"].id, ["cases.read"])


# ------------------------------------------------------------------ attempts, and the log


def test_look_up_codes_are_tried_five_times_an_hour(office: TheOffice) -> None:
    hour = timedelta(hours=1)
    with office.db.writing() as session:
        for minute in range(5):
            at = NOW + minute * MINUTE
            service.check_attempts(session, at, "lookup", "20261009-7K2M9Q", limit=5, within=hour)
            service.count_attempt(session, at, "lookup", "20261009-7K2M9Q")
        with pytest.raises(TooMany) as caught:
            service.check_attempts(
                session, NOW + 10 * MINUTE, "lookup", "20261009-7K2M9Q", limit=5, within=hour
            )
        assert caught.value.retry_after == 50 * 60
        assert "过 50 分钟再试" in caught.value.message
        service.check_attempts(session, NOW + 10 * MINUTE, "lookup", "another", limit=5, within=hour)
        service.check_attempts(session, NOW + 60 * MINUTE, "lookup", "20261009-7K2M9Q", limit=5, within=hour)


def test_old_attempts_and_old_sessions_are_forgotten(office: TheOffice) -> None:
    give_password(office, "小陈")
    service.sign_in(office.db, NOW, "xiaochen", PASSWORD, **AWAY)
    with office.db.writing() as session:
        service.count_attempt(session, NOW, "lookup", "x")
    with office.db.writing() as session:
        assert service.forget_old_attempts(session, NOW + timedelta(hours=23)) == 0
        assert service.forget_old_attempts(session, NOW + timedelta(days=2)) == 1
        assert service.forget_old_attempts(session, NOW + timedelta(days=182)) == 1


def test_the_log_tells_who_came_and_went_but_no_secret(office: TheOffice) -> None:
    chen = office.people["小陈"]
    with office.db.writing() as session:
        link = service.sign_in_link(session, NOW, office.people["安全管理员"], chen.id)
        opened = service.first_sign_in(session, NOW, link, service.hash_password(PASSWORD), **AWAY)
        service.end_session(session, NOW, opened.token)
        events = log.waiting(session)
    told = str(events)
    assert [event["action"] for event in events] == [
        "sign_in_link_made", "signed_in", "password_set", "signed_out"
    ]  # fmt: skip
    assert all(secret not in told for secret in (link, opened.token, PASSWORD, "192.0.2.7"))
