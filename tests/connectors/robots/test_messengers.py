"""What reaches the group, and what does each robot's no mean? Against stand-ins as strict as the real ones."""

from typing import Any

import pytest

from connectors.errors import ERROR_CLASSES, DeliveryError
from connectors.robots import codes
from connectors.robots.messengers import Errand
from connectors.robots.registry import WAYS
from connectors.sandbox.robots import RobotsSandbox
from tests.connectors.stands import NOW, MovingClock

ROBOTS = ("wecom", "dingtalk", "feishu")
CALLS = {"wecom": "cgi-bin/webhook/send", "dingtalk": "robot/send"}
TEXT = "办件提醒：20261120-7K2M9Q 今天到期，请尽快答复"


def robot(messenger: str, stand: RobotsSandbox, **more: Any) -> Any:
    signed = {} if messenger == "wecom" else {"secret": stand.secret, "keyword": stand.keyword}
    settings = {"key": stand.key, "api_base": stand.url, **signed, "clock": stand.clock, **more}
    return WAYS[messenger].sender(**settings)


def stand_of(**more: Any) -> RobotsSandbox:
    return RobotsSandbox(clock=lambda: NOW, **more)


def refusal(messenger: str, stand: RobotsSandbox, text: str = TEXT, **more: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as refused:
        robot(messenger, stand, **more).send(Errand(text))
    return refused.value


@pytest.mark.parametrize("messenger", ROBOTS)
def test_pitfall_32_the_group_sees_the_words_once(messenger: str) -> None:
    with stand_of() as stand:
        robot(messenger, stand).send(Errand(TEXT))
        assert stand.ledger.seen_by(messenger) == [TEXT]


@pytest.mark.parametrize("messenger", ROBOTS)
def test_pitfall_32_a_code_within_http_200_is_a_failure_and_carries_no_key(messenger: str) -> None:
    with stand_of() as stand:
        call = CALLS.get(messenger, f"open-apis/bot/v2/hook/{stand.key}")
        stand.fail_next(call, errcode=12345)
        error = refusal(messenger, stand)
    assert (error.kind, error.code) == ("human", "12345")
    assert stand.key not in f"{error}{error.words}{error.message_zh}"


@pytest.mark.parametrize(
    ("messenger", "more", "kind", "code"),
    [
        ("wecom", {"key": "someone-elses"}, "stop", "93000"),
        ("dingtalk", {"secret": "SECsomeothersecret"}, "stop", "310000"),
        ("feishu", {"secret": "SECsomeothersecret"}, "stop", "19021"),
    ],
)
def test_a_wrong_key_stops_the_robot(messenger: str, more: dict[str, str], kind: str, code: str) -> None:
    with stand_of() as stand:
        error = refusal(messenger, stand, **more)
    assert (error.kind, error.code) == (kind, code)


def test_pitfall_32_the_demanded_keyword_is_added_where_it_lacks() -> None:
    with stand_of(keyword="政务提醒") as stand:
        robot("dingtalk", stand).send(Errand("今天到期 3 件"))
        robot("dingtalk", stand).send(Errand("政务提醒：今天到期 3 件"))
        assert stand.ledger.seen_by("dingtalk") == ["【政务提醒】今天到期 3 件", "政务提醒：今天到期 3 件"]


@pytest.mark.parametrize("messenger", ROBOTS)
def test_people_are_named_in_the_messengers_own_way(messenger: str) -> None:
    with stand_of() as stand:
        robot(messenger, stand).send(Errand(TEXT, mentions=("chen.lin", "ou_0001")))
        (seen,) = stand.ledger.seen_by(messenger)
    expected = {
        "wecom": TEXT,
        "dingtalk": f"{TEXT} @chen.lin @ou_0001",
        "feishu": f'{TEXT} <at user_id="chen.lin"></at> <at user_id="ou_0001"></at>',
    }
    assert seen == expected[messenger]


@pytest.mark.parametrize("messenger", ROBOTS)
def test_pitfall_32_bytes_are_counted_not_characters(messenger: str) -> None:
    sender = WAYS[messenger].sender
    most = sender.longest_bytes // 3
    assert sender.fits("灯" * most)
    assert not sender.fits("灯" * (most + 1))
    with stand_of() as stand:
        robot(messenger, stand).send(Errand("灯" * most))
        assert len(stand.ledger.entries()) == 1


@pytest.mark.parametrize(("messenger", "code"), [("wecom", "45009"), ("dingtalk", "130101")])
def test_pitfall_32_the_twenty_first_of_a_minute_waits(messenger: str, code: str) -> None:
    with RobotsSandbox(clock=MovingClock()) as stand:
        for _ in range(20):
            robot(messenger, stand).send(Errand(TEXT))
        error = refusal(messenger, stand)
    assert (error.kind, error.code) == ("back_off", code)


@pytest.mark.parametrize("messenger", ROBOTS)
def test_whoever_keeps_the_pause_never_meets_the_limit(messenger: str) -> None:
    clock, sender = MovingClock(), WAYS[messenger].sender
    with RobotsSandbox(clock=clock) as stand:
        for _ in range(45):
            robot(messenger, stand).send(Errand(TEXT))
            clock.at += sender.pause
        assert len(stand.ledger.entries()) == 45


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("timeout_after", "unknown"),
        ("reset_after", "unknown"),
        ("html_after", "unknown"),
        ("http_502", "unknown"),
        ("http_429", "back_off"),
    ],
)
def test_what_nobody_knows_the_end_of_is_never_called_a_failure(fault: str, kind: str) -> None:
    with stand_of() as stand:
        stand.fail_next(CALLS["wecom"], fault=fault)
        assert refusal("wecom", stand, total_seconds=0.8).kind == kind


def test_a_robot_that_cannot_be_reached_is_tried_later() -> None:
    with stand_of() as stand:
        address = stand.url
    with pytest.raises(DeliveryError) as refused:
        WAYS["feishu"].sender(key="robot-key-0001", api_base=address).send(Errand(TEXT))
    assert refused.value.kind == "back_off"


@pytest.mark.parametrize("table", [codes.WECOM, codes.DINGTALK, codes.FEISHU])
def test_every_listed_code_has_a_class_and_says_what_happened(table: dict[str, Any]) -> None:
    for code, row in table.items():
        assert row.kind in ERROR_CLASSES, code
        assert row.message_zh.endswith("。"), code


def test_each_way_asks_for_its_settings_in_words() -> None:
    for way in WAYS.values():
        for setting in way.sender.SETTINGS:
            assert setting.label
            assert not setting.default or setting.problem(setting.default) is None, setting.name
