"""Comments below videos: brought once, answered below, pushed with a proof. The stand-in is Douyin's own pages."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.contract import WebhookRequest
from connectors.douyin.client import PAGE_SIZE
from connectors.douyin.codes import CODES, TOKEN_CODES
from connectors.douyin.connector import DouyinConnector
from connectors.errors import ERROR_CLASSES, DeliveryError, PayloadError, SignatureError
from tests.connectors.accounts import SETTINGS
from tests.connectors.samples import FOLDER
from tests.connectors.stands import NOW, a_reply

ACCOUNT = SETTINGS["douyin"]
TOKEN = "act.sandbox"
VIDEO = "@8hxdhauTCMppanGnM4ltGM780mDqPP+KPpR0qQOmLVAXb/T060zdRmYqig357zEB=="


class Stand:
    """Douyin as its documentation describes it. ``refuses`` is the code of the next answer."""

    def __init__(self) -> None:
        self.videos: dict[str, list[dict[str, Any]]] = {}
        self.replies: list[tuple[str, str, str]] = []
        self.asked: list[httpx.Request] = []
        self.refuses: int | str = 0

    def publish(self, item_id: str = VIDEO) -> str:
        self.videos[item_id] = []
        return item_id

    def comment(self, text: str, item_id: str = VIDEO, minutes_ago: float = 0, **more: Any) -> None:
        at = int((NOW - timedelta(minutes=minutes_ago)).timestamp())
        number = sum(map(len, self.videos.values()))
        told = {"comment_id": f"@c{number}==", "comment_user_id": f"citizen-{number}", "content": text}
        self.videos[item_id].insert(0, {**told, "create_time": at, "top": False, **more})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.refuses:
            data = {"error_code": self.refuses, "description": "words"}
            self.refuses = 0
            return httpx.Response(200, json={"data": data, "extra": {"logid": "1"}})
        answer = ANSWERS[request.url.path](self, request)
        extra = {"error_code": 0, "description": "", "logid": "1"}
        return httpx.Response(200, json={"data": {"error_code": 0, **answer}, "extra": extra})

    def token(self, request: httpx.Request) -> Mapping[str, Any]:
        assert b"grant_type=refresh_token" in request.content
        return {
            "access_token": TOKEN,
            "expires_in": "1296000",
            "refresh_expires_in": "864000",
            "open_id": ACCOUNT["open_id"],
        }

    def list_videos(self, request: httpx.Request) -> Mapping[str, Any]:
        made = [{"item_id": one, "create_time": int(NOW.timestamp()) - 3600} for one in self.videos]
        return _page(request, made)

    def list_comments(self, request: httpx.Request) -> Mapping[str, Any]:
        assert request.headers["access-token"] == TOKEN
        return _page(request, self.videos[request.url.params["item_id"]])

    def reply(self, request: httpx.Request) -> Mapping[str, Any]:
        body = json.loads(request.content)
        self.replies.append((body["item_id"], body["comment_id"], body["content"]))
        return {"comment_id": "@reply=="}


def _page(request: httpx.Request, items: list[dict[str, Any]]) -> Mapping[str, Any]:
    begin, count = (int(request.url.params[name]) for name in ("cursor", "count"))
    assert 1 <= count <= 20
    has_more = begin + count < len(items)
    return {"list": items[begin : begin + count], "cursor": begin + count, "has_more": has_more}


ANSWERS = {
    "/oauth/refresh_token/": Stand.token,
    "/api/douyin/v1/video/video_list/": Stand.list_videos,
    "/item/comment/list/": Stand.list_comments,
    "/item/comment/reply/": Stand.reply,
}


@pytest.fixture
def stand() -> Stand:
    return Stand()


def ours_at(stand: Stand, **more: str) -> DouyinConnector:
    transport = httpx.MockTransport(stand)
    return DouyinConnector(**{**ACCOUNT, **more}, transport=transport, clock=lambda: NOW)


class Asked:
    """Our side, asking round after round."""

    def __init__(self, stand: Stand) -> None:
        self.ours, self.cursor, self.texts = ours_at(stand), dict[str, str](), list[str]()

    def ask(self, budget: int | None = None) -> int:
        result = self.ours.fetch(self.cursor, NOW, budget, TOKEN)
        self.cursor = dict(result.cursor)
        self.texts += [self.ours.read(item.body)[0].text for item in result.raw_items]
        return result.calls


def test_comments_of_all_pages_of_all_videos_are_brought(stand: Stand) -> None:
    for item_id in (stand.publish(), stand.publish("@second==")):
        for number in range(PAGE_SIZE + 5):
            stand.comment(f"{item_id[:3]}{number:02}", item_id, minutes_ago=100 - number)
    asked = Asked(stand)
    assert asked.ask() == 1 + 2 + 2
    assert len(set(asked.texts)) == len(asked.texts) == 2 * (PAGE_SIZE + 5)
    stand.comment("新的", minutes_ago=-1)
    asked.texts.clear()
    assert asked.ask() == 1 + 1 + 1  # one page of each: below it everything is known
    assert "新的" in asked.texts


def test_a_small_budget_reaches_every_video_in_turn(stand: Stand) -> None:
    for number in range(6):
        stand.comment(f"留言{number}", stand.publish(f"@v{number}=="), minutes_ago=number)
    asked = Asked(stand)
    for _ in range(6):
        assert asked.ask(budget=2) <= 2
    assert set(asked.texts) == {f"留言{number}" for number in range(6)}


def test_a_video_of_long_ago_is_not_asked_for(stand: Stand) -> None:
    stand.publish()
    ours_at(stand, comment_days="1").fetch({}, NOW + timedelta(days=2), None, TOKEN)
    assert [request.url.path for request in stand.asked] == ["/api/douyin/v1/video/video_list/"]


def test_a_reply_stands_below_its_comment_with_the_token_in_no_address(stand: Stand) -> None:
    stand.publish()
    stand.comment("几点开门")
    ours = ours_at(stand)
    (item,) = ours.fetch({}, NOW, None, TOKEN).raw_items
    (message,) = ours.read(item.body)
    receipt = ours.send(a_reply("八点半开门", recipient=message.sender, **message.thread), TOKEN)
    assert (stand.replies, receipt.reference) == ([(VIDEO, "@c0==", "八点半开门")], "@reply==")
    assert not [request for request in stand.asked if TOKEN in str(request.url)]


@pytest.mark.parametrize(
    ("text", "thread", "code"),
    [
        ("", {"item_id": "a", "comment_id": "b"}, "empty"),
        ("好" * 101, {"item_id": "a", "comment_id": "b"}, "too_long"),
        ("好", {"item_id": "a"}, "no_place"),
    ],
)
def test_what_cannot_stand_there_is_not_sent(
    stand: Stand, text: str, thread: dict[str, str], code: str
) -> None:
    with pytest.raises(DeliveryError) as error:
        ours_at(stand).send(a_reply(text, **thread), TOKEN)
    assert (error.value.kind, error.value.code, stand.asked) == ("final", code, [])


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("code", [code for code in CODES if code.isdecimal()] + ["99999999"])
def test_a_code_ends_in_its_class(stand: Stand, code: str, as_text: bool) -> None:
    stand.refuses = code if as_text else int(code)
    with pytest.raises(DeliveryError) as error:
        ours_at(stand).send(a_reply(item_id="a", comment_id="b"), TOKEN)
    assert error.value.kind == (CODES[code].kind if code in CODES else "human")


def test_every_class_is_known_and_a_refused_permission_is_never_asked_again() -> None:
    assert {row.kind for row in CODES.values()} <= set(ERROR_CLASSES)
    assert "refresh" not in {row.kind for row in TOKEN_CODES.values()}


def test_the_token_and_the_permission_say_when_they_end(stand: Stand) -> None:
    ours = ours_at(stand)
    assert ours.fetch_token().expires_at == NOW + timedelta(days=15)
    grant = ours.fetch_grant(NOW)
    assert (grant.days_left(NOW), grant.holder) == (10, ACCOUNT["open_id"])
    stand.refuses = 10010
    with pytest.raises(DeliveryError) as error:
        ours.fetch_token()
    assert error.value.kind == "stop" and "重新授权" in error.value.message_zh


# ------------------------------------------------------------------ pushed


def pushed(name: str, signature: str | None = None) -> WebhookRequest:
    body = (FOLDER / "douyin" / "payloads" / f"{name}.json").read_bytes()
    made = hashlib.sha1(ACCOUNT["client_secret"].encode() + body).hexdigest()
    headers = {"x-douyin-signature": made if signature is None else signature}
    return WebhookRequest("POST", {}, headers, body, NOW)


def test_the_address_is_verified_by_a_push_that_is_no_message(stand: Stand) -> None:
    ours = ours_at(stand)
    checked = ours.check(pushed("push_verify"))
    assert json.loads(ours.acknowledgement(checked, "已收到", NOW).body) == {"challenge": 12345}
    assert ours.read(checked.body) == []


def test_a_comment_pushed_and_listed_has_one_key(stand: Stand) -> None:
    ours = ours_at(stand)
    checked = ours.check(pushed("push_comment"))
    (message,) = ours.read(checked.body)
    stand.publish()
    stand.comment(message.text, comment_id=message.thread["comment_id"])
    (item,) = ours.fetch({}, NOW, None, TOKEN).raw_items
    assert ours.read(item.body)[0].external_id == message.external_id
    assert ours.acknowledgement(checked, "已收到", NOW) == DouyinConnector.nothing_to_say
    assert ours.check(pushed("push_comment")).fingerprint == checked.fingerprint


@pytest.mark.parametrize("signature", ["", "0" * 40, "é", hashlib.sha1(b"").hexdigest()])
def test_a_push_that_does_not_prove_itself_is_refused(stand: Stand, signature: str) -> None:
    with pytest.raises(SignatureError):
        ours_at(stand).check(pushed("push_comment", signature))


def test_a_push_for_another_application_or_too_long_is_refused(stand: Stand) -> None:
    with pytest.raises(SignatureError, match="foreign"):
        ours_at(stand, client_key="ttsandbox0000002").check(pushed("push_comment"))
    with pytest.raises(PayloadError, match="too large"):
        ours_at(stand).check(WebhookRequest("POST", {}, {}, b"x" * 70_000, NOW))
    with pytest.raises(SignatureError):
        ours_at(stand).answer_challenge(WebhookRequest("GET", {"echostr": "1"}, {}, b"", NOW))
