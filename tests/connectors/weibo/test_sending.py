"""Does a reply stand below the comment once, and do we know what happened when it does not?"""

from datetime import timedelta

import httpx
import pytest

from connectors.errors import ERROR_CLASSES, DeliveryError
from connectors.weibo.codes import CODES
from tests.connectors.stands import (
    NOW,
    WEIBO_CITIZEN,
    MovingClock,
    a_reply,
    a_weibo,
    our_weibo,
    patience_with,
)

# fmt: off
CLASSES = {
    "stop":     (21314, 21315, 21316, 21317, 21319, 21327, 21332, 10006, 10014, 10005, 10004, 21337),
    "back_off": (10022, 10023, 10024, 10009, 10010, 10011, 10001, 10002, 10003, 20016),
    "final":    (20101, 20201, 20202, 20203, 20204, 20012, 20013, 20017, 20019, 20111, 20018, 20020, 20021,
                 20015, 20022),
    "human":    (20031, 99999),
}
# fmt: on


@pytest.mark.parametrize("as_text", [False, True], ids=["number", "text"])
@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in CLASSES.items() for code in codes]
)
def test_pitfall_28_a_code_ends_in_its_class(code: int, kind: str, as_text: bool) -> None:
    data = {
        "request": "/2/comments/reply.json",
        "error_code": str(code) if as_text else code,
        "error": "words",
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(400, json=data))
    with pytest.raises(DeliveryError) as error:
        our_weibo(transport=transport).send(a_reply(cid="1", id="2"), None)
    assert (error.value.kind, error.value.code) == (kind, str(code))


def test_every_code_is_in_a_known_class() -> None:
    assert all(row.kind in ERROR_CLASSES and row.message_zh.endswith("。") for row in CODES.values())


def test_a_reply_stands_below_the_comment_without_the_automatic_prefix() -> None:
    with a_weibo() as stand:
        comment = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        ours = our_weibo(api_base=stand.url)
        (item,) = ours.fetch({}, NOW).raw_items
        (message,) = ours.read(item.body)
        receipt = ours.send(a_reply("好" * 140, recipient=message.sender, **message.thread), None)
        assert receipt.reference
        (entry,) = stand.ledger.entries()
    assert (entry.person, entry.text, entry.about) == (WEIBO_CITIZEN, "好" * 140, str(comment))


def test_pitfall_28_taken_but_not_yet_visible_is_a_success() -> None:
    with a_weibo() as stand:
        comment = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        stand.fail_next("comments/reply", errcode=20032)
        status = str(stand.comments[comment].status)
        receipt = our_weibo(api_base=stand.url).send(a_reply("已修好", cid=str(comment), id=status), None)
        assert receipt.reference is None and "一两分钟" in receipt.note
        assert stand.ledger.seen_by(WEIBO_CITIZEN) == ["已修好"]


def test_pitfall_28_so_is_a_private_reply_that_is_taken_and_shown_a_little_later() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=""))
    with a_weibo(webhook_url="https://office.example/hook", webhook_transport=transport) as stand:
        stand.push_text(WEIBO_CITIZEN, "想咨询落户")
        stand.fail_next("messages/reply", errcode=20032)
        receipt = our_weibo(api_base=stand.url).send(a_reply("请带户口簿", private=WEIBO_CITIZEN), None)
        assert "一两分钟" in receipt.note
        assert stand.ledger.seen_by(WEIBO_CITIZEN, "reply") == ["请带户口簿"]


def test_pitfall_28_the_same_words_twice_are_refused() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        first, second = (stand.comment(WEIBO_CITIZEN, f"路灯坏了{n}") for n in range(2))
        status = str(stand.comments[first].status)
        ours.send(a_reply("已修好", cid=str(first), id=status), None)
        with pytest.raises(DeliveryError) as error:
            ours.send(a_reply("已修好", cid=str(second), id=status), None)
        assert (error.value.kind, error.value.code) == ("final", "20019")


def test_a_comment_that_was_taken_back_cannot_be_answered() -> None:
    with a_weibo() as stand:
        comment = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        status = str(stand.comments[comment].status)
        stand.delete_comment(comment)
        with pytest.raises(DeliveryError) as error:
            our_weibo(api_base=stand.url).send(a_reply(cid=str(comment), id=status), None)
        assert (error.value.kind, error.value.code) == ("final", "20201")


@pytest.mark.parametrize(
    ("fault", "kind", "arrived"),
    [
        ("timeout_before", "unknown", False),
        ("timeout_after", "unknown", True),
        ("reset_after", "unknown", True),
        ("html", "unknown", False),
        ("truncated", "unknown", True),
        ("http_502", "unknown", False),
        ("http_429", "back_off", False),
    ],
)
def test_pitfall_20_after_a_fault_we_claim_to_know_only_what_we_know(
    fault: str, kind: str, arrived: bool
) -> None:
    with a_weibo() as stand:
        comment = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        status = str(stand.comments[comment].status)
        stand.fail_next("comments/reply", fault=fault)
        with pytest.raises(DeliveryError) as error:
            our_weibo(api_base=stand.url, total_seconds=patience_with(fault)).send(
                a_reply(cid=str(comment), id=status), None
            )
        assert error.value.kind == kind
        assert bool(stand.ledger.seen_by(WEIBO_CITIZEN)) == arrived


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (a_reply("好" * 141, cid="1", id="2"), "20012"),
        (a_reply("好" * 301, private=WEIBO_CITIZEN), "20012"),
        (a_reply(" ", cid="1", id="2"), "20008"),
        (a_reply(cid="1"), "20101"),
        (a_reply(recipient=None), "20201"),
    ],
)
def test_what_weibo_would_refuse_is_not_even_sent(reply: object, code: str) -> None:
    def never(_: httpx.Request) -> httpx.Response:
        raise AssertionError("a call was made")

    with pytest.raises(DeliveryError) as error:
        our_weibo(transport=httpx.MockTransport(never)).send(reply, None)  # type: ignore[arg-type]
    assert (error.value.kind, error.value.code) == ("final", code)


@pytest.mark.parametrize(("hours", "arrived"), [(47, True), (49, False)])
def test_pitfall_25_a_private_reply_is_encoded_once_and_within_48_hours(hours: int, arrived: bool) -> None:
    clock = MovingClock()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=""))
    with a_weibo(
        clock=clock, webhook_url="https://office.example/hook", webhook_transport=transport
    ) as stand:
        assert stand.push_text(WEIBO_CITIZEN, "想咨询落户")
        clock.at = NOW + timedelta(hours=hours)
        reply = a_reply("请带身份证&户口簿 100%", private=WEIBO_CITIZEN)
        ours = our_weibo(api_base=stand.url)
        if arrived:
            ours.send(reply, None)
        else:
            with pytest.raises(DeliveryError):
                ours.send(reply, None)
        assert stand.ledger.seen_by(WEIBO_CITIZEN) == ([reply.text] if arrived else [])


def test_pitfall_30_after_unfollowing_nothing_can_be_delivered_in_private() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=""))
    with a_weibo(webhook_url="https://office.example/hook", webhook_transport=transport) as stand:
        stand.push_text(WEIBO_CITIZEN, "想咨询落户")
        stand.push("event", WEIBO_CITIZEN, "取消关注", {"subtype": "unfollow"})
        with pytest.raises(DeliveryError):
            our_weibo(api_base=stand.url).send(a_reply(private=WEIBO_CITIZEN), None)


@pytest.mark.parametrize(
    ("before", "allowed"),
    [
        (("mention",), 1),
        (("mention", "text"), 3),
        (("text", "mention"), 3),
        (("mention", "unfollow"), 0),
    ],
    ids=str,
)
def test_pitfall_30_after_a_mention_one_private_reply_and_no_more(
    before: tuple[str, ...], allowed: int
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=""))
    with a_weibo(webhook_url="https://office.example/hook", webhook_transport=transport) as stand:
        for one in before:
            is_event = one != "text"
            stand.push(
                "event" if is_event else one, WEIBO_CITIZEN, "你好", {"subtype": one} if is_event else {}
            )
        ours = our_weibo(api_base=stand.url)
        for number in range(3):
            try:
                ours.send(a_reply(f"第 {number} 次答复", WEIBO_CITIZEN), None)
            except DeliveryError as refused:
                assert (number >= allowed, refused.code) == (True, "10008")
        assert len(stand.ledger.seen_by(WEIBO_CITIZEN, "reply")) == allowed
