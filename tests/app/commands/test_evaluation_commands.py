"""`huiying evaluate routing|abuse|repeats` on files of the office's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.commands.huiying import Huiying
from tests.app.departments.examples import letters


@pytest.fixture
def huiying(tmp_path: Path) -> Huiying:
    return Huiying(f"sqlite:///{tmp_path / 'huiying.db'}", tmp_path)


def _jsonl(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(file)


def test_routing_learns_from_one_file_and_is_measured_on_another(huiying: Huiying, tmp_path: Path) -> None:
    rows = [{"text": text, "label": label, "group": None} for text, label in zip(*letters(), strict=True)]
    train = _jsonl(tmp_path / "train.jsonl", rows)
    test = _jsonl(tmp_path / "test.jsonl", [{"text": "水管漏水", "label": "供水"}])
    (told,) = huiying("evaluate", "routing", train, test, "--json").rows
    assert (told["trained_on"], told["messages"], told["macro_f1"], told["top2"]) == (80, 1, 1.0, 1.0)
    assert {"accuracy", "auto_share_at_95_precision", "auto_precision", "ms_per_item"} <= set(told)


def test_abuse_and_repeats_name_their_measures(huiying: Huiying, tmp_path: Path) -> None:
    abuse = _jsonl(tmp_path / "a.jsonl", [{"text": "路灯坏了没人管", "label": 0}])
    (told,) = huiying("evaluate", "abuse", abuse, "--json").rows
    assert (told["precision"], told["recall"], told["flagged_share"]) == (None, None, 0.0)
    letter = "柳荫社区三号楼从上周五开始停水，一直没有人来修"
    repeats = _jsonl(
        tmp_path / "r.jsonl",
        [{"id": str(at), "at": f"2026/1/{at + 1} 9:00", "text": letter, "group": "水"} for at in range(2)],
    )
    (told,) = huiying("evaluate", "repeats", repeats, "--json").rows
    assert told["pairwise"]["f1"] == told["b_cubed"]["f1"] == 1.0


def test_a_row_without_a_label_is_named(huiying: Huiying, tmp_path: Path) -> None:
    file = _jsonl(tmp_path / "a.jsonl", [{"text": "好", "label": 0}, {"text": "好"}])
    answer = huiying("evaluate", "abuse", file)
    assert answer.status == 1 and "第 2 行没有 label" in answer.err
