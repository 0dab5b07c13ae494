"""The log is a chain: what was changed, left out or put in between is found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.base.db import Database
from app.log import chain, queries, service
from tests.conftest import NOW


def _record(db: Database, count: int) -> list[dict[str, Any]]:
    with db.writing() as session:
        for number in range(count):
            service.record(
                session,
                NOW + timedelta(seconds=number),
                None,
                "step",
                subject_type="case",
                subject_id=number,
                note="好",
            )
    with db.reading() as session:
        return list(queries.walk(session))


@pytest.mark.clause("E20")
def test_an_untouched_log_verifies(db: Database) -> None:
    before = len(_record(db, 3))
    events = _record(db, 2)
    verdict = chain.verify(events)
    assert verdict.ok and verdict.events == before + 2
    assert verdict.head == events[-1]["hash"]


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        (lambda events: events[-3].update(action="other"), -3),
        (lambda events: events[-3].update(data={"note": "坏"}), -3),
        (lambda events: events.pop(-3), -2),
        (lambda events: events.insert(-2, dict(events[-3])), -3),
        (lambda events: events[-2].update(at=events[-2]["at"] + timedelta(microseconds=1)), -2),
    ],
    ids=["action changed", "data changed", "one left out", "one repeated", "time moved"],
)
def test_a_changed_log_does_not_verify(
    db: Database, change: Callable[[list[dict[str, Any]]], None], broken_at: int
) -> None:
    events = _record(db, 5)
    number = events[broken_at]["id"]
    change(events)
    verdict = chain.verify(events)
    assert not verdict.ok
    assert verdict.broken_at == number


def test_what_was_rolled_back_is_not_in_the_log(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        service.record(session, NOW, None, "lost", subject_type="case", subject_id=1)
        raise ZeroDivisionError
    assert "lost" not in {event["action"] for event in _record(db, 1)}
