"""Is every comment brought once, however they come in, and within the calls we have?"""

from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import DeliveryError
from connectors.sandbox import WeiboSandbox
from connectors.weibo import connector as weibo_connector
from connectors.weibo.connector import WeiboConnector
from tests.connectors import stands
from tests.connectors.stands import NOW, WEIBO_CITIZEN, a_weibo

ASKED = {"day": "2026-11-20"}
"""A cursor on a day on which Weibo has already said what is left of the calls."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weibo_connector, "PAGE_SIZE", 5)


def our_weibo(**more: Any) -> WeiboConnector:
    """Our side, reading the comments below our posts alone."""
    return stands.our_weibo(**{"also_mentions": "no", **more})


def texts_of(ours: WeiboConnector, bodies: list[bytes]) -> list[str]:
    return [message.text for body in bodies for message in ours.read(body)]


def fetch_all(
    ours: WeiboConnector, cursor: dict[str, str], budget: int | None = None
) -> tuple[list[str], dict[str, str], int]:
    result = ours.fetch({**ASKED, **cursor}, NOW, budget)
    return texts_of(ours, [item.body for item in result.raw_items]), dict(result.cursor), result.calls


def write(stand: WeiboSandbox, *numbers: int) -> None:
    for number in numbers:
        stand.comment(WEIBO_CITIZEN, f"评论{number}")


def test_everything_new_is_brought_once() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        write(stand, *range(12))
        texts, cursor, made = fetch_all(ours, {})
        assert sorted(texts) == sorted(f"评论{n}" for n in range(12))
        assert made == 4  # 5 + 5 + 2, and the empty page that is the end
        assert fetch_all(ours, cursor) == ([], cursor, 1)
        write(stand, 12)
        assert fetch_all(ours, cursor)[0] == ["评论12"]


def test_pitfall_27_the_cursor_does_not_pass_what_the_budget_left_behind() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        write(stand, 0)
        _, cursor, _ = fetch_all(ours, {})
        write(stand, *range(1, 13))
        first, cursor, made = fetch_all(ours, cursor, budget=1)
        assert (sorted(first), made) == (sorted(f"评论{n}" for n in range(8, 13)), 1)
        write(stand, 13)  # new ones come in above while we are still going down
        rest: list[str] = []
        for _ in range(2):
            texts, cursor, _ = fetch_all(ours, cursor, budget=1)
            rest += texts
        assert sorted(rest) == sorted(f"评论{n}" for n in range(1, 8))
        assert fetch_all(ours, cursor)[0] == ["评论13"]


def test_pitfall_27_a_short_page_is_not_the_end() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        write(stand, 1, 2, 3)
        for hidden in [stand.comment(WEIBO_CITIZEN, "被隐藏") for _ in range(4)]:
            stand.hide_comment(hidden)
        write(stand, 4)
        assert sorted(fetch_all(ours, {})[0]) == ["评论1", "评论2", "评论3", "评论4"]


def test_a_budget_of_nothing_makes_no_call() -> None:
    with a_weibo() as stand:
        write(stand, 1)
        assert fetch_all(our_weibo(api_base=stand.url), {"since_id": "7"}, budget=0) == (
            [],
            {**ASKED, "since_id": "7"},
            0,
        )
        assert stand.calls["comments/to_me"] == 0


def test_the_first_time_only_the_last_seven_days_are_brought() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        for days in range(30, 0, -1):
            stand.comment(WEIBO_CITIZEN, f"{days} 天前", at=NOW - timedelta(days=days))
        texts, cursor, made = fetch_all(ours, {})
        assert sorted(texts) == sorted(f"{days} 天前" for days in range(1, 8))
        assert made == 2
        assert fetch_all(ours, cursor)[0] == []


def test_after_a_failure_between_pages_what_came_is_kept_and_the_rest_comes_later() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        write(stand, *range(7))
        first = ours.fetch(ASKED, NOW, budget=1)
        stand.fail_next("comments/to_me", errcode=10023)
        with pytest.raises(DeliveryError) as error:
            ours.fetch(first.cursor, NOW)
        assert error.value.kind == "back_off"
        rest, _, _ = fetch_all(ours, dict(first.cursor))
        assert sorted(rest) == ["评论0", "评论1"]


@pytest.mark.parametrize("as_text", [False, True], ids=["number", "text"])
def test_pitfall_28_a_day_has_so_many_calls_and_no_more(as_text: bool) -> None:
    with a_weibo(calls_per_day=2, codes_as_text=as_text) as stand:
        ours = our_weibo(api_base=stand.url)
        assert ours.fetch_quota(NOW, None).remaining == 2
        ours.fetch(ASKED, NOW)
        ours.fetch(ASKED, NOW)
        with pytest.raises(DeliveryError) as error:
            ours.fetch(ASKED, NOW)
        assert (error.value.kind, error.value.code) == ("back_off", "10023")
        assert ours.fetch_quota(NOW, None).remaining == 0


def test_calls_are_left_for_replies() -> None:
    assert our_weibo().daily_budget == 70
    assert our_weibo(daily_calls="1000", calls_for_replies="100").daily_budget == 900
    assert our_weibo(daily_calls="10", calls_for_replies="30").daily_budget == 0


def test_a_comment_brought_twice_has_one_fingerprint() -> None:
    with a_weibo() as stand:
        ours = our_weibo(api_base=stand.url)
        write(stand, 1)
        first, again = ours.fetch({}, NOW).raw_items[0], ours.fetch({}, NOW).raw_items[0]
    assert first == again


def test_the_token_is_in_no_address() -> None:
    with a_weibo() as stand:
        stand.token_expired = True
        with pytest.raises(DeliveryError) as error:
            our_weibo(api_base=stand.url).fetch({}, NOW)
    assert (error.value.kind, error.value.code) == ("stop", "21327")
    assert "重新授权" in error.value.message_zh
