"""统计（公开）: answered in time this month, as a sentence; the same figures as inside, and where they come from."""

from typing import Any

from flask import Response, request

from app.opendata.formats import as_object
from app.statistics import queries
from app.statistics.indicators import BY_KEY, INDICATORS, PARTS_OF_CLOSED, Counts, public_figure, shown
from app.statistics.queries import Figures, Group
from app.statistics.service import DATASET, public_row
from app.web.context import now, reading, render
from app.web.public import giving, public

MONTHS_DRAWN = 12
OF_DEPARTMENTS = ("due", "reply_rate", "on_time_rate", "average_working_days", "satisfaction")
OF_MONTHS = ("closed", *PARTS_OF_CLOSED)
TABLES = ("department", "message_type", "platform")


@public.get("/statistics")
def statistics() -> str:
    """One month as a sentence, the year as a chart, offices and reasons as tables."""
    with reading() as session:
        by_month = queries.figures(session, now(), "month")
        months = [group.key for group in by_month.groups]
        month = _month(months)
        divided = {by: queries.figures(session, now(), by, month=month) for by in TABLES}
    this = next((group.counts for group in by_month.groups if group.key == month), Counts())
    return render(
        "public/statistics.html",
        place="statistics",
        month=month,
        months_options=[(key, key) for key in months],
        sentence=_said(this),
        main=_cells(
            this, ("received", "due", "replied", "on_time_rate", "average_working_days", "satisfaction")
        ),
        chart=_chart(by_month),
        tables=[(queries.GROUPING_LABELS[by], _table(divided[by].groups, OF_DEPARTMENTS)) for by in TABLES],
        department_head=[BY_KEY[key].label for key in OF_DEPARTMENTS],
        month_head=[BY_KEY[key].short for key in OF_MONTHS],
        month_rows=_closed_rows(by_month.groups[:MONTHS_DRAWN]),
        indicators=INDICATORS,
        log_position=by_month.log_position,
    )


@public.get("/statistics.json")
def statistics_json() -> Response:
    """The figures by month, and those of one month by office, type and platform."""
    with reading() as session:
        by_month = queries.figures(session, now(), "month")
        month = _month([group.key for group in by_month.groups])
        divided = {by: queries.figures(session, now(), by, month=month) for by in TABLES}
    return giving.as_json(
        {
            "log_position": by_month.log_position,
            "months": _rows(by_month),
            "month": month,
            **{f"by_{by}": [_named(group) for group in divided[by].groups] for by in TABLES},
        }
    )


@public.get("/statistics.csv")
def statistics_csv() -> Response:
    """The figures by month as a table."""
    with reading() as session:
        by_month = queries.figures(session, now(), "month")
    return giving.table(list(DATASET.names), _rows(by_month))


def _month(months: list[str]) -> str:
    """The month asked for; the newest there is otherwise."""
    asked = request.args.get("month", "")[:7]
    queries.span(asked)
    return asked or (months[0] if months else "")


def _rows(by_month: Figures) -> list[Any]:
    ordered = sorted(by_month.groups, key=lambda group: group.key)
    return [
        as_object(DATASET.names, public_row(group.key, group.counts, by_month.log_position))
        for group in ordered
    ]


def _named(group: Group) -> dict[str, Any]:
    figures = {row.key: public_figure(row, group.counts) for row in INDICATORS}
    return {"label": group.label, **figures}


def _cells(counts: Counts, keys: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(BY_KEY[key].label, shown(BY_KEY[key], public_figure(BY_KEY[key], counts))) for key in keys]


def _said(counts: Counts) -> str:
    """The month in one sentence."""
    said = dict(_cells(counts, ("received", "due", "replied", "on_time_rate")))
    if not counts.received:
        return "这个月还没有收到来信。"
    rate = f"按时率 {said['按时率']}" if said["按时率"] != "—" else "件数太少，不列按时率"
    return f"收到 {said['留言数']} 件；应答复的 {said['应答复数']} 件里，已答复 {said['答复数']} 件，{rate}。"


def _table(groups: list[Group], keys: tuple[str, ...]) -> list[list[str]]:
    return [
        [group.label, *(shown(BY_KEY[key], public_figure(BY_KEY[key], group.counts)) for key in keys)]
        for group in groups
        if group.counts.received
    ]


def _closed_rows(groups: list[Group]) -> list[dict[str, Any]]:
    return [
        {
            "month": group.key,
            "cells": [
                {
                    "text": shown(BY_KEY[key], public_figure(BY_KEY[key], group.counts)),
                    "href": f"/cases?closed={group.key}"
                    if key == "published" and group.counts.published
                    else None,
                }
                for key in OF_MONTHS
            ],
        }
        for group in groups
    ]


def _chart(by_month: Figures) -> dict[str, Any] | None:
    """Received and closed over the last months, oldest first; small counts leave a gap."""
    groups = sorted(by_month.groups, key=lambda group: group.key)[-MONTHS_DRAWN:]
    if len(groups) < 2:
        return None
    points = [
        {"label": group.key, "bar": _drawn("received", group.counts), "line": _drawn("closed", group.counts),
         "is_rest": False}
        for group in groups
    ]  # fmt: skip
    busiest = max(groups, key=lambda group: group.counts.received)
    most = shown(BY_KEY["received"], public_figure(BY_KEY["received"], busiest.counts))
    return {
        "caption": f"近 {len(groups)} 个月里 {busiest.key} 收到最多，{most} 件",
        "subject": "月份",
        "bar_label": "收到",
        "line_label": "办结",
        "points": points,
    }


def _drawn(key: str, counts: Counts) -> int | None:
    value = public_figure(BY_KEY[key], counts)
    return value if isinstance(value, int) else None
