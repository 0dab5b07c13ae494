"""Every sample of every platform becomes what is written beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import PLATFORMS
from connectors.wechat import events as wechat
from connectors.weibo import reading as weibo
from tests.connectors.accounts import SETTINGS
from tests.connectors.samples import FOLDER, become, expected_of, samples


def _name(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.name}"


@pytest.mark.parametrize("sample", list(samples()), ids=_name)
def test_a_sample_becomes_what_is_written_beside_it(sample: Path) -> None:
    expected = json.loads(expected_of(sample).read_text("utf-8"))
    assert become(sample) == expected


# fmt: off
KINDS: dict[str, frozenset[str]] = {
    "wechat": frozenset({
        "text", "image", "voice", "video", "location", "link", "comment",
        *(f"event:{name}" for name in wechat.EVENTS), "event:brand_new_event",
    }),
    "weibo": frozenset({
        "comment", "mention", *weibo.KINDS.values(), *(f"event:{name}" for name in weibo.EVENTS),
    }),
    "douyin": frozenset({"comment"}),
    "corrections": frozenset({"correction"}),
    "website": frozenset({"letter"}),
    "hotline": frozenset({"work_order"}),
}
"""What each connector's own tables say that there is."""
WAYS: dict[str, frozenset[str]] = {
    "wechat": frozenset({".xml", ".json"}),
    "weibo": frozenset({".json"}),
    "douyin": frozenset({".json"}),
    "corrections": frozenset({".csv", ".xlsx", ".xls", ".jsonl", ".json", ".eml"}),
    "website": frozenset({".json", ".csv"}),
    "hotline": frozenset({".csv", ".xlsx"}),
}
"""In which forms things come to each: pushed or asked for, as a file, a feed, a mail."""
# fmt: on


def made_of(platform: str) -> list[dict[str, Any]]:
    """All messages that the samples of a platform become."""
    found = [become(sample) for sample in samples() if sample.parent.parent.name == platform]
    rows = [row for made in found if isinstance(made, list) for row in made]
    return [row.get("message", row) for row in rows if "error" not in row]


@pytest.mark.parametrize("key", PLATFORMS)
def test_every_kind_in_the_tables_of_a_platform_has_a_sample(key: str) -> None:
    kinds = {message["kind"] for message in made_of(key)}
    assert KINDS[key] <= kinds
    unlisted = {kind for kind in kinds - KINDS[key] if not kind.startswith("unknown:")}
    assert unlisted == set()
    assert WAYS[key] <= {sample.suffix for sample in samples() if sample.parent.parent.name == key}


@pytest.mark.parametrize("key", ["wechat", "weibo"])
def test_what_nobody_has_heard_of_has_a_sample_too(key: str) -> None:
    assert any(message["kind"].startswith("unknown:") for message in made_of(key))


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
