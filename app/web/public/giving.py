"""How is open data handed out? With the same headers everywhere, from one consistent view, in one piece."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response, request, send_file

from app.opendata import feed, queries
from app.opendata import service as opendata
from app.opendata.catalog import Publisher
from app.opendata.datasets import SHAPE
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
    "feed": "application/feed+json; charset=utf-8",
    "ttl": "text/turtle; charset=utf-8",
    "csvw": "application/csvm+json; charset=utf-8",
    "zip": "application/zip",
    "txt": "text/plain; charset=utf-8",
}
DIGEST = "Repr-Digest"
"""Header of a whole file (RFC 9530): its SHA-256, whichever part of it is sent."""
CURSOR = "X-Cursor"
"""Header of a whole file: from where the change feed goes on after exactly this state."""


def opened(response: Response, *, stamp: str = "", changed_at: datetime | None = None) -> Response:
    """Mark a response as open data: for every site, kept briefly, asked for again by ETag."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = (
        f"ETag, Last-Modified, Content-Length, Link, {CURSOR}, {DIGEST}"
    )
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


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Response:
    """A CSV twin of a page; `?bom=1` for Excel."""
    return document("".join(csv_lines(columns, rows, bom=with_bom())), "csv")


def with_bom() -> bool:
    return request.args.get("bom", "") == "1"


def whole_file(dataset: str, ending: str, month: str = "") -> Response:
    """A file of a data set, or of one month of it, as the table is at this moment.

    Written out within one transaction before the first byte leaves, so that a slow reader neither sees
    half a change nor keeps the database busy.
    """
    source, bom = SOURCES[dataset], with_bom() and ending == "csv"
    name = f"{dataset}-{month}" if month else dataset
    with reading() as session:
        stamp = f"{name}.{ending}{'.bom' if bom else ''}.{SHAPE}.{source.stamp(session, now())}"
        changed_at = queries.changed_at(session, dataset)
        goes_on = feed.cursor(dataset, queries.last_change(session, dataset))
        if request.if_none_match.contains(stamp):
            return opened(Response(status=304), stamp=stamp, changed_at=changed_at)
        spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
        lines = opendata.lines_of(
            session, now(), dataset, source, ending, settings().public_url, bom=bom, month=month
        )
        size, hashed = 0, sha256()
        for line in lines:
            data = line.encode()
            size += spool.write(data)
            hashed.update(data)
    response = _spooled(spool, size, f"{name}.{ending}", ending, stamp, changed_at, goes_on)
    response.headers[DIGEST] = f"sha-256=:{b64encode(hashed.digest()).decode()}:"
    return response


def snapshot(publisher: Publisher) -> Response:
    """Every set in every shape as one zip, of one moment."""
    with reading() as session:
        stamps = (source.stamp(session, now()) for source in SOURCES.values())
        described = sha256(repr(publisher).encode()).hexdigest()[:12]
        stamp = ".".join(("snapshot", SHAPE, described, *stamps))
        if request.if_none_match.contains(stamp):
            return opened(Response(status=304), stamp=stamp)
        spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
        opendata.write_snapshot(session, now(), spool, SOURCES, publisher)
    return _spooled(spool, spool.tell(), "snapshot.zip", "zip", stamp, None, "")


def _spooled(
    spool: IO[bytes],
    size: int,
    name: str,
    kind: str,
    stamp: str,
    changed_at: datetime | None,
    goes_on: str,
) -> Response:
    spool.seek(0)
    response = send_file(spool, download_name=name, conditional=False)
    response.content_type, response.content_length = TYPES[kind], size
    if goes_on:
        response.headers[CURSOR] = goes_on
    opened(response, stamp=stamp, changed_at=changed_at)
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response
