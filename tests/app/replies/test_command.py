"""`huiying deliveries list`: what an operator's shell says of deliveries."""

import json
from pathlib import Path

from click.testing import CliRunner

from app.base.config import Settings
from app.commands.replies import deliveries
from app.commands.shell import Shell
from tests.app.replies.acting import TEXT, only_delivery, released
from tests.conftest import SECRET, TheOffice


def listed(office: TheOffice, *arguments: str) -> str:
    shell = Shell(Settings(office.db.url, Path("unused"), (), "", SECRET), office.db)
    done = CliRunner().invoke(deliveries, ["list", *arguments], obj=shell)
    assert done.exit_code == 0, done.output
    return done.output


def test_one_line_of_json_a_delivery_without_anybodys_words(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        reply, case = released(session, sqlite_office)
        row = only_delivery(session, case)
    output = listed(sqlite_office, "--json")
    said = json.loads(output)
    assert (said["id"], said["case"], said["state"]) == (row.id, case.number, "ready")
    assert said["digest"] == reply.digest
    assert said["created_at"].endswith("+08:00")
    assert TEXT not in output and "oTEST" not in output


def test_one_state_alone(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        released(session, sqlite_office)
    assert listed(sqlite_office, "--state", "failed") == ""
    assert listed(sqlite_office, "--state", "ready") != ""
