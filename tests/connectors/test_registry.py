"""Which platforms are there, and how long may a reply be on each?"""

from datetime import timedelta

import pytest

from connectors import registry
from connectors.contract import Fetcher, Importer, Receiver, Sender
from connectors.errors import NotOffered
from connectors.registry import PLATFORMS, count_text, platform


def test_a_platform_nobody_offers_is_refused() -> None:
    with pytest.raises(NotOffered):
        platform("kuaishou")


@pytest.mark.parametrize("key", PLATFORMS)
def test_what_the_registry_promises_the_connector_can_do(key: str) -> None:
    row = platform(key)
    promised = (row.receives, row.polls, row.imports or key == "website", row.delivers == "api")
    can = tuple(issubclass(row.connector, kind) for kind in (Receiver, Fetcher, Importer, Sender))
    assert can == promised


@pytest.mark.parametrize(
    ("key", "text", "used", "fits"),
    [
        ("wechat", "好" * 682, 2046, True),
        ("wechat", "好" * 683, 2049, False),
        ("wechat", "a" * 2048, 2048, True),
        ("wechat", "😀", 4, True),
        ("weibo", "好" * 140, 140, True),
        ("weibo", "好" * 141, 141, False),
        ("weibo", "a" * 280, 140, True),
        ("weibo", "a" * 281, 141, False),
        ("weibo", "好a", 2, True),
        ("weibo", "😀", 2, True),
        ("website", "好" * 10_000, 10_000, True),
        ("hotline", "", 0, True),
    ],
    ids=lambda value: f"pitfall-18-{value[:4]}x{len(value)}" if isinstance(value, str) else None,
)
def test_a_reply_is_counted_as_its_platform_counts(key: str, text: str, used: int, fits: bool) -> None:
    count = count_text(key, text)
    assert (count.used, count.fits) == (used, fits)


def test_a_private_message_on_weibo_may_be_longer_than_a_comment() -> None:
    assert count_text("weibo", "好" * 300, private=True).fits
    assert not count_text("weibo", "好" * 301, private=True).fits


def test_wechat_lets_us_answer_five_times_in_two_days() -> None:
    window = platform("wechat").window
    assert window is not None
    assert (window.lasts, window.replies) == (timedelta(hours=48), 5)


def test_every_form_of_every_platform_is_known_by_its_name_and_seen_by_whom() -> None:
    seen = {name: (form.label, form.private) for name, form in registry.FORMS.items()}
    assert seen == {
        "website": ("网站与查询页", None),
        "wechat": ("微信消息", True),
        "wechat.public": ("微信文章留言", False),
        "weibo": ("微博评论", False),
        "weibo.private": ("微博私信", True),
        "douyin": ("抖音评论", False),
        "hotline": ("12345 热线", None),
    }
    assert next(iter(registry.FORMS)) == "website"  # our own page first


@pytest.mark.parametrize("form", list(registry.FORMS.values()), ids=lambda form: form.name)
def test_a_form_is_named_alike_from_both_sides(form: registry.Form) -> None:
    if form.private is not None:
        assert registry.platform(form.platform).form_name(form.private) == form.name


def test_a_platform_has_a_short_name_for_lists() -> None:
    assert [registry.short_label(key) for key in ("wechat", "douyin", "elsewhere")] == [
        "微信",
        "抖音",
        "elsewhere",
    ]
