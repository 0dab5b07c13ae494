"""Ten thousand closed cases with planted marks: none is readable in anything that is public."""

import os
import re

import pytest
from flask.testing import FlaskClient

from app.opendata import service as opendata
from tests.conftest import NOW, TheOffice
from tests.web import canaries

PLANTED = 10_000 if os.environ.get("RELEASE") else 2_000
AT_ONCE = 100  # the job proposes as many in one run
CANARY = re.compile(r"139\d{8}|ZQX\d{5}J")

pytestmark = pytest.mark.faults


@pytest.mark.clause("E14")
@pytest.mark.timeout(1500)
def test_none_of_thousands_of_marks_is_readable_anywhere(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    decided = 0
    for first in range(0, PLANTED, AT_ONCE):
        with sqlite_office.db.writing() as session:
            canaries.plant(session, sqlite_office, range(first, first + AT_ONCE), NOW)
            decided += canaries.decide(session, sqlite_office, NOW)
    assert decided == PLANTED
    opendata.follow_public_cases(sqlite_office.db, NOW)
    looked_at = 0
    with sqlite_office.db.reading() as session:
        for name, text in canaries.everything_public(client, session, pages=200):
            found = CANARY.search(text)
            assert found is None, (name, found and found[0][:4])
            looked_at += 1
    assert looked_at > 400
    for name, data in canaries.kept_files(sqlite_office.db.folder / "index"):
        assert not CANARY.search(data.decode("latin-1")), name
