"""The measures count what the contract says, worked out by hand on five rows."""

import pytest

from app.base.errors import Invalid
from app.redaction.evaluation import measure
from app.redaction.masking import redact

ROWS = [
    {"text": "电话13800138000谢", "spans": [[2, 13, "phone"]], "form": "plain"},
    {"text": "共计13800谢谢大家", "spans": [[2, 7, "phone"]], "form": "cut"},
    {"text": "住在北京", "spans": [[2, 4, "address"]]},
    {"text": "咨询电话：0571-88001234", "public": [[5, 18]], "by": "office"},
    {"text": "咨询电话：0571-88001234", "public": [[5, 18]]},
]


def test_the_measures_are_those_of_the_contract() -> None:
    result = measure(ROWS, lambda text, by: redact(text, by=by))

    assert result == {
        "count": 5,
        "recall": {"phone": 0.5},
        "recall_or_flagged": {"phone": 0.5},
        "by_form": {"cut": 0.0, "plain": 1.0},
        "masked_elsewhere": 0.0,
        "public_kept": 0.5,
    }


def test_with_a_timer_the_time_per_item_is_told() -> None:
    ticks = iter(range(100))

    result = measure(ROWS, lambda text, by: redact(text, by=by), timer=lambda: next(ticks))

    assert result["ms_per_item"] == {"p50": 1000.0, "p95": 1000.0}


@pytest.mark.parametrize("rows", [[], [{"text": "路灯不亮", "spans": []}]])
def test_nothing_labelled_gives_no_share_out_of_nothing(rows: list[dict[str, object]]) -> None:
    result = measure(rows, lambda text, by: redact(text, by=by))

    assert result["recall"] == {}
    assert "public_kept" not in result


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"text": "路灯不亮", "spans": [[2, 9, "phone"]]}, "2–9 不在文字里：文字共 4 字"),
        ({"text": "路灯不亮", "spans": [[3, 3, "phone"]]}, "3–3"),
        ({"text": "路灯不亮", "public": [[-1, 2]]}, "-1–2"),
        ({"text": "路灯不亮", "spans": ["电话"]}, "起、止"),
        ({"text": "路灯不亮", "public": [["0", 2]]}, "起、止"),
        ({"text": 5}, "text"),
        ({"text": "路灯不亮", "by": "robot"}, "citizen 或 office"),
    ],
)
def test_a_label_outside_its_text_is_told_with_its_row(row: dict[str, object], told: str) -> None:
    with pytest.raises(Invalid, match="第 2 行") as refusal:
        measure([{"text": "路灯不亮"}, row], lambda text, by: redact(text, by=by))
    assert told in refusal.value.message
