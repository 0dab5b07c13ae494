"""Whoever stands at the door of a SQLite file goes before work that nobody waits for."""

from pathlib import Path

import pytest

from app.base import db as databases
from app.base.db import Database
from app.base.turns import is_wanted, turn


def test_a_turn_is_wanted_while_somebody_writes_or_waits(tmp_path: Path) -> None:
    path = tmp_path / "office.db-turn"
    assert not is_wanted(path)
    with turn(path, 1.0):
        assert is_wanted(path)
    assert not is_wanted(path)
    with turn(path.with_name(f"{path.name}-gate"), 1.0):  # somebody holds the gate: next in line
        assert is_wanted(path)


def test_work_in_the_background_stays_out_while_others_want_to_write(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[float] = []
    monkeypatch.setattr(databases.time, "sleep", rested.append)
    with db.giving_way():
        assert rested == []
    assert rested == []  # nobody wants to write
    with db.giving_way():
        held = db.turn()
        held.__enter__()
    held.__exit__(None, None, None)
    # PostgreSQL has row locks: nobody stands in line there.
    assert [0 < one <= 0.1 for one in rested] == ([True] if db.is_sqlite else [])


def test_what_goes_wrong_inside_is_told_at_once(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.giving_way():
        raise ZeroDivisionError
