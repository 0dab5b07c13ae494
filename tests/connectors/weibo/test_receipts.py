"""What does the citizen see at once when writing to us in private on Weibo?"""

import json
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from connectors.contract import WebhookAnswer
from connectors.sandbox import WeiboSandbox
from connectors.weibo.connector import WeiboConnector
from tests.connectors.stands import WEIBO_CITIZEN, a_request, a_weibo, our_weibo

RECEIPT = "已收到，受理编号 2026-000123。50% 的材料可网上提交 & 查询"


class Door:
    """The webhook as the app has it: check, keep, answer with an approved text."""

    def __init__(self, text: str) -> None:
        self.ours, self.text = our_weibo(), text
        self.answers: list[WebhookAnswer] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = a_request(dict(request.url.params), request.content, request.method)
        answer = self.ours.acknowledgement(self.ours.check(call), self.text, call.received_at)
        self.answers.append(answer)
        return httpx.Response(200, text=answer.body)


def told_to(door: Door) -> WeiboSandbox:
    transport = httpx.MockTransport(door)
    return a_weibo(webhook_url="https://office.example/hook", webhook_transport=transport)


def test_pitfall_25_the_ids_are_swapped_and_the_data_is_encoded_once() -> None:
    door = Door(RECEIPT)
    stand = told_to(door)
    assert stand.push_text(WEIBO_CITIZEN, "想咨询落户")
    assert stand.ledger.seen_by(WEIBO_CITIZEN, "receipt") == [RECEIPT]
    body: dict[str, Any] = json.loads(door.answers[0].body)
    assert (body["sender_id"], body["receiver_id"]) == ("1700009999", WEIBO_CITIZEN)
    assert json.loads(unquote(body["data"])) == {"text": RECEIPT}


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("text", {}, ""),
        ("text", {}, "好" * 301),
        ("event", {"subtype": "follow"}, RECEIPT),
        ("event", {"subtype": "unfollow"}, RECEIPT),
    ],
    ids=["nothing to say", "too long", "follow", "unfollow"],
)
def test_what_cannot_be_shown_is_left_out(kind: str, data: dict[str, str], text: str) -> None:
    door = Door(text)
    assert told_to(door).push(kind, WEIBO_CITIZEN, "", data)
    assert door.answers == [WeiboConnector.nothing_to_say]
