"""Is it WeChat that calls, just now, and for us? Every other call is refused before anything is parsed."""

import base64
import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from wechatpy.crypto import PrpCrypto

from connectors.contract import WebhookRequest
from connectors.errors import PayloadError, SignatureError
from connectors.sandbox import wechat_pushes
from connectors.signatures import sign
from connectors.wechat.envelope import Key, open_encrypted
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, a_request, a_wechat, our_wechat, request_of

# The vector that OpenSSL, Tencent's @wecom/crypto and wechatpy agree on.
TIMESTAMP, NONCE = "1763600000", "842190637"
SIGNATURE = "f73662545a3b934bc7c511dc0b56da7ea3989d8b"
MSG_SIGNATURE = "6131e8bcf072b358271ecfc16a088dedc01802d7"
ENCRYPT = (
    "uIpfXyCK8DglLmHXXm0BBwSAw8stx0dXOwofy7eume/ikFplZFjCd+ZOi91CcwDvQfAMjTMRy3A615qE3iNrQblEJBdi2FRLerCWrzio"
    "AhJC5KfRgdr2GjKTfazxzYAKNlvUEpiG1oCT8n9e1ZmwP6lykqZkchlVB8pNfi7StBlc6WY1n3YDXYv21xNhMs/vx33EXpR8Vavkgh55"
    "VYUd1GdQgxIdhW5cEmFAuMvLbZV52IXwQLB6J4nDSodc2Pq/6XQ92j7XjbKti1l0HsrQu4PF3pmFOmVzTnY4if+0byOMSk/8+BrN+D/b"
    "XU/XZGFYpEnk+Ou3EDsYa6mVcJ/TMiLs27bzmy6YOduNxVS7/F+lSEQgs5eZ2aOz9IGdIBc3XPD4zXeQeVo4BvwtyGvPI3xAeOUn0BTF"
    "YXYw/EyMeZmv8f7YI3oR+mc4bL2yWUca9WAbWKFh/PKLqSYXKVqnMw=="
)
MESSAGE = (
    "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
    "<FromUserName><![CDATA[oTESTopenid0000000000000001]]></FromUserName>"
    "<CreateTime>1763600000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[社保卡怎么补办？]]></Content><MsgId>24681012141618202</MsgId></xml>"
)
QUERY = {
    "signature": SIGNATURE,
    "timestamp": TIMESTAMP,
    "nonce": NONCE,
    "encrypt_type": "aes",
    "msg_signature": MSG_SIGNATURE,
}
BODY = f"<xml><ToUserName>gh_0123456789ab</ToUserName><Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>".encode()
THEN = datetime.fromtimestamp(int(TIMESTAMP), UTC)


def the_vector(received_at: datetime = THEN, body: bytes = BODY, **query: Any) -> WebhookRequest:
    return WebhookRequest("POST", {**QUERY, **query}, {}, body, received_at)


def test_the_fixed_vector_is_opened() -> None:
    assert hashlib.sha256(ENCRYPT.encode()).hexdigest().startswith("21c3074f985e035f")
    checked = our_wechat(original_id="gh_0123456789ab").check(the_vector())
    assert checked.body.decode("utf-8") == MESSAGE
    assert len(checked.body) == 288
    assert checked.fingerprint == hashlib.sha256(MESSAGE.encode()).hexdigest()


def test_pitfall_1_the_three_item_signature_leaves_the_body_out() -> None:
    assert sign(SETTINGS["wechat"]["token"], TIMESTAMP, NONCE) == SIGNATURE
    with pytest.raises(SignatureError):
        our_wechat(original_id="gh_0123456789ab").check(the_vector(msg_signature=SIGNATURE))


# fmt: off
REFUSALS = [
    ("no signature",              {"signature": ""},                       "missing"),
    ("no timestamp",              {"timestamp": ""},                       "missing"),
    ("no nonce",                  {"nonce": ""},                           "missing"),
    ("no msg_signature",          {"msg_signature": ""},                   "missing"),
    ("upper-case hex",            {"msg_signature": MSG_SIGNATURE.upper()}, "mismatch"),
    ("another signature",         {"signature": "0" * 40},                 "mismatch"),
    ("another msg_signature",     {"msg_signature": "0" * 40},             "mismatch"),
    ("half a signature",          {"msg_signature": MSG_SIGNATURE[:20]},   "mismatch"),
    ("not ASCII",                 {"msg_signature": "签名"},               "mismatch"),
    ("another nonce",             {"nonce": "842190638"},                  "mismatch"),
    ("nonce and timestamp resplit", {"timestamp": TIMESTAMP[:-1], "nonce": TIMESTAMP[-1] + NONCE}, "timestamp"),
    ("timestamp with letters",    {"timestamp": "17636e0000"},             "timestamp"),
    ("timestamp with a sign",     {"timestamp": "+763600000"},             "timestamp"),
    ("timestamp in other digits", {"timestamp": "１７６３６０００００"},   "timestamp"),
    ("a very long nonce",         {"nonce": "1" * 300},                    "missing"),
]
# fmt: on


@pytest.mark.parametrize(
    ("query", "reason"), [row[1:] for row in REFUSALS], ids=[f"pitfall-2-{row[0]}" for row in REFUSALS]
)
def test_a_push_that_proves_nothing_is_refused(query: dict[str, str], reason: str) -> None:
    with pytest.raises(SignatureError) as refusal:
        our_wechat(original_id="gh_0123456789ab").check(the_vector(**query))
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce", "msg_signature"])
def test_pitfall_2_a_parameter_left_out_is_refused(name: str) -> None:
    query = {key: value for key, value in QUERY.items() if key != name}
    with pytest.raises(SignatureError):
        our_wechat().check(WebhookRequest("POST", query, {}, BODY, THEN))


@pytest.mark.parametrize(
    ("late", "is_taken"),
    [
        (timedelta(seconds=299), True),
        (timedelta(seconds=-299), True),
        (timedelta(seconds=301), False),
        (timedelta(seconds=-301), False),
        (timedelta(days=365), False),
    ],
    ids=lambda value: f"pitfall-9-{value}",
)
def test_a_push_signed_more_than_five_minutes_away_is_refused(late: timedelta, is_taken: bool) -> None:
    ours = our_wechat(original_id="gh_0123456789ab")
    if is_taken:
        assert ours.check(the_vector(THEN + late)).body
    else:
        with pytest.raises(SignatureError, match="stale"):
            ours.check(the_vector(THEN + late))


def test_pitfall_9_the_address_may_be_verified_again_and_again_however_old() -> None:
    query = {"signature": SIGNATURE, "timestamp": TIMESTAMP, "nonce": NONCE, "echostr": "4837501932847501"}
    request = WebhookRequest("GET", query, {}, b"", THEN + timedelta(days=30))
    ours = our_wechat()
    for _ in range(3):
        answer = ours.answer_challenge(request)
        assert (answer.body, answer.status) == ("4837501932847501", 200)
        assert answer.content_type.startswith("text/plain")


@pytest.mark.parametrize("wrong", [{"signature": "0" * 40}, {"echostr": ""}, {"nonce": "1"}])
def test_a_challenge_that_is_not_wechats_gets_no_echo(wrong: dict[str, str]) -> None:
    query = {"signature": SIGNATURE, "timestamp": TIMESTAMP, "nonce": NONCE, "echostr": "1"} | wrong
    with pytest.raises(SignatureError):
        our_wechat().answer_challenge(a_request(query, method="GET"))


def test_pitfall_3_a_push_for_another_app_is_refused() -> None:
    stand = a_wechat()
    stand.app_id = "wxfeedc0de00000002"
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    with pytest.raises(SignatureError, match="foreign"):
        our_wechat().check(request_of(push))


def test_a_push_for_another_account_of_the_same_app_is_refused() -> None:
    stand = a_wechat()
    stand.original_id = "gh_ffffffffffff"
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    with pytest.raises(SignatureError, match="foreign"):
        our_wechat().check(request_of(push))


def test_pitfall_3_every_padding_from_1_to_32_is_opened_and_a_wrong_one_is_not() -> None:
    settings = SETTINGS["wechat"]
    key = Key(settings["token"], settings["aes_key"])
    for length in range(1, 70):
        sealed = wechat_pushes.seal("x" * length, key.aes_key, settings["app_id"])
        query = QUERY | {"msg_signature": sign(key.token, TIMESTAMP, NONCE, sealed)}
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        assert open_encrypted(query, body, [key], settings["app_id"])[0] == "x" * length


@pytest.mark.parametrize("spoiled", ["AAAA", "A" * 64, "QUJD" * 16, ENCRYPT[:-8] + "AAAAAA==", ENCRYPT[:64]])
def test_a_signed_text_that_is_no_cipher_is_a_payload_error(spoiled: str) -> None:
    query = {"msg_signature": sign(SETTINGS["wechat"]["token"], TIMESTAMP, NONCE, spoiled)}
    body = f"<xml><Encrypt>{spoiled}</Encrypt></xml>".encode()
    with pytest.raises((PayloadError, SignatureError)):
        our_wechat().check(the_vector(body=body, **query))


def a_block(
    text: bytes,
    length: int | None = None,
    app_id: bytes = b"wxfeedc0de00000001",
    padding: bytes | None = None,
) -> WebhookRequest:
    """A signed push whose plain block was put together by hand."""
    block = b"0123456789abcdef" + struct.pack(">I", len(text) if length is None else length) + text + app_id
    pad = 32 - len(block) % 32
    key = base64.b64decode(SETTINGS["wechat"]["aes_key"] + "=")
    padded = block + (bytes([pad]) * pad if padding is None else padding)
    sealed = base64.b64encode(PrpCrypto(key).cipher.encrypt(padded)).decode()
    signature = sign(SETTINGS["wechat"]["token"], TIMESTAMP, NONCE, sealed)
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    return WebhookRequest("POST", {**QUERY, "msg_signature": signature}, {}, body, THEN)


# 47 bytes of text: with the 20 before and the 18 of the AppID the block is 85, so 11 bytes of padding.
TEXT = b"<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName/>."

# fmt: off
BLOCKS: dict[str, tuple[dict[str, object], type[Exception] | None]] = {
    "as it should be":             ({},                                            None),
    "padded with zeros":           ({"padding": bytes(11)},                        PayloadError),
    "padded with 33":              ({"padding": b"\x21" * 11},                     PayloadError),
    "padding of mixed bytes":      ({"padding": b"\x01" * 10 + b"\x0b"},           PayloadError),
    "padding longer than a block": ({"padding": b"\xff" * 11},                     PayloadError),
    "a length beyond the end":     ({"length": 4_000_000_000},                     PayloadError),
    "a length one too long":       ({"length": 48},                                SignatureError),
    "a length one too short":      ({"length": 46},                                SignatureError),
    "a length in little-endian":   ({"length": 47 << 24},                          PayloadError),
    "without an AppID":            ({"app_id": b"", "padding": b"\x1d" * 29},      SignatureError),
    "an AppID with more behind":   ({"app_id": b"wxfeedc0de00000001x", "padding": b"\x0a" * 10}, SignatureError),
}
# fmt: on


@pytest.mark.parametrize(("changes", "error"), BLOCKS.values(), ids=[f"pitfall-3-{name}" for name in BLOCKS])
def test_a_signed_block_is_opened_only_if_it_is_whole(
    changes: dict[str, Any], error: type[Exception] | None
) -> None:
    assert len(TEXT) == 47
    request = a_block(TEXT, **changes)
    if error is None:
        assert our_wechat().check(request).body == TEXT
    else:
        with pytest.raises(error):
            our_wechat().check(request)


ROTATIONS = {
    "the new pair": ({}, "newToken", "N" * 43, True),
    "the old pair": ({}, "oldToken", "O" * 43, True),
    "a pair from before": ({}, "veryOldToken", "V" * 43, False),
    "the new token with the old key": ({}, "newToken", "O" * 43, False),
    "the old key, where only the key changed": ({"previous_token": ""}, "newToken", "O" * 43, True),
    "the old token, where only the token changed": ({"previous_aes_key": ""}, "oldToken", "N" * 43, True),
    "the old pair, after the change": (
        {"previous_token": "", "previous_aes_key": ""},
        "oldToken",
        "O" * 43,
        False,
    ),
}


@pytest.mark.parametrize(("settings", "token", "aes_key", "is_taken"), ROTATIONS.values(), ids=ROTATIONS)
def test_while_the_keys_are_changed_both_pairs_hold(
    settings: dict[str, str], token: str, aes_key: str, is_taken: bool
) -> None:
    ours = our_wechat(
        **{
            "token": "newToken",
            "aes_key": "N" * 43,
            "previous_token": "oldToken",
            "previous_aes_key": "O" * 43,
            **settings,
        }
    )
    stand = a_wechat()
    stand.key = Key(token, aes_key)
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    if is_taken:
        assert ours.check(request_of(push)).body
    else:
        with pytest.raises((SignatureError, PayloadError)):
            ours.check(request_of(push))


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "ab"},
        {"token": "with space"},
        {"aes_key": "short"},
        {"aes_key": "A" * 42 + "="},
        {"aes_key": ""},
        {"app_id": "not-an-app"},
        {"mode": "none"},
        {"original_id": "wxfeedc0de00000001"},
    ],
    ids=str,
)
def test_an_account_with_wrong_settings_does_not_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"[“模]") as problem:
        our_wechat(**wrong)
    assert SETTINGS["wechat"]["app_secret"] not in str(problem.value)


def test_two_deliveries_of_one_push_have_one_fingerprint_though_sealed_anew() -> None:
    stand = a_wechat()
    xml = stand.inner_xml("text", CITIZEN)
    first, again = stand.push_of(xml, CITIZEN), stand.push_of(xml, CITIZEN)
    assert first.body != again.body
    ours = our_wechat()
    assert ours.check(request_of(first)) == ours.check(request_of(again))
    other = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    assert ours.check(request_of(first)).fingerprint != ours.check(request_of(other)).fingerprint


def test_the_acknowledgement_is_the_word_wechat_waits_for() -> None:
    answer = our_wechat().nothing_to_say
    assert (answer.body, answer.status) == ("success", 200)
