"""Are the untidy exports read as what they say?"""

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.corrections.connector import CorrectionsConnector
from connectors.sandbox.command import run
from connectors.sandbox.corrections import SITE_CODE, WAYS, export
from tests.connectors.stands import NOW


@pytest.mark.parametrize("how", WAYS)
def test_pitfall_31_every_way_an_export_comes_is_read_alike(how: str) -> None:
    made = export(how, 12, NOW, unreadable=4)
    rows = CorrectionsConnector().rows(made.file_name, made.data)
    messages = [row.message for row in rows if row.message]
    assert (len(messages), len([row for row in rows if row.error])) == (made.messages, made.unreadable)
    assert [message.site_code for message in messages] == [SITE_CODE] * 12
    assert [message.sent_at for message in messages] == [NOW - timedelta(minutes=7 * n) for n in range(12)]
    assert {message.contact for message in messages} > {"zhao@example.com", "13800000001"}
    assert [message.category for message in messages[:5]][-1] == "其他"
    assert messages[0].extra["due_at"].endswith("15:59:59+00:00")


def test_an_export_is_written_from_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "export.xlsx"
    assert run(["corrections", "--out", str(place), "--rows", "3"]) == 0
    assert str(place) in capsys.readouterr().out
    assert len(CorrectionsConnector().rows(place.name, place.read_bytes())) == 3
