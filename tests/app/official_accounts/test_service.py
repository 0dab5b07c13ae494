"""Official accounts: registered, filed, connected, stopped, on both databases."""

import re
from datetime import date, timedelta

import httpx
import pytest
from sqlmodel import select

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from app.base.keys import Keys
from app.log import service as log
from app.official_accounts import queries, service
from app.official_accounts.models import OfficialAccount, Registration
from app.staff import service as staff
from connectors.wechat.connector import WeChatConnector
from tests.conftest import NOW, WECHAT, TheOffice


def add(office: TheOffice, platform: str = "wechat", **changes: object) -> OfficialAccount:
    """Another account, of the police."""
    given = {
        "platform": platform,
        "name": "云泽户政",
        "department_id": office.departments["公安局户政科"].id,
        "responsible_id": office.people["老李"].id,
        "settings": WECHAT if platform == "wechat" else {},
    } | changes
    with office.db.writing() as session:
        return service.add(session, NOW, None, **given)  # type: ignore[arg-type]


# ------------------------------------------------------------------ registering


def test_the_key_of_an_address_is_letters_and_digits_that_no_command_takes_for_an_option(
    office: TheOffice,
) -> None:
    keys = [one.key for one in office.accounts.values()] + [add(office).key]
    assert all(re.fullmatch(r"[0-9A-Za-z]{32}", one) for one in keys), keys


@pytest.mark.clause("A1")
def test_a_department_has_one_account_on_a_platform(office: TheOffice) -> None:
    first = add(office)
    with pytest.raises(Conflict, match="同一平台只开一个"):
        add(office, name="云泽户政二号")
    assert add(office, platform="hotline").platform == "hotline"
    with office.db.writing() as session:
        service.close(session, NOW, None, first.id)
    assert add(office).id != first.id, "after the first is cancelled, another may be opened"


@pytest.mark.clause("B7")
def test_an_account_without_a_responsible_person_is_refused(office: TheOffice) -> None:
    with pytest.raises(Invalid, match="没有专人负责的账号不能登记"):
        add(office, responsible_id=None)
    with office.db.writing() as session:
        staff.disable(session, NOW, None, office.people["老李"].id)
    with pytest.raises(NotFound, match="已经停用"):
        add(office)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"app_id": ""}, "app_id", "请填写“AppID”"),
        ({"app_id": "12345678"}, "app_id", "格式不对"),
        ({"token": "a b"}, "token", "格式不对"),
        ({"aes_key": ""}, None, "须填写消息加解密密钥"),
        ({"mode": "clear"}, "mode", "格式不对"),
        ({"password": "x"}, "password", "没有 password 这一项设置"),
    ],
)
def test_settings_are_checked_as_the_connector_wants_them(
    office: TheOffice, changes: dict[str, str], field: str | None, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        add(office, settings={**WECHAT, **changes})
    assert caught.value.field == field
    assert all(secret not in caught.value.message for secret in WECHAT.values() if len(secret) > 8)


def test_there_are_only_the_platforms_of_the_registry(office: TheOffice) -> None:
    with pytest.raises(Invalid, match="没有这个平台"):
        add(office, platform="telegram")


def test_only_the_system_administrator_registers(office: TheOffice) -> None:
    with office.db.writing() as session, pytest.raises(NotAllowed):
        service.add(
            session, NOW, office.people["小陈"], platform="hotline", name="x",
            department_id=office.departments["公安局户政科"].id, responsible_id=office.people["老李"].id, settings={},
        )  # fmt: skip


def test_the_key_in_the_webhook_address_cannot_be_guessed(office: TheOffice) -> None:
    keys = {account.key for account in office.accounts.values()}
    assert len(keys) == 5
    assert all(len(key) >= 32 for key in keys), "24 random bytes"
    with office.db.reading() as session:
        found = queries.by_key(session, office.accounts["wechat"].key)
        assert found is not None
        assert found.id == office.accounts["wechat"].id
        assert queries.by_key(session, "unknown") is None


def test_secrets_are_sealed_and_opened_only_for_the_connector(office: TheOffice) -> None:
    account = add(office)
    told = repr(account) + repr(account.settings)
    assert all(WECHAT[name] not in told for name in ("app_secret", "token", "aes_key"))
    assert account.settings["app_id"] == WECHAT["app_id"]
    with office.db.reading() as session:
        kept = queries.get(session, account.id)
        assert service.settings_of(session, kept)["app_secret"] == WECHAT["app_secret"]
        assert isinstance(service.connector_for(session, kept), WeChatConnector)
        session.info["keys"] = Keys("another installation's secret, 32 characters")
        with pytest.raises(Unavailable, match="HUIYING_SECRET_KEY"):
            service.settings_of(session, kept)


def test_a_secret_left_empty_stays_and_the_log_names_only_what_changed(office: TheOffice) -> None:
    account = add(office)
    later = NOW + timedelta(days=1)
    with office.db.writing() as session:
        service.change_settings(
            session,
            later,
            None,
            account.id,
            {"app_secret": "", "token": "newToken123", "url": "https://x.example/"},
        )
        told = str(log.waiting(session))
    assert "newToken123" not in told
    assert "'changed': ['token', 'url']" in told
    with office.db.reading() as session:
        kept = queries.get(session, account.id)
        settings = service.settings_of(session, kept)
    assert (settings["token"], settings["app_secret"]) == ("newToken123", WECHAT["app_secret"])
    assert kept.secrets_changed_at == later
    assert kept.settings["url"] == "https://x.example/"


def test_nothing_changed_is_nothing_written(office: TheOffice) -> None:
    account = add(office)
    with office.db.writing() as session:
        service.change_settings(session, NOW, None, account.id, {"app_id": WECHAT["app_id"], "token": ""})
        assert log.waiting(session) == []


@pytest.mark.clause("B7")
def test_somebody_else_at_work_may_answer_for_it(office: TheOffice) -> None:
    account = add(office)
    with office.db.writing() as session:
        service.set_responsible(session, NOW, None, account.id, office.people["外包小吴"].id)
        with pytest.raises(NotFound):
            service.set_responsible(session, NOW, None, account.id, 999_999)
        assert queries.get(session, account.id).responsible_id == office.people["外包小吴"].id


# ------------------------------------------------------------------ filing


@pytest.mark.clause("B2")
def test_the_filing_timer_starts_with_the_opening(office: TheOffice) -> None:
    """Opened on Friday 9 October 2026; Saturday 10 is worked; the seventh working day is Monday 19."""
    account = add(office)
    with office.db.reading() as session:
        (found,) = queries.filings(session, NOW, account_id=account.id)
    assert (found.registration.kind, found.registration.due_on) == ("open", date(2026, 10, 19))
    assert (found.label, found.state.words) == ("开设", "还剩 7 个工作日备案")


@pytest.mark.clause("B3")
def test_cancelling_starts_a_timer_of_its_own_and_kills_the_address(office: TheOffice) -> None:
    account = add(office)
    with office.db.writing() as session:
        service.close(session, NOW, None, account.id)
    with office.db.writing() as session:
        kinds = {
            one.registration.kind: one.registration.due_on
            for one in queries.filings(session, NOW, account_id=account.id)
        }
        assert kinds == {"open": date(2026, 10, 19), "cancel": date(2026, 10, 15)}
        kept = queries.by_key(session, account.key)
        assert kept is not None
        assert kept.closed_at == NOW
        assert account.id not in {row.id for row in queries.all_open(session)}
        with pytest.raises(Conflict, match="已经注销"):
            service.change_settings(session, NOW, None, account.id, {})


@pytest.mark.clause("B4")
def test_filing_numbers_have_no_gaps_and_are_never_used_again(office: TheOffice) -> None:
    account = add(office)
    with office.db.writing() as session:
        service.register(session, NOW, None, account.id, "change", date(2026, 10, 9))
    with pytest.raises(RuntimeError), office.db.writing() as session:
        service.register(session, NOW, None, account.id, "change", date(2026, 10, 9))
        raise RuntimeError("the step fails, its number is free again")
    with office.db.writing() as session:
        service.register(session, NOW, None, account.id, "suspend", date(2026, 10, 9))
        numbers = sorted(session.exec(select(Registration.number)))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.clause("B2")
def test_a_filing_is_noted_once_with_its_receipt(office: TheOffice) -> None:
    account = add(office)
    with office.db.writing() as session:
        (found,) = queries.filings(session, NOW, account_id=account.id)
        number = found.registration.id
        service.file_registration(session, NOW, office.people["系统管理员"], number, "云备〔2026〕12 号")
    with office.db.writing() as session:
        (found,) = queries.filings(session, NOW, account_id=account.id)
        assert (found.state.key, found.registration.note) == ("filed", "云备〔2026〕12 号")
        assert found.registration.filed_by == office.people["系统管理员"].id
        with pytest.raises(Conflict):
            service.file_registration(session, NOW, None, number)
        with pytest.raises(Invalid, match="四种"):
            service.register(session, NOW, None, account.id, "rename", date(2026, 10, 9))


# ------------------------------------------------------------------ stop and resume


def test_the_duty_leader_stops_everything_and_only_what_ran_is_touched(office: TheOffice) -> None:
    leader = office.people["值班长老徐"]
    one = office.accounts["weibo"].id
    with office.db.writing() as session:
        assert queries.stopped(session) is None
        assert service.stop(session, NOW, leader, one) == [one]
    with office.db.writing() as session:
        touched = service.stop(session, NOW + timedelta(minutes=1), leader)
        assert len(touched) == 4
        assert one not in touched
    with office.db.reading() as session:
        found = queries.stopped(session)
    assert found is not None
    assert (found.by, found.at, len(found.names)) == ("值班长老徐", NOW + timedelta(minutes=1), 5)
    with office.db.writing() as session:
        assert len(service.resume(session, NOW, leader)) == 5
        assert queries.stopped(session) is None
        assert service.resume(session, NOW, leader) == []


@pytest.mark.parametrize("name", ["小陈", "老李", "周局长", "安全管理员"])
def test_others_neither_stop_nor_resume(office: TheOffice, name: str) -> None:
    with office.db.writing() as session:
        with pytest.raises(NotAllowed):
            service.stop(session, NOW, office.people[name])
        with pytest.raises(NotAllowed):
            service.resume(session, NOW, office.people[name])


def test_trouble_is_noted_once_and_cleared(office: TheOffice) -> None:
    number = office.accounts["wechat"].id
    with office.db.writing() as session:
        service.note_trouble(session, NOW, number, "AppSecret 不对")
        service.note_trouble(session, NOW + timedelta(hours=1), number, "AppSecret 不对")
        kept = queries.get(session, number)
        assert (kept.trouble, kept.trouble_at) == ("AppSecret 不对", NOW)
        assert queries.activity_of(kept, NOW).key == "trouble"
        service.clear_trouble(session, NOW, number)
        service.clear_trouble(session, NOW, number)
        actions = [event["action"] for event in log.waiting(session)]
    assert actions == ["account_trouble", "account_recovered"]


def test_an_arrival_only_moves_the_clock_forward(office: TheOffice) -> None:
    number = office.accounts["wechat"].id
    with office.db.writing() as session:
        service.note_arrival(session, NOW, number)
        service.note_arrival(session, NOW - timedelta(hours=1), number)
        assert queries.get(session, number).last_arrival_at == NOW


# ------------------------------------------------------------------ self-test


def answering(*answers: bytes) -> httpx.MockTransport:
    """A platform that gives these bodies, the last one again and again."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        body = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, stream=httpx.ByteStream(body))

    return httpx.MockTransport(answer)


def test_a_self_test_says_what_is_right_and_what_is_not_known(office: TheOffice) -> None:
    number = office.accounts["wechat"].id
    good = answering(b'{"access_token":"TOKEN-0123456789","expires_in":7200}')
    checks = service.self_test(office.db, NOW, None, number, transport=good)
    assert [(one.name, one.ok) for one in checks[:2]] == [("设置", True), ("平台接口", True)]
    assert (checks[-1].name, checks[-1].ok) == ("收到推送", None)
    with office.db.reading() as session:
        kept = queries.last_self_test(session, number)
    assert kept is not None
    assert kept[0] == NOW
    assert [one["name"] for one in kept[1]] == [one.name for one in checks]
    assert "TOKEN" not in str(kept)


def test_a_self_test_repeats_what_the_platform_refused_in_plain_words(office: TheOffice) -> None:
    number = office.accounts["wechat"].id
    bad = answering(b'{"errcode":40125,"errmsg":"invalid appsecret"}')
    checks = service.self_test(office.db, NOW, None, number, transport=bad)
    (refused,) = [one for one in checks if one.ok is False]
    assert refused.name == "平台接口"
    assert "40125" in refused.words
    with office.db.reading() as session:
        assert queries.get(session, number).trouble, "the board alarms too"


def test_platforms_by_file_need_no_connection(office: TheOffice) -> None:
    checks = service.self_test(office.db, NOW, None, office.accounts["hotline"].id)
    assert [(one.name, one.ok) for one in checks] == [("设置", True), ("导入", True)]
