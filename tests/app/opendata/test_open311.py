"""How does a public case read as an Open311 service request?"""

from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from app.base.errors import Invalid
from app.opendata.open311 import as_xml, errors, request, services, span

ROW = {
    "number": "20261007-K3M9TQ", "reply": "可以办理。", "message_type": "consultation", "message_type_name": "咨询",
    "message": "", "summary": "关于居住证的咨询", "title": "标题", "department": "公安局户政科", "basis": "",
    "received_on": date(2026, 10, 7), "due_on": date(2026, 10, 13), "place": "城东区",
    "changed_at": datetime(2026, 10, 9, 2, 42, tzinfo=UTC),
}  # fmt: skip


def test_only_the_day_is_public_so_times_are_its_midnight_in_shanghai() -> None:
    told = request(ROW)
    assert told["requested_datetime"] == "2026-10-07T00:00:00+08:00"
    assert told["expected_datetime"] == "2026-10-14T00:00:00+08:00"
    assert told["updated_datetime"] == "2026-10-09T10:42:00+08:00"
    assert (told["lat"], told["long"]) == (None, None)
    assert told["description"] == "关于居住证的咨询"


def test_the_kinds_are_there_before_the_first_case() -> None:
    assert [row["service_name"] for row in services()][:3] == ["咨询", "建议", "投诉"]


def test_xml_has_one_element_for_each_field_and_survives_any_text() -> None:
    root = ElementTree.fromstring(
        as_xml("service_requests", "request", [{**request(ROW), "status_notes": "\x0b<&"}])
    )
    assert root.findtext("request/service_request_id") == "20261007-K3M9TQ"
    assert root.findtext("request/status_notes") == "<&"
    assert root.find("request/lat") is not None and root.findtext("request/lat") == ""
    assert (
        ElementTree.fromstring(as_xml("errors", "error", errors(404, "没有"))).findtext("error/code") == "404"
    )


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-10-07T00:00:00+08:00", 16),
        ("2026-10-07T00:00:00 08:00", 16),  # a plus sign that nobody encoded
        ("2026-10-07T00:00:00Z", 0),
        ("2026-10-07", 16),
    ],
)
def test_an_instant_in_the_address_is_read_with_its_zone(text: str, hour: int) -> None:
    since, until = span(text, "")
    assert since is not None and since.astimezone(UTC).hour == hour
    assert until is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "²", "2026-10-07T99:00:00Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        span("", text)
