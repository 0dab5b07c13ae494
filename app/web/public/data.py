"""数据开放: whole files, only what changed, catalogues, feeds; the first address answers before the first row."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlmodel import Session

from app.base.errors import AppError, Invalid, NotFound
from app.opendata import feed, open311, queries
from app.opendata import service as opendata
from app.opendata.catalog import Publisher, data_package, dcat
from app.opendata.datasets import DATASETS, LICENCE, Dataset
from app.opendata.formats import json_line, plain
from app.staff import service as staff
from app.statistics import queries as statistics
from app.statistics.indicators import BY_KEY, PARTS_OF_CLOSED, public_figure, shown
from app.statistics.service import SOURCES
from app.web import forms
from app.web.context import now, reading, render, services, settings
from app.web.errors import status_of
from app.web.public import giving, public

MOST_CHANGES = 1_000
USUAL_CHANGES = 200
SUMS_OF_MONTHS = 6
DIGESTED_AT_ONCE = 20_000
"""Rows of which the page itself works out the digests; larger sets are left to `huiying publish`."""


# ------------------------------------------------------------------ the page


@public.get("/data")
def data() -> str:
    """Data sets with rows, time and digest; how to follow them; sums that can be checked."""
    return render(
        "public/data.html",
        place="data",
        datasets=_described(),
        sums=_sums(),
        sum_labels=[BY_KEY[key].short for key in ("closed", *PARTS_OF_CLOSED)],
        fields=DATASETS.values(),
        licence=LICENCE,
        example=_example(),
    )


@public.get("/data.json")
def data_json() -> Response:
    """The same for programs."""
    told = [
        {
            "name": found["name"],
            "title": found["title"],
            "rows": found["rows"],
            "changed_at": plain(found["updated_at"]),
            "sha256_csv": found["digest"],
            "files": [settings().public_url + file["href"] for file in found["downloads"]],
            "changes": f"{settings().public_url}/data/{found['name']}/changes",
        }
        for found in _described()
    ]
    return giving.as_json({"datasets": told, "licence": LICENCE})


def _described() -> list[dict[str, Any]]:
    folder = settings().data_dir / "public"
    with reading() as session:
        rows = {name: source.count(session, now()) for name, source in SOURCES.items()}
        changed = {name: queries.changed_at(session, name) for name in SOURCES}
        stamps = {name: source.stamp(session, now()) for name, source in SOURCES.items()}
    if sum(rows.values()) <= DIGESTED_AT_ONCE:
        known = opendata.write_files(services().db, now(), folder, SOURCES, settings().public_url)
    else:
        known = opendata.files_described(folder)
    return [
        {
            "name": name,
            "title": dataset.title,
            "text": dataset.description,
            "rows": rows[name],
            "updated_at": changed[name],
            "digest": known[name].digests["csv"]
            if name in known and known[name].stamp == stamps[name]
            else "",
            "downloads": [
                {"label": "CSV", "href": f"/data/{name}.csv"},
                {"label": "Excel 用 CSV", "href": f"/data/{name}.csv?bom=1"},
                {"label": "JSON Lines", "href": f"/data/{name}.jsonl"},
            ],
            "fields_href": f"#fields-{name}",
        }
        for name, dataset in DATASETS.items()
    ]


def _sums() -> list[dict[str, Any]]:
    """Month by month: closed = public + withheld by reason + withdrawn + undecided (C4)."""
    with reading() as session:
        groups = statistics.figures(session, now(), "month").groups[:SUMS_OF_MONTHS]
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
                for key in ("closed", *PARTS_OF_CLOSED)
            ],
        }
        for group in groups
    ]


def _example() -> str:
    """The first lines of the feed as they are now, so that the page shows what really comes."""
    with reading() as session:
        found = queries.changes(session, now(), "cases", SOURCES["cases"], 0, 3, settings().public_url)
    lines = [
        json_line({**feed.item(line), "data": "……"} if line.data else feed.item(line)) for line in found.lines
    ]
    return "".join(lines) or '{"items":[],"next":"……","has_more":false}\n'


# ------------------------------------------------------------------ files and changes


def _dataset(name: str) -> Dataset:
    if name not in DATASETS:
        raise NotFound("没有这个数据集。有的数据集列在 /data")
    return DATASETS[name]


@public.get("/data/<name>.csv")
def data_csv(name: str) -> Response:
    """All rows as CSV; `?bom=1` for Excel."""
    return giving.whole_file(_dataset(name).name, "csv")


@public.get("/data/<name>.jsonl")
def data_jsonl(name: str) -> Response:
    """All rows, one JSON object a line."""
    return giving.whole_file(_dataset(name).name, "jsonl")


@public.get("/data/<name>/changes")
def data_changes(name: str) -> Response:
    """Creations, changes and withdrawals after a cursor, in order; from the beginning without one."""
    dataset = _dataset(name)
    position = feed.position(name, request.args.get("cursor", ""))
    with reading() as session:
        found = queries.changes(
            session, now(), dataset.name, SOURCES[name], position, _limit(), settings().public_url
        )
        changed_at = queries.changed_at(session, name)
    told = {
        "items": [feed.item(line) for line in found.lines],
        "next": feed.cursor(name, found.position),
        "has_more": found.has_more,
    }
    return giving.as_json(told, changed_at=changed_at)


def _limit() -> int:
    text = request.args.get("limit", str(USUAL_CHANGES))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MOST_CHANGES):
        raise Invalid(f"limit 是 1 到 {MOST_CHANGES} 的整数", field="limit")
    return int(text)


# ------------------------------------------------------------------ catalogues


def _publisher(session: Session) -> Publisher:
    office = staff.office(session)
    return Publisher(office.name if office else "政务服务办公室", settings().public_url)


def _changed(session: Session) -> dict[str, datetime | None]:
    return {name: queries.changed_at(session, name) for name in DATASETS}


@public.get("/data/datapackage.json")
def data_package_json() -> Response:
    """Data Package v2."""
    with reading() as session:
        publisher, changed = _publisher(session), _changed(session)
    latest = max((at for at in changed.values() if at), default=None)
    return giving.as_json(data_package(publisher, DATASETS.values(), latest), changed_at=latest)


@public.get("/data/catalog.jsonld")
def data_catalog() -> Response:
    """DCAT 3."""
    with reading() as session:
        publisher, changed = _publisher(session), _changed(session)
    return giving.document(json_line(dcat(publisher, DATASETS.values(), changed)), "jsonld")


@public.get("/data/cases.atom")
def cases_atom() -> Response:
    """The cases changed last, withdrawn ones as deleted entries."""
    address = settings().public_url
    with reading() as session:
        publisher = _publisher(session)
        entries = queries.atom_entries(session, address)
        changed_at = queries.changed_at(session, "cases")
    written = feed.atom(
        f"{publisher.name}公开办件", publisher.name, f"{address}/cases", f"{address}/data/cases.atom",
        changed_at or now(), entries,
    )  # fmt: skip
    return giving.document(written, "atom", changed_at=changed_at)


# ------------------------------------------------------------------ Open311


Shape = Callable[[str, str, list[dict[str, Any]], int], Response]


def _as_json(root: str, element: str, items: list[dict[str, Any]], status: int = 200) -> Response:
    return giving.as_json(items, status=status)


def _as_xml(root: str, element: str, items: list[dict[str, Any]], status: int = 200) -> Response:
    return giving.document(open311.as_xml(root, element, items), "xml", status=status)


SHAPES: dict[str, Shape] = {"json": _as_json, "xml": _as_xml}


@public.get("/open311/v2/services.<any(json, xml):ending>")
def open311_services(ending: str) -> Response:
    """The kinds of letters."""
    return SHAPES[ending]("services", "service", open311.services(), 200)


@public.get("/open311/v2/requests.<any(json, xml):ending>")
def open311_requests(ending: str) -> Response:
    """Public cases; by number, by kind and by day of receipt."""

    def again(error: AppError) -> str:
        told = SHAPES[ending]("errors", "error", open311.errors(status_of(error), error.message), 400)
        return told.get_data(as_text=True)

    found, refused = forms.refused(_requests, again)
    if refused:
        refused.content_type = giving.TYPES[ending]
        return giving.opened(refused)
    return SHAPES[ending]("service_requests", "request", found, 200)


def _requests() -> list[dict[str, Any]]:
    asked = request.args
    statuses = set(asked.get("status", "closed").split(","))
    if not statuses <= open311.STATUSES:
        raise Invalid("status 只有 open 和 closed", field="status")
    numbers = [part for part in asked.get("service_request_id", "").split(",") if part][: open311.MOST]
    since, until = open311.span(asked.get("start_date", ""), asked.get("end_date", ""))
    if "closed" not in statuses:
        return []
    if not numbers and since is None:
        since = (until or now()) - open311.SPAN
    with reading() as session:
        rows = queries.requests_of(
            session,
            settings().public_url,
            numbers=numbers,
            codes=[part for part in asked.get("service_code", "").split(",") if part],
            since=since,
            until=until,
            limit=open311.MOST,
        )
    return [open311.request(row) for row in rows]


@public.get("/open311/v2/requests/<number>.<any(json, xml):ending>")
def open311_request(number: str, ending: str) -> Response:
    """One public case; 404 for none, 410 for one that was withdrawn."""
    with reading() as session:
        rows = queries.requests_of(session, settings().public_url, numbers=[number], limit=1)
        gone = not rows and queries.is_withdrawn(session, number)
    if rows:
        return SHAPES[ending]("service_requests", "request", [open311.request(rows[0])], 200)
    status, words = (410, "这一件已经撤下") if gone else (404, "没有公开过这一件")
    return SHAPES[ending]("errors", "error", open311.errors(status, words), status)
