"""How is open data handed out? With the same headers everywhere, from one consistent view, in one piece."""

import json
from collections.abc import Mapping
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, request, send_file

from app.opendata import queries
from app.opendata import service as opendata
from app.opendata.formats import csv_lines
from app.statistics.service import SOURCES
from app.web.context import now, reading, settings

MAX_AGE = 30
"""Seconds a copy may be kept by whoever stands between: a withdrawal is gone everywhere within a minute."""
IN_MEMORY = 4 * 1024 * 1024

TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonld": "application/ld+json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}


def opened(response: Response, *, stamp: str = "", changed_at: datetime | None = None) -> Response:
    """Mark a response as open data: for every site, kept briefly, asked for again by ETag."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Content-Length"
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    if changed_at:
        response.last_modified = changed_at
    if stamp:
        response.set_etag(stamp)
    elif not response.is_streamed:
        response.add_etag()
    return response


def document(
    body: str | bytes, kind: str, *, status: int = 200, stamp: str = "", changed_at: datetime | None = None
) -> Response:
    """A whole document of open data; 304 for who has it already."""
    response = opened(Response(body, status, content_type=TYPES[kind]), stamp=stamp, changed_at=changed_at)
    if status == 200:
        response.make_conditional(request)
    return response


def as_json(told: Any, *, status: int = 200, changed_at: datetime | None = None) -> Response:
    """A JSON twin of a page."""
    return document(json.dumps(told, ensure_ascii=False), "json", status=status, changed_at=changed_at)


def table(columns: list[str], rows: list[Mapping[str, Any]]) -> Response:
    """A CSV twin of a page; `?bom=1` for Excel."""
    return document("".join(csv_lines(columns, rows, bom=with_bom())), "csv")


def with_bom() -> bool:
    return request.args.get("bom", "") == "1"


def whole_file(dataset: str, ending: str) -> Response:
    """A file of a data set, as the table is at this moment.

    Written out within one transaction before the first byte leaves, so that a slow reader neither sees
    half a change nor keeps the database busy.
    """
    source, bom = SOURCES[dataset], with_bom()
    with reading() as session:
        stamp = f"{dataset}.{ending}{'.bom' if bom else ''}.{source.stamp(session, now())}"
        changed_at = queries.changed_at(session, dataset)
        if request.if_none_match.contains(stamp):
            return opened(Response(status=304), stamp=stamp, changed_at=changed_at)
        spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
        lines = opendata.lines_of(
            session, now(), dataset, source, ending, settings().public_url, bom=bom and ending == "csv"
        )
        size = sum(spool.write(line.encode()) for line in lines)
    spool.seek(0)
    response = send_file(spool, download_name=f"{dataset}.{ending}", conditional=False)
    response.content_type, response.content_length = TYPES[ending], size
    opened(response, stamp=stamp, changed_at=changed_at)
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response
