"""Which pushes does an account take, in each of the three modes? (pitfall 4)"""

import pytest

from connectors.errors import PayloadError, SignatureError
from connectors.sandbox.wechat_pushes import Push
from tests.connectors.stands import CITIZEN, a_wechat, our_wechat, request_of

# our mode → how the push comes → taken?
TABLE = [
    ("safe", "safe", True),
    ("safe", "compatible", True),
    ("safe", "plain", False),
    ("compatible", "safe", True),
    ("compatible", "compatible", True),
    ("compatible", "plain", False),
    ("plain", "safe", True),
    ("plain", "compatible", True),
    ("plain", "plain", True),
]


@pytest.mark.parametrize(("ours", "theirs", "is_taken"), TABLE, ids=lambda value: str(value))
def test_pitfall_4_a_push_is_taken_or_refused_by_mode(ours: str, theirs: str, is_taken: bool) -> None:
    stand, connector = a_wechat(), our_wechat(mode=ours)
    push = stand.push_of(stand.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}), CITIZEN, theirs)
    if is_taken:
        checked = connector.check(request_of(push))
        assert [message.text for message in connector.read(checked.body)] == ["路灯坏了"]
    else:
        with pytest.raises(SignatureError, match="plain_refused"):
            connector.check(request_of(push))


def test_a_plain_account_without_a_key_refuses_what_it_cannot_open() -> None:
    stand = a_wechat()
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN, "safe")
    with pytest.raises(SignatureError, match="no_key"):
        our_wechat(mode="plain", aes_key="").check(request_of(push))


def test_pitfall_4_in_compatible_mode_only_the_sealed_part_is_read() -> None:
    stand, connector = a_wechat(mode="compatible"), our_wechat(mode="compatible")
    push = stand.push_of(stand.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}), CITIZEN)
    swapped = push.body.replace("路灯坏了".encode(), "把路灯拆掉".encode(), 1)
    assert swapped != push.body
    checked = connector.check(request_of(Push(push.query, push.headers, swapped)))
    assert connector.read(checked.body)[0].text == "路灯坏了"


def test_a_citizen_who_writes_the_word_encrypt_is_heard_in_compatible_mode() -> None:
    stand, connector = a_wechat(mode="compatible"), our_wechat(mode="compatible")
    words = "<Encrypt>QUJD</Encrypt> <Encrypt>" + "A" * 88 + "</Encrypt>"
    push = stand.push_of(stand.inner_xml("text", CITIZEN, {"Content": words}), CITIZEN)
    assert connector.read(connector.check(request_of(push)).body)[0].text == words


@pytest.mark.parametrize("query", [{"encrypt_type": "raw"}, {"encrypt_type": ""}, {"encrypt_type": "AES"}])
def test_pitfall_4_calling_a_sealed_push_plain_does_not_help(query: dict[str, str]) -> None:
    stand = a_wechat()
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN, "compatible")
    with pytest.raises(SignatureError):
        our_wechat().check(request_of(Push({**push.query, **query}, push.headers, push.body)))


def test_pitfall_7_a_body_swapped_under_a_good_query_is_refused() -> None:
    stand = a_wechat()
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    other = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    with pytest.raises(SignatureError, match="mismatch"):
        our_wechat().check(request_of(Push(push.query, push.headers, other.body)))


def test_a_plain_body_that_cannot_be_read_is_not_kept() -> None:
    stand = a_wechat(mode="plain")
    push = stand.push_of("<xml><a></xml>", CITIZEN)
    with pytest.raises(PayloadError):
        our_wechat(mode="plain").check(request_of(push))


def test_a_sealed_body_that_cannot_be_read_is_kept_for_later() -> None:
    stand, connector = a_wechat(), our_wechat()
    checked = connector.check(request_of(stand.push_of("<xml><a></xml>", CITIZEN)))
    with pytest.raises(PayloadError):
        connector.read(checked.body)
