"""A small count is not told, and nobody can work it out from what is told."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.statistics.suppression import Line, hidden

TABLE = [Line("all", ("a", "b", "c"))]


@pytest.mark.parametrize(
    ("values", "small", "beside"),
    [
        ({"all": 30, "a": 10, "b": 10, "c": 10}, set(), set()),
        # One alone would be the difference: the smallest other goes with it.
        ({"all": 30, "a": 3, "b": 12, "c": 15}, {"a"}, {"b"}),
        # A nought is left out before a total is.
        ({"all": 3, "a": 3, "b": 0, "c": 0}, {"all", "a"}, set()),
        ({"all": 13, "a": 3, "b": 10, "c": 0}, {"a"}, {"b"}),
        # Two hidden ones whose sum allows one way only.
        ({"all": 18, "a": 4, "b": 4, "c": 10}, {"a", "b"}, {"c"}),
        ({"all": 15, "a": 2, "b": 3, "c": 10}, {"a", "b"}, set()),
    ],
)
def test_what_is_hidden(values: dict[str, int], small: set[str], beside: set[str]) -> None:
    found = hidden(values, TABLE)
    assert (set(found.small), set(found.beside)) == (small, beside)


def test_what_readers_can_count_themselves_shields_nothing() -> None:
    values = {"all": 30, "a": 3, "b": 12, "c": 15}
    assert set(hidden(values, TABLE, {"b"}).beside) == {"c"}


def test_a_cross_table_is_closed_in_both_directions() -> None:
    values = {"x": 20, "y": 20, "1": 23, "2": 17, "all": 40, "x1": 3, "x2": 17, "y1": 20, "y2": 0}
    lines = [
        Line("all", ("x", "y")), Line("all", ("1", "2")),
        Line("x", ("x1", "x2")), Line("y", ("y1", "y2")), Line("1", ("x1", "y1")), Line("2", ("x2", "y2")),
    ]  # fmt: skip
    assert len(possible(values, lines)["x1"]) > 1


def possible(values: Mapping[str, int], lines: list[Line]) -> dict[str, set[int]]:
    """What a reader may still take for possible, by trying everything."""
    found = hidden(values, lines)
    ranges = {
        key: range(1, 5) if key in found.small else range(61) if key in found.beside else [value]
        for key, value in values.items()
    }
    known = [key for key in values if key in found.small | found.beside]
    ways: dict[str, set[int]] = {key: set() for key in known}
    for chosen in product(*(ranges[key] for key in known)):
        tried = {**values, **dict(zip(known, chosen, strict=True))}
        if all(tried[line.total] == sum(tried[part] for part in line.parts) for line in lines):  # type: ignore[index]
            for key in known:
                ways[key].add(tried[key])
    return {key: ways[key] for key in found.small}  # type: ignore[misc]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 8), min_size=3, max_size=3))
def test_however_one_adds_and_subtracts_a_small_count_stays_open(parts: list[int]) -> None:
    values = dict(zip("abc", parts, strict=True)) | {"all": sum(parts)}
    for key, ways in possible(values, TABLE).items():
        assert len(ways) > 1, (values, key)
