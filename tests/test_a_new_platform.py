"""A platform that is one folder and one row: the rest of the house takes it from there."""

import hashlib
import json

import pytest
from flask.testing import FlaskClient

from app.cases import service as cases
from app.cli import main
from app.official_accounts import service as accounts
from tests.conftest import NOW, TheOffice
from tests.connectors.accounts import SETTINGS
from tests.faults.office import tallies

ITEM = "@8hxdhauTCMppanGnM4ltGM780mDqPP"


@pytest.fixture
def address(sqlite_office: TheOffice) -> str:
    """Where Douyin pushes to, once an administrator has registered the account."""
    person = sqlite_office.people["小陈"]
    with sqlite_office.db.writing() as session:
        account = accounts.add(
            session,
            NOW,
            None,
            platform="douyin",
            name="云泽发布",
            department_id=person.department_id,
            responsible_id=person.id,
            settings=SETTINGS["douyin"],
        )
        return f"/webhooks/douyin/{account.key}"


def pushed(client: FlaskClient, address: str, event: str, content: object) -> tuple[int, str]:
    told = {"event": event, "client_key": SETTINGS["douyin"]["client_key"], "content": content}
    body = json.dumps(told, ensure_ascii=False).encode()
    secret = SETTINGS["douyin"]["client_secret"].encode()
    headers = {"X-Douyin-Signature": hashlib.sha1(secret + body).hexdigest()}
    answer = client.post(address, data=body, headers=headers)
    return answer.status_code, answer.get_data(as_text=True)


def test_its_address_is_verified_and_its_comments_become_cases(
    sqlite_office: TheOffice, client: FlaskClient, address: str
) -> None:
    status, text = pushed(client, address, "verify_webhook", {"challenge": 12345})
    assert (status, json.loads(text)) == (200, {"challenge": 12345})
    comment = {
        "comment_id": "@c1==",
        "comment_user_id": "citizen-1",
        "content": "滨河路的路灯一周不亮了",
        "create_time": int(NOW.timestamp()),
        "reply_to_item_id": ITEM,
    }
    for _ in range(2):
        assert pushed(client, address, "item_comment_reply", json.dumps(comment)) == (200, "")
    assert client.post(address, data=b"{}", headers={"X-Douyin-Signature": "0" * 40}).status_code == 403
    cases.take_in_arrivals(sqlite_office.db, NOW)
    after = tallies(sqlite_office.db)
    assert (after["messages"], after["cases"], after["waiting"]) == (1, 1, 0)


def test_the_command_asks_for_its_settings() -> None:
    group = main.commands["accounts"].commands["add"].commands["douyin"]  # type: ignore[attr-defined]
    asked = {option.name for option in group.params}
    assert set(SETTINGS["douyin"]) <= asked
