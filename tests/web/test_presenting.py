"""What people read: instants, time left, the working-day ruler, differences and figures.

The clock stands at Friday 9 October 2026, 10:42 in Shanghai; Saturday 10 October is a working day (调休).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.base.clock import SHANGHAI
from app.web import presenting
from app.web.presenting import (
    STATUS_SHAPES,
    bar_segments,
    clock_view,
    cut_pieces,
    digest_groups,
    due_instant,
    duration,
    flow_drawing,
    instant,
    masked_pieces,
    nice_top,
    remaining,
    ruler_view,
    sentence_date,
    sentence_instant,
    short_date,
    short_reason,
    status_shape,
    word_diff,
    words_of,
)
from tests.web.parts_data import HOLIDAY, WEEK, at

WEB = Path(presenting.__file__).parent
NOW = at(10, 9, 10, 42)
NEXT_YEAR = datetime(2027, 1, 5, 9, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (at(10, 9, 9, 52), "今天 09:52"),  # Friday
        (at(10, 8, 22, 5), "昨天 22:05"),  # Thursday
        (at(10, 10, 8, 30), "明天 08:30"),  # Saturday
        (at(10, 7, 20, 31), "10-07 20:31"),  # Wednesday
        (NEXT_YEAR, "2027-01-05 09:00"),  # Tuesday
        (
            datetime(2026, 10, 8, 16, 0, tzinfo=UTC),
            "今天 00:00",
        ),  # midnight in Shanghai, still Thursday in UTC
        (None, ""),
    ],
)
def test_an_instant_is_named_by_its_distance_from_today(moment: datetime | None, shown: str) -> None:
    assert instant(moment, NOW) == shown


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(NOW.replace(tzinfo=None), NOW)


@pytest.mark.parametrize(
    ("on", "shown"),
    [
        (date(2026, 10, 13), "10 月 13 日"),
        (date(2027, 1, 5), "2027 年 1 月 5 日"),
        (at(10, 9, 0, 5), "10 月 9 日"),
        (None, ""),
    ],
)
def test_a_date_in_a_sentence_carries_its_year_only_when_it_is_another(on: date | None, shown: str) -> None:
    assert sentence_date(on, NOW) == shown


def test_dates_in_tables_and_sentences_with_time() -> None:
    assert short_date(date(2026, 10, 13), NOW) == "10-13"
    assert short_date(date(2027, 1, 5), NOW) == "2027-01-05"
    assert sentence_instant(at(10, 9, 18, 5), NOW) == "10 月 9 日 18:05"
    assert presenting.day_line(NOW) == "10 月 9 日 周五"


@pytest.mark.parametrize(
    ("due_at", "in_a_row", "in_full"),
    [
        (at(10, 10), "今天 24:00", "今天 24:00"),  # the night from Friday to Saturday
        (at(10, 9) + timedelta(hours=23, minutes=59, seconds=59), "今天 24:00", "今天 24:00"),
        (at(10, 14), "10-13", "10-13 周二 24:00"),
        (at(10, 9), "10-08", "10-08 周四 24:00"),  # yesterday's midnight
        (at(10, 9, 20, 31), "今天 20:31", "今天 20:31"),
        (at(10, 11, 9, 52), "10-11 09:52", "10-11 周日 09:52"),
        (at(10, 8, 22, 5), "昨天 22:05", "昨天 22:05"),
    ],
)
def test_a_due_day_ends_at_twenty_four_hours(due_at: datetime, in_a_row: str, in_full: str) -> None:
    assert due_instant(due_at, NOW) == in_a_row
    assert due_instant(due_at, NOW, full=True) == in_full


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (0, "不到 1 分钟"),
        (48, "48 分钟"),
        (60, "1 小时"),
        (340, "5 小时 40 分"),
        (2830, "47 小时 10 分"),
        (5800, "4 天"),
    ],
)
def test_a_length_of_time(minutes: int, shown: str) -> None:
    assert duration(timedelta(minutes=minutes)) == shown


@pytest.mark.parametrize(
    ("due_at", "working_days", "shown"),
    [
        (at(10, 14), 3, "剩 3 个工作日"),  # Saturday (make-up), Monday, Tuesday
        (at(10, 10), 0, "剩 13 小时 18 分"),  # tonight
        (at(10, 11), 1, "剩 37 小时 18 分"),  # tomorrow night: one working day is not a day's work
        (at(10, 13), 2, "剩 2 个工作日"),  # over a Sunday
        (at(10, 9, 20, 31), None, "剩 9 小时 49 分"),  # a platform window
        (at(10, 16, 10, 42), None, "剩 7 天"),
        (at(10, 9), -1, "超期 1 个工作日"),
        (at(10, 9, 8, 42), 0, "超期 2 小时"),
    ],
)
def test_time_left_is_said_in_the_unit_that_can_be_acted_on(
    due_at: datetime, working_days: int | None, shown: str
) -> None:
    assert remaining(NOW, due_at, working_days) == shown


@pytest.mark.parametrize(
    ("due_at", "started_at", "working_days", "share", "is_soon", "is_over", "text"),
    [
        (at(10, 14), at(10, 7, 20, 31), 3, 74, False, False, "剩 3 个工作日"),
        (at(10, 9, 20, 31), at(10, 7, 20, 31), None, 20, True, False, "剩 9 小时 49 分"),  # ends today
        (at(10, 10), at(10, 8, 16, 12), 0, 42, True, False, "剩 13 小时 18 分"),
        (at(10, 17), at(9, 7), 6, 19, True, False, "剩 6 个工作日"),  # under a fifth is left
        (at(10, 9), at(9, 23), -1, 0, False, True, "超期 1 个工作日"),
        (at(10, 8, 22, 5), at(10, 6, 22, 5), None, 0, False, True, "已关闭"),
        (at(10, 12), at(10, 12), 1, 0, True, False, "剩 1 个工作日"),  # no time was ever given
    ],
)
def test_a_clock_is_soon_on_its_last_day_or_fifth_and_over_after_it(
    due_at: datetime,
    started_at: datetime,
    working_days: int | None,
    share: int,
    is_soon: bool,
    is_over: bool,
    text: str,
) -> None:
    clock = clock_view(NOW, "法定", due_at, started_at, working_days)
    assert (clock["share"], clock["is_soon"], clock["is_over"], clock["text"]) == (
        share,
        is_soon,
        is_over,
        text,
    )


def test_a_provisional_date_says_that_it_is_provisional() -> None:
    due_at = datetime(2027, 1, 6, tzinfo=SHANGHAI)
    clock = clock_view(NOW, "法定", due_at, at(10, 9), 60, provisional=True)
    assert (clock["text"], clock["instant"]) == ("暂定，放假安排未公布", "2027-01-05")


def test_the_ruler_names_every_day_from_receipt_to_due() -> None:
    ruler = ruler_view(WEEK, NOW, at(10, 7, 20, 31), date(2026, 10, 13), at(10, 9, 20, 31))
    assert [(c["date"], c["label"], c["note"]) for c in ruler["cells"]] == [
        ("10-07", "收到", "国庆假期 20:31"),  # Wednesday
        ("10-08", "第 1 天", ""),
        ("10-09", "第 2 天", "今天"),
        ("10-10", "第 3 天", "周六调休"),
        ("10-11", "不计", "周日"),
        ("10-12", "第 4 天", ""),
        ("10-13", "第 5 天", "到期 24:00"),
    ]
    assert [c["is_rest"] for c in ruler["cells"]] == [True, False, False, False, True, False, False]
    assert [c["date"] for c in ruler["cells"] if c["is_today"] or c["is_due"]] == ["10-09", "10-13"]
    assert ruler["label"] == "法定时限到 10 月 13 日 24:00；微信窗口今天 20:31 关闭；现在是 10 月 9 日 10:42"


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("收到当日，不计入", ""),
        ("第 2 个工作日（周五）", ""),
        ("第 3 个工作日（周六，国庆节调休上班）", "周六调休"),
        ("国庆节放假", "国庆节放假"),
        ("周日休息", "周日"),
        ("第 4 个工作日（周二，放假安排未公布，暂按周一至周五推算）", "暂定"),
        ("等来信人补充，暂停", "等来信人补充，暂停"),
    ],
)
def test_the_reasons_of_the_calendar_fit_into_a_cell(why: str, shown: str) -> None:
    assert short_reason(why) == shown


def test_both_clocks_of_the_ruler_stand_on_one_scale() -> None:
    ruler = ruler_view(WEEK, NOW, at(10, 7, 20, 31), date(2026, 10, 13), at(10, 9, 20, 31))
    law, window = ruler["bars"]
    assert ruler["width"] == 700
    assert ruler["now_x"] == law["left_x"] == window["left_x"] == 244.6
    assert law["gone_x"] == window["gone_x"] == 85.5
    assert law["left_x"] + law["left_width"] == 700
    assert round(window["left_x"] + window["left_width"], 1) == 285.5


def test_a_long_row_folds_a_holiday_into_one_cell() -> None:
    ruler = ruler_view(HOLIDAY, NOW, at(9, 28, 9, 5), date(2026, 10, 13))
    assert len(HOLIDAY) == 16 > len(ruler["cells"]) == 10
    assert [(c["label"], c["note"]) for c in ruler["cells"]][3] == ("不计", "国庆假期 7 天")
    assert ruler["cells"][-1]["label"] == "第 7 天"
    assert ruler["is_long"]


def test_the_day_of_receipt_and_today_are_never_folded_away() -> None:
    ruler = ruler_view(HOLIDAY, at(10, 4, 12), at(9, 28, 9, 5), date(2026, 10, 13))
    today = [c for c in ruler["cells"] if c["is_today"]]
    assert [c["date"] for c in today] == ["10-04"]
    assert [c["note"] for c in ruler["cells"] if c["is_rest"]][1:4] == [
        "国庆假期 3 天",
        "国庆假期 今天",
        "国庆假期 3 天",
    ]


def test_a_very_long_row_folds_weekends_and_drops_the_drawing() -> None:
    days: list[Any] = [
        {
            "on": date(2026, 11, 2) + timedelta(days=n),
            "counts": n > 0 and n % 7 < 5,
            "why": "周末" if n % 7 >= 5 else "",
        }
        for n in range(28)
    ]  # Monday 2 November to Sunday 29 November
    ruler = ruler_view(days, NOW, at(11, 2, 9), date(2026, 11, 27))
    assert [c["note"] for c in ruler["cells"] if c["is_rest"]][1:] == ["周末 2 天"] * 4
    assert [c["label"] for c in ruler["cells"]][:3] == ["收到", "1", "2"]
    assert ruler["bars"] == []


def test_in_public_the_ruler_shows_the_day_of_the_reply_and_no_platform_window() -> None:
    ruler = ruler_view(
        WEEK, at(11, 1), at(10, 7, 20, 31), date(2026, 10, 13), for_public=True, replied_at=at(10, 9, 18, 5)
    )
    assert [c["note"] for c in ruler["cells"]] == ["国庆假期", "", "答复", "周六调休", "周日", "", "最晚答复"]
    assert (ruler["bars"], ruler["now_x"]) == ([], None)


def test_an_overdue_ruler_keeps_its_bars_within_the_row() -> None:
    ruler = ruler_view(WEEK, at(10, 20, 9), at(10, 7, 20, 31), date(2026, 10, 13))
    assert ruler["now_x"] is None
    assert ruler["bars"][0]["left_width"] == 0


def test_every_state_has_an_icon_of_the_sprite_and_a_word() -> None:
    sprite = (WEB / "templates/sprite.svg").read_text(encoding="utf-8")
    for shape in STATUS_SHAPES.values():
        assert f'id="i-{shape.icon}"' in sprite
        assert shape.word and shape.colour in ("", "is-active", "is-good", "is-soon", "is-over")


def test_states_that_a_person_must_act_upon_are_the_only_red_ones() -> None:
    assert [k for k, s in STATUS_SHAPES.items() if s.colour == "is-over"] == ["failed", "unknown", "silent"]


def test_a_word_that_is_no_state_is_shown_as_it_stands() -> None:
    assert status_shape("等待签发") == ("dot", "等待签发", "")


@pytest.mark.parametrize(
    ("digest", "groups", "shown"),
    [
        ("7c1e94b051de8b643fa9", 4, "7c1e 94b0 51de 8b64 …"),
        ("7c1e94b051de8b64", 4, "7c1e 94b0 51de 8b64"),
        ("7c1e94b051de8b643fa9", None, "7c1e 94b0 51de 8b64 3fa9"),
        ("", 4, ""),
    ],
)
def test_digests_stand_in_groups_of_four(digest: str, groups: int | None, shown: str) -> None:
    assert digest_groups(digest, groups) == shown


@pytest.mark.parametrize(
    ("text", "masks"),
    [
        ("我叫〔姓名〕，电话〔电话〕", ["〔姓名〕", "〔电话〕"]),
        ("电话 138****0000。", ["138****0000"]),
        ("云政发〔2025〕12 号", []),  # a document number
        ("没有要隐去的", []),
    ],
)
def test_masks_are_found_and_document_numbers_are_not_masks(text: str, masks: list[str]) -> None:
    pieces = masked_pieces(text)
    assert [piece for piece, is_mask in pieces if is_mask] == masks
    assert "".join(piece for piece, _ in pieces) == text


def test_a_text_is_cut_at_spans_that_may_overlap() -> None:
    assert cut_pieces("没有租赁合同", [(4, 6), (2, 5)]) == [("没有", False), ("租赁合", True), ("同", True)]
    assert cut_pieces("没有", []) == [("没有", False)]


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("20个工作日内发证。", "15个工作日内发证。", "20个工作日", "15个工作日"),
        (
            "有效至 2026 年 12 月 31 日",
            "有效至 2027 年 12 月 31 日",
            "2026 年 12 月 31 日",
            "2027 年 12 月 31 日",
        ),
        ("收费 1200.50元", "收费 1280.50元", "1200.50元", "1280.50元"),
        ("咨询电话 0000-12329", "咨询电话 0000-12345", "0000-12329", "0000-12345"),
        ("内发证。", "内发证，不收费。", "", "，不收费"),
    ],
)
def test_numbers_and_dates_are_never_split_in_a_comparison(
    before: str, after: str, gone: str, new: str
) -> None:
    changes = word_diff(before, after)
    assert "".join(c.text for c in changes if c.op == "gone") == gone
    assert "".join(c.text for c in changes if c.op == "new") == new
    assert "".join(c.text for c in changes if c.op != "new") == before
    assert "".join(c.text for c in changes if c.op != "gone") == after


def test_words_lose_nothing_of_a_text() -> None:
    text = "您好！\n  （一）带 2 张照片，到 3-201 室；见 https://hy.example/101866 。"
    assert "".join(words_of(text)) == text


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (7, 8), (9, 10), (13, 20), (61, 80), (88, 100), (97.1, 100), (101, 200)],
)
def test_an_axis_ends_at_a_round_number_whose_half_is_whole(highest: float, top: int) -> None:
    assert nice_top(highest) == top


def test_bars_are_as_long_as_their_numbers() -> None:
    assert bar_segments([8, 4, 1], 13) == [
        {"shade": "open", "x": 0.0, "width": 792.0},
        {"shade": "soon", "x": 800.0, "width": 392.0},
        {"shade": "over", "x": 1200.0, "width": 92.0},
    ]
    assert [part["shade"] for part in bar_segments([0, 3, 0], 13)] == ["soon"]
    assert bar_segments([0, 0, 0], 0) == []


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    drawing = flow_drawing(
        [
            {"label": "28", "bar": 71, "line": 64, "is_rest": False},
            {"label": "29", "bar": None, "line": None, "is_rest": True},
            {"label": "30", "bar": 100, "line": 50, "is_rest": False},
        ]
    )
    assert drawing["top"] == 100
    assert drawing["bars"] == [(22, 29.0, 71.0), (222, 0.0, 100.0)]
    assert drawing["lines"] == ["50,36.0", "250,50.0"]
    assert drawing["rests"] == [100]


def test_a_month_of_days_keeps_few_words_under_the_axis_and_always_the_last() -> None:
    ticks = flow_drawing([{"label": f"{n:02}", "bar": n, "line": None} for n in range(1, 31)])["ticks"]
    assert ticks[-1] == "30"
    assert sum(1 for tick in ticks if tick) <= 14


def test_the_address_of_a_static_file_changes_with_its_content() -> None:
    app = Flask("presenting", static_folder=str(WEB / "static"))
    presenting.register(app)
    with app.test_request_context():
        address = app.jinja_env.from_string("{{ asset('huiying.css') }}").render()
    assert address.startswith("/static/huiying.css?v=")
    assert len(address.rsplit("=")[-1]) == 8
