"""How does a public case read as an Open311 GeoReport v2 service request, in JSON and in XML?

http://wiki.open311.org/GeoReport_v2/ . Reading only: letters come in through /write. The service code
is the type of the message; place and category stay as coarse as they are published, no coordinates.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from app.base.errors import Invalid
from app.calendar.workdays import MIDNIGHT, at_time
from app.cases.deadlines import LABELS
from app.opendata.feed import xml_text
from app.opendata.formats import plain

MOST = 1000
"""GeoReport v2: a list holds the first 1000 requests or the last 90 days, whichever is smaller."""
SPAN = timedelta(days=90)
STATUSES = frozenset({"open", "closed"})

_SIMPLE_KEY = re.compile(r"[a-z_]{1,40}")


def services() -> list[dict[str, Any]]:
    """The kinds of messages, always the same: there before the first case is public."""
    return [
        {
            "service_code": kind.value,
            "service_name": label,
            "description": f"{label}类来信",
            "metadata": False,
            "type": "realtime",
            "keywords": label,
            "group": "来信",
        }
        for kind, label in LABELS.items()
    ]


def request(row: Mapping[str, Any]) -> dict[str, Any]:
    """A public row of the data set `cases` as a service request. Everything public is closed."""
    return {
        "service_request_id": row["number"],
        "status": "closed",
        "status_notes": row["reply"],
        "service_name": row["message_type_name"],
        "service_code": row["message_type"],
        "description": row["message"] or row["summary"] or row["title"],
        "agency_responsible": row["department"],
        "service_notice": row["basis"],
        "requested_datetime": _start_of(row["received_on"]),
        "updated_datetime": plain(row["changed_at"]),
        "expected_datetime": plain(at_time(row["due_on"], MIDNIGHT)) if row["due_on"] else None,
        "address": row["place"],
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _start_of(day: date | None) -> Any:
    """Only the day is public; the format wants an instant: its midnight in Shanghai."""
    return plain(at_time(day, "00:00")) if day else None


def span(start_date: str, end_date: str) -> tuple[datetime | None, datetime | None]:
    """The asked-for span of receipt. Raises `Invalid` for what is no ISO 8601 instant or day."""
    return _instant(start_date, "start_date"), _instant(end_date, "end_date")


def _instant(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Invalid(f"{field} 要写成 2026-10-07T00:00:00+08:00 这样", field=field) from None
    return read if read.tzinfo else at_time(read.date(), read.strftime("%H:%M"))


def errors(code: int, description: str) -> list[dict[str, Any]]:
    """How GeoReport says that something went wrong."""
    return [{"code": code, "description": description}]


def as_xml(root: str, element: str, items: Iterable[Mapping[str, Any]]) -> bytes:
    """A list of flat objects as XML, UTF-8; what is None is an empty element."""
    top = ElementTree.Element(root)
    for found in items:
        node = ElementTree.SubElement(top, element)
        for name, value in found.items():
            if not _SIMPLE_KEY.fullmatch(name):
                raise ValueError(f"no name for an element: {name}")
            ElementTree.SubElement(node, name).text = _text(value)
    written: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return written


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml_text(str(value))
