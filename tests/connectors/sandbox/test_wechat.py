"""Does the local WeChat behave like the real one, also when it is told to fail?"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import ConnectorError, DeliveryError
from connectors.sandbox import Ledger, WeChatSandbox
from connectors.sandbox.ledger import UNAVAILABLE
from connectors.sandbox.wechat_pushes import KINDS
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, NOW, MovingClock, a_reply, a_request, a_wechat, our_wechat

Webhook = Callable[[httpx.Request], httpx.Response]


class OurDoor:
    """The webhook as the app has it: check, keep, answer. ``answers`` spoils the first ones."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.kept: dict[str, bytes] = {}
        self.bodies: list[bytes] = []
        self._answers = list(answers)
        self._ours = our_wechat()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = a_request(dict(request.url.params), request.content, request.method)
        if request.method == "GET":
            return httpx.Response(200, text=self._ours.answer_challenge(call).body)
        self.bodies.append(request.content)
        try:
            checked = self._ours.check(call)
        except ConnectorError:
            return httpx.Response(403, text="refused")
        self.kept[checked.fingerprint] = checked.body
        if self._answers:
            spoiled = self._answers.pop(0)
            if isinstance(spoiled, Exception):
                raise spoiled
            return spoiled
        return httpx.Response(200, text=self._ours.nothing_to_say.body)


def told_to(door: Webhook, **more: Any) -> WeChatSandbox:
    return a_wechat(
        webhook_url="https://office.example/hook", webhook_transport=httpx.MockTransport(door), **more
    )


def test_pushes_of_every_kind_are_taken_at_the_first_try() -> None:
    door = OurDoor()
    stand = told_to(door)
    assert stand.verify_webhook()
    for kind in (*KINDS, "hologram"):
        assert stand.push(kind, CITIZEN).attempts == ((200, "success"),)
    assert len(door.kept) == len(KINDS) + 1
    assert stand.ledger.entries() == ()


@pytest.mark.parametrize(
    ("answer", "is_fine"),
    [
        (httpx.Response(200, text="success"), True),
        (httpx.Response(200, text=""), True),
        (httpx.Response(200, text='"success"'), False),
        (httpx.Response(200, json={"ok": True}), False),
        (httpx.Response(200, text="<html>维护中</html>"), False),
        (httpx.Response(204), False),
        (httpx.Response(403, text="success"), False),
        (httpx.Response(500, text="oops"), False),
        (httpx.Response(302, headers={"location": "/"}), False),
        (httpx.ReadTimeout("5 s are over"), False),
    ],
    ids=lambda value: f"pitfall-6-{value}"[:60],
)
def test_pitfall_6_anything_but_success_or_nothing_is_asked_again(
    answer: httpx.Response | Exception, is_fine: bool
) -> None:
    door = OurDoor(answer)
    stand = told_to(door)
    outcome = stand.push_text(CITIZEN, "路灯坏了")
    assert outcome.accepted
    assert len(outcome.attempts) == (1 if is_fine else 2)
    assert len(door.kept) == 1  # told twice, the same push


def test_pitfall_5_after_three_bad_answers_the_citizen_is_told_that_nobody_answers() -> None:
    door = OurDoor(*[httpx.Response(500, text="oops")] * 3)
    stand = told_to(door)
    assert not stand.push_text(CITIZEN, "路灯坏了").accepted
    assert len(door.bodies) == 3
    assert stand.ledger.seen_by(CITIZEN, "unavailable") == [UNAVAILABLE]


@pytest.mark.parametrize(("sealed_anew", "bodies"), [(True, 2), (False, 1)])
def test_pitfall_7_a_repetition_is_sealed_anew_or_identical(sealed_anew: bool, bodies: int) -> None:
    door = OurDoor(httpx.Response(500))
    assert told_to(door).push("text", CITIZEN, sealed_anew=sealed_anew).accepted
    assert (len(door.bodies), len(set(door.bodies)), len(door.kept)) == (2, bodies, 1)


def test_the_same_message_may_be_told_again_later() -> None:
    door = OurDoor()
    stand = told_to(door)
    first = stand.push_text(CITIZEN, "路灯坏了")
    stand.push("text", CITIZEN, {"Content": "路灯坏了"}, msg_id=first.msg_id, created_at=NOW)
    assert len(door.kept) == 1


def _receipt(text: str, to: str = CITIZEN, sender: str = SETTINGS["wechat"]["original_id"]) -> httpx.Response:
    xml = (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>{sender}</FromUserName>"
        f"<CreateTime>1763600011000</CreateTime><MsgType>text</MsgType><Content>{text}</Content></xml>"
    )
    return httpx.Response(200, text=xml)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (_receipt("已收到"), ["已收到"]),
        (_receipt("好" * 682), ["好" * 682]),
        (_receipt("好" * 683), []),
        (_receipt("已收到", to="gh_x"), []),
        (_receipt("已收到", sender=CITIZEN), []),
    ],
)
def test_a_receipt_in_xml_is_shown_only_if_it_is_right(answer: httpx.Response, seen: list[str]) -> None:
    stand = told_to(OurDoor(answer))
    stand.push_text(CITIZEN, "路灯坏了")
    assert stand.ledger.seen_by(CITIZEN, "receipt") == seen


# fmt: off
WINDOW = [
    # what happened before                           , hours since, the answer
    (("text",),                                         47.9, None),
    (("text",),                                         48.1, "45015"),
    (("image",),                                        1,    None),
    (("text", "unsubscribe"),                           1,    "45015"),
    (("text", "unsubscribe", "subscribe"),              1,    None),
    (("subscribe",),                                    1,    "45015"),
    (("subscribe",),                                    0.01, None),
    (("click",),                                        0.01, None),
    (("click",),                                        0.02, "45015"),
    (("text", "click"),                                 47.9, None),
    (("view",),                                         1,    "45015"),
    ((),                                                1,    "40003"),
]
# fmt: on


@pytest.mark.parametrize(("before", "hours", "code"), WINDOW, ids=lambda value: f"pitfall-19-{value}")
def test_pitfall_19_the_window_is_48_hours_from_what_the_citizen_wrote(
    before: tuple[str, ...], hours: float, code: str | None
) -> None:
    clock = MovingClock()
    with told_to(OurDoor(), clock=clock) as stand:
        for kind in before:
            stand.push(kind, CITIZEN)
        ours = our_wechat(api_base=stand.url)
        clock.at = NOW + timedelta(hours=hours)
        assert _code_of(lambda: ours.send(a_reply(), ours.fetch_token().value)) == code


def test_pitfall_19_five_replies_and_not_six_until_the_citizen_writes_again() -> None:
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        token = ours.fetch_token().value
        codes = [_code_of(lambda: ours.send(a_reply(), token)) for _ in range(6)]
        assert codes == [None] * 5 + ["45047"]
        stand.note_message(CITIZEN)
        assert _code_of(lambda: ours.send(a_reply(), token)) is None


def test_pitfall_19_an_event_allows_three_for_a_minute_and_takes_nothing_away() -> None:
    with told_to(OurDoor()) as stand:
        ours = our_wechat(api_base=stand.url)
        token = ours.fetch_token().value
        stand.push("scan", CITIZEN, {"Event": "SCAN", "EventKey": "12"})
        assert [_code_of(lambda: ours.send(a_reply(), token)) for _ in range(4)] == [None] * 3 + ["45047"]
        stand.push_text(CITIZEN, "路灯坏了")
        stand.push("click", CITIZEN)  # the larger of the two counts: five, not eight and not three
        assert [_code_of(lambda: ours.send(a_reply(), token)) for _ in range(6)] == [None] * 5 + ["45047"]


def _code_of(send: Callable[[], object]) -> str | None:
    try:
        send()
    except DeliveryError as error:
        return error.code
    return None


# fmt: off
CALLS = [
    ("GET",  None,                                                                         43002),
    ("POST", b"",                                                                          44002),
    ("POST", b"{",                                                                         47001),
    ("POST", b"[]",                                                                        47001),
    ("POST", rb'{"touser":"x","msgtype":"text","text":{"content":"\u4f60"}}',             40033),
    ("POST", b'{"touser":"x","msgtype":"image"}',                                          47001),
    ("POST", b'{"touser":"nobody","msgtype":"text","text":{"content":"x"}}',               40003),
    ("POST", f'{{"touser":"{CITIZEN}","msgtype":"text","text":{{"content":"{"好" * 683}"}}}}'.encode(), 45002),
]
# fmt: on


@pytest.mark.parametrize(("method", "body", "code"), CALLS, ids=lambda value: str(value)[:40])
def test_pitfall_17_a_wrong_call_is_refused_as_wechat_refuses_it(
    method: str, body: bytes | None, code: int
) -> None:
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        token = our_wechat(api_base=stand.url).fetch_token().value
        answer = httpx.request(
            method, f"{stand.url}/cgi-bin/message/custom/send?access_token={token}", content=body
        )
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"app_id": "wxfeedc0de00000009"}, "40013"), ({"app_secret": "anothersecret"}, "40125")],
    ids=str,
)
def test_a_wrong_account_gets_no_token(wrong: dict[str, str], code: str) -> None:
    with a_wechat() as stand, pytest.raises(DeliveryError) as error:
        our_wechat(api_base=stand.url, **wrong).fetch_token()
    assert (error.value.kind, error.value.code) == ("stop", code)


def test_a_server_that_is_not_on_the_white_list_gets_no_token() -> None:
    with a_wechat(allowed_ips=frozenset({"203.0.113.9"})) as stand, pytest.raises(DeliveryError) as error:
        our_wechat(api_base=stand.url).fetch_token()
    assert (error.value.kind, error.value.code) == ("stop", "40164")


def test_pitfall_14_tokens_live_as_wechats_do() -> None:
    clock = MovingClock()
    with a_wechat(clock=clock) as stand:
        ours = our_wechat(api_base=stand.url, clock=clock)
        first = ours.fetch_token()
        clock.at = NOW + timedelta(minutes=114)
        assert ours.fetch_token() == first  # the same, with what is left of its life
        clock.at = NOW + timedelta(minutes=116)
        second = ours.fetch_token()  # renewed five minutes before the end, the old one still holds
        assert second.value != first.value
        assert stand.tokens.problem(first.value, clock()) == 0
        forced = ours.fetch_token(force=True)
        assert stand.tokens.problem(second.value, clock()) == 40001
        assert ours.fetch_token(force=True) == forced  # twice within 30 seconds: nothing happens
        clock.at = NOW + timedelta(hours=5)
        assert stand.tokens.problem(forced.value, clock()) == 42001


def test_the_old_kind_of_token_kills_the_one_before() -> None:
    with a_wechat() as stand:
        stable = our_wechat(api_base=stand.url).fetch_token().value
        account = SETTINGS["wechat"]
        query = {
            "grant_type": "client_credential",
            "appid": account["app_id"],
            "secret": account["app_secret"],
        }
        first, second = (
            httpx.get(f"{stand.url}/cgi-bin/token", params=query).json()["access_token"] for _ in range(2)
        )
    assert [stand.tokens.problem(token, NOW) for token in (first, second, stable)] == [40001, 0, 0]


def test_failures_come_in_the_order_they_were_asked_for_and_then_end() -> None:
    with a_wechat() as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        token = ours.fetch_token().value
        stand.fail_next("custom/send", errcode=40001, times=2)
        stand.fail_next("custom/send", errcode=-1)
        codes = [_code_of(lambda: ours.send(a_reply(), token)) for _ in range(4)]
    assert codes == ["40001", "40001", "-1", None]
    with pytest.raises(ValueError, match="no such call"):
        stand.fail_next("custom/sendd", errcode=1)
    with pytest.raises(ValueError, match="errcode or one of"):
        stand.fail_next("custom/send", fault="gremlins")


def test_the_ledger_is_on_disk_before_the_answer_and_survives(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with a_wechat(ledger=path) as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url)
        ours.send(a_reply("第一行\n第二行"), ours.fetch_token().value)
        assert json.loads(path.read_text("utf-8"))["text"] == "第一行\n第二行"
    path.write_bytes(path.read_bytes() + b'{"at": "2026-')  # killed in the middle of a line
    assert Ledger(path).seen_by(CITIZEN) == ["第一行\n第二行"]


def test_people_and_scripts_can_use_it_by_http() -> None:
    with told_to(OurDoor()) as stand:
        page = httpx.get(stand.url)
        assert page.headers["content-type"].startswith("text/html") and "微信公众号模拟平台" in page.text
        pushed = httpx.post(f"{stand.url}/sandbox/push", json={"person": CITIZEN, "text": "路灯坏了"})
        assert pushed.json()["accepted"] is True
        planned = httpx.post(f"{stand.url}/sandbox/fail", json={"call": "custom/send", "errcode": 45009})
        assert planned.json() == {"ok": True}
        ours = our_wechat(api_base=stand.url)
        token = ours.fetch_token().value
        assert _code_of(lambda: ours.send(a_reply(), token)) == "45009"
        ours.send(a_reply("修好了"), token)
        ledger = httpx.get(f"{stand.url}/sandbox/ledger", params={"person": CITIZEN}).json()
        assert [entry["text"] for entry in ledger["entries"]] == ["修好了"]
        form = httpx.post(f"{stand.url}/sandbox/push", data={"person": CITIZEN, "text": "x"})
        assert form.status_code == 404  # a foreign page cannot press its buttons
        assert httpx.post(f"{stand.url}/sandbox/fail", json={"call": "x", "errcode": 1}).status_code == 400


def test_every_entry_of_the_ledger_is_pushed_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("connectors.sandbox.ledger.os.fsync", synced.append)
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(3):
        ledger.add(NOW, CITIZEN, "reply", str(number))
        assert len(synced) == number + 1


def test_time_passes_when_it_is_told_to() -> None:
    with told_to(OurDoor()) as stand:
        stand.note_message(CITIZEN)
        before = httpx.get(f"{stand.url}/sandbox/clock").json()["now"]
        after = httpx.post(f"{stand.url}/sandbox/clock", json={"days": 2, "hours": 1}).json()["now"]
        assert (before, after) == (NOW.isoformat(), (NOW + timedelta(days=2, hours=1)).isoformat())
        ours = our_wechat(api_base=stand.url, clock=stand.now)
        assert _code_of(lambda: ours.send(a_reply(), ours.fetch_token().value)) == "45015"


def test_a_day_has_so_many_calls_and_the_next_day_has_them_again() -> None:
    clock = MovingClock()
    with a_wechat(clock=clock, quotas={"custom/send": 2}) as stand:
        stand.note_message(CITIZEN)
        ours = our_wechat(api_base=stand.url, clock=clock)
        codes = [_code_of(lambda: ours.send(a_reply(), ours.fetch_token().value)) for _ in range(3)]
        assert codes == [None, None, "45009"]
        clock.at += timedelta(hours=24)
        assert _code_of(lambda: ours.send(a_reply(), ours.fetch_token().value)) is None


# fmt: off
COMMENT_CALLS = [
    # the call, what is given beside the place                   , the code
    ("list",         {"begin": 0, "count": 50, "type": 0},         88010),
    ("list",         {"begin": 0, "count": 0,  "type": 0},         88010),
    ("list",         {"begin": 0, "count": 49, "type": 0},         0),
    ("list",         {"begin": 0, "count": 49, "index": 7},        88001),
    ("reply/add",    {"user_comment_id": 9, "content": "好"},      88008),
    ("reply/add",    {"user_comment_id": 1, "content": ""},        88007),
    ("reply/add",    {"user_comment_id": 1, "content": "好" * 200}, 88007),
    ("reply/add",    {"user_comment_id": 2, "content": "好"},      88005),
    ("reply/delete", {"user_comment_id": 2},                       0),
    ("reply/delete", {"user_comment_id": 1},                       88008),
    ("markelect",    {"user_comment_id": 3},                       88004),
    ("markelect",    {"user_comment_id": 1},                       0),
    ("delete",       {"user_comment_id": 3},                       88008),
    ("close",        {},                                           0),
]
# fmt: on


@pytest.mark.parametrize(("call", "given", "code"), COMMENT_CALLS, ids=str)
def test_pitfall_22_calls_about_comments_are_answered_as_wechat_answers_them(
    call: str, given: dict[str, Any], code: int
) -> None:
    with a_wechat() as stand:
        places = [stand.comment(CITIZEN, text) for text in ("一", "二", "三")]
        article = stand.articles.by_place[places[0][:2]]
        article.comments[2].reply = ("好", NOW)
        article.comments[3].deleted = True
        token = our_wechat(api_base=stand.url).fetch_token().value
        body = {"msg_data_id": places[0][0], "index": 0, **given}
        answer = httpx.post(f"{stand.url}/cgi-bin/comment/{call}?access_token={token}", json=body).json()
        assert answer["errcode"] == code
        stand.articles.privilege = False
        refused = httpx.post(f"{stand.url}/cgi-bin/comment/{call}?access_token={token}", json=body).json()
        assert refused["errcode"] == 88000


def test_people_and_scripts_can_write_below_an_article() -> None:
    with a_wechat() as stand:
        told = httpx.post(f"{stand.url}/sandbox/comment", json={"person": CITIZEN, "text": "几点开门"}).json()
        assert told == {"accepted": True, "comment": "2650000123:0:1"}
        assert [c.text for c in stand.articles.by_place[2650000123, 0].comments.values()] == ["几点开门"]
