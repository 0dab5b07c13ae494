"""`huiying federation …` and `huiying evaluate consistency` from the shell."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.base.config import Settings
from app.commands.evaluation import evaluate
from app.commands.federation import federation
from app.commands.shell import Shell
from tests.conftest import SECRET, TheOffice


def run(office: TheOffice, command: object, *words: str) -> tuple[int, str, object]:
    settings = Settings(
        database_url=office.db.url, data_dir=Path(), listen=("127.0.0.1:0",),
        public_url="http://localhost", secret_key=SECRET,
    )  # fmt: skip
    done = CliRunner().invoke(command, [*words], obj=Shell(settings, office.db))  # type: ignore[arg-type]
    return done.exit_code, done.output, done.exception


def test_the_shell_tells_our_fingerprint_and_pulls_from_nobody(sqlite_office: TheOffice) -> None:
    code, output, _ = run(sqlite_office, federation, "list", "--json")
    own = json.loads(output)
    assert code == 0
    assert len(own["library"]) == 40
    assert own["level"] == "city"
    assert run(sqlite_office, federation, "pull")[1] == "取来和撤下共 0 条\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "http://127.0.0.1:9", "--level", "星球", "--fingerprint", "12345678"), "没有“星球”这个级别"),
        (("add", "ftp://x", "--level", "省", "--fingerprint", "12345678"), "网址不对"),
        (("add", "http://127.0.0.1:9", "--level", "省", "--fingerprint", "12345678"), "连不上对方"),
    ],
)
def test_what_cannot_be_added_says_why(sqlite_office: TheOffice, words: tuple[str, ...], says: str) -> None:
    code, _, error = run(sqlite_office, federation, *words)
    assert code == 1
    assert says in str(error)


def test_the_shell_measures_an_offices_own_pairs(sqlite_office: TheOffice, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [
        {"entry": "工本费20元。", "reply": "工本费25元。", "verdict": "differs", "what": "amount"},
        {"entry": "工本费20元。", "reply": "工本费二十元。", "verdict": "same"},
    ]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    code, output, _ = run(sqlite_office, evaluate, "consistency", str(file), "--json")
    told = json.loads(output)
    assert code == 0
    assert (told["precision"], told["recall"], told["count"]) == (1.0, 1.0, 2)
    file.write_text('{"reply": "x", "verdict": "maybe"}', encoding="utf-8")
    code, _, error = run(sqlite_office, evaluate, "consistency", str(file))
    assert code == 1
    assert "第 1 行" in str(error)
