"""In which order does the public see what was found? (A5)"""

import pytest

from app.finding.found import Match, clarifications_first
from kb.models import AnswerEntry, EntryVersion
from kb.ranking import Level
from kb.states import EntryKind

A, C = EntryKind.ANSWER.value, EntryKind.CLARIFICATION.value
HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW


@pytest.mark.clause("A5")
@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ([(A, HIGH), (C, HIGH)], [1, 0]),
        ([(A, HIGH), (C, MEDIUM)], [0, 1]),
        ([(A, MEDIUM), (A, MEDIUM), (C, MEDIUM)], [2, 0, 1]),
        ([(A, LOW), (C, LOW)], [0, 1]),  # what hardly fits is put before nothing
        ([], []),
    ],
)
def test_a_clarification_goes_before_what_is_found_as_surely(
    found: list[tuple[str, Level]], shown: list[int]
) -> None:
    matches = [
        Match(AnswerEntry(kind=kind), EntryVersion(), level, 0.5, 0.5, (str(place),), ())
        for place, (kind, level) in enumerate(found)
    ]
    assert [int(one.reasons[0]) for one in clarifications_first(matches)] == shown
