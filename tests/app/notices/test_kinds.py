"""Which notices may go out at night?"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.notices.kinds import may_go_out

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.clause("C27")
@pytest.mark.parametrize(
    ("kind", "hour", "minute", "goes"),
    [
        ("assigned", 7, 29, False),
        ("assigned", 7, 30, True),
        ("assigned", 21, 29, True),
        ("assigned", 21, 30, False),
        ("assigned", 2, 0, False),
        ("overdue", 2, 0, True),
        ("alert", 23, 0, True),
    ],
)
def test_at_night_only_what_is_urgent_leaves_the_house(kind: str, hour: int, minute: int, goes: bool) -> None:
    assert may_go_out(kind, datetime(2026, 10, 9, hour, minute, tzinfo=SHANGHAI)) is goes
