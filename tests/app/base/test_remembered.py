"""What was worked out is not worked out again until the state of things is another."""

from collections.abc import Callable

import pytest

from app.base.remembered import Remembered


class Making:
    """Counts how often something is worked out."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, what: str) -> Callable[[], str]:
        def make() -> str:
            self.made.append(what)
            return what

        return make


def test_what_is_known_is_not_worked_out_again() -> None:
    kept, making = Remembered[str, str](10), Making()
    assert [kept.get("today", "path", making("dry")) for _ in range(3)] == ["dry"] * 3
    assert making.made == ["dry"]


def test_another_state_forgets_all_and_so_does_the_way_back() -> None:
    kept, making = Remembered[str, str](10), Making()
    for state, said in (("morning", "dry"), ("noon", "wet"), ("morning", "dry again")):
        assert kept.get(state, "path", making(said)) == said
    assert making.made == ["dry", "wet", "dry again"]


def test_of_more_than_may_be_kept_what_was_asked_longest_ago_is_forgotten() -> None:
    kept, making = Remembered[str, str](2), Making()
    for key in ("one", "two", "one", "three", "one", "two"):
        kept.get("now", key, making(key))
    assert making.made == ["one", "two", "three", "two"]


def test_a_failure_is_not_remembered() -> None:
    kept = Remembered[str, str](2)

    def fails() -> str:
        raise ValueError("no ink")

    with pytest.raises(ValueError, match="no ink"):
        kept.get("now", "letter", fails)
    assert kept.get("now", "letter", lambda: "written") == "written"


def test_what_was_begun_before_a_change_is_not_told_after_it() -> None:
    kept = Remembered[str, str](2)

    def slow() -> str:
        assert kept.get("after", "answer", lambda: "new") == "new"
        return "old"

    assert kept.get("before", "answer", slow) == "old"
    assert kept.get("after", "answer", lambda: "worked out again") == "new"
