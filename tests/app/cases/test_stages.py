"""What the citizen sees of a case's way: six plain stages, never more than is true."""

from datetime import timedelta

import pytest

from app.cases.stages import ENDS, stages
from app.cases.transitions import Status
from tests.conftest import NOW

DAY = timedelta(days=1)
LABELS = ["已收到", "已受理", "单位办理", "审核", "已答复", "已办结"]
WAY = [
    ("take_in", NOW), ("accept", NOW + DAY), ("assign", NOW + 2 * DAY), ("acknowledge", NOW + 3 * DAY),
    ("submit_reply", NOW + 4 * DAY), ("release_reply", NOW + 5 * DAY), ("close", NOW + 6 * DAY),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reached"),
    [
        (Status.NEW, 1), (Status.ACCEPTED, 2), (Status.ASSIGNED, 3), (Status.IN_PROGRESS, 3),
        (Status.WAITING_CITIZEN, 3), (Status.IN_REVIEW, 4), (Status.REPLIED, 5), (Status.CLOSED, 6),
        (Status.DECLINED, 2), (Status.INVALID, 2), (Status.MERGED, 2),
    ],
)  # fmt: skip
def test_stages_are_done_up_to_where_the_case_is_and_no_further(status: Status, reached: int) -> None:
    shown = stages(status, WAY)
    assert [stage.label for stage in shown] == LABELS
    assert [stage.is_done for stage in shown] == [place < reached for place in range(6)]
    assert all(stage.at is None for stage in shown if not stage.is_done)


def test_each_stage_says_when() -> None:
    assert [stage.at for stage in stages(Status.CLOSED, WAY)] == [
        NOW, NOW + 2 * DAY, NOW + 2 * DAY, NOW + 4 * DAY, NOW + 5 * DAY, NOW + 6 * DAY,
    ]  # fmt: skip


def test_a_reopened_case_tells_its_new_way() -> None:
    again = stages(Status.ASSIGNED, [*WAY, ("reopen", NOW + 9 * DAY)])
    assert [stage.at for stage in again] == [NOW, NOW + 2 * DAY, NOW + 9 * DAY, None, None, None]


def test_a_step_the_citizen_need_not_know_moves_nothing() -> None:
    assert stages(Status.NEW, [("take_in", NOW), ("reveal", NOW + DAY)]) == stages(
        Status.NEW, [("take_in", NOW)]
    )


def test_every_end_that_is_no_stage_has_words() -> None:
    for status in (Status.DECLINED, Status.INVALID, Status.MERGED, Status.WAITING_CITIZEN):
        assert ENDS[status]
