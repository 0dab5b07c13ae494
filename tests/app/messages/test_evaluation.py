"""The measures of repeats and abuse are what they say, counted by hand."""

from itertools import count
from types import SimpleNamespace

import pytest

from app.base.errors import Invalid
from app.messages.evaluation import of_abuse, of_repeats

CLOCK = count().__next__


def test_precision_recall_and_how_many_are_flagged() -> None:
    rows = [{"text": text, "label": label} for text, label in (("坏", 1), ("坏", 0), ("好", 1), ("好", 0))]
    found = of_abuse(
        [*rows, {"text": "坏", "label": 1}], lambda text: SimpleNamespace(flagged=text == "坏"), CLOCK
    )
    assert (found["precision"], found["recall"], found["flagged_share"]) == (0.6667, 0.6667, 0.6)
    assert found["ms_per_item"] == {"p50": 1000.0, "p95": 1000.0}


def test_nothing_flagged_has_no_precision() -> None:
    found = of_abuse([{"text": "好", "label": 0}], lambda _: SimpleNamespace(flagged=False), CLOCK)
    assert (found["precision"], found["recall"], found["flagged_share"]) == (None, None, 0.0)


def test_pairs_and_b_cubed_count_single_messages_as_groups_of_one() -> None:
    rows = [
        {"id": "c", "at": "2026/1/10 9:05", "text": "三", "group": "水"},
        {"id": "a", "at": "2026-01-02 09:00", "text": "一", "group": "水"},
        {"id": "b", "at": "2026/1/9 10:00", "text": "二", "group": None},
        {"id": "d", "at": "2026/1/11 9:00", "text": "四", "group": "水"},
    ]
    seen: list[str] = []

    def group(texts: list[str]) -> list[int]:
        seen.extend(texts)
        return [0, 0, 0, 3]

    found = of_repeats(rows, group, CLOCK)
    assert seen == ["一", "二", "三", "四"]  # in the order in which they came, however the time is written
    # judged {一 二 三} {四}, true {一 三 四} {二}: one pair of three judged is right, of three true one is found
    assert found["pairwise"] == {"precision": 0.3333, "recall": 0.3333, "f1": 0.3333}
    assert found["b_cubed"]["precision"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, abs=1e-4)
    assert found["b_cubed"]["recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, abs=1e-4)


def test_an_empty_file_and_an_unknown_label_are_refused() -> None:
    with pytest.raises(Invalid):
        of_repeats([], lambda texts: [], CLOCK)
    with pytest.raises(Invalid):
        of_abuse([], lambda _: SimpleNamespace(flagged=False), CLOCK)
    with pytest.raises(Invalid):
        of_abuse([{"text": "好", "label": "坏"}], lambda _: SimpleNamespace(flagged=False), CLOCK)
