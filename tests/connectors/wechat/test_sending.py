"""Does a reply reach the citizen once, and do we know what happened when it does not?"""

import logging
from datetime import timedelta

import httpx
import pytest

from connectors.errors import DeliveryError
from connectors.sandbox.server import FAULTS
from tests.connectors.stands import CITIZEN, NOW, MovingClock, a_reply, a_wechat, our_wechat, patience_with


def test_a_reply_arrives_exactly_as_released() -> None:
    text = "您好：\n路灯已修好😀，𠮷祥路同样。\t“感谢”监督 & <b>"
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        ours.send(a_reply(text), ours.fetch_token().value)
        assert stand.ledger.seen_by(CITIZEN) == [text]


# fault → (kind, code, did the citizen get it?)
# fmt: off
FAULT_TABLE = {
    "timeout_before": ("unknown",  "timeout",   False),
    "timeout_after":  ("unknown",  "timeout",   True),
    "reset_before":   ("unknown",  "reset",     False),
    "reset_after":    ("unknown",  "reset",     True),
    "html":           ("unknown",  "html",      False),
    "html_after":     ("unknown",  "html",      True),
    "http_429":       ("back_off", "http_429",  False),
    "http_500":       ("unknown",  "http_500",  False),
    "http_502":       ("unknown",  "http_502",  False),
    "http_503":       ("unknown",  "http_503",  False),
    "truncated":      ("unknown",  "truncated", True),
    "redirect":       ("unknown",  "http_302",  False),
    "huge":           ("unknown",  "truncated", True),
    "slow":           ("unknown",  "timeout",   True),
    "slow_headers":   ("unknown",  "timeout",   True),
}
# fmt: on


@pytest.mark.parametrize(
    ("fault", "kind", "code", "arrived"),
    [(fault, *row) for fault, row in FAULT_TABLE.items()],
    ids=[f"pitfall-16-20-{fault}" for fault in FAULT_TABLE],
)
def test_after_a_fault_we_claim_to_know_only_what_we_know(
    fault: str, kind: str, code: str, arrived: bool
) -> None:
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        token = our_wechat(api_base=stand.url).fetch_token().value
        ours = our_wechat(api_base=stand.url, total_seconds=patience_with(fault))
        stand.fail_next("custom/send", fault=fault)
        with pytest.raises(DeliveryError) as error:
            ours.send(a_reply(), token)
        assert (error.value.kind, error.value.code) == (kind, code)
        assert bool(stand.ledger.seen_by(CITIZEN)) == arrived
        assert stand.calls["custom/send"] == 1  # no retry of our own


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"Retry-After": "40"}, timedelta(seconds=40)),
        ({"Retry-After": "0"}, timedelta(0)),
        (
            {"Retry-After": "Fri, 20 Nov 2026 01:33:00 GMT", "Date": "Fri, 20 Nov 2026 01:31:00 GMT"},
            timedelta(minutes=2),
        ),
        ({"Retry-After": "Fri, 20 Nov 2026 01:33:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "99999999999999999999"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_platform_with_too_many_calls_may_say_how_long_to_wait(
    headers: dict[str, str], asked: timedelta | None
) -> None:
    ours = our_wechat(transport=httpx.MockTransport(lambda _: httpx.Response(429, headers=headers)))
    with pytest.raises(DeliveryError) as error:
        ours.send(a_reply(), "token")
    assert error.value.not_before == asked


def test_the_table_of_faults_is_complete() -> None:
    assert set(FAULT_TABLE) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_asking_for_the_token_after_any_fault_may_be_tried_again(fault: str) -> None:
    with a_wechat() as stand:
        stand.fail_next("stable_token", fault=fault)
        with pytest.raises(DeliveryError) as error:
            our_wechat(api_base=stand.url, total_seconds=patience_with(fault)).fetch_token()
        assert error.value.kind == "back_off"


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (httpx.ConnectError("x"), "back_off"),
        (httpx.ConnectTimeout("x"), "back_off"),
        (httpx.PoolTimeout("x"), "back_off"),
        (httpx.ReadTimeout("x"), "unknown"),
        (httpx.WriteTimeout("x"), "unknown"),
        (httpx.WriteError("x"), "unknown"),
        (httpx.ReadError("x"), "unknown"),
        (httpx.RemoteProtocolError("x"), "unknown"),
        (httpx.UnsupportedProtocol("x"), "stop"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_pitfall_20_before_the_request_went_out_nothing_can_have_arrived(
    problem: httpx.HTTPError, kind: str
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise problem

    with pytest.raises(DeliveryError) as error:
        our_wechat(transport=httpx.MockTransport(fail)).send(a_reply(), "token")
    assert error.value.kind == kind


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with a_wechat() as stand:
        address = stand.url
    with pytest.raises(DeliveryError) as error:
        our_wechat(api_base=address).send(a_reply(), "token")
    assert (error.value.kind, error.value.code) == ("back_off", "connect")


# fmt: off
NOT_SENT = {
    "683 Chinese characters":  (a_reply("好" * 683),             "t", "final",   "45002"),
    "nothing":                 (a_reply(" \n"),                  "t", "final",   "44002"),
    "a control character":     (a_reply("a\x08b"),               "t", "final",   "40033"),
    "half a character":        (a_reply("a\ud83d"),              "t", "final",   "40033"),
    "to nobody":               (a_reply(recipient=None),         "t", "final",   "40003"),
    "without a token":         (a_reply(),                       "",  "refresh", "40014"),
}
# fmt: on


@pytest.mark.parametrize(
    ("reply", "token", "kind", "code"),
    NOT_SENT.values(),
    ids=[f"pitfall-18-21-{name}" for name in NOT_SENT],
)
def test_what_wechat_would_refuse_is_not_even_sent(reply: object, token: str, kind: str, code: str) -> None:
    def never(_: httpx.Request) -> httpx.Response:
        raise AssertionError("a call was made")

    with pytest.raises(DeliveryError) as error:
        our_wechat(transport=httpx.MockTransport(never)).send(reply, token)  # type: ignore[arg-type]
    assert (error.value.kind, error.value.code) == (kind, code)


def test_pitfall_17_the_body_is_raw_utf8_and_the_secret_is_in_no_address() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"errcode": 0, "access_token": "t", "expires_in": 7200})

    ours = our_wechat(transport=httpx.MockTransport(keep))
    ours.fetch_token()
    ours.send(a_reply("你好"), "t")
    assert "你好".encode() in seen[1].content and b"\\u" not in seen[1].content
    assert "secret" not in str(seen[0].url)


@pytest.mark.parametrize(
    "data",
    [{}, {"errmsg": "ok"}, {"errcode": "40001"}, {"errcode": None}, {"errcode": 40001.0}],
    ids=str,
)
def test_pitfall_16_an_answer_without_a_clear_zero_is_no_success(data: dict[str, object]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=data))
    with pytest.raises(DeliveryError):
        our_wechat(transport=transport).send(a_reply(), "token")


@pytest.mark.parametrize("body", [b"", b"[]", b"0", b'"ok"', b"null", b"[" * 100_000, b'{"errcode":0'])
def test_pitfall_16_what_is_no_object_is_unknown(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with pytest.raises(DeliveryError) as error:
        our_wechat(transport=transport).send(a_reply(), "token")
    assert error.value.kind == "unknown"


def test_pitfall_14_every_process_gets_the_same_token_and_its_end() -> None:
    clock = MovingClock()
    with a_wechat(clock=clock) as stand:
        first, second = (our_wechat(api_base=stand.url, clock=clock) for _ in range(2))
        token = first.fetch_token()
        assert token == second.fetch_token()
        assert token.expires_at == NOW + timedelta(hours=2)
        assert token.value not in repr(token)


def test_an_expired_token_is_replaced_by_an_unforced_call() -> None:
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        old = ours.fetch_token().value
        stand.expire_tokens()
        with pytest.raises(DeliveryError) as error:
            ours.send(a_reply(), old)
        assert (error.value.kind, error.value.code) == ("refresh", "42001")
        ours.send(a_reply(), ours.fetch_token().value)
        assert len(stand.ledger.seen_by(CITIZEN)) == 1


def test_pitfall_23_tokens_and_secrets_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        token = ours.fetch_token().value
        ours.send(a_reply(), token)
        stand.fail_next("custom/send", errcode=45015)
        with pytest.raises(DeliveryError) as error:
            ours.send(a_reply(), token)
    for secret in (token, "sandboxsecret", CITIZEN, "路灯"):
        assert secret not in caplog.text
        assert secret not in str(error.value) + error.value.message_zh + error.value.words
