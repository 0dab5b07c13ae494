"""A public page weighs at most 100 kB with its style sheet and script, also when it is full."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.closing import published
from tests.conftest import NOW, TheOffice

LIMIT = 100_000
LONG = "路灯坏了，晚上看不见路，老人孩子出门都不方便，请问什么时候能修好？" * 30


@pytest.fixture
def full(sqlite_office: TheOffice) -> str:
    with sqlite_office.db.writing() as session:
        for day in range(21):
            number = published(
                session,
                sqlite_office,
                now=NOW - timedelta(days=30 * (day % 12), minutes=day),
                text=LONG,
                reply=LONG,
            ).number
    return number


def test_no_public_page_is_heavy(client: FlaskClient, full: str) -> None:
    shared = sum(
        len(client.get(f"/static/{name}").data) for name in ("huiying.css", "huiying.js", "favicon.svg")
    )
    for address in (
        "/",
        "/cases",
        f"/cases/{full}",
        "/statistics",
        "/data",
        "/data/cases",
        "/data/breakdown",
        "/accounts",
        f"/cases/{full}/request",
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert len(page.data) + shared <= LIMIT, (address, len(page.data), shared)
        assert "style=" not in page.text
