"""The documents say what is so: tables are the code's, names exist, links lead somewhere, pictures are there."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from app.base.config import SETTINGS, Settings
from app.base.db import Database
from app.base.keys import Keys
from app.cli import main
from app.web.dashboard.rail import PLACES
from tests.documents import DOCUMENTS, ROOT, TABLES, commands_of, filled, tables_in

PICTURES = ROOT / "docs" / "pictures"
MOST_PICTURES, MOST_BYTES = 12, 200 * 1024
# Every document that people read, also those whose tables are written by hand.
ALL = tuple(
    sorted(
        {
            *DOCUMENTS,
            ROOT / "CHANGELOG.md",
            ROOT / "kb" / "README.md",
            *(ROOT / "connectors").rglob("README.md"),
        }
    )
)
COMMANDS = {name for name, _ in commands_of(main)}
GROUPS = {" ".join(name.split()[:count]) for name in COMMANDS for count in range(1, len(name.split()) + 1)}
VARIABLES = {row.variable for row in SETTINGS} | {"HUIYING_TEST_POSTGRESQL", "HUIYING_TEST_EXPLORE"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _prose(path: Path) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", _text(path), flags=re.DOTALL | re.MULTILINE)


def _anchors(path: Path) -> set[str]:
    """What a heading can be linked by: small letters, no punctuation, spaces as hyphens."""
    titles = re.findall(r"^#{1,6} (.+)$", _prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_the_tables_of_a_document_are_the_codes_own(path: Path) -> None:
    assert filled(_text(path)) == _text(path), "python -m tests.documents writes them anew"


def test_every_table_of_the_code_is_in_a_document() -> None:
    shown = {name for path in DOCUMENTS for name in tables_in(_text(path))}
    assert set(TABLES) - shown == set()


@pytest.mark.parametrize(
    "table",
    ["settings", "commands", "make", "jobs", "doors", "platforms", "statuses", "transitions", "datasets", "scopes",
     "errors", "delivery_errors"],
)  # fmt: skip
def test_the_readme_prints_what_the_code_runs_on(table: str) -> None:
    assert table in tables_in(_text(ROOT / "README.md"))


def test_a_table_that_was_changed_by_hand_is_noticed() -> None:
    text = "<!-- table: jobs -->\n| close_replied | never |\n<!-- end -->"
    assert filled(text) != text
    assert "`close_replied`" in filled(text)
    assert filled(filled(text)) == filled(text)


# ------------------------------------------------------------------ the picture


def _packages() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "app").glob("*/__init__.py"))


@pytest.mark.parametrize("package", _packages())
def test_every_package_of_the_house_is_in_the_readme_and_explained(package: str) -> None:
    assert f"app/{package}" in _text(ROOT / "README.md")
    assert f"| `{package}` |" in _text(ROOT / "app" / "README.md")


def test_no_room_is_explained_that_is_not_there() -> None:
    features = re.findall(
        r"^\| `([a-z_]+)` \|", _text(ROOT / "app" / "README.md").split("## Anatomy")[0], re.MULTILINE
    )
    assert sorted(features) == _packages()


# ------------------------------------------------------------------ names


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_commands_named_in_a_document_exist(path: Path) -> None:
    told = re.findall(r"(?:`|^)(?:\S+/)?huiying((?: [a-z][a-z-]*)+)", _text(path), re.MULTILINE)
    unknown = [words.strip() for words in told if not _is_command(words.split())]
    assert unknown == []


def _is_command(words: list[str]) -> bool:
    """`huiying staff list …`: the longest beginning that is a command or a group; prose may follow it."""
    return any(" ".join(words[:count]) in GROUPS for count in range(len(words), 0, -1))


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_options_named_in_a_command_exist(path: Path) -> None:
    options = {
        name: {opt for one in command.params for opt in one.opts} for name, command in commands_of(main)
    }
    text = re.sub(r"\\\n", " ", _text(path))
    for line in re.findall(r"^(?:\S+/)?huiying (.+)$", text, re.MULTILINE):
        words = line.split()
        name = next((" ".join(words[:n]) for n in range(3, 0, -1) if " ".join(words[:n]) in options), "")
        if name == "sandbox":
            continue  # the stand-ins have options of their own
        assert {word for word in words if word.startswith("--")} <= options[name] | {"--help"}, line


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_settings_and_make_targets_named_in_a_document_exist(path: Path) -> None:
    named = set(re.findall(r"HUIYING_[A-Z_]*[A-Z]", _text(path)))
    assert named - VARIABLES == set()
    assert set(re.findall(r"`make ([a-z-]+)", _text(path))) - TARGETS == set()


@pytest.mark.parametrize(
    "path", [one for one in ALL if "README" in one.name or "decisions" in str(one)], ids=_name
)
def test_files_named_in_a_document_exist(path: Path) -> None:
    folders = (ROOT, path.parent)
    # Names with a folder in them; bare ones (`queries.py`) stand for one of many.
    named = re.findall(r"`((?:app|kb|connectors|tests|docs|docker|requirements)/[\w./-]*\w)`", _prose(path))
    missing = [name for name in named if not any((folder / name).exists() for folder in folders)]
    assert missing == []


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Rules of all doors: blueprint → addresses, parts in <angle brackets>."""
    folder = tmp_path_factory.mktemp("addresses")
    settings = Settings(f"sqlite:///{folder}/h.db", folder, ("127.0.0.1:0",), "http://127.0.0.1", "k" * 40)
    app = create_app(settings, Database(settings.database_url, Keys(settings.secret_key)))
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.endpoint.split(".")[0], set()).add(rule.rule)
    return found


def _is_address(given: str, rules: set[str]) -> bool:
    given = given.split("?")[0].split("#")[0]
    return any(re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", rule), given) for rule in rules)


def _addresses_in(text: str) -> Iterator[str]:
    yield from re.findall(r"`(?:GET |POST )?(/[a-z0-9][^`…\s]*)`", text)
    yield from re.findall(r"http://127\.0\.0\.1:8000(/[^\s\"`）]+)", text)


@pytest.mark.parametrize("path", [one for one in ALL if "connectors" not in str(one)], ids=_name)
def test_addresses_named_in_a_document_exist(path: Path, addresses: dict[str, set[str]]) -> None:
    rules = set().union(*addresses.values())
    prefixes = ("/desk", "/api/v1", "/api/v1/", "/webhooks")
    unknown = {
        one for one in _addresses_in(_text(path)) if not _is_address(one, rules) and one not in prefixes
    }
    assert {one for one in unknown if not one.startswith(("/backup", "/srv", "/etc", "/var"))} == set()


def test_every_public_address_is_told_to_programs(addresses: dict[str, set[str]]) -> None:
    told = _text(ROOT / "docs" / "api.md")
    # What forms post to is told by the pages themselves.
    pages = {rule for rule in addresses["public"] if not rule.startswith("/progress/")}
    named = set(_addresses_in(told)) | set(re.findall(r"`(/)`", told))
    untold = {
        rule
        for rule in pages
        if not any(_is_address(name.replace("<", "").replace(">", ""), {rule}) for name in named)
    }
    assert untold == set()


def test_every_place_of_the_desk_is_told_to_administrators(addresses: dict[str, set[str]]) -> None:
    for place in PLACES:
        assert place.href in addresses["desk"], f"{place.label} leads nowhere"
        assert place.label in _text(ROOT / "docs" / "administrator.md")


# ------------------------------------------------------------------ links and pictures


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _prose(path)):
        if re.match(r"https?://", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_picture_is_shown_and_light() -> None:
    shown = {
        (path.parent / link).resolve()
        for path in ALL
        for link in re.findall(r"(?:!\[[^\]]+\]\(|<img src=\")([^)\"\s]+)", _text(path))
    }
    there = {picture.resolve() for picture in PICTURES.glob("*")}
    assert shown == there
    assert len(there) <= MOST_PICTURES
    assert {picture.name for picture in there if picture.stat().st_size > MOST_BYTES} == set()


def test_pictures_are_of_a_desktop_or_a_phone() -> None:
    widths = {struct.unpack(">I", picture.read_bytes()[16:20])[0] for picture in PICTURES.glob("*.png")}
    assert widths <= {1440, 390}


# ------------------------------------------------------------------ words

NOT_OURS = (
    r"/simple/|mirrors?\.|registry\.[a-z-]+\.",  # where packages come from
    r"(?<![\w.])/(?:root|home|tmp)/",  # paths of some machine
)


@pytest.mark.parametrize("path", ALL, ids=_name)
@pytest.mark.parametrize("pattern", NOT_OURS)
def test_documents_speak_of_the_project_alone(path: Path, pattern: str) -> None:
    assert re.findall(pattern, _text(path)) == []


@pytest.mark.parametrize("path", [one for one in ALL if "docs" in one.parts], ids=_name)
def test_manuals_speak_plainly(path: Path) -> None:
    words = "亲爱|温馨提示|敬请谅解|请知悉|SLA|工单系统|赋能|抓手|期限"
    assert re.findall(words, _text(path)) == []
    assert "！" not in _prose(path)
