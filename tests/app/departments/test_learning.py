"""A category is learned from letters, explained by their own words, and kept without any word of them."""

import io
from collections.abc import Iterator
from functools import cache
from itertools import count

import numpy as np
import pytest

from app.base.errors import Invalid
from app.departments import training
from app.departments.evaluation import measure
from app.departments.learned import TextModel
from app.departments.suggesting import is_better
from app.departments.terms import terms_of, words_of
from app.departments.training import Figures, Scored, learn, macro_f1, threshold_for
from tests.app.departments.examples import letters


@cache
def learned() -> tuple[TextModel, Figures]:
    texts, labels = letters()
    return learn(texts, labels, [None] * len(texts))


@pytest.mark.parametrize(
    ("text", "category", "word"),
    [("我们这里停水两天了，水管一直漏", "供水", "水管"), ("公交车总是不来，站台挤满人", "公交", "公交")],
)
def test_a_letter_never_seen_is_judged_and_its_own_words_are_the_reason(
    text: str, category: str, word: str
) -> None:
    judged = learned()[0].judge(text)
    assert judged.label == category
    assert 0.5 < judged.confidence <= 1
    assert any(word in said or said in word for said in judged.words)
    assert set(judged.words) <= set(words_of(text))


def test_an_empty_text_and_a_text_of_unknown_words_are_judged_without_a_reason() -> None:
    for text in ("", "\U0001f600"):
        judged = learned()[0].judge(text)
        assert judged.label in {"供水", "公交"} and judged.words == ()


def test_the_file_of_a_model_is_the_model_and_holds_no_word() -> None:
    model, _ = learned()
    data = model.to_bytes()
    again = TextModel.from_bytes(data)
    for text in letters()[0][:5]:
        assert again.judge(text).label == model.judge(text).label
        assert again.judge(text).margin == pytest.approx(model.judge(text).margin, abs=0.01)
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        assert sorted(str(name) for name in kept["labels"]) == ["供水", "公交"]
        assert [name for name in kept.files if kept[name].dtype.kind in "SUO"] == ["labels"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a model"])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        TextModel.from_bytes(data)


def test_figures_are_of_letters_not_seen_in_training() -> None:
    figures = learned()[1]
    assert (figures.examples, figures.labels) == (80, 2)
    assert figures.macro_f1 > 0.9 and figures.auto_precision >= training.LEAST_PRECISION


def test_too_little_is_not_learned_from() -> None:
    texts, labels = letters()
    assert not training.is_enough(labels[:40])  # one category only
    assert not training.is_enough([*labels[:30], *labels[-4:]])
    with pytest.raises(Invalid, match="能学的例子太少"):
        learn(texts[:40], labels[:40], [None] * 40)


def test_numbers_are_all_one_and_the_opening_counts_by_itself() -> None:
    one, other = terms_of("电话13900000001"), terms_of("电话02")
    assert all((a.keys == b.keys).all() for a, b in zip(one, other, strict=True))
    _, characters, opening = terms_of("水" * 100)
    assert characters.counts.max() == 100 and opening.counts.max() == 30


def test_macro_f1_counts_each_category_the_same() -> None:
    true, judged = np.array([0, 0, 0, 0, 1]), np.array([0, 0, 0, 0, 0])
    assert macro_f1(true, judged, 2) == pytest.approx((8 / 9 + 0) / 2)


def scored(right: list[bool]) -> Scored:
    first = np.array([0 if good else 1 for good in right])
    return Scored(np.zeros(len(right), dtype=int), first, 1 - first, np.linspace(1, 0, len(right)))


def test_the_threshold_keeps_the_promise_and_is_not_fooled_by_a_few() -> None:
    all_right = scored([True] * 100)
    assert threshold_for(all_right, 0.95) == 0
    assert threshold_for(scored([True] * 10), 0.95) == float("inf")
    worse = scored([True] * 400 + [False] * 100)
    above = worse.margin >= threshold_for(worse, 0.95)
    assert 400 <= above.sum() <= 415


@pytest.mark.parametrize(
    ("now", "before", "better"),
    [((0.9, 100), (0.8, 100), True), ((0.8, 200), (0.9, 100), False), ((0.897, 200), (0.9, 100), True)],
)
def test_a_training_takes_the_place_of_a_worse_one(
    now: tuple[float, int], before: tuple[float, int], better: bool
) -> None:
    assert is_better(*now, *before) is better


def test_the_measures_of_routing() -> None:
    model, figures = learned()
    rows = [
        {"text": "水管漏水", "label": "供水"},
        {"text": "公交不来", "label": "公交"},
        {"text": "公交站台脏", "label": "供水"},
        {"text": "公交站台", "label": "路灯"},
    ]
    ticks: Iterator[int] = count()
    found = measure(rows, model, figures, lambda: float(next(ticks)))
    assert (found["messages"], found["accuracy"], found["top2"]) == (4, 0.5, 0.75)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 4 + 0) / 3, abs=1e-4)
    assert found["ms_per_item"] == {"p50": 1000.0, "p95": 1000.0}
    with pytest.raises(Invalid):
        measure([], model, figures, lambda: 0.0)
