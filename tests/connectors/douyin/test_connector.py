"""Comments below videos: brought once, answered below, pushed with a proof. The stand-in is Douyin's own pages."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from connectors.contract import WebhookRequest
from connectors.douyin.client import PAGE_SIZE
from connectors.douyin.codes import CODES, TOKEN_CODES
from connectors.douyin.connector import DouyinConnector
from connectors.errors import ERROR_CLASSES, DeliveryError, PayloadError, SignatureError
from connectors.sandbox import DouyinSandbox
from tests.connectors.accounts import SETTINGS
from tests.connectors.samples import FOLDER
from tests.connectors.stands import NOW, a_douyin, a_reply

ACCOUNT = SETTINGS["douyin"]
VIDEO = "@8hxdhauTCMppanGnM4ltGM780mDqPP+KPpR0qQOmLVAXb/T060zdRmYqig357zEB=="


@pytest.fixture
def stand() -> Iterator[DouyinSandbox]:
    with a_douyin() as made:
        yield made


def ours_at(stand: DouyinSandbox, **more: str) -> DouyinConnector:
    return DouyinConnector(**{**ACCOUNT, "api_base": stand.url, **more}, clock=lambda: NOW)


def commented(stand: DouyinSandbox, text: str, item_id: str, minutes_ago: float = 0) -> str:
    return stand.comment("citizen-1", text, item_id, at=NOW - timedelta(minutes=minutes_ago))


def paths(stand: DouyinSandbox) -> list[str]:
    return [call.path for call in stand.asked]


class Asked:
    """Our side, asking round after round."""

    def __init__(self, stand: DouyinSandbox) -> None:
        self.ours, self.cursor, self.texts = ours_at(stand), dict[str, str](), list[str]()
        self.token = self.ours.fetch_token().value

    def ask(self, budget: int | None = None) -> int:
        result = self.ours.fetch(self.cursor, NOW, budget, self.token)
        self.cursor = dict(result.cursor)
        self.texts += [self.ours.read(item.body)[0].text for item in result.raw_items]
        return result.calls


def test_comments_of_all_pages_of_all_videos_are_brought(stand: DouyinSandbox) -> None:
    first = stand.publish(VIDEO)
    for item_id in (first, stand.publish("@second==")):
        for number in range(PAGE_SIZE + 5):
            commented(stand, f"{item_id[:3]}{number:02}", item_id, minutes_ago=100 - number)
    asked = Asked(stand)
    assert asked.ask() == 1 + 2 + 2
    assert len(set(asked.texts)) == len(asked.texts) == 2 * (PAGE_SIZE + 5)
    commented(stand, "新的", first, minutes_ago=-1)
    asked.texts.clear()
    assert asked.ask() == 1 + 1 + 1  # one page of each: below it everything is known
    assert "新的" in asked.texts


def test_a_small_budget_reaches_every_video_in_turn(stand: DouyinSandbox) -> None:
    for number in range(6):
        commented(stand, f"留言{number}", stand.publish(f"@v{number}=="), minutes_ago=number)
    asked = Asked(stand)
    for _ in range(6):
        assert asked.ask(budget=2) <= 2
    assert set(asked.texts) == {f"留言{number}" for number in range(6)}


def test_a_video_of_long_ago_is_not_asked_for(stand: DouyinSandbox) -> None:
    stand.publish()
    ours = ours_at(stand, comment_days="1")
    ours.fetch({}, NOW + timedelta(days=2), None, ours.fetch_token().value)
    assert paths(stand) == ["/oauth/refresh_token/", "/api/douyin/v1/video/video_list/"]


def test_a_reply_stands_below_its_comment_with_the_token_in_no_address(stand: DouyinSandbox) -> None:
    made = commented(stand, "几点开门", stand.publish(VIDEO))
    ours = ours_at(stand)
    token = ours.fetch_token().value
    (item,) = ours.fetch({}, NOW, None, token).raw_items
    (message,) = ours.read(item.body)
    receipt = ours.send(a_reply("八点半开门", recipient=message.sender, **message.thread), token)
    (seen,) = stand.ledger.entries()
    assert (seen.text, seen.about, seen.person) == ("八点半开门", made, "citizen-1")
    assert receipt.reference and receipt.reference != made
    assert not [call for call in stand.asked if token in (call.path, *call.query.values())]


@pytest.mark.parametrize(
    ("text", "thread", "code"),
    [
        ("", {"item_id": "a", "comment_id": "b"}, "empty"),
        ("好" * 101, {"item_id": "a", "comment_id": "b"}, "too_long"),
        ("好", {"item_id": "a"}, "no_place"),
    ],
)
def test_what_cannot_stand_there_is_not_sent(
    stand: DouyinSandbox, text: str, thread: dict[str, str], code: str
) -> None:
    with pytest.raises(DeliveryError) as error:
        ours_at(stand).send(a_reply(text, **thread), "token")
    assert (error.value.kind, error.value.code, stand.asked) == ("final", code, [])


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("code", [code for code in CODES if code.isdecimal()] + ["99999999"])
def test_a_code_ends_in_its_class(stand: DouyinSandbox, code: str, as_text: bool) -> None:
    stand.fail_next("comment/reply", errcode=code if as_text else int(code))
    with pytest.raises(DeliveryError) as error:
        ours_at(stand).send(a_reply(item_id="a", comment_id="b"), "token")
    assert error.value.kind == (CODES[code].kind if code in CODES else "human")


def test_every_class_is_known_and_a_refused_permission_is_never_asked_again() -> None:
    assert {row.kind for row in CODES.values()} <= set(ERROR_CLASSES)
    assert "refresh" not in {row.kind for row in TOKEN_CODES.values()}


def test_the_token_and_the_permission_say_when_they_end(stand: DouyinSandbox) -> None:
    ours = ours_at(stand)
    assert ours.fetch_token().expires_at == NOW + timedelta(days=15)
    grant = ours.fetch_grant(NOW)
    assert (grant.days_left(NOW), grant.holder) == (30, ACCOUNT["open_id"])
    stand.granted_until = NOW
    with pytest.raises(DeliveryError) as error:
        ours.fetch_token()
    assert error.value.kind == "stop" and "重新授权" in error.value.message_zh


# ------------------------------------------------------------------ pushed


def test_a_token_that_ended_and_a_strangers_call_are_refused(stand: DouyinSandbox) -> None:
    ours = ours_at(stand)
    token = ours.fetch_token().value
    stand.expire_tokens()
    with pytest.raises(DeliveryError) as error:
        ours.fetch({}, NOW, None, token)
    assert error.value.kind == "refresh"
    with pytest.raises(DeliveryError) as error:
        ours_at(stand, open_id="somebody-else").fetch({}, NOW, None, ours.fetch_token().value)
    assert error.value.kind == "stop"
    with pytest.raises(DeliveryError) as error:
        ours_at(stand, client_key="ttsandbox0000002").fetch_token()
    assert error.value.code == "10003"


def pushed(name: str, signature: str | None = None) -> WebhookRequest:
    body = (FOLDER / "douyin" / "payloads" / f"{name}.json").read_bytes()
    made = hashlib.sha1(ACCOUNT["client_secret"].encode() + body).hexdigest()
    headers = {"x-douyin-signature": made if signature is None else signature}
    return WebhookRequest("POST", {}, headers, body, NOW)


def test_the_address_is_verified_by_a_push_that_is_no_message(stand: DouyinSandbox) -> None:
    ours = ours_at(stand)
    checked = ours.check(pushed("push_verify"))
    assert json.loads(ours.acknowledgement(checked, "已收到", NOW).body) == {"challenge": 12345}
    assert ours.read(checked.body) == []


def test_a_comment_pushed_and_listed_has_one_key(stand: DouyinSandbox) -> None:
    ours = ours_at(stand)
    checked = ours.check(pushed("push_comment"))
    (message,) = ours.read(checked.body)
    stand.publish()
    stand.comment("citizen-1", message.text, comment_id=message.thread["comment_id"])
    (item,) = ours.fetch({}, NOW, None, ours.fetch_token().value).raw_items
    assert ours.read(item.body)[0].external_id == message.external_id
    assert ours.acknowledgement(checked, "已收到", NOW) == DouyinConnector.nothing_to_say
    assert ours.check(pushed("push_comment")).fingerprint == checked.fingerprint


@pytest.mark.parametrize("signature", ["", "0" * 40, "é", hashlib.sha1(b"").hexdigest()])
def test_a_push_that_does_not_prove_itself_is_refused(stand: DouyinSandbox, signature: str) -> None:
    with pytest.raises(SignatureError):
        ours_at(stand).check(pushed("push_comment", signature))


def test_a_push_for_another_application_or_too_long_is_refused(stand: DouyinSandbox) -> None:
    with pytest.raises(SignatureError, match="foreign"):
        ours_at(stand, client_key="ttsandbox0000002").check(pushed("push_comment"))
    with pytest.raises(PayloadError, match="too large"):
        ours_at(stand).check(WebhookRequest("POST", {}, {}, b"x" * 70_000, NOW))
    with pytest.raises(SignatureError):
        ours_at(stand).answer_challenge(WebhookRequest("GET", {"echostr": "1"}, {}, b"", NOW))


def test_the_stand_in_pushes_as_its_pages_say() -> None:
    """Signed, up to three times until it is taken; the address is verified by its challenge."""
    told: list[str] = []

    def door(request: httpx.Request) -> httpx.Response:
        asked = WebhookRequest("POST", {}, dict(request.headers), request.read(), NOW)
        checked = ours.check(asked)
        told.extend(one.text for one in ours.read(checked.body))
        return httpx.Response(
            200 if len(told) != 1 else 503, text=ours.acknowledgement(checked, None, NOW).body
        )

    with a_douyin(webhook_url="http://office/hook", webhook_transport=httpx.MockTransport(door)) as stand:
        ours = ours_at(stand)
        assert stand.verify_webhook()
        assert stand.push_comment(stand.comment("citizen-1", "路灯坏了"))
        assert told == ["路灯坏了"] * 2
