"""Is every comment below our articles brought, answered once, and left alone where others dealt with it?"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import FetchResult, IncomingMessage
from connectors.errors import DeliveryError, NotOffered
from connectors.sandbox import WeChatSandbox
from connectors.wechat.comments import PAGE_SIZE
from connectors.wechat.connector import ACTIONS, WeChatConnector
from tests.connectors.stands import CITIZEN, NOW, MovingClock, a_reply, a_wechat, our_wechat

MID = 9650000123  # beyond 32 bits


class Asked:
    """Our side of an account with comments, asking round after round as the app does."""

    def __init__(self, stand: WeChatSandbox, **settings: str) -> None:
        self.stand = stand
        self.ours: WeChatConnector = our_wechat(
            **{"api_base": stand.url, "clock": stand.now, "comment_days": "7", **settings}
        )
        self.token = self.ours.fetch_token().value
        self.cursor: Mapping[str, str] = {}
        self.known: dict[str, IncomingMessage] = {}

    def ask(self, budget: int | None = None, hints: Sequence[Mapping[str, str]] = ()) -> FetchResult:
        result = self.ours.fetch(self.cursor, self.stand.now(), budget, self.token, hints)
        self.cursor = result.cursor
        for item in result.raw_items:
            (message,) = self.ours.read(item.body)
            self.known[message.external_id] = message
        return result

    @property
    def texts(self) -> list[str]:
        return sorted(message.text for message in self.known.values())


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(NOW)


def days_later(clock: MovingClock, days: float) -> None:
    clock.at += timedelta(days=days)


HINT = [{"articles": f"{MID}:0 {MID}:1"}]


def test_comments_of_all_pages_of_all_recent_articles_are_brought(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.publish(MID, 2)
        written = [stand.comment(CITIZEN, f"留言{n:03}", MID, n % 2) for n in range(2 * PAGE_SIZE + 5)]
        days_later(clock, 1)
        asked = Asked(stand)
        result = asked.ask()
        assert asked.texts == [f"留言{n:03}" for n in range(len(written))]
        assert result.trouble is None
        # The statistics of a week, and two pages for each article.
        assert (result.calls, stand.calls["cgi-bin/comment/list"]) == (7 + 4, 4)
        assert asked.ask().calls == 4  # those days are known now


def test_an_article_of_today_is_read_because_a_push_told_of_it(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "今天的留言", MID, 1)
        asked = Asked(stand)
        assert asked.ask().raw_items == ()
        asked.ask(hints=HINT)
        assert asked.texts == ["今天的留言"]


def test_an_article_that_was_entered_by_hand_is_read(clock: MovingClock) -> None:
    address = f"https://mp.weixin.qq.com/s?__biz=MzTEST==&mid={MID}&idx=2&sn=0"
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "第二篇的留言", MID, 1)
        asked = Asked(stand, articles=address)
        asked.ask()
        assert asked.texts == ["第二篇的留言"]
    with pytest.raises(ValueError, match="mid="):
        our_wechat(articles="https://mp.weixin.qq.com/s/AbCdEfGh")


def test_an_account_without_statistics_still_has_what_pushes_told_of(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "留言", MID, 0)
        stand.fail_next("getarticlesummary", errcode=48001)
        asked = Asked(stand)
        result = asked.ask(hints=HINT)
        assert asked.texts == ["留言"]
        assert result.trouble is not None and result.trouble.code == "48001"


def test_an_article_nobody_reads_any_more_is_no_longer_asked_for(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "留言", MID, 0)
        asked = Asked(stand)
        asked.ask(hints=HINT)
        days_later(clock, 9)
        asked.token = asked.ours.fetch_token().value
        before = stand.calls["cgi-bin/comment/list"]
        asked.ask()
        assert stand.calls["cgi-bin/comment/list"] == before
        assert "articles" not in asked.cursor


def test_pitfall_22_pages_that_shift_and_a_budget_lose_nothing(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.publish(MID, 2)
        for n in range(120):
            stand.comment(CITIZEN, f"留言{n:03}", MID, n % 2)
        asked = Asked(stand)
        rounds = 0
        while not asked.cursor or asked.cursor.get("todo"):
            rounds += 1
            assert asked.ask(budget=3, hints=HINT).calls <= 3
            if rounds == 3:
                stand.comment(CITIZEN, "半路上新写的", MID, 1)
        asked.ask(hints=HINT)  # one whole round more brings what was written behind us
        assert len(asked.texts) == 121
        assert rounds < 8


def test_pitfall_22_the_order_may_change_from_page_to_page(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.publish(MID, 1)
        for n in range(2 * PAGE_SIZE):
            stand.comment(CITIZEN, f"留言{n:03}", MID)
        stand.articles.shuffle = True
        asked = Asked(stand)
        assert asked.ask(hints=HINT).listed == {}  # nothing may be called gone from such a list
        stand.articles.shuffle = False
        listed = asked.ask(hints=HINT).listed
        assert len(asked.texts) == 2 * PAGE_SIZE
        assert {prefix: len(ids) for prefix, ids in listed.items()} == {f"comment:{MID}:0:": 2 * PAGE_SIZE}


def test_what_was_taken_away_is_missing_in_the_list_of_what_stands(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        first, second = (stand.comment(CITIZEN, text, MID) for text in ("还在", "删了"))
        asked = Asked(stand)
        asked.ask(hints=HINT)
        stand.articles.by_place[MID, 0].comments[second[2]].deleted = True
        (ids,) = asked.ask(hints=HINT).listed.values()
        assert set(asked.known) - ids == {f"comment:{MID}:0:{second[2]}"}
        assert f"comment:{MID}:0:{first[2]}" in ids


def test_pitfall_22_one_number_in_two_articles_is_two_comments(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        places = [stand.comment(None, text, MID, index) for text, index in (("一", 0), ("二", 1))]
        assert places[0][2] == places[1][2]
        asked = Asked(stand)
        result = asked.ask(hints=HINT)
        assert asked.texts == ["一", "二"]
        assert [message.sender for message in asked.known.values()] == [None, None]
        assert len({item.fingerprint for item in result.raw_items}) == 2


def test_a_comment_comes_again_once_somebody_answered_it_elsewhere(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        _, _, number = stand.comment(CITIZEN, "几点开门", MID)
        asked = Asked(stand)
        before = asked.ask(hints=HINT).raw_items[0].fingerprint
        assert asked.ask(hints=HINT).raw_items[0].fingerprint == before
        stand.articles.by_place[MID, 0].comments[number].reply = ("八点半", NOW)
        assert asked.ask(hints=HINT).raw_items[0].fingerprint != before
        (message,) = asked.known.values()
        assert message.answer == "八点半"


def replied(asked: Asked, text: str = "八点半开门。") -> None:
    (message,) = asked.known.values()
    asked.ours.send(a_reply(text, recipient=message.sender, **message.thread), asked.token)


def test_a_reply_stands_below_the_comment_once(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(None, "几点开门", MID, 1)
        asked = Asked(stand)
        asked.ask(hints=HINT)
        replied(asked)
        assert [entry.text for entry in stand.ledger.entries()] == ["八点半开门。"]
        with pytest.raises(DeliveryError) as error:
            replied(asked)
        assert (error.value.kind, error.value.code) == ("final", "88005")
        asked.ask(hints=HINT)
        assert [message.answer for message in asked.known.values()] == ["八点半开门。"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "88007"), ("好" * 141, "88007"), ("好\x07", "40033")],
    ids=["empty", "long", "bell"],
)
def test_a_reply_wechat_would_refuse_is_not_sent(clock: MovingClock, text: str, code: str) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "几点开门", MID)
        asked = Asked(stand)
        asked.ask(hints=HINT)
        with pytest.raises(DeliveryError) as error:
            replied(asked, text)
        assert (error.value.kind, error.value.code) == ("final", code)
        assert stand.calls["cgi-bin/comment/reply/add"] == 0


def test_pitfall_20_a_reply_of_which_we_do_not_know_is_seen_at_the_next_round(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "几点开门", MID)
        asked = Asked(stand, total_seconds=0.8)  # type: ignore[arg-type]
        asked.ask(hints=HINT)
        stand.fail_next("comment/reply/add", fault="timeout_after")
        with pytest.raises(DeliveryError) as error:
            replied(asked)
        assert error.value.kind == "unknown"
        asked.ask(hints=HINT)
        assert [message.answer for message in asked.known.values()] == ["八点半开门。"]


@pytest.mark.parametrize(
    ("spoil", "kind", "code"),
    [
        (lambda stand: setattr(stand.articles, "privilege", False), "stop", "88000"),
        (lambda stand: stand.fail_next("comment/list", errcode=45009), "back_off", "45009"),
        (lambda stand: stand.fail_next("comment/list", errcode=42001), "refresh", "42001"),
        (lambda stand: stand.fail_next("comment/list", fault="html"), "back_off", "html"),
    ],
    ids=["no privilege", "quota", "token", "html"],
)
def test_a_list_that_is_refused_says_why_and_the_next_round_goes_on(
    clock: MovingClock, spoil: Callable[[WeChatSandbox], Any], kind: str, code: str
) -> None:
    with a_wechat(clock=clock) as stand:
        stand.comment(CITIZEN, "留言", MID)
        asked = Asked(stand)
        spoil(stand)
        result = asked.ask(hints=HINT)
        assert result.trouble is not None
        assert (result.trouble.kind, result.trouble.code) == (kind, code)
        stand.articles.privilege = True
        asked.ask()
        assert asked.texts == ["留言"]


def test_an_article_closed_to_comments_does_not_hold_up_the_others(clock: MovingClock) -> None:
    with a_wechat(clock=clock) as stand:
        stand.publish(MID, 2)
        stand.comment(CITIZEN, "留言", MID, 0)
        asked = Asked(stand)
        asked.ours.moderate("close", {"msg_data_id": str(MID), "index": "1"}, asked.token)
        assert asked.ask(hints=HINT).trouble is None
        assert asked.texts == ["留言"]


def test_nothing_is_asked_unless_it_was_switched_on() -> None:
    ours = our_wechat()
    assert (ours.daily_budget, ours.fetch({}, NOW, 10, "token").calls) == (0, 0)


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_is_carried_out_and_harmless_a_second_time(clock: MovingClock, action: str) -> None:
    with a_wechat(clock=clock) as stand:
        mid, index, number = stand.comment(CITIZEN, "留言", MID)
        asked = Asked(stand)
        comment = stand.articles.by_place[mid, index].comments[number]
        comment.reply = ("答复", NOW) if action == "delete_reply" else None
        thread = {"msg_data_id": str(mid), "index": str(index), "user_comment_id": str(number)}
        for _ in range(2):
            asked.ours.moderate(action, thread, asked.token)
        state = {
            "feature": comment.featured,
            "unfeature": not comment.featured,
            "delete": comment.deleted,
            "delete_reply": comment.reply is None,
            "open": stand.articles.by_place[mid, index].open,
            "close": not stand.articles.by_place[mid, index].open,
        }
        assert state[action]
    assert asked.ours.ACTIONS[action]


def test_another_action_is_not_offered_and_half_a_place_is_none() -> None:
    with pytest.raises(NotOffered):
        our_wechat().moderate("like", {}, "token")
    with pytest.raises(DeliveryError) as error:
        our_wechat().moderate("delete", {"msg_data_id": "1"}, "token")
    assert error.value.code == "88008"
