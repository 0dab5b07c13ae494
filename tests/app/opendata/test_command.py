"""`huiying publish` as a shell sees it."""

import json
from pathlib import Path

from click.testing import CliRunner

from app.base import clock
from app.base.config import Settings
from app.base.errors import Conflict, Invalid
from app.commands.opendata import publish, recount
from app.commands.shell import Shell
from tests.closing import a_closed_case, confirmed, proposed
from tests.conftest import NOW, SECRET, TheOffice


def test_it_brings_open_data_up_to_date_and_says_how_far_it_is(office: TheOffice, tmp_path: Path) -> None:
    with office.db.writing() as session:
        found = proposed(session, office)
        confirmed(session, office, found)
        a_closed_case(session, office)
    shell = Shell(
        Settings(office.db.url, tmp_path, ("127.0.0.1:0",), "https://yunze.example", SECRET), office.db
    )
    with clock.at(NOW):
        first = CliRunner().invoke(publish, ["--json"], obj=shell, catch_exceptions=False)
        again = CliRunner().invoke(publish, [], obj=shell, catch_exceptions=False)
    assert (first.exit_code, again.exit_code) == (0, 0)
    rows = {row["dataset"]: row for row in map(json.loads, first.stdout.splitlines())}
    assert set(rows) == {"cases", "answers", "accounts", "statistics", "breakdown"}
    assert rows["cases"]["rows"] == 1 and rows["cases"]["changed_at"].endswith("+08:00")
    assert rows["accounts"]["rows"] == 5 and len(rows["cases"]["sha256_csv"]) == 64
    assert "等审看的 1 件" in again.stdout
    assert not any(
        "可以办理" in path.read_text("utf-8", "ignore") for path in (tmp_path / "public").iterdir()
    )


def test_the_figures_are_counted_again_from_an_export_of_the_log(
    sqlite_office: TheOffice, tmp_path: Path
) -> None:
    with sqlite_office.db.writing() as session:
        a_closed_case(session, sqlite_office)  # put there without a step in the log
    shell = Shell(
        Settings(sqlite_office.db.url, tmp_path, ("127.0.0.1:0",), "https://yunze.example", SECRET),
        sqlite_office.db,
    )
    export = tmp_path / "log.jsonl"
    export.write_text("{}\n", "utf-8")
    with clock.at(NOW):
        helped_along = CliRunner().invoke(recount, ["--json"], obj=shell)
        no_log = CliRunner().invoke(recount, [str(export)], obj=shell)
    assert isinstance(helped_along.exception, Conflict)
    first = json.loads(helped_along.stdout.splitlines()[0])
    assert (first["month"], first["figure"], first["from_log"]) == ("2026-10", 1, 0)
    assert isinstance(no_log.exception, Invalid)
