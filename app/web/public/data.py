"""数据开放: whole files, questions, only what changed, catalogues, feeds; each answers before the first row."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlmodel import Session

from app.base.errors import AppError, Invalid, NotFound
from app.opendata import asking, feed, open311, queries
from app.opendata import service as opendata
from app.opendata.anonymity import K
from app.opendata.catalog import Publisher, csvw, data_package, dcat, schema_org, turtle
from app.opendata.datasets import DATASETS, Dataset
from app.opendata.formats import as_object, csv_lines, json_line, plain
from app.opendata.queries import MonthFile
from app.opendata.service import Described
from app.redaction.masking import RULE_VERSION, TOKENS
from app.staff import service as staff
from app.statistics import service as statistics
from app.statistics.indicators import BY_KEY
from app.statistics.service import SOURCES
from app.web import forms
from app.web.context import now, reading, render, services, settings
from app.web.errors import status_of
from app.web.public import giving, public
from app.web.public.reads import counted
from app.web.public.statistics import OF_MONTHS, closed_cells

MOST_CHANGES = 1_000
USUAL_CHANGES = 200
SUMS_OF_MONTHS = 6
MONTHS_LISTED = 6
"""Monthly files on the page; all of them are on the page of the set. The page has to stay light."""
DIGESTED_AT_ONCE = 20_000
"""Rows of which the page itself works out the digests; larger sets are left to the job `describe_files`."""


# ------------------------------------------------------------------ the page


@public.get("/data")
def data() -> str:
    """Data sets with rows, time and digest; how to follow them; sums that can be checked."""
    with reading() as session:
        publisher, licences = _publisher(session), queries.licence_history(session)
    described = _described()
    months = next(found["months"] for found in described if found["name"] == "cases")
    return render(
        "public/data.html",
        place="data",
        datasets=described,
        months=months[:MONTHS_LISTED],
        more_months=len(months) > MONTHS_LISTED,
        sums=_sums(),
        sum_labels=[BY_KEY[key].short for key in OF_MONTHS],
        sets=DATASETS.values(),
        publisher=publisher,
        licences=licences,
        example=_example(),
        linked_data=schema_org(publisher, DATASETS.values()),
        masks=list(dict.fromkeys(TOKENS.values())),
        rule_version=RULE_VERSION,
        k=K,
    )


@public.get("/data/<name>")
def data_set(name: str) -> str:
    """One data set: what to know of it, every field with its meaning and an example, every monthly file."""
    dataset = _dataset(name)
    told = next(found for found in _described() if found["name"] == name)
    # What it is stands at the head of the page, and the fields below.
    told |= {"title": "下载", "text": "", "fields_href": ""}
    with reading() as session:
        licence = queries.licence(session)
    return render("public/dataset.html", place="data", set=dataset, told=told, licence=licence)


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
            "sha256_jsonl": found["digest_jsonl"],
            "quality": DATASETS[found["name"]].quality,
            "quality_en": DATASETS[found["name"]].quality_en,
            "files": [settings().public_url + file["href"] for file in found["downloads"]],
            "months": [
                {
                    **month,
                    "csv": settings().public_url + month["csv"],
                    "jsonl": settings().public_url + month["jsonl"],
                }
                for month in found["months"]
            ],
            "rows_address": f"{settings().public_url}/data/{found['name']}/rows.json",
            "changes": f"{settings().public_url}/data/{found['name']}/changes",
        }
        for found in _described()
    ]
    with reading() as session:
        history = queries.licence_history(session)
    licences = [{**one.licence.told, "since": plain(one.at) if one.at else None} for one in history]
    return giving.as_json({"datasets": told, "licence": history[0].licence.told, "licences": licences})


def _described() -> list[dict[str, Any]]:
    folder = settings().data_dir / "public"
    with reading() as session:
        rows = {name: source.count(session, now()) for name, source in SOURCES.items()}
        changed = {name: queries.changed_at(session, name) for name in SOURCES}
        stamps = {
            name: opendata.stamp_of(source.stamp(session, now()), settings().public_url)
            for name, source in SOURCES.items()
        }
        of_months = _case_months(session)
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
            "digest": _digest(known.get(name), stamps[name], "csv"),
            "digest_jsonl": _digest(known.get(name), stamps[name], "jsonl"),
            "months": _months(name, known.get(name), of_months),
            "quality": dataset.quality,
            "downloads": [
                {"label": "CSV", "href": f"/data/{name}.csv"},
                {"label": "Excel 用 CSV", "href": f"/data/{name}.csv?bom=1"},
                {"label": "JSON Lines", "href": f"/data/{name}.jsonl"},
            ],
            "fields_href": f"/data/{name}",
        }
        for name, dataset in DATASETS.items()
    ]


def _digest(known: Described | None, stamp: str, ending: str) -> str:
    """The digest, where it is that of what is downloaded now."""
    return known.digests[ending] if known and known.stamp == stamp else ""


def _months(name: str, known: Described | None, of_months: dict[str, MonthFile]) -> list[dict[str, Any]]:
    """The monthly files with rows and digests, the newest first."""
    if not DATASETS[name].by_month:
        return []
    described = known.months if known else {}
    told = []
    for month, now_there in of_months.items():
        stamp = opendata.stamp_of(now_there.stamp, settings().public_url)
        told.append(
            {
                "month": month,
                "rows": now_there.rows,
                "sha256_csv": _digest(described.get(month), stamp, "csv"),
                "sha256_jsonl": _digest(described.get(month), stamp, "jsonl"),
                "csv": f"/data/{name}/{month}.csv",
                "jsonl": f"/data/{name}/{month}.jsonl",
            }
        )
    return told


def _case_months(session: Session) -> dict[str, MonthFile]:
    """Counted again only when something was published or withdrawn."""
    last, kept = queries.last_change(session, "cases"), services().extra
    if kept.get("months", (None,))[0] != last:
        kept["months"] = (last, queries.case_months(session))
    found: dict[str, MonthFile] = kept["months"][1]
    return found


def _sums() -> list[dict[str, Any]]:
    """Month by month: closed = public + withheld by reason + withdrawn + undecided (C4)."""
    with reading() as session:
        months = statistics.published(session, now()).months[:SUMS_OF_MONTHS]
    return [{"month": month.month, "cells": closed_cells(month)} for month in months]


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
    return counted(f"{_dataset(name).name}.csv", giving.whole_file(name, "csv"))


@public.get("/data/<name>.jsonl")
def data_jsonl(name: str) -> Response:
    """All rows, one JSON object a line."""
    return counted(f"{_dataset(name).name}.jsonl", giving.whole_file(name, "jsonl"))


@public.get("/data/<name>/<month>.<any(csv, jsonl):ending>")
def data_month(name: str, month: str, ending: str) -> Response:
    """The rows of one month of closing: as many as the statistics of that month call published."""
    if not _dataset(name).by_month:
        raise NotFound("这个数据集没有分月的文件。整份文件在 /data")
    return counted(f"{name}.month", giving.whole_file(name, ending, month))


@public.get("/data/snapshot.zip")
def data_snapshot() -> Response:
    """All sets in all shapes, of one and the same moment."""
    with reading() as session:
        publisher = _publisher(session)
    return counted("snapshot", giving.snapshot(publisher))


@public.get("/data/<name>/rows.<any(json, jsonl, csv):ending>")
def data_rows(name: str, ending: str) -> Response:
    """The rows that fit a question, the fields asked for, a page at a time."""
    dataset = _dataset(name)
    asked = {key: value for key, value in request.args.items() if key != "bom"}
    question = asking.read(dataset, asked, queries.WORKED_OUT if name == "cases" else frozenset())
    with reading() as session:
        found = queries.ask(session, now(), SOURCES[name], question, settings().public_url)
        changed_at = queries.changed_at(session, name)
    rows, more = found[: question.limit], len(found) > question.limit
    cursor = asking.cursor(question, rows[-1]) if more else None
    following = _next_page(cursor) if cursor else ""
    response = giving.document(_WRITTEN[ending](question.select, rows, cursor), ending, changed_at=changed_at)
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return counted("rows", response)


def _next_page(cursor: str) -> str:
    kept = {key: value for key, value in request.args.items() if key != "$cursor"}
    return f"{settings().public_url}{request.path}?{urlencode({**kept, '$cursor': cursor})}"


def _page_as_json(names: tuple[str, ...], rows: list[Any], cursor: str | None) -> str:
    return json_line({"items": [as_object(names, row) for row in rows], "next": cursor})


def _page_as_lines(names: tuple[str, ...], rows: list[Any], cursor: str | None) -> str:
    return "".join(json_line(as_object(names, row)) for row in rows)


def _page_as_csv(names: tuple[str, ...], rows: list[Any], cursor: str | None) -> str:
    return "".join(csv_lines(names, rows, bom=giving.with_bom()))


_WRITTEN: dict[str, Callable[[tuple[str, ...], list[Any], str | None], str]] = {
    "json": _page_as_json,
    "jsonl": _page_as_lines,
    "csv": _page_as_csv,
}


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
    return counted("changes", giving.as_json(told, changed_at=changed_at))


def _limit() -> int:
    text = request.args.get("limit", str(USUAL_CHANGES))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MOST_CHANGES):
        raise Invalid(f"limit 是 1 到 {MOST_CHANGES} 的整数", field="limit")
    return int(text)


# ------------------------------------------------------------------ catalogues


def _publisher(session: Session) -> Publisher:
    office = staff.office(session)
    name = office.name if office else "政务服务办公室"
    return Publisher(name, settings().public_url, queries.licence(session))


def _changed(session: Session) -> dict[str, datetime | None]:
    return {name: queries.changed_at(session, name) for name in DATASETS}


@public.get("/data/datapackage.json")
def data_package_json() -> Response:
    """Data Package v2."""
    with reading() as session:
        publisher, changed = _publisher(session), _changed(session)
        licensed_at = queries.licence_history(session, 1)[0].at
    latest = max((at for at in (*changed.values(), licensed_at) if at), default=None)
    return giving.as_json(data_package(publisher, DATASETS.values(), latest), changed_at=latest)


@public.get("/data/catalog.jsonld")
def data_catalog() -> Response:
    """DCAT 3."""
    return giving.document(json_line(_catalogue()), "jsonld")


@public.get("/data/catalog.ttl")
def data_catalog_turtle() -> Response:
    """DCAT 3 as Turtle."""
    return giving.document(turtle(_catalogue()), "ttl")


def _catalogue() -> dict[str, Any]:
    with reading() as session:
        publisher, changed = _publisher(session), _changed(session)
    return dcat(publisher, DATASETS.values(), changed)


@public.get("/data/<name>.csv-metadata.json")
def data_csvw(name: str) -> Response:
    """CSVW: what the columns of a file mean."""
    dataset = _dataset(name)
    with reading() as session:
        publisher = _publisher(session)
    return giving.document(json_line(csvw(publisher, dataset)), "csvw")


@public.get("/data/cases.atom")
def cases_atom() -> Response:
    """The cases changed last, withdrawn ones as deleted entries; of one topic where one is asked for."""
    address = settings().public_url
    with reading() as session:
        publisher, entries, changed_at = _entries(session)
    written = feed.atom(
        f"{publisher.name}公开办件",
        publisher.name,
        f"{address}/cases",
        _own_address(),
        changed_at or now(),
        entries,
    )
    return counted("atom", giving.document(written, "atom", changed_at=changed_at))


@public.get("/data/cases.feed.json")
def cases_feed() -> Response:
    """The same as a JSON Feed."""
    address = settings().public_url
    with reading() as session:
        publisher, entries, changed_at = _entries(session)
    told = feed.json_feed(
        f"{publisher.name}公开办件", publisher.name, f"{address}/cases", _own_address(), entries
    )
    return counted("feed", giving.document(json_line(told), "feed", changed_at=changed_at))


def _entries(session: Session) -> tuple[Publisher, list[feed.Entry], datetime | None]:
    about = {name: request.args.get(name, "").replace("\x00", "")[:100] for name in queries.FEED_FILTERS}
    found = queries.feed_entries(session, settings().public_url, about)
    return _publisher(session), found, queries.changed_at(session, "cases")


def _own_address() -> str:
    asked = {name: request.args[name] for name in queries.FEED_FILTERS if request.args.get(name)}
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{settings().public_url}{request.path}{query}"


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
    return counted("open311", SHAPES[ending]("service_requests", "request", found, 200))


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
        found = SHAPES[ending]("service_requests", "request", [open311.request(rows[0])], 200)
        return counted(f"case:{rows[0]['number']}", found)
    status, words = (410, "这一件已经撤下") if gone else (404, "没有公开过这一件")
    return SHAPES[ending]("errors", "error", open311.errors(status, words), status)
