"""Ten thousand closed cases with planted marks: none is readable in anything that is public."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.opendata import service as opendata
from tests.conftest import NOW, TheOffice
from tests.web import canaries

PLANTED, PARTS = 10_000, 4
EACH = PLANTED // PARTS
AT_ONCE = 100  # the job proposes as many in one run

pytestmark = pytest.mark.faults


@pytest.mark.clause("E14")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_none_of_ten_thousand_marks_is_readable_anywhere(
    client: FlaskClient,
    sqlite_office: TheOffice,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    counted: Callable[[str], None],
    part: int,
) -> None:
    caplog.set_level(logging.INFO)
    decided = 0
    for first in range(part * EACH, (part + 1) * EACH, AT_ONCE):
        with sqlite_office.db.writing() as session:
            planted = canaries.plant(session, sqlite_office, range(first, first + AT_ONCE), NOW)
            decided += canaries.decide(session, sqlite_office, NOW, planted)
    assert decided == EACH
    opendata.follow_public_cases(sqlite_office.db, NOW)
    looked_at = 0
    with sqlite_office.db.reading() as session:
        for name, text in canaries.everything_public(client, session, pages=100):
            found = canaries.MARKS.search(canaries.read(text))
            assert found is None, (name, found and found[0][:6])
            looked_at += 1
    assert looked_at > 200
    # What the index, the public folder and a copy of it keep; the letters themselves are in the database only.
    for folder in (sqlite_office.db.folder / "index", tmp_path / "data"):
        files = list(canaries.kept_files(folder))
        assert files, folder
        for name, data in files:
            assert not canaries.MARKS.search(canaries.read(data.decode("utf-8", "ignore"))), name
    assert not canaries.MARKS.search(canaries.read(caplog.text))
    counted(
        f"planted marks, part {part + 1} of {PARTS}: {EACH} closed cases, none readable in {looked_at} outputs"
    )
