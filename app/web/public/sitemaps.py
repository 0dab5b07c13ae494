"""What may search engines read, and which public cases are there? (sitemaps.org 0.9, RFC 9309)

A case is in the map of its month of closing while it is public; withdrawn, it is gone from the map at once.
"""

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from flask import Response

from app.calendar.workdays import day_of
from app.opendata import queries
from app.web.context import reading, settings
from app.web.public import giving, public

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
CLOSED_TO_ROBOTS = ("/desk/", "/api/", "/progress")


@public.get("/robots.txt")
def robots() -> Response:
    """Everything public may be read by everybody; where the maps are."""
    home = settings().public_url
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED_TO_ROBOTS),
        f"Sitemap: {home}/sitemap.xml",
        f"Sitemap: {home}/cases/sitemap.xml",
    ]
    return giving.document("\n".join(lines) + "\n", "txt")


@public.get("/cases/sitemap.xml")
def cases_sitemap() -> Response:
    """The maps of public cases, one for each month of closing."""
    with reading() as session:
        months = queries.changed_in_months(session)
    found = [(f"/cases/sitemap/{month}.xml", at) for month, at in months.items()]
    return _map("sitemapindex", "sitemap", found)


@public.get("/cases/sitemap/<month>.xml")
def cases_sitemap_of(month: str) -> Response:
    """The public cases of one month of closing, each with the day of its last change."""
    with reading() as session:
        found = [(f"/cases/{number}", at) for number, at in queries.addresses_of_month(session, month)]
    return _map("urlset", "url", found)


def _map(root: str, element: str, found: Iterable[tuple[str, datetime]]) -> Response:
    home = escape(settings().public_url)
    lines = "".join(
        f"<{element}><loc>{home}{escape(path)}</loc><lastmod>{day_of(at).isoformat()}</lastmod></{element}>"
        for path, at in found
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">'
    return giving.document(f"{head}{lines}</{root}>", "xml")
