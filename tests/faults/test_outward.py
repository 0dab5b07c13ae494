"""Reminders that leave the house, with a group that fails in every way and three senders at once: never twice."""

import random
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.notices import service
from app.notices.models import Notice, NoticeSending
from connectors.sandbox.robots import RobotsSandbox
from tests.conftest import NOW, TheOffice
from tests.connectors.stands import MovingClock

pytestmark = pytest.mark.faults
FAULTS = ("html", "html_after", "reset_before", "reset_after", "http_502", "http_429", "truncated")
CODES = (45009, -1, 40058)
CALL = "cgi-bin/webhook/send"
NUMBER = re.compile(r"20261009-[0-9A-Z]{6}")


def test_each_reminder_reaches_the_group_at_most_once_and_what_is_done_exactly_once(
    office: TheOffice, times: int, counted: Callable[[str], None]
) -> None:
    dice, clock = random.Random(32), MovingClock(NOW)
    chen, admin = office.people["小陈"].id, office.people["系统管理员"]
    with RobotsSandbox(clock=clock) as group, ThreadPoolExecutor(3) as senders:
        with office.db.writing() as session:
            settings = {"key": group.key, "api_base": group.url}
            service.add_target(session, NOW, admin, way="wecom", name="群", settings=settings, staff_id=chen)
        for turn in range(60 * times):
            clock.at += timedelta(seconds=dice.randint(1, 40))
            _tell_some(office, chen, turn, dice.randint(0, 3), clock)
            if dice.random() < 0.15:
                group.fail_next(CALL, fault=dice.choice(FAULTS))
            elif dice.random() < 0.1:
                group.fail_next(CALL, errcode=dice.choice(CODES))
            list(senders.map(lambda _: service.send_outward(office.db, clock.at), range(3)))
        for _ in range(30):  # what was put off leaves in the end
            clock.at += timedelta(minutes=20)
            service.send_outward(office.db, clock.at)
        seen = Counter(
            number for entry in group.ledger.entries() for number in set(NUMBER.findall(entry.text))
        )
    with office.db.reading() as session:
        rows = session.exec(
            select(NoticeSending.state, Notice.address).join(
                Notice, col(Notice.id) == NoticeSending.notice_id
            )
        ).all()
    states = Counter(state for state, _ in rows)
    counted(f"reminders outside: {len(rows)}, {dict(states)}, {len(seen)} seen, at most once each")
    assert not [number for number, count in seen.items() if count > 1]
    assert {state for state, _ in rows} <= {"done", "unknown", "failed"}
    assert [address for state, address in rows if state == "done" and seen[address[-15:]] != 1] == []
    assert [address for state, address in rows if state == "failed" and seen[address[-15:]]] == []
    assert states["done"] > 0 < states["unknown"]


def _tell_some(office: TheOffice, staff_id: int, turn: int, many: int, clock: MovingClock) -> None:
    with office.db.writing() as session:
        for place in range(many):
            number = f"20261009-{turn:04}{place:02}"
            service.tell(
                session,
                clock.at,
                staff_id,
                key=number,
                kind="alert",
                text="舆情",
                address=f"/desk/cases/{number}",
            )
