"""Comments below our posts, comments and posts that mention us: each list at its own place, none held up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.contract import IncomingMessage, OutgoingReply
from connectors.errors import DeliveryError
from connectors.sandbox import WeiboSandbox
from connectors.weibo import connector as weibo_connector
from connectors.weibo.connector import WeiboConnector
from tests.connectors.stands import NOW, WEIBO_CITIZEN, MovingClock, a_weibo, our_weibo


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weibo_connector, "PAGE_SIZE", 5)


class Asked:
    """Our side, asking round after round as the app does."""

    def __init__(self, stand: WeiboSandbox, **settings: Any) -> None:
        self.stand, self.cursor = stand, dict[str, str]()
        self.ours: WeiboConnector = our_weibo(api_base=stand.url, **settings)
        self.known: dict[str, IncomingMessage] = {}
        self.fingerprints: list[str] = []

    def ask(self, budget: int | None = None) -> int:
        result = self.ours.fetch(self.cursor, self.stand.now(), budget)
        self.cursor = dict(result.cursor)
        for item in result.raw_items:
            self.fingerprints.append(item.fingerprint)
            (message,) = self.ours.read(item.body)
            self.known[message.external_id] = message
        return result.calls

    @property
    def texts(self) -> list[str]:
        return sorted(message.text for message in self.known.values())


def everything(stand: WeiboSandbox, count: int = 12) -> list[str]:
    """So many of each; a comment below our post that mentions us besides is in two lists."""
    foreign = stand.mention(WEIBO_CITIZEN, "微博00")
    for number in range(count):
        stand.comment(WEIBO_CITIZEN, f"评论{number:02}", mentions=number % 2 == 0)
        stand.comment(WEIBO_CITIZEN, f"别处{number:02}", status=foreign, mentions=True)
        if number:
            stand.mention(WEIBO_CITIZEN, f"微博{number:02}")
    return sorted(f"{kind}{number:02}" for kind in ("评论", "别处", "微博") for number in range(count))


def test_all_three_lists_are_brought_and_what_is_in_two_is_one() -> None:
    with a_weibo() as stand:
        expected = everything(stand)
        asked = Asked(stand)
        asked.ask()
        assert asked.texts == expected
        assert len(set(asked.fingerprints)) == len(expected) < len(asked.fingerprints)
        assert {message.kind for message in asked.known.values()} == {"comment", "mention"}
        assert asked.ask() == 3


@pytest.mark.parametrize("budget", [1, 2, 4])
def test_pitfall_27_a_small_budget_brings_everything_in_the_end(budget: int) -> None:
    with a_weibo(calls_per_day=1000) as stand:
        expected = everything(stand)
        asked = Asked(stand, daily_calls="1000")
        for _ in range(30):
            assert asked.ask(budget) <= budget
        stand.mention(WEIBO_CITIZEN, "微博99")
        stand.comment(WEIBO_CITIZEN, "评论99")
        for _ in range(6):
            asked.ask(budget)
        assert asked.texts == sorted([*expected, "微博99", "评论99"])


def test_a_list_we_may_not_read_does_not_hold_up_the_others() -> None:
    with a_weibo() as stand:
        everything(stand)
        asked = Asked(stand)
        stand.fail_next("comments/mentions", errcode=10014)
        result = asked.ours.fetch({}, NOW)
        assert result.trouble is not None and result.trouble.code == "10014"
        kinds = {asked.ours.read(item.body)[0].text[:2] for item in result.raw_items}
        assert kinds == {"评论", "微博"}


def test_pitfall_28_what_weibo_says_is_left_goes_before_the_settings() -> None:
    clock = MovingClock(NOW)
    with a_weibo(calls_per_day=40, clock=clock) as stand:
        asked = Asked(stand, daily_calls="1000")
        made = sum(asked.ask() for _ in range(30))
        assert made <= 11  # forty, less thirty for replies, and the question itself
        comment = stand.comment(WEIBO_CITIZEN, "路灯坏了")
        thread = {"cid": str(comment), "id": str(stand.comments[comment].status)}
        assert asked.ours.send(OutgoingReply("已修好", None, thread, "1"), None).reference
        clock.at += timedelta(days=1)
        asked.ask()
        assert "路灯坏了" in asked.texts


def test_the_pause_spreads_the_calls_over_the_day() -> None:
    for settings, minutes in (({}, 62), ({"also_mentions": "no"}, 20), ({"daily_calls": "10000"}, 0)):
        pause = our_weibo(**settings).pause
        assert pause // timedelta(minutes=1) == minutes
    ours = our_weibo()
    rounds = timedelta(days=1) / ours.pause
    assert rounds * 3 <= ours.daily_budget


def test_a_post_that_mentions_us_is_answered_by_a_comment_below_it() -> None:
    with a_weibo() as stand:
        number = stand.mention(WEIBO_CITIZEN, "@示例发布 路灯坏了")
        asked = Asked(stand)
        asked.ask()
        (message,) = asked.known.values()
        reply = OutgoingReply("已修好", message.sender, message.thread, "1")
        assert asked.ours.send(reply, None).reference
        (entry,) = stand.ledger.entries()
        assert (entry.text, entry.about) == ("已修好", str(number))


# ------------------------------------------------------------------ the token's life


def test_pitfall_29_when_the_token_ends_is_a_fact_of_the_platform() -> None:
    with a_weibo() as stand:
        grant = our_weibo(api_base=stand.url).fetch_grant(NOW)
    assert (grant.ends_at, grant.holder) == (NOW + timedelta(days=30), "1700009999")
    assert [grant.days_left(NOW + timedelta(days=days)) for days in (0, 23.5, 30, 31)] == [30, 6, 0, 0]


def test_pitfall_29_where_weibo_does_not_say_the_day_that_was_entered_counts() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"uid": "1700009999"}))
    entered = our_weibo(transport=transport, token_ends_on="2026-12-20").fetch_grant(NOW)
    assert entered.ends_at == datetime(2026, 12, 20, 16, tzinfo=UTC)  # the end of that day in Beijing
    unknown = our_weibo(transport=transport).fetch_grant(NOW)
    assert (unknown.ends_at, unknown.days_left(NOW)) == (None, None)


def test_an_expired_token_is_an_error_and_no_date() -> None:
    with a_weibo() as stand:
        stand.token_expired = True
        with pytest.raises(DeliveryError) as error:
            our_weibo(api_base=stand.url).fetch_grant(NOW)
    assert (error.value.kind, error.value.code) == ("stop", "21327")


def test_trying_an_account_says_whose_token_it_is_and_what_is_left() -> None:
    with a_weibo() as stand:
        found = {probe.name: probe for probe in our_weibo(api_base=stand.url).probe(NOW, None)}
        assert found["授权"].ok and "30 天" in found["授权"].words
        assert found["剩余调用次数"].words == "还可调用 100 次"
        stand.token_ends_at = NOW + timedelta(days=5)
        soon = our_weibo(api_base=stand.url).probe(NOW, None)[0]
        assert soon.ok and "重新授权" in soon.words
        other = our_weibo(api_base=stand.url, uid="1700008888").probe(NOW, None)[0]
        assert other.ok is False and "另一个" in other.words
        stand.token_expired = True
        (failed,) = our_weibo(api_base=stand.url).probe(NOW, None)
        assert failed.ok is False and "21327" in failed.words


# ------------------------------------------------------------------ files from private messages


def test_a_picture_from_a_private_message_is_fetched_and_an_error_is_none() -> None:
    picture = b"\x89PNG\r\n\x1a\n...."
    with a_weibo() as stand:
        stand.files["880012"] = picture
        ours = our_weibo(api_base=stand.url)
        assert ours.fetch_media("880012", None, 1000).content_type == "image/png"
        with pytest.raises(DeliveryError) as error:
            ours.fetch_media("99", None, 1000)
        assert error.value.code == "20101"
