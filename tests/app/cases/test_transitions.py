"""The one table of what can be done: sound in itself, and obeyed."""

import itertools

import pytest

from app.base.errors import NotAllowed
from app.cases.transitions import (
    ACTION_LABELS,
    BY_ACTION,
    FINAL,
    OPEN_STATUSES,
    STATUS_LABELS,
    TRANSITIONS,
    Action,
    Status,
    actions_for,
    next_status,
)
from app.staff.roles import Role

S, A, R = Status, Action, Role


def test_every_action_has_exactly_one_row() -> None:
    assert sorted(row.action for row in TRANSITIONS) == sorted(Action)


def test_every_status_can_be_reached() -> None:
    reached = {S.NEW}
    for _ in Status:
        reached |= {row.target for row in TRANSITIONS if row.target and row.sources & reached}
    assert reached == set(Status)


def test_only_final_statuses_are_dead_ends() -> None:
    assert {S.DECLINED, S.INVALID, S.MERGED} == FINAL
    assert not FINAL & OPEN_STATUSES


def test_everything_has_a_word_on_screen() -> None:
    assert set(STATUS_LABELS) == set(Status)
    assert set(ACTION_LABELS) == set(Action)


@pytest.mark.parametrize(
    ("status", "action", "role", "target"),
    [
        (S.NEW, A.ACCEPT, R.CLERK, S.ACCEPTED),
        (S.NEW, A.ASSIGN, R.CLERK, S.ASSIGNED),
        (S.ASSIGNED, A.ACKNOWLEDGE, R.HANDLER, S.IN_PROGRESS),
        (S.ASSIGNED, A.RETURN, R.HANDLER, S.ACCEPTED),
        (S.ACCEPTED, A.SUBMIT_REPLY, R.CLERK, S.IN_REVIEW),
        (S.IN_REVIEW, A.SEND_BACK, R.REVIEWER, S.IN_PROGRESS),
        (S.IN_REVIEW, A.RELEASE_REPLY, R.ISSUER, S.REPLIED),
        (S.REPLIED, A.CLOSE, R.CLERK, S.CLOSED),
        (S.REPLIED, A.CLOSE, R.SYSTEM, S.CLOSED),
        (S.CLOSED, A.REOPEN, R.SUPERVISOR, S.ASSIGNED),
        (S.IN_PROGRESS, A.REMIND, R.SYSTEM, S.IN_PROGRESS),
    ],
)
def test_the_usual_way(status: Status, action: Action, role: Role, target: Status) -> None:
    assert next_status(status, action, frozenset({role})) is target


@pytest.mark.clause("B15")
def test_a_reviewer_cannot_release_and_an_issuer_is_needed() -> None:
    with pytest.raises(NotAllowed, match="签发人"):
        next_status(S.IN_REVIEW, A.RELEASE_REPLY, frozenset({R.REVIEWER}))


def test_what_the_table_does_not_say_is_refused_for_every_role() -> None:
    for status, action, role in itertools.product(Status, Action, Role):
        row = BY_ACTION[action]
        if status in row.sources and role in row.roles:
            continue
        with pytest.raises(NotAllowed):
            next_status(status, action, frozenset({role}))


def test_the_buttons_are_what_the_table_allows() -> None:
    assert actions_for(S.NEW, frozenset({R.CLERK})) == [
        A.ACCEPT,
        A.DECLINE,
        A.MARK_INVALID,
        A.MERGE,
        A.ASSIGN,
    ]
    assert actions_for(S.NEW, frozenset({R.SYSTEM_ADMIN})) == []
