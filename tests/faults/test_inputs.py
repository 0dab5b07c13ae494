"""Whatever is handed in at the platforms' door is taken, refused as bad, forged or too long, and never breaks it.

10,000 mutated WeChat documents and 10,000 mutated Weibo documents (F8); two hundred of each every day.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import jobs
from connectors.sandbox import wechat_pushes
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.wechat_pushes import Push
from connectors.sandbox.weibo import WeiboSandbox
from tests.conftest import NOW, WECHAT, WEIBO, TheOffice, make_app
from tests.faults.office import tallies

SEED = 20261121
CITIZEN = "oTESTopenid0000000000000001"
ALLOWED = {200, 400, 403, 413}
FOLDER = Path(wechat_pushes.__file__).parent.parent
COUNTS = [pytest.param(200, id="200"), pytest.param(10_000, marks=pytest.mark.faults, id="10000")]

# fmt: off
BYTES = (
    b"", b"", b"", b"\x00", b"\xff\xfe", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!DOCTYPE x>", b'"', b"\\", b"{",
    b"}", b"<Encrypt>", b"</xml>", b"null", b"1e999", b"-1", "😀".encode(), b"\xf0\x9f", b"%00", b"\r\n",
    b"\xe2\x80\xae", b"9" * 40, "灯".encode(), b"x", b" ", b"0",
)
VALUES = (
    None, True, -1, 0, 10**30, 1.5, "", "x" * 5_000, "\x00", "\ud800", [], [[]], {}, {"a": {"b": []}}, "1700009999",
)
# fmt: on


def with_bytes_turned(body: bytes, chance: random.Random) -> bytes:
    """Cut, doubled, or with something put in at one to three places."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.choice((0, 0, 1, 2, 8, 64)))
        put = chance.choice((*BYTES, body[at:end] * 2))
        body = body[:at] + put + body[end:]
    return body


def nested(body: bytes, chance: random.Random) -> bytes:
    """The whole or its end inside a great many of its own kind."""
    depth = chance.choice((13, 200, 5_000))
    open_, close = (b"<a>", b"</a>") if body.startswith(b"<") else (b"[", b"]")
    return open_ * depth + body + close * chance.choice((0, depth))


def made_long(body: bytes, chance: random.Random) -> bytes:
    """Around the size that is taken, and far beyond."""
    return body + b" " * chance.choice((60_000, 70_000, 1_200_000))


def with_a_value_changed(body: bytes, chance: random.Random) -> bytes:
    """Another value, or none, for one of the fields of a JSON document."""
    data = json.loads(body)
    name = chance.choice([*data, "more"])
    if chance.random() < 0.2:
        data.pop(name, None)
    else:
        data[name] = chance.choice(VALUES)
    return json.dumps(data, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


Mutation = Callable[[bytes, random.Random], bytes]
XML: tuple[tuple[Mutation, int], ...] = ((with_bytes_turned, 90), (nested, 6), (made_long, 4))
JSON: tuple[tuple[Mutation, int], ...] = (
    (with_a_value_changed, 55), (with_bytes_turned, 38), (nested, 5), (made_long, 2),
)  # fmt: skip


def mutated(body: bytes, how: tuple[tuple[Mutation, int], ...], chance: random.Random) -> bytes:
    (mutation,) = chance.choices([one for one, _ in how], [weight for _, weight in how])
    return mutation(body, chance)


def with_a_query_turned(push: Push, chance: random.Random) -> Push:
    """Once in six: a parameter is missing, empty, doubled or strange."""
    if chance.randrange(6):
        return push
    query = dict(push.query)
    name = chance.choice(list(query))
    if chance.random() < 0.3:
        del query[name]
    else:
        query[name] = chance.choice(
            ("", "0", "x" * 300, query[name] * 2, query[name].upper(), "é", "1e9", "-1")
        )
    return Push(query, push.headers, push.body)


@pytest.fixture
def door(sqlite_office: TheOffice, tmp_path: Path, at_now: datetime) -> tuple[FlaskClient, TheOffice]:
    (tmp_path / "data").mkdir(exist_ok=True)
    app: Flask = make_app(sqlite_office.db, tmp_path / "data")
    return app.test_client(), sqlite_office


def hand_in(door: tuple[FlaskClient, TheOffice], platform: str, push: Push) -> int:
    client, office = door
    address = f"/webhooks/{platform}/{office.accounts[platform].key}"
    return client.post(
        address, query_string=dict(push.query), data=push.body, headers=dict(push.headers)
    ).status_code


def wechat_pushes_in_disorder(count: int, chance: random.Random) -> list[Push]:
    """Half are turned inside the seal, which proves them ours to read; half in what travels."""
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    stand = WeChatSandbox(**account, clock=lambda: NOW)
    samples = [path.read_bytes() for path in sorted((FOLDER / "wechat" / "payloads").glob("*.xml"))]
    old_id = b"gh_a1b2c3d4e5f6"
    made = []
    for number in range(count):
        inner = chance.choice(samples).replace(old_id, account["original_id"].encode())
        if number % 2:
            text = mutated(inner, XML, chance).decode("utf-8", "replace")
            made.append(with_a_query_turned(stand.push_of(text, CITIZEN), chance))
        else:
            push = stand.push_of(
                inner.decode("utf-8", "replace"), CITIZEN, chance.choice(wechat_pushes.MODES)
            )
            made.append(
                with_a_query_turned(Push(push.query, push.headers, mutated(push.body, XML, chance)), chance)
            )
    return made


def weibo_pushes_in_disorder(count: int, chance: random.Random) -> list[Push]:
    """Weibo signs no body: each of these has a good query, unless that was turned too."""
    account = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
    stand = WeiboSandbox(**account, clock=lambda: NOW)
    samples = [path.read_bytes() for path in sorted((FOLDER / "weibo" / "payloads").glob("private_*.json"))]
    samples = [one for one in samples if b"receiver_id" in one]
    headers = {"Content-Type": "application/json"}
    return [
        with_a_query_turned(
            Push(stand.signed_query(), headers, mutated(chance.choice(samples), JSON, chance)), chance
        )
        for _ in range(count)
    ]


INPUTS = {"wechat": wechat_pushes_in_disorder, "weibo": weibo_pushes_in_disorder}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("platform", INPUTS)
@pytest.mark.parametrize("count", COUNTS)
def test_no_input_breaks_the_door_nor_what_reads_it_later(
    door: tuple[FlaskClient, TheOffice], platform: str, count: int, counted: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    statuses = Counter(hand_in(door, platform, push) for push in INPUTS[platform](count, chance))
    db = door[1].db
    kept = tallies(db)["arrivals"]
    while jobs.run(db, "take_in_arrivals", NOW):
        pass
    after = tallies(db)
    counted(
        f"F8  {count} mutated {platform} documents at the door: answers {dict(sorted(statuses.items()))}; "
        f"{kept} kept, {after['messages']} messages, {after['waiting']} left unread"
    )
    assert set(statuses) <= ALLOWED
    assert statuses[200] >= kept > 0 and statuses[403] > 0 and statuses[400] > 0
    assert after["waiting"] == 0
