"""What does the citizen see of a case's way? Plain stages, oldest first, with who has it and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.cases.transitions import Status

# What the public calls each status; departments' inner steps are one stage to a citizen.
_REACHED = {
    Status.NEW: 0,
    Status.ACCEPTED: 1,
    Status.ASSIGNED: 2,
    Status.IN_PROGRESS: 2,
    Status.WAITING_CITIZEN: 2,
    Status.IN_REVIEW: 3,
    Status.REPLIED: 4,
    Status.CLOSED: 5,
}
_LABELS = ("已收到", "已受理", "单位办理", "审核", "已答复", "已办结")
# The log's actions that end each stage; the latest one counts, so that a reopened case tells its new way.
_STEPS = (
    frozenset({"take_in"}),
    frozenset({"accept", "assign"}),
    frozenset({"assign", "transfer", "reopen"}),
    frozenset({"submit_reply"}),
    frozenset({"release_reply"}),
    frozenset({"close"}),
)


@dataclass(frozen=True)
class Stage:
    """One stage; `at` (UTC) is None while it lies ahead."""

    label: str
    is_done: bool
    at: datetime | None


def stages(status: Status, events: Iterable[tuple[str, datetime]]) -> list[Stage]:
    """The six stages for ``status``; ``events`` are (action, instant) in order."""
    reached = _REACHED.get(status, 1)
    times: dict[int, datetime] = {}
    for action, at in events:
        for place, actions in enumerate(_STEPS):
            if action in actions:
                times[place] = at
    return [
        Stage(label, place <= reached, times.get(place) if place <= reached else None)
        for place, label in enumerate(_LABELS)
    ]


# Ends that are no stage, in words for the citizen.
ENDS = {
    Status.DECLINED: "这封信不予受理",
    Status.INVALID: "这封信没有可以办理的内容",
    Status.MERGED: "与另一封信说的是同一件事，一并答复",
    Status.WAITING_CITIZEN: "我们在等您补充情况，期间时限暂停",
}
