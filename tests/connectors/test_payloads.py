"""Every sample of every platform becomes what is written beside it."""

import json
from pathlib import Path

import pytest

from connectors.registry import PLATFORMS
from tests.connectors.accounts import SETTINGS
from tests.connectors.samples import FOLDER, become, expected_of, samples


def _name(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.name}"


@pytest.mark.parametrize("sample", list(samples()), ids=_name)
def test_a_sample_becomes_what_is_written_beside_it(sample: Path) -> None:
    expected = json.loads(expected_of(sample).read_text("utf-8"))
    assert become(sample) == expected


def test_no_expectation_is_left_without_its_sample() -> None:
    named = {expected_of(sample) for sample in samples()}
    assert set(FOLDER.glob("*/payloads/*.expected.json")) == named


def test_every_folder_is_in_the_registry_and_has_samples_and_a_readme() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/connector.py")}
    assert folders == set(PLATFORMS)
    for folder in folders:
        assert (FOLDER / folder / "README.md").is_file()
        assert list((FOLDER / folder / "payloads").iterdir())


@pytest.mark.parametrize("key", PLATFORMS)
def test_every_setting_is_in_the_readme_of_its_platform(key: str) -> None:
    readme = (FOLDER / key / "README.md").read_text("utf-8")
    for field in PLATFORMS[key].connector.SETTINGS:
        assert f"`{field.name}`" in readme


@pytest.mark.parametrize("key", PLATFORMS)
def test_a_connector_is_made_from_its_settings_alone(key: str) -> None:
    row = PLATFORMS[key]
    row.connector(**SETTINGS[key])
    required = {field.name for field in row.connector.SETTINGS if field.required and not field.default}
    assert required <= set(SETTINGS[key])


def test_no_two_samples_of_a_platform_share_a_key_by_chance() -> None:
    keys = []
    for sample in samples():
        made = become(sample)
        if isinstance(made, list):
            messages = [row.get("message", row) for row in made]
            keys += [(m["platform"], m["external_id"]) for m in messages if "external_id" in m]
    assert len(keys) == len(set(keys))
