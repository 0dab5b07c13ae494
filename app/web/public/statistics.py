"""统计（公开）: answered in time this month, as a sentence; every number is one of the open data, small ones hidden."""

from typing import Any

from flask import Response, request

from app.opendata.formats import as_object
from app.statistics import queries, service
from app.statistics.indicators import (
    BY_KEY,
    DAYS,
    INDICATORS,
    PARTS_OF_CLOSED,
    Figure,
    Indicator,
    shown,
)
from app.statistics.service import BREAKDOWN, DATASET, DIVISIONS, PublicGroup, PublicMonth, Published
from app.web.context import now, reading, render
from app.web.public import giving, public

MONTHS_DRAWN = 12
OF_GROUPS = (
    "received",
    "due",
    "replied",
    "reply_rate",
    "on_time_rate",
    "average_working_days",
    "satisfaction",
)
OF_MONTHS = ("closed", *PARTS_OF_CLOSED)


@public.get("/statistics")
def statistics() -> str:
    """One month as a sentence, the year as a chart, offices and reasons as tables."""
    found, this = _asked()
    return render(
        "public/statistics.html",
        place="statistics",
        month=this.month,
        months_options=[(one.month, one.month) for one in found.months],
        sentence=_said(this),
        main=_cells(
            this, ("received", "due", "replied", "on_time_rate", "average_working_days", "satisfaction")
        ),
        chart=_chart(found),
        tables=[(queries.GROUPING_LABELS[by], _table(this.divided[by])) for by in DIVISIONS],
        group_head=[BY_KEY[key].label for key in OF_GROUPS],
        month_head=[BY_KEY[key].short for key in OF_MONTHS],
        month_rows=_closed_rows(found.months[:MONTHS_DRAWN]),
        indicators=INDICATORS,
        log_position=found.log_position,
    )


@public.get("/statistics.json")
def statistics_json() -> Response:
    """The figures by month, and those of one month by office, type and platform."""
    found, this = _asked()
    return giving.as_json(
        {
            "log_position": found.log_position,
            "months": _rows(found),
            "month": this.month,
            **{f"by_{by}": [_named(group) for group in this.divided[by]] for by in DIVISIONS},
        }
    )


@public.get("/statistics.csv")
def statistics_csv() -> Response:
    """The figures by month as a table; `?by=` divided as well: the data set `breakdown`."""
    found, _ = _asked()
    if request.args.get("by"):
        return giving.table(list(BREAKDOWN.names), service.group_rows(found))
    return giving.table(list(DATASET.names), _rows(found))


def _asked() -> tuple[Published, PublicMonth]:
    """All there is, and the month asked for; the newest there is otherwise."""
    asked = request.args.get("month", "")[:7]
    queries.span(asked)
    with reading() as session:
        found = service.published(session, now())
    return found, found.month(asked or (found.months[0].month if found.months else ""))


def _rows(found: Published) -> list[Any]:
    return [as_object(DATASET.names, row) for row in service.month_rows(found)]


def _named(group: PublicGroup) -> dict[str, Any]:
    return {"label": group.label, **group.figures}


def _cells(month: PublicMonth, keys: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(BY_KEY[key].label, shown(BY_KEY[key], month.figures[key])) for key in keys]


def _said(month: PublicMonth) -> str:
    """The month in one sentence."""
    said = dict(_cells(month, ("received", "due", "replied", "on_time_rate")))
    if not month.figures["received"]:
        return "这个月还没有收到来信。"
    rate = f"按时率 {said['按时率']}" if said["按时率"] != "—" else "按时率这个月不列"
    return f"收到 {said['留言数']} 件；应答复的 {said['应答复数']} 件里，已答复 {said['答复数']} 件，{rate}。"


def _table(groups: list[PublicGroup]) -> list[list[str]]:
    return [
        [group.label, *(_in_column(BY_KEY[key], group.figures[key]) for key in OF_GROUPS)]
        for group in groups
        if group.figures["received"] != 0
    ]


def _in_column(indicator: Indicator, value: Figure) -> str:
    """Without the unit of days, which stands below the tables, so that no column is cut off."""
    return shown(indicator, value).removesuffix(f" {DAYS}")


def closed_cells(month: PublicMonth) -> list[dict[str, Any]]:
    """What became of those closed in a month; the public ones open their list where their number is told."""
    return [
        {
            "text": shown(BY_KEY[key], month.figures[key]),
            "href": f"/cases?closed={month.month}" if key == "published" and month.figures[key] else None,
        }
        for key in OF_MONTHS
    ]


def _closed_rows(months: list[PublicMonth]) -> list[dict[str, Any]]:
    return [{"month": month.month, "cells": closed_cells(month)} for month in months]


def _chart(found: Published) -> dict[str, Any] | None:
    """Received and closed over the last months, oldest first; small counts leave a gap."""
    months = found.months[:MONTHS_DRAWN][::-1]
    if len(months) < 2:
        return None
    points = [
        {"label": month.month, "bar": _drawn(month, "received"), "line": _drawn(month, "closed"),
         "is_rest": False}
        for month in months
    ]  # fmt: skip
    busiest = max(months, key=lambda month: _drawn(month, "received") or 0)
    most = shown(BY_KEY["received"], busiest.figures["received"])
    return {
        "caption": f"近 {len(months)} 个月里 {busiest.month} 收到最多，{most} 件",
        "subject": "月份",
        "bar_label": "收到",
        "line_label": "办结",
        "points": points,
    }


def _drawn(month: PublicMonth, key: str) -> int | None:
    value = month.figures[key]
    return value if isinstance(value, int) else None
