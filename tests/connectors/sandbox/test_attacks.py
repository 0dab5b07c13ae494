"""Whatever an attacker sends, our side refuses it, and what is merely strange does not break it."""

import pytest

from connectors.errors import ConnectorError, PayloadError, SignatureError
from connectors.sandbox.wechat_attacks import ATTACKS, ODDITIES, Victim
from connectors.wechat.envelope import Key
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, NOW, our_wechat, request_of

ACCOUNT = SETTINGS["wechat"]
VICTIM = Victim(
    Key(ACCOUNT["token"], ACCOUNT["aes_key"]), ACCOUNT["app_id"], ACCOUNT["original_id"], CITIZEN, NOW
)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(name: str) -> None:
    with pytest.raises((SignatureError, PayloadError)):
        our_wechat().check(request_of(ATTACKS[name](VICTIM)))


def test_a_genuine_push_is_taken() -> None:
    checked = our_wechat().check(request_of(VICTIM.push(VICTIM.xml())))
    assert our_wechat().read(checked.body)[0].text == "路灯坏了"


@pytest.mark.parametrize("name", ODDITIES)
def test_what_is_strange_is_read_or_said_to_be_unreadable(name: str) -> None:
    checked = our_wechat().check(request_of(ODDITIES[name](VICTIM)))
    try:
        (message,) = our_wechat().read(checked.body)
    except ConnectorError as problem:
        assert isinstance(problem, PayloadError)
    else:
        assert message.text in ("路灯坏了", "结束]]><Evil/>")
