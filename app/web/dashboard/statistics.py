"""统计（工作台）: the month's sentence, then tables; exact figures, how each is worked out, and the log's position."""

from typing import Any

from flask import Response, request

from app.base.errors import Invalid
from app.finding import queries as finding
from app.opendata.formats import csv_lines
from app.statistics import queries
from app.statistics.indicators import BY_KEY, INDICATORS, PARTS_OF_CLOSED, Counts, adds_up, figure, shown
from app.statistics.queries import Figures
from app.upkeep import queries as library
from app.upkeep.figures import FORMULA, told
from app.web.context import current_person, now, reading, render
from app.web.dashboard import desk
from app.web.dashboard.answers import READERS

_MAIN = ("received", "due", "replied", "reply_rate", "on_time_rate", "average_working_days", "satisfaction")
_HANDLING = ("received", "valid", "due", "replied", "on_time", "overdue", "reply_rate", "on_time_rate",
             "average_working_days", "reopened", "rated", "satisfaction")  # fmt: skip
_SHOWING = ("closed", *PARTS_OF_CLOSED)
_VAIN = 5
# Where a figure opens its cases: of all time, since the queue has no months.
_OPENS = {"department": "department", "message_type": "type", "platform": "platform"}


@desk.get("/statistics")
def statistics() -> str:
    """Figures of one month or of all time, divided as chosen."""
    by, month = _asked()
    with reading() as session:
        found = queries.figures(session, now(), by, month=month)
        months = queries.months(session)
        by_month = queries.figures(session, now(), "month")
        of_library = library.figures(session, *queries.span(month))
        searched = finding.unanswered(session, _VAIN)
    return render(
        "desk/statistics.html",
        by=by,
        month=month,
        months=[("", "全部"), *((key, key) for key in months)],
        ways=list(queries.GROUPING_LABELS.items()),
        label=queries.GROUPING_LABELS[by],
        main=[(BY_KEY[key].label, shown(BY_KEY[key], figure(BY_KEY[key], found.total))) for key in _MAIN],
        chart=_chart(by_month),
        handling_head=[BY_KEY[key].label for key in _HANDLING],
        handling=_table(found, by, month, _HANDLING),
        showing_head=[BY_KEY[key].short for key in _SHOWING],
        showing=_table(found, by, month, _SHOWING),
        adds_up=all(adds_up(group.counts) for group in found.groups),
        library=told(of_library),
        coverage=[
            [one.category or "没有分类", one.letters, one.drawn, one.answers] for one in of_library.coverage
        ],
        formula=FORMULA,
        may_keep_up=current_person().may(*READERS),
        searched=searched,
        indicators=INDICATORS,
        log_position=found.log_position,
    )


@desk.get("/statistics.csv")
def statistics_csv() -> Response:
    """What is on the screen, as a table for Excel."""
    by, month = _asked()
    with reading() as session:
        found = queries.figures(session, now(), by, month=month)
    columns = [queries.GROUPING_LABELS[by], *(row.label for row in INDICATORS), "流转记录位置"]
    rows = [
        dict(
            zip(
                columns,
                [group.label, *(figure(row, group.counts) for row in INDICATORS), found.log_position],
                strict=True,
            )
        )
        for group in found.groups
    ]
    response = Response("".join(csv_lines(columns, rows, bom=True)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=statistics.csv"
    return response


def _asked() -> tuple[str, str]:
    by, month = request.args.get("by", "department"), request.args.get("month", "")[:7]
    if by not in queries.GROUPINGS:
        raise Invalid("只能按月份、承办单位、类型或来源来分", field="by")
    queries.span(month)
    return by, month


def _table(found: Figures, by: str, month: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = [
        {"label": group.label, "href": _cases_of(by, group.key, month), "cells": _cells(group.counts, keys)}
        for group in found.groups
    ]
    return [*rows, {"label": "合计", "href": None, "cells": _cells(found.total, keys)}]


def _cells(counts: Counts, keys: tuple[str, ...]) -> list[str]:
    return [shown(BY_KEY[key], figure(BY_KEY[key], counts)) for key in keys]


def _cases_of(by: str, key: str, month: str) -> str | None:
    """The list behind a line, where the queue can show exactly those."""
    return f"/desk/cases?view=all&{_OPENS[by]}={key}" if by in _OPENS and key and not month else None


def _chart(by_month: Figures) -> dict[str, Any] | None:
    groups = sorted(by_month.groups, key=lambda group: group.key)[-12:]
    if len(groups) < 2:
        return None
    busiest = max(groups, key=lambda group: group.counts.received)
    return {
        "caption": f"近 {len(groups)} 个月里 {busiest.key} 收到最多，{busiest.counts.received} 件",
        "subject": "月份",
        "bar_label": "收到",
        "line_label": "办结",
        "points": [
            {"label": group.key, "bar": group.counts.received, "line": group.counts.closed, "is_rest": False}
            for group in groups
        ],
    }
