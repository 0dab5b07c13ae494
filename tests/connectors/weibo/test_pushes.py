"""Is it Weibo that pushes, just now, and for us? And does nothing get lost in reading?"""

import json
import locale
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import WebhookRequest
from connectors.errors import ConnectorError, PayloadError, SignatureError
from connectors.sandbox.weibo import written
from connectors.signatures import sign
from connectors.weibo.reading import instant
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import NOW, WEIBO_CITIZEN, a_request, a_weibo, our_weibo

SECRET = SETTINGS["weibo"]["app_secret"]


def a_push(**changes: Any) -> bytes:
    data = {
        "type": "text",
        "receiver_id": 1700009999,
        "sender_id": int(WEIBO_CITIZEN),
        "created_at": "Fri Nov 20 09:31:02 +0800 2026",
        "text": "想咨询落户",
        "data": {},
    }
    return json.dumps({**data, **changes}, ensure_ascii=False).encode()


def test_pitfall_24_the_key_is_the_appsecret_and_the_fixed_value_agrees() -> None:
    assert sign(SECRET, "1763600000", "842190637") == "0af93f2b2afb03af4dcef7e6fb118a2ce4b09987"


def test_a_push_signed_in_milliseconds_is_taken() -> None:
    stand = a_weibo()
    checked = our_weibo().check(a_request(stand.signed_query(), a_push()))
    assert our_weibo().read(checked.body)[0].text == "想咨询落户"


@pytest.mark.parametrize(
    ("changes", "body", "error"),
    [
        ({"signature": "0" * 40}, a_push(), SignatureError),
        ({"signature": ""}, a_push(), SignatureError),
        ({"timestamp": "1397022061823"}, a_push(), SignatureError),
        ({"nonce": ""}, a_push(), SignatureError),
        ({}, a_push(receiver_id=1700008888), SignatureError),
        ({}, b"{", PayloadError),
        ({}, b"[" * 60_000, PayloadError),
        ({}, b"[]", PayloadError),
        ({}, a_push(receiver_id=None), PayloadError),
        ({}, a_push(receiver_id=1.7e9), PayloadError),
        ({}, b'{"x": "' + b"a" * 70_000 + b'"}', PayloadError),
        ({}, b"\xff\xfe", PayloadError),
    ],
)
def test_a_push_that_is_not_for_us_is_refused(
    changes: dict[str, str], body: bytes, error: type[ConnectorError]
) -> None:
    with pytest.raises(error):
        our_weibo().check(a_request(a_weibo().signed_query() | changes, body))


def test_a_push_of_last_week_is_refused() -> None:
    request = WebhookRequest("POST", a_weibo().signed_query(), {}, a_push(), NOW + timedelta(days=7))
    with pytest.raises(SignatureError, match="stale"):
        our_weibo().check(request)


def test_the_address_check_and_pushes_go_through_our_door() -> None:
    ours = our_weibo()
    kept: list[bytes] = []

    def door(request: httpx.Request) -> httpx.Response:
        call = a_request(dict(request.url.params), request.content, request.method)
        if request.method == "GET":
            return httpx.Response(200, text=ours.answer_challenge(call).body)
        kept.append(ours.check(call).body)
        return httpx.Response(200, text=ours.nothing_to_say.body)

    stand = a_weibo(webhook_url="https://office.example/hook", webhook_transport=httpx.MockTransport(door))
    assert stand.verify_webhook()
    assert stand.push_text(WEIBO_CITIZEN, "想咨询落户")
    assert [ours.read(body)[0].text for body in kept] == ["想咨询落户"]


def test_pitfall_24_two_messages_in_one_second_are_two_and_a_repetition_is_one() -> None:
    ours = our_weibo()
    keys = [ours.read(a_push(text=text))[0].external_id for text in ("第一句", "第二句", "第一句")]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    ("written_time", "expected"),
    [
        ("Fri Nov 20 09:31:02 +0800 2026", datetime(2026, 11, 20, 1, 31, 2, tzinfo=UTC)),
        ("Wed Jun 01 00:50:25 +0800 2011", datetime(2011, 5, 31, 16, 50, 25, tzinfo=UTC)),
        ("Wed Jan 1 00:00:00 +0000 2025", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_pitfall_26_english_dates_are_read_whatever_the_servers_language(
    written_time: str, expected: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda *_: ("zh_CN", "UTF-8"))
    assert instant(written_time) == expected


@pytest.mark.parametrize(
    "wrong", ["", None, 5, "Fri Nov 31 09:31:02 +0800 2026", "Fri Foo 20 09:31:02 +0800 2026"]
)
def test_what_is_no_time_is_a_payload_error(wrong: object) -> None:
    with pytest.raises(PayloadError):
        instant(wrong)


@given(st.integers(1_200_000_000, 3_700_000_000))
def test_every_time_weibo_writes_is_read_back(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert instant(written(at)) == at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "id",
    "idstr",
    "text",
    "user",
    "status",
    "created_at",
    "source",
    "reply_comment",
    "type",
    "data",
    "sender_id",
]


@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.booleans())
def test_no_json_makes_reading_fail_in_another_way(changes: dict[str, Any], is_push: bool) -> None:
    base = json.loads(a_push()) if is_push else {"id": 1, "created_at": "Fri Nov 20 09:31:02 +0800 2026"}
    try:
        (message,) = our_weibo().read(json.dumps({**base, **changes}).encode())
    except PayloadError as problem:
        assert problem.reason
    else:
        assert message.external_id


@pytest.mark.parametrize(
    ("changes", "opens", "notice"),
    [
        ({}, True, None),
        ({"type": "event", "data": {"subtype": "follow"}}, True, "back"),
        ({"type": "event", "data": {"subtype": "click"}}, True, None),
        ({"type": "event", "data": {"subtype": "unfollow"}}, False, "left"),
        ({"type": "event", "data": {"subtype": "unsubscribe"}}, False, "left"),
        ({"type": "event", "data": {"subtype": "mention"}}, False, None),
        ({"type": "mention"}, False, None),
    ],
    ids=str,
)
def test_pitfall_30_a_mention_and_a_farewell_open_no_window(
    changes: dict[str, Any], opens: bool, notice: str | None
) -> None:
    (message,) = our_weibo().read(a_push(**changes))
    assert (message.opens_window, message.notice) == (opens, notice)
