"""Pitfalls of the platforms that only the whole office can fall into: the door behind a proxy, the database
behind the door, the deadline behind the import."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import col, select

from app import jobs
from app.cases import service as cases
from app.messages import service as messages
from app.messages.models import Message
from app.official_accounts.models import OfficialAccount
from app.web.context import Services
from connectors.contract import IncomingMessage
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import NOW, WECHAT, TheOffice, make_app

CITIZEN = "oTESTopenid0000000000000001"
PROXY, WECHATS_OWN, STRANGER = "10.9.0.7", "101.226.103.20", "198.51.100.9"


@pytest.fixture
def wechat() -> WeChatSandbox:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    return WeChatSandbox(**account, clock=lambda: NOW)


@pytest.fixture
def the_app(office: TheOffice, tmp_path: Path, at_now: datetime) -> Iterator[Flask]:
    (tmp_path / "data").mkdir()
    yield make_app(office.db, tmp_path / "data")


def handed_in(
    app: Flask, office: TheOffice, wechat: WeChatSandbox, text: str, came_from: str, **headers: str
) -> int:
    push = wechat.push_of(wechat.inner_xml("text", CITIZEN, {"Content": text}), CITIZEN)
    answer = app.test_client().post(
        f"/webhooks/wechat/{office.accounts['wechat'].key}",
        query_string=dict(push.query),
        data=push.body,
        headers={**push.headers, **headers},
        environ_base={"REMOTE_ADDR": came_from},
    )
    return answer.status_code


def test_pitfall_10_what_a_citizen_wrote_is_in_the_database_as_it_was_written(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox
) -> None:
    texts = ["  路灯坏了😀，𠮷祥路\n\t第二行 ", "<b>&amp;]]> \\u4f60", "👨‍👩‍👧‍👦 \u200b\u202e反向"]
    assert [handed_in(the_app, office, wechat, text, WECHATS_OWN) for text in texts] == [200] * 3
    jobs.run(office.db, "take_in_arrivals", NOW)
    with office.db.reading() as session:
        assert list(session.exec(select(Message.text).order_by(col(Message.id)))) == texts


# fmt: off
CALLERS = [
    (WECHATS_OWN, None,                          200),  # no proxy: the connection's own address
    (STRANGER,    None,                          403),
    (STRANGER,    WECHATS_OWN,                   403),  # anybody can write that header
    (PROXY,       WECHATS_OWN,                   200),  # the declared proxy says whose call it is
    (PROXY,       STRANGER,                      403),
    (PROXY,       f"{WECHATS_OWN}, {STRANGER}",  403),  # the stranger wrote the first part
    (PROXY,       None,                          403),  # the proxy's own address is not WeChat's
    (PROXY,       "nonsense",                    403),
]
# fmt: on


def test_pitfall_13_the_gate_looks_at_who_called_and_not_at_what_they_say(
    sqlite_office: TheOffice, tmp_path: Path, at_now: datetime, wechat: WeChatSandbox
) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        account = session.get_one(OfficialAccount, office.accounts["wechat"].id)
        account.gate_on, account.gate_addresses = True, ["101.226.103.0/25"]
        session.add(account)
    app = make_app(office.db, tmp_path)
    services: Services = app.extensions["huiying"]
    behind = replace(services.settings, trusted_proxies=("10.9.0.0/16",))
    app.extensions["huiying"] = replace(services, settings=behind)
    for came_from, forwarded, status in CALLERS:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        answered = handed_in(app, office, wechat, "路灯坏了", came_from, **headers)
        assert (came_from, forwarded, answered) == (came_from, forwarded, status)


def test_pitfall_23_a_push_that_was_taken_leaves_no_id_and_no_signature_in_the_log(
    the_app: Flask, office: TheOffice, wechat: WeChatSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    push = wechat.push_of(wechat.inner_xml("text", CITIZEN, {"Content": "路灯坏了"}), CITIZEN)
    address = f"/webhooks/wechat/{office.accounts['wechat'].key}"
    with caplog.at_level(logging.DEBUG):
        the_app.test_client().post(address, query_string=dict(push.query), data=push.body)
        jobs.run(office.db, "take_in_arrivals", NOW)
    written = caplog.text + "".join(str(getattr(record, "fields", "")) for record in caplog.records)
    secrets = [*push.query.values(), CITIZEN, "路灯坏了", office.accounts["wechat"].key]
    assert [secret for secret in secrets if len(secret) > 3 and secret in written] == []


@pytest.mark.parametrize(
    ("submitted_at", "due_on"),
    [
        # 找错: reviewed within one working day, the day it was handed in being day 0.
        (datetime(2026, 10, 9, 1, 0, tzinfo=UTC), "2026-10-10"),  # Friday: the make-up Saturday counts
        (datetime(2026, 10, 10, 1, 0, tzinfo=UTC), "2026-10-12"),  # that Saturday: Sunday rests
        (datetime(2026, 9, 30, 1, 0, tzinfo=UTC), "2026-10-08"),  # the day before a week of holidays
    ],
)
def test_pitfall_31_the_time_runs_in_working_days_from_the_submission_and_not_from_the_import(
    sqlite_office: TheOffice, submitted_at: datetime, due_on: str
) -> None:
    imported_at = submitted_at + timedelta(days=3)
    item = IncomingMessage(
        platform="corrections",
        external_id="no:1",
        kind="correction",
        sender=None,
        text="办事指南打不开",
        sent_at=submitted_at,
    )
    with sqlite_office.db.writing() as session:
        kept = messages.keep(session, imported_at, sqlite_office.accounts["corrections"], item)
        assert kept is not None
        assert cases.take_in(session, imported_at, kept).due_on.isoformat() == due_on
