"""The container files say what is so: sources exist, commands are ours, nothing secret stands in them."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.base.config import SETTINGS
from app.cli import main
from tests.documents import commands_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docker"
OURS = ("migrate", "web", "jobs")
COMMANDS = {name for name, _ in commands_of(main)}
VARIABLES = {row.variable for row in SETTINGS}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n", " ", (FOLDER / "Dockerfile").read_text("utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in lines]


def _of(steps: list[tuple[str, str]], instruction: str) -> list[str]:
    return [rest for name, rest in steps if name == instruction]


# ------------------------------------------------------------------ the image


def test_everything_that_is_copied_exists(steps: list[tuple[str, str]]) -> None:
    sources = [source for rest in _of(steps, "COPY") if "--from=" not in rest for source in rest.split()[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_everything_that_is_copied_reaches_the_builder(steps: list[tuple[str, str]]) -> None:
    let_in = {
        line[1:] for line in (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").split() if line[0] == "!"
    }
    wanted = {part for rest in _of(steps, "COPY") if "--from=" not in rest for part in rest.split()[:-1]}
    assert wanted == let_in


def test_what_is_installed_is_locked_with_hashes(steps: list[tuple[str, str]]) -> None:
    installs = [rest for rest in _of(steps, "RUN") if "pip install" in rest]
    assert any("--require-hashes -r requirements/core.lock" in rest for rest in installs)
    others = [rest for rest in installs if "--require-hashes" not in rest]
    assert all("--no-deps --no-build-isolation" in rest for rest in others)


def test_the_image_is_of_the_python_the_project_asks_for(steps: list[tuple[str, str]]) -> None:
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert wanted is not None
    assert {re.match(r"python:([\d.]+)-", rest)[1] for rest in _of(steps, "FROM")} == {wanted[1]}  # type: ignore[index]


def test_nobody_is_root_in_the_image(steps: list[tuple[str, str]]) -> None:
    names = [name for name, _ in steps]
    assert _of(steps, "USER") == ["huiying"]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_the_image_starts_a_command_of_ours(steps: list[tuple[str, str]]) -> None:
    assert json.loads(_of(steps, "ENTRYPOINT")[0]) == ["huiying"]
    assert json.loads(_of(steps, "CMD")[0])[0] in COMMANDS


def test_no_setting_of_the_image_overrules_the_settings_file(steps: list[tuple[str, str]]) -> None:
    # The environment wins over HUIYING_ENV_FILE: an address of a database here could not be changed there.
    given = {part.split("=", 1)[0] for rest in _of(steps, "ENV") for part in shlex.split(rest)}
    assert given & VARIABLES == {"HUIYING_LISTEN"}


# ------------------------------------------------------------------ the services


def test_two_web_nodes_one_clock_and_a_database(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["web"]["deploy"]["replicas"] == 2
    assert {*OURS, "database", "proxy"} == set(services)


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_runs_a_command_that_exists(compose: dict[str, Any], name: str) -> None:
    assert " ".join(compose["services"][name]["command"]) in COMMANDS


def test_every_service_that_stays_has_a_health_check(compose: dict[str, Any]) -> None:
    without = {name for name, one in compose["services"].items() if "test" not in one.get("healthcheck", {})}
    assert without == {"migrate"}
    jobs = compose["services"]["jobs"]["healthcheck"]["test"]
    assert jobs[1] == "huiying" and " ".join(word for word in jobs[2:] if word[0] != "-") in COMMANDS


@pytest.mark.parametrize("name", OURS)
def test_services_of_ours_can_write_their_volume_and_nothing_else(compose: dict[str, Any], name: str) -> None:
    one = compose["services"][name]
    assert one["read_only"] is True and one["cap_drop"] == ["ALL"] and one["tmpfs"] == ["/tmp"]
    assert one["volumes"] == ["data:/var/lib/huiying"]
    assert "data" in compose["volumes"]


def test_nothing_opens_before_the_schema_is_there(compose: dict[str, Any]) -> None:
    for name in ("web", "jobs"):
        waits = compose["services"][name]["depends_on"]["migrate"]["condition"]
        assert waits == "service_completed_successfully"


def test_secrets_are_files_that_git_never_sees(compose: dict[str, Any]) -> None:
    files = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    ignored = set((FOLDER / ".gitignore").read_text("utf-8").splitlines())
    assert files <= ignored
    for one in compose["services"].values():
        assert set(one.get("secrets", ())) <= set(compose["secrets"])
        for name, value in one.get("environment", {}).items():
            told = name.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|KEY|URL", name)
            assert told, f"{name} holds a secret"
            assert "://" not in str(value)


def test_only_the_proxy_is_open_and_only_to_this_machine(compose: dict[str, Any]) -> None:
    open_ones = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert set(open_ones) == {"proxy"}
    assert all(port.startswith("127.0.0.1:") for port in open_ones["proxy"])


def test_the_proxy_that_is_trusted_is_the_proxy(compose: dict[str, Any]) -> None:
    address = compose["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    assert compose["services"]["web"]["environment"]["HUIYING_TRUSTED_PROXIES"] == address
    conf = (FOLDER / "nginx.conf").read_text("utf-8")
    assert "X-Forwarded-For $remote_addr;" in conf
    assert "server web:8000;" in conf


def test_the_example_of_the_settings_file_names_settings_that_exist() -> None:
    lines = (FOLDER / "huiying.env.example").read_text("utf-8").splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert names <= VARIABLES
    assert {"HUIYING_DATABASE_URL", "HUIYING_SECRET_KEY"} <= names
