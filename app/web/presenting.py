"""How are instants, time left, states, differences and figures shown to people?

Formatting only: every function is told `now`, none asks the clock or the database. Instants come in
aware (any zone) and are shown in Asia/Shanghai. `register` hands everything here to the templates.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher
from functools import cache
from hashlib import sha256
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import NamedTuple, TypedDict

from flask import Flask, g, url_for

from app.base.clock import SHANGHAI
from app.cases.deadlines import Urgency
from app.cases.deadlines import urgency as urgency_of
from kb.analysis import dictionary

DAY = timedelta(days=1)
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
NEAR_DAYS = {-1: "昨天", 0: "今天", 1: "明天"}


# ---------- dates and instants ----------


def local(at: datetime) -> datetime:
    """The instant on the office's wall clock. Refuses naive values with ``ValueError``."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(SHANGHAI)


def weekday(on: date) -> str:
    """The day of the week in two characters: 周五."""
    return WEEKDAYS[on.weekday()]


def short_date(on: date, now: datetime) -> str:
    """A date in a table: 10-13, with the year only when it is another one."""
    return f"{on:%m-%d}" if on.year == local(now).year else f"{on:%Y-%m-%d}"


def _near(on: date, now: datetime) -> str:
    return NEAR_DAYS.get((on - local(now).date()).days) or short_date(on, now)


def instant(at: datetime | None, now: datetime) -> str:
    """An instant in a list: 今天 10:42, 昨天 22:05, 10-08 09:12; nothing for None."""
    if at is None:
        return ""
    here = local(at)
    return f"{_near(here.date(), now)} {here:%H:%M}"


def sentence_date(on: date | datetime | None, now: datetime) -> str:
    """A date in a sentence: 10 月 13 日, with the year only when it is another one; nothing for None."""
    if on is None:
        return ""
    day = local(on).date() if isinstance(on, datetime) else on
    year = "" if day.year == local(now).year else f"{day.year} 年 "
    return f"{year}{day.month} 月 {day.day} 日"


def sentence_instant(at: datetime | None, now: datetime) -> str:
    """An instant in a sentence: 10 月 9 日 18:05; nothing for None."""
    return "" if at is None else f"{sentence_date(at, now)} {local(at):%H:%M}"


def day_line(now: datetime) -> str:
    """Today as page heads say it: 10 月 9 日 周五."""
    return f"{sentence_date(now, now)} {weekday(local(now).date())}"


def clock_time(at: datetime | None) -> str:
    """The time of day: 10:41; nothing for None."""
    return "" if at is None else f"{local(at):%H:%M}"


def _end(due_at: datetime) -> tuple[date, str]:
    """The day a due instant belongs to and its time of day; midnight closes the day before (24:00)."""
    here = local(due_at)
    if here.time() == time(0):
        return here.date() - DAY, "24:00"
    if here.time().replace(microsecond=0) == time(23, 59, 59):
        return here.date(), "24:00"
    return here.date(), f"{here:%H:%M}"


def end_of(due_at: datetime) -> str:
    """The time of day at which a due instant's day is over: 24:00, 17:30."""
    return _end(due_at)[1]


def due_instant(due_at: datetime, now: datetime, full: bool = False) -> str:
    """When a clock ends: 今天 24:00, 10-13 (a whole later day), 10-11 09:52; full: 10-13 周二 24:00."""
    day, at_time = _end(due_at)
    whole_day = at_time == "24:00"
    is_today = day == local(now).date()
    on = short_date(day, now) if whole_day and not is_today else _near(day, now)
    if full and on == short_date(day, now):
        return f"{on} {weekday(day)} {at_time}"
    return on if whole_day and not is_today else f"{on} {at_time}"


def duration(span: timedelta) -> str:
    """A length of time: 48 分钟, 5 小时 40 分, 4 天; never below 不到 1 分钟."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "不到 1 分钟"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} 分钟"
    if hours >= 72:
        return f"{hours // 24} 天"
    return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"


# ---------- clocks ----------


class ClockView(TypedDict):
    """What `ui.clocks` draws: one clock."""

    name: str
    text: str  # 剩 3 个工作日 · 超期 1 个工作日 · 已关闭 · 暂定，放假安排未公布
    instant: str  # in a row: 10-13, 今天 20:31
    long_instant: str  # in the head of a case: 10-13 周二 24:00
    share: int  # of the time left, 0–100
    is_soon: bool
    is_over: bool


def remaining(now: datetime, due_at: datetime, working_days_left: int | None) -> str:
    """How long until ``due_at``, in the unit that can be acted on.

    ``working_days_left`` counts the working days after today up to the due day; negative means that
    many have passed since. None means the clock runs around the clock (a platform window).
    More than two days are said in days, less in hours and minutes, because 1 天 left is not a day's work.
    """
    left = due_at - now
    if left <= timedelta(0):
        late = -(working_days_left or 0)
        return f"超期 {late} 个工作日" if late > 0 else f"超期 {duration(-left)}"
    if left <= 2 * DAY:
        return f"剩 {duration(left)}"
    return f"剩 {working_days_left} 个工作日" if working_days_left else f"剩 {left.days} 天"


def clock_view(
    now: datetime,
    name: str,
    due_at: datetime,
    started_at: datetime,
    working_days_left: int | None = None,
    provisional: bool = False,
) -> ClockView:
    """One clock for `ui.clocks`. ``working_days_left`` None: a platform window, which closes (已关闭).

    Soon is: under a fifth of the time left, or the day it ends. ``provisional``: the holidays of the
    due year are not announced, so only the date is said.
    """
    total = (due_at - started_at).total_seconds()
    left = (due_at - now).total_seconds()
    share = round(100 * min(max(left / total, 0), 1)) if total > 0 else 0
    urgency = urgency_of(now, started_at, due_at)
    is_over = urgency is Urgency.OVERDUE
    text = remaining(now, due_at, working_days_left)
    if is_over and working_days_left is None:
        text = "已关闭"
    elif provisional and not is_over:
        text = "暂定，放假安排未公布"
    return {
        "name": name,
        "text": text,
        "instant": due_instant(due_at, now),
        "long_instant": due_instant(due_at, now, full=True),
        "share": share,
        "is_soon": urgency is Urgency.DUE_SOON,
        "is_over": is_over,
    }


# ---------- 时限尺 ----------

LONGEST_ROW = 12  # cells; above it rest days of one holiday fold into one, and days lose their 第…天
EASY_ROW = 8  # cells that stand in one row even on a phone
SCALE_ROW = 14  # cells up to which the clocks can be drawn under one row
CELL = 100  # width of one cell in the drawing's own units
WEEKEND = {"周六", "周日", "周末"}
# The calendar's full reasons, as short as a cell: 第 2 个工作日（周六，国庆节调休上班） → 周六调休.
SHORT_REASONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r".*放假安排未公布.*"), "暂定"),
    (re.compile(r".*（(周.)，[^）]*调休[^）]*）"), r"\1调休"),
    (re.compile(r"第 \d+ 个工作日.*|收到当日.*|工作日|周[一二三四五]"), ""),
    (re.compile(r"(周[六日])休息"), r"\1"),
)


class DayLooked(TypedDict):
    """One day the deadline looked at, as the deadline command prints it."""

    on: date | str
    counts: bool
    why: str


class _Day(NamedTuple):
    on: date
    counts: bool
    why: str


class RulerCell(TypedDict):
    """One cell of the ruler: a day, or a folded holiday of several days."""

    on: str  # ISO date of its first day
    date: str  # 10-07
    label: str  # 收到 · 第 1 天 · 不计
    note: str  # 国庆假期 · 今天 · 到期 24:00
    is_rest: bool
    is_today: bool
    is_due: bool


class RulerBar(TypedDict):
    """One clock on the scale: what is gone and what is left, from x for width units."""

    kind: str  # law | window
    gone_x: float
    gone_width: float
    left_x: float
    left_width: float


class RulerView(TypedDict):
    """What `ui.ruler` draws."""

    cells: list[RulerCell]
    bars: list[RulerBar]
    width: int
    now_x: float | None  # None: now lies outside the row
    label: str  # the drawing in words
    is_long: bool  # may break into several rows


def _looked(days: Iterable[DayLooked]) -> list[_Day]:
    def as_date(on: date | str) -> date:
        return date.fromisoformat(on) if isinstance(on, str) else on

    return [_Day(as_date(d["on"]), d["counts"], short_reason(d["why"])) for d in days]


def short_reason(why: str) -> str:
    """Why a day counts or not, in the few characters of a cell; nothing for a plain working day."""
    for pattern, short in SHORT_REASONS:
        if pattern.fullmatch(why):
            return pattern.sub(short, why)
    return why


def _folded(days: list[_Day], fixed: set[date]) -> list[list[_Day]]:
    """Days in cells. Rows longer than `LONGEST_ROW` fold holidays, and weekends too if still too long."""
    cells = [[day] for day in days]
    if len(cells) > LONGEST_ROW:
        cells = _fold(days, fixed, shortest=3)
    if len(cells) > LONGEST_ROW:
        cells = _fold(days, fixed, shortest=2)
    return cells


def _fold(days: list[_Day], fixed: set[date], shortest: int) -> list[list[_Day]]:
    cells: list[list[_Day]] = []
    for foldable, run in groupby(days, key=lambda d: not d.counts and d.on not in fixed):
        together = list(run)
        if foldable and len(together) >= shortest:
            cells.append(together)
        else:
            cells.extend([day] for day in together)
    return cells


def _folded_name(days: list[_Day]) -> str:
    named = [day.why for day in days if day.why not in WEEKEND]
    return f"{named[0] if named else '周末'} {len(days)} 天"


def _note(day: _Day, notes: Mapping[date, str]) -> str:
    return " ".join(part for part in (day.why, notes.get(day.on, "")) if part)


def _cells(
    groups: list[list[_Day]], received_on: date, due_on: date, today: date, notes: Mapping[date, str]
) -> list[RulerCell]:
    is_bare = len(groups) > LONGEST_ROW
    numbers = _numbered(groups)
    cells: list[RulerCell] = []
    for group, number in zip(groups, numbers, strict=True):
        first = group[0]
        counted = str(number) if is_bare else f"第 {number} 天"
        label = "收到" if first.on == received_on else counted if first.counts else "不计"
        cells.append(
            {
                "on": first.on.isoformat(),
                "date": f"{first.on:%m-%d}",
                "label": label,
                "note": _folded_name(group) if len(group) > 1 else _note(first, notes),
                "is_rest": not first.counts,
                "is_today": any(day.on == today for day in group),
                "is_due": any(day.on == due_on for day in group),
            }
        )
    return cells


def _numbered(groups: list[list[_Day]]) -> list[int]:
    numbers, counted = [], 0
    for group in groups:
        counted += group[0].counts
        numbers.append(counted)
    return numbers


def _position(at: datetime, groups: list[list[_Day]]) -> float:
    """Where an instant stands on the scale; before and after the row it is held at the edges."""
    here = local(at)
    if here.date() < groups[0][0].on:
        return 0.0
    for index, group in enumerate(groups):
        if here.date() <= group[-1].on:
            start = datetime.combine(group[0].on, time(0), SHANGHAI)
            share = (here - start) / (len(group) * DAY)
            return round((index + min(max(share, 0.0), 1.0)) * CELL, 1)
    return float(len(groups) * CELL)


def _bar(kind: str, start: float, end: float, now_x: float) -> RulerBar:
    middle = min(max(now_x, start), end)
    return {
        "kind": kind,
        "gone_x": start,
        "gone_width": round(middle - start, 1),
        "left_x": middle,
        "left_width": round(end - middle, 1),
    }


def ruler_view(
    days: Iterable[DayLooked],
    now: datetime,
    received_at: datetime,
    due_on: date,
    window_closes_at: datetime | None = None,
    *,
    replied_at: datetime | None = None,
    for_public: bool = False,
    window_name: str = "微信窗口",
) -> RulerView:
    """The working-day ruler (时限尺) from the days of the deadline, both clocks on one scale below it.

    ``for_public`` leaves out bars and today and marks the day of the reply (``replied_at``) instead.
    Days that only stand in the list beyond receipt and due day are shown as given.
    """
    looked = _looked(days)
    received_on = local(received_at).date()
    today = local(replied_at if for_public and replied_at else now).date()
    groups = _folded(looked, {received_on, due_on, today})
    notes = _day_notes(received_at, due_on, today, for_public, replied_at)
    end_x = _position(datetime.combine(due_on + DAY, time(0), SHANGHAI) - timedelta(seconds=1), groups)
    start_x, now_x = _position(received_at, groups), _position(now, groups)
    bars = [_bar("law", start_x, end_x, now_x)]
    if window_closes_at is not None:
        bars.append(_bar("window", start_x, _position(window_closes_at, groups), now_x))
    within = looked[0].on <= local(now).date() <= looked[-1].on
    return {
        "cells": _cells(groups, received_on, due_on, today, notes),
        "bars": [] if for_public or len(groups) > SCALE_ROW else bars,
        "width": len(groups) * CELL,
        "now_x": now_x if within and not for_public else None,
        "label": _ruler_words(now, due_on, window_closes_at, window_name),
        "is_long": len(groups) > EASY_ROW,
    }


def _day_notes(
    received_at: datetime, due_on: date, today: date, for_public: bool, replied_at: datetime | None
) -> dict[date, str]:
    """What stands under a day besides its own name; a later row is appended to an earlier one."""
    words = [(local(received_at).date(), "" if for_public else clock_time(received_at))]
    if not for_public or replied_at:
        words.append((today, "答复" if for_public else "今天"))
    words.append((due_on, "最晚答复" if for_public else "到期 24:00"))
    notes: dict[date, str] = {}
    for on, word in words:
        notes[on] = f"{notes.get(on, '')} {word}".strip()
    return notes


def _ruler_words(now: datetime, due_on: date, closes_at: datetime | None, window_name: str) -> str:
    parts = [f"法定时限到 {sentence_date(due_on, now)} 24:00"]
    if closes_at is not None:
        verb = "关闭" if closes_at > now else "已关闭"
        parts.append(f"{window_name}{instant(closes_at, now)} {verb}")
    parts.append(f"现在是 {sentence_instant(now, now)}")
    return "；".join(parts)


# ---------- states ----------


class Shape(NamedTuple):
    """How a state is shown: icon and word always, colour (is-active, is-good, is-soon, is-over) on top."""

    icon: str
    word: str
    colour: str = ""


STATUS_SHAPES: dict[str, Shape] = {
    # a case
    "new": Shape("ring", "待受理"),
    "accepted": Shape("dot", "已受理"),
    "assigned": Shape("send", "已交办", "is-active"),
    "in_progress": Shape("half", "办理中", "is-active"),
    "waiting_citizen": Shape("question", "待补充", "is-soon"),
    "in_review": Shape("review", "审核中", "is-active"),
    "replied": Shape("check", "已答复", "is-good"),
    "closed": Shape("check", "已办结"),
    "declined": Shape("stop", "不予受理"),
    "invalid": Shape("stop", "无效"),
    "merged": Shape("queue", "已并案"),
    "sent_back": Shape("back", "退回修改", "is-soon"),
    # a delivery
    "ready": Shape("ring", "等待发送"),
    "intent": Shape("half", "正在发送", "is-active"),
    "done": Shape("check", "已送达", "is-good"),
    "failed": Shape("stop", "没有送到", "is-over"),
    "unknown": Shape("question", "结果不明", "is-over"),
    "by_hand": Shape("pen", "待人工录入", "is-soon"),
    "on_page": Shape("book", "查询页可见"),
    "elsewhere": Shape("book", "平台上已有人答复"),
    # an entry of the answer library
    "draft": Shape("ring", "草稿"),
    "published": Shape("check", "已发布", "is-good"),
    "retired": Shape("stop", "已停用"),
    # a connector
    "healthy": Shape("check", "正常", "is-good"),
    "silent": Shape("warn", "久无来信", "is-over"),
    "untested": Shape("ring", "还未自检"),
}

CONFIDENCE = {"high": ("把握高", 3), "middle": ("把握中", 2), "low": ("把握低", 1)}


def status_shape(key: str) -> Shape:
    """The shape of a state. A word that is no key (复审, 等待签发) is shown as it stands, with a dot."""
    return STATUS_SHAPES.get(key, Shape("dot", key))


# ---------- digests, masks, differences ----------

MASK = re.compile(r"〔[^〔〕0-9]{1,8}〕|[0-9*]{2,6}\*{3,}[0-9Xx]{0,6}")
PARTS = re.compile(
    r"\d{4}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?日)?"  # whole dates
    r"|\d{1,2}\s?月\s?\d{1,2}\s?日"
    r"|[0-9０-９]+(?:[.,:：/-][0-9０-９]+)*\s?(?:个?工作日|个月|小时|分钟|万元|[年月日天元号件条次人岁%％])?"
    r"|[A-Za-z]+(?:[-_.][A-Za-z0-9]+)*|\s+"
)


class Change(NamedTuple):
    """A stretch of a comparison: op is same, gone or new."""

    op: str
    text: str


def digest_groups(digest: str, groups: int | None = 4) -> str:
    """A digest in groups of four; only the first ``groups`` of them, then …; None shows all."""
    parts = re.findall(".{1,4}", digest)
    if groups is None or len(parts) <= groups:
        return " ".join(parts)
    return " ".join(parts[:groups]) + " …"


def masked_pieces(text: str) -> list[tuple[str, bool]]:
    """A public text cut at its masks (〔电话〕, 138****0000): (piece, is a mask). 〔2026〕 is not a mask."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in MASK.finditer(text):
        pieces += [(text[at : match.start()], False), (match.group(), True)]
        at = match.end()
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]


def cut_pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A text cut at ``spans`` (start, end; overlaps are joined): (piece, lies in a span)."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans):
        start = max(start, at)
        if end > start:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]


def words_of(text: str) -> list[str]:
    """A text in words for comparing; numbers with their unit, dates and Latin words stay whole."""
    words: list[str] = []
    at = 0
    for match in PARTS.finditer(text):
        words += [*dictionary().cut(text[at : match.start()]), match.group()]
        at = match.end()
    return [word for word in [*words, *dictionary().cut(text[at:])] if word]


def word_diff(before: str, after: str) -> list[Change]:
    """What changed from ``before`` to ``after``, word by word, in reading order, gone before new."""
    old, new = words_of(before), words_of(after)
    changes: list[Change] = []
    for op, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            changes.append(Change("same", "".join(old[a:b])))
        else:
            changes += [Change("gone", "".join(old[a:b])), Change("new", "".join(new[c:d]))]
    return [change for change in changes if change.text]


# ---------- figures ----------

SHADES = ("open", "soon", "over")  # colours of stacked bars, in order of meaning
MOST_TICKS = 14
NICE = (1, 2, 4, 6, 8, 10)


def nice_top(highest: float) -> int:
    """The round number an axis ends at: at least 2, not below ``highest``, and its half is whole."""
    scale = 1
    while True:
        for step in NICE:
            top = step * scale
            if top >= highest and top >= 2 and top % 2 == 0:
                return top
        scale *= 10


class Segment(TypedDict):
    """One part of a stacked bar."""

    shade: str
    x: float
    width: float


def bar_segments(values: Sequence[float], longest: float, width: int = 1300) -> list[Segment]:
    """Stacked parts of one bar, side by side with a hair between them; zero parts are left out."""
    unit = width / longest if longest else 0.0
    segments: list[Segment] = []
    at = 0.0
    for shade, value in zip(SHADES, values, strict=False):
        if value > 0:
            segments.append({"shade": shade, "x": round(at, 1), "width": round(max(value * unit - 8, 2), 1)})
        at += value * unit
    return segments


class FlowPoint(TypedDict, total=False):
    """One day (or month) of a flow: label 今天 / 08, is_rest, bar and line (None draws nothing)."""

    label: str
    is_rest: bool
    bar: float | None
    line: float | None


class FlowDrawing(TypedDict):
    """Geometry of a flow chart, 100 units a point wide and 100 high."""

    top: int
    width: int
    bars: list[tuple[int, float, float]]  # x, y, height
    rests: list[int]  # x of shaded days
    lines: list[str]  # points of the polylines; a gap in the data is a gap in the line
    ticks: list[str]  # words under the axis, thinned


def flow_drawing(points: Sequence[FlowPoint]) -> FlowDrawing:
    """Columns (`bar`) and a line (`line`) over the same days, for `ui.flow_chart`."""
    values = [v for p in points for v in (p.get("bar"), p.get("line")) if v is not None]
    top = nice_top(max(values, default=0))
    bars = [
        (i * 100 + 22, round(100 - 100 * bar / top, 1), round(100 * bar / top, 1))
        for i, bar in enumerate(p.get("bar") for p in points)
        if bar is not None
    ]
    every = ceil(len(points) / MOST_TICKS)
    return {
        "top": top,
        "width": len(points) * 100,
        "bars": bars,
        "rests": [i * 100 for i, p in enumerate(points) if p.get("is_rest")],
        "lines": _lines([p.get("line") for p in points], top),
        "ticks": [p["label"] if (len(points) - 1 - i) % every == 0 else "" for i, p in enumerate(points)],
    }


def _lines(values: Sequence[float | None], top: int) -> list[str]:
    lines: list[str] = []
    for is_drawn, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if is_drawn:
            lines.append(" ".join(f"{i * 100 + 50},{round(100 - 100 * (v or 0) / top, 1)}" for i, v in run))
    return lines


def thousands(number: float) -> str:
    """A count with separators: 12,406."""
    return f"{number:,}"


# ---------- what the layouts need ----------


class Place(NamedTuple):
    """A place in the header of the public pages."""

    key: str
    href: str
    label: str


PUBLIC_PLACES = (
    Place("answers", "/", "查答案"),
    Place("cases", "/cases", "公开办件"),
    Place("progress", "/progress", "查进度"),
    Place("write", "/write", "我要写信"),
    Place("statistics", "/statistics", "统计"),
    Place("data", "/data", "数据开放"),
)

GO_KEYS = {"work": "w", "queue": "q", "review": "r", "board": "b"}  # after G; the keys of rail items

KEYS: tuple[tuple[str, str], ...] = (
    ("J K", "上一行、下一行"),
    ("Enter", "打开"),
    ("X", "勾选这一行"),
    ("/", "搜索"),
    ("E", "写答复"),
    ("T", "转办"),
    ("D", "并入主办件"),
    ("1 – 9", "插入第几条建议；审核时勾选第几关"),
    ("A", "通过"),
    ("R", "退回（要写原因）"),
    ("N", "下一件等我处理的"),
    ("Z", "撤销"),
    ("G W", "我的工作"),
    ("G Q", "队列"),
    ("G R", "审核"),
    ("G B", "值班看板"),
    ("Ctrl Enter", "送审"),
    ("Ctrl S", "现在保存（平时自动保存）"),
    ("?", "全部按键"),
)


def fresh_id(wanted: str) -> str:
    """``wanted`` the first time on a page, wanted-2 the second: several forms may ask for the same field."""
    given: dict[str, int] = g.setdefault("given_ids", {})
    given[wanted] = given.get(wanted, 0) + 1
    return wanted if given[wanted] == 1 else f"{wanted}-{given[wanted]}"


FILTERS = (
    instant,
    sentence_date,
    sentence_instant,
    short_date,
    weekday,
    day_line,
    clock_time,
    due_instant,
    duration,
    digest_groups,
    masked_pieces,
    thousands,
)
GLOBALS = (
    clock_view,
    ruler_view,
    status_shape,
    word_diff,
    cut_pieces,
    bar_segments,
    flow_drawing,
    remaining,
    fresh_id,
)


@cache
def _fingerprint(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:8]


def register(app: Flask) -> None:
    """Give the templates of ``app`` every filter, function and table of this file, and `asset()`."""
    folder = Path(__file__).with_name("static")

    def asset(name: str) -> str:
        """Address of a static file that changes when its content does, so that it may be cached long."""
        return url_for("static", filename=name, v=_fingerprint(folder / name))

    app.jinja_env.filters.update({rule.__name__: rule for rule in FILTERS})
    app.jinja_env.globals.update({rule.__name__: rule for rule in GLOBALS})
    app.jinja_env.globals.update(
        asset=asset, PUBLIC_PLACES=PUBLIC_PLACES, GO_KEYS=GO_KEYS, KEYS=KEYS, CONFIDENCE=CONFIDENCE
    )
