"""What does the citizen see at once, and never an error instead?"""

import pytest

from connectors.contract import WebhookAnswer
from connectors.sandbox import WeChatSandbox
from connectors.wechat.connector import WeChatConnector
from connectors.wechat.envelope import Key
from connectors.xml_fields import fields_of
from tests.connectors.stands import CITIZEN, NOW, a_wechat, our_wechat, request_of

RECEIPT = "您的留言已收到，受理编号 2026-000123，预计 11 月 23 日前答复。"


def told(
    stand: WeChatSandbox, ours: WeChatConnector, kind: str = "text", text: str = RECEIPT
) -> WebhookAnswer:
    push = stand.push_of(stand.inner_xml(kind, CITIZEN), CITIZEN)
    return ours.acknowledgement(ours.check(request_of(push)), text, NOW)


def shown(stand: WeChatSandbox, answer: WebhookAnswer) -> list[str]:
    """What the stand-in, which checks swap, signature, AppID and length, shows the citizen."""
    assert stand._is_fine((answer.status, answer.body), CITIZEN)
    return stand.ledger.seen_by(CITIZEN, "receipt")


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
def test_an_approved_text_is_shown_in_every_mode(mode: str) -> None:
    stand = a_wechat(mode=mode)
    answer = told(stand, our_wechat(mode=mode))
    assert answer.shows == RECEIPT
    assert ("<Encrypt>" in answer.body) is (mode != "plain")
    assert shown(stand, answer) == [RECEIPT]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text", ""),
        ("text", "   "),
        ("text", "好" * 683),
        ("text", "响铃\x07"),
        ("text", "半个\ud83d"),
        ("subscribe", RECEIPT),
        ("click", RECEIPT),
        ("unsubscribe", RECEIPT),
    ],
    ids=repr,
)
def test_pitfall_6_what_cannot_be_shown_is_left_out_and_never_an_error(kind: str, text: str) -> None:
    assert told(a_wechat(), our_wechat(), kind, text) == WeChatConnector.nothing_to_say


def test_pitfall_18_a_receipt_is_counted_in_bytes() -> None:
    assert told(a_wechat(), our_wechat(), text="好" * 682).shows


@pytest.mark.parametrize("text", ["结束]]><Evil/>", "a]]>b]]>c", "😀<b>&amp;"])
def test_pitfall_21_a_text_cannot_break_out_of_its_element(text: str) -> None:
    stand = a_wechat(mode="plain")
    answer = told(stand, our_wechat(mode="plain"), text=text)
    assert fields_of(answer.body)["Content"] == text
    assert shown(stand, answer) == [text]


def test_a_push_sealed_with_the_old_key_is_answered_with_the_old_key() -> None:
    stand = a_wechat()
    stand.key = Key("oldToken", "O" * 43)
    ours = our_wechat(previous_token="oldToken", previous_aes_key="O" * 43)
    assert shown(stand, told(stand, ours)) == [RECEIPT]


def test_without_a_text_the_answer_is_the_word_wechat_waits_for() -> None:
    stand, ours = a_wechat(), our_wechat()
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    assert ours.acknowledgement(ours.check(request_of(push)), None, NOW).body == "success"


def test_what_cannot_be_read_is_acknowledged_all_the_same() -> None:
    stand, ours = a_wechat(), our_wechat()
    push = stand.push_of("<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName></xml>", CITIZEN)
    assert ours.acknowledgement(ours.check(request_of(push)), RECEIPT, NOW).body == "success"
