"""Settings come from the environment or a file; a known or empty secret stops the start."""

import stat
from pathlib import Path

import pytest

from app.base import config
from app.base.errors import Invalid


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = config.load({"HUIYING_DATA_DIR": str(tmp_path)})
    again = config.load({"HUIYING_DATA_DIR": str(tmp_path)})
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("secret", ["", "secret", "changeme", "short"])
def test_a_known_empty_or_short_secret_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(Invalid, match="HUIYING_SECRET_KEY"):
        config.load({"HUIYING_DATA_DIR": str(tmp_path), "HUIYING_SECRET_KEY": secret})


@pytest.mark.parametrize("given", [{}, {"HUIYING_DATABASE_URL": ""}])
def test_the_database_is_in_the_data_folder_unless_another_is_named(
    tmp_path: Path, given: dict[str, str]
) -> None:
    folder = {"HUIYING_DATA_DIR": str(tmp_path)}
    assert config.load(folder | given).database_url == f"sqlite:///{tmp_path}/huiying.db"
    named = config.load(folder | {"HUIYING_DATABASE_URL": "sqlite:///other.db"})
    assert named.database_url == "sqlite:///other.db"


def test_where_nothing_is_set_the_database_is_where_the_documents_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    defaults = {row.name: row.default for row in config.SETTINGS}
    assert config.load({}).database_url == defaults["DATABASE_URL"]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "huiying.env"
    file.write_text(
        "# office\nHUIYING_LISTEN=[::1]:8000, 127.0.0.1:8000\nHUIYING_PUBLIC_URL=https://a.example/\n"
    )
    found = config.load(
        {
            "HUIYING_DATA_DIR": str(tmp_path),
            "HUIYING_ENV_FILE": str(file),
            "HUIYING_PUBLIC_URL": "https://b.example/",
        }
    )
    assert found.listen == ("[::1]:8000", "127.0.0.1:8000")
    assert found.public_url == "https://b.example"


def test_a_line_nobody_understands_is_named(tmp_path: Path) -> None:
    file = tmp_path / "huiying.env"
    file.write_text("HUIYING_LISTEN=x\nHUIYING_LISTENING=y\n")
    with pytest.raises(Invalid, match="第 2 行"):
        config.load({"HUIYING_DATA_DIR": str(tmp_path), "HUIYING_ENV_FILE": str(file)})


def test_settings_show_no_secret(tmp_path: Path) -> None:
    found = config.load({"HUIYING_DATA_DIR": str(tmp_path)})
    assert found.secret_key not in repr(found)
