"""F8: pushes in disorder. Each is told one to five times over eight connections, shuffled, with retries sealed
anew, the same number over other words, two messages of one second, milliseconds; and one in four is forged.

What is genuine is one row each, whatever is old, swapped or turned is refused, and nothing breaks.
"""

import base64
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from sqlmodel import select

from app.base import clock
from app.messages.models import Message
from app.messages.spool import Spool
from connectors.sandbox.wechat_attacks import signed_again
from connectors.sandbox.wechat_pushes import Push
from connectors.sandbox.weibo import WeiboSandbox
from connectors.signatures import sign
from tests.conftest import WEIBO
from tests.faults.office import Prepared, prepared, tallies
from tests.faults.test_kills import take_in_everything, unharmed
from tests.live import eventually

pytestmark = pytest.mark.faults
SEED = 20261121
CONNECTIONS, WINDOW = 8, 100
MOST_TELLINGS = 5
JSON = {"Content-Type": "application/json"}
OLD = (timedelta(minutes=6), timedelta(days=1), timedelta(days=365))
SKEWED = (timedelta(minutes=-10), timedelta(minutes=10))


class Told(NamedTuple):
    """One call: to which account, what, and what it is (``genuine`` or the name of a forgery)."""

    platform: str
    push: Push
    what: str = "genuine"


class Platforms:
    """Both platforms' pens: they write pushes, and nobody listens there."""

    def __init__(self, made: Prepared, chance: random.Random) -> None:
        account = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
        self.wechat, self.weibo, self.chance = made.sandbox, WeiboSandbox(**account), chance

    # ------------------------------------------------------------ what is genuine

    def genuine(self, number: int) -> tuple[list[Told], int, int]:
        """All tellings of one message, and how many rows and messages it must become."""
        return KINDS[number % len(KINDS)](self, number)

    def on_wechat(self, xml: str, person: str) -> list[Told]:
        """Told one to five times, each sealed anew; now and then signed in milliseconds."""
        made = [self.wechat.push_of(xml, person) for _ in range(self.chance.randint(1, MOST_TELLINGS))]
        if not self.chance.randrange(5):
            made[0] = self._in_milliseconds(made[0])
        return [Told("wechat", one) for one in made]

    def _in_milliseconds(self, push: Push) -> Push:
        stamp = push.query["timestamp"] + "000"
        sealed = sealed_part(push)
        token, nonce = self.wechat.key.token, push.query["nonce"]
        signed = {
            "timestamp": stamp,
            "signature": sign(token, stamp, nonce),
            "msg_signature": sign(token, stamp, nonce, sealed),
        }
        return Push({**push.query, **signed}, push.headers, push.body)

    def on_weibo(self, body: bytes) -> list[Told]:
        """Told one to five times, signed anew."""
        tellings = range(self.chance.randint(1, MOST_TELLINGS))
        return [Told("weibo", Push(self.weibo.signed_query(), JSON, body)) for _ in tellings]

    # ------------------------------------------------------------ what is not

    def forged(self, number: int, genuine: Push) -> list[Told]:
        """One of every fourth message is followed by a forgery of it."""
        if number % 4:
            return []
        name = tuple(FORGERIES)[number // 4 % len(FORGERIES)]
        return [FORGERIES[name](self, genuine)._replace(what=name)]


def sealed_part(push: Push) -> str:
    return push.body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]


# ------------------------------------------------------------------ kinds of messages


def _text(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    person = f"oTEST{number:022}"
    return pens.on_wechat(pens.wechat.inner_xml("text", person), person), 1, 1


def _event(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    """It has no number of its own."""
    person = f"oTEST{number:022}"
    xml = pens.wechat.inner_xml("click", person, {"EventKey": str(number)})
    return pens.on_wechat(xml, person), 1, 1


def _strange(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    person = f"oTEST{number:022}"
    return pens.on_wechat(pens.wechat.inner_xml("hologram", person), person), 1, 1


def _same_number(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    """Two pushes with one MsgId and other words: both are kept as they came, the message is one."""
    person, msg_id = f"oTEST{number:022}", 10**15 + number
    told = []
    for words in ("第一种说法", "第二种说法"):
        xml = pens.wechat.inner_xml("text", person, {"Content": words}, msg_id)
        told += pens.on_wechat(xml, person)
    return told, 2, 1


def _two_in_one_second(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    """Weibo gives no number and its time has no fractions: what was said tells the two apart."""
    person, now = str(1_700_000_000 + number), clock.now()
    pens.weibo.clock = lambda: now
    bodies = [pens.weibo.push_body("text", person, words) for words in ("想咨询落户", "孩子上学的事")]
    return [one for body in bodies for one in pens.on_weibo(body)], 2, 2


def _on_weibo(pens: Platforms, number: int) -> tuple[list[Told], int, int]:
    now = clock.now()
    pens.weibo.clock = lambda: now
    return pens.on_weibo(pens.weibo.push_body("text", str(1_700_000_000 + number), "路灯坏了")), 1, 1


KINDS: tuple[Callable[[Platforms, int], tuple[list[Told], int, int]], ...] = (
    _text, _text, _event, _on_weibo, _text, _strange, _two_in_one_second, _text, _same_number, _event,
)  # fmt: skip


# ------------------------------------------------------------------ forgeries


def _with(push: Push, **query: str) -> Told:
    return Told("wechat", Push({**push.query, **query}, push.headers, push.body))


def _signed_at(away: timedelta) -> Callable[[Platforms, Push], Told]:
    """Genuine, but told so long ago (or so long before its time)."""

    def made(pens: Platforms, push: Push) -> Told:
        xml = pens.wechat.inner_xml("text", "oTESTlate")
        return Told("wechat", pens.wechat.push_of(xml, "oTESTlate", signed_at=clock.now() - away))

    return made


def _weibo_signed_at(away: timedelta) -> Callable[[Platforms, Push], Told]:
    def made(pens: Platforms, push: Push) -> Told:
        body = pens.weibo.push_body("text", "1700009000", "很久以前说的")
        return Told("weibo", Push(pens.weibo.signed_query(clock.now() - away), JSON, body))

    return made


def _swapped(pens: Platforms, push: Push) -> Told:
    """A good query above another body, itself genuine once."""
    other = pens.wechat.push_of(pens.wechat.inner_xml("text", "oTESTother"), "oTESTother")
    return Told("wechat", Push(push.query, push.headers, other.body))


def _turned(at: int) -> Callable[[Platforms, Push], Told]:
    """One character of the seal turned: near its beginning, its middle or its end."""

    def made(pens: Platforms, push: Push) -> Told:
        place = push.body.index(b"<Encrypt>") + 20 + at * (len(sealed_part(push)) - 24) // 100
        turned = b"A" if push.body[place : place + 1] != b"A" else b"B"
        return Told(
            "wechat", Push(push.query, push.headers, push.body[:place] + turned + push.body[place + 1 :])
        )

    return made


def _turned_and_signed(place: int) -> Callable[[Platforms, Push], Told]:
    """The same by somebody who has the token and not the key: the length, the account's AppID, the padding."""

    def made(pens: Platforms, push: Push) -> Told:
        sealed = bytearray(base64.b64decode(sealed_part(push)))
        sealed[place] ^= 0x55
        return Told(
            "wechat", signed_again(push, pens.wechat.key.token, base64.b64encode(bytes(sealed)).decode())
        )

    return made


def _plain(pens: Platforms, push: Push) -> Told:
    return Told(
        "wechat", pens.wechat.push_of(pens.wechat.inner_xml("text", "oTESTplain"), "oTESTplain", "plain")
    )


def _weibo_unsigned(pens: Platforms, push: Push) -> Told:
    query = pens.weibo.signed_query() | {"signature": "0" * 40}
    return Told("weibo", Push(query, JSON, pens.weibo.push_body("text", "1700009001", "伪造")))


SEALED_AT = {"length": 1, "AppID": -20, "padding": -1}
FORGERIES: Mapping[str, Callable[[Platforms, Push], Told]] = {
    "body swapped": _swapped,
    "signature": lambda pens, push: _with(push, msg_signature="0" * 40),
    "no signature": lambda pens, push: Told("wechat", Push({}, push.headers, push.body)),
    "time moved": lambda pens, push: _with(push, timestamp=str(int(push.query["timestamp"]) + 1)),
    "nonce moved": lambda pens, push: _with(push, nonce=push.query["nonce"] + "1"),
    **{f"seal turned at {at} %": _turned(at) for at in (0, 5, 50, 100)},
    **{
        f"signed again, {name}": _turned_and_signed(at)
        for name, at in {"length": 1, "AppID": -20, "padding": -1}.items()
    },
    **{f"told {away} ago": _signed_at(away) for away in OLD},
    **{f"clock off by {away}": _signed_at(away) for away in SKEWED},
    "in the open": _plain,
    "Weibo, unsigned": _weibo_unsigned,
    **{f"Weibo, told {away} ago": _weibo_signed_at(away) for away in OLD},
}


@pytest.fixture
def made(tmp_path: Path, sqlite_url: str) -> Iterator[Prepared]:
    with prepared(tmp_path, sqlite_url) as one:
        yield one


@pytest.mark.timeout(2400)
def test_pushes_in_disorder_are_one_row_each_and_forgeries_none(
    made: Prepared, times: int, counted: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    pens, total = Platforms(made, chance), 10_000 * times
    made.live.start()
    addresses = {
        key: f"{made.live.url}/webhooks/{key}/{made.office.accounts[key].key}" for key in ("wechat", "weibo")
    }
    own = threading.local()

    def hand_in(told: Told) -> tuple[str, int]:
        if not hasattr(own, "client"):
            own.client = httpx.Client(timeout=10, trust_env=False)
        push = told.push
        answer = own.client.post(
            addresses[told.platform], params=dict(push.query), content=push.body, headers=dict(push.headers)
        )
        return told.what, answer.status_code

    rows = messages = tellings = 0
    answers: Counter[tuple[str, int]] = Counter()
    late: list[Told] = []
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for start in range(0, total, WINDOW):
            window, late = late, []
            for number in range(start, start + WINDOW):
                told, more_rows, more_messages = pens.genuine(number)
                rows, messages = rows + more_rows, messages + more_messages
                wechat = next((one.push for one in told if one.platform == "wechat"), None)
                late.append(told[0])  # once more in the next window: a replay within five minutes
                window += told + (pens.forged(number, wechat) if wechat else [])
            chance.shuffle(window)
            tellings += len(window)
            answers.update(pool.map(hand_in, window))
    spool = Spool(made.live.data_dir)  # where those wait for which the database was too busy
    eventually(lambda: spool.is_empty, within=60, what="the spool being taken over")
    assert spool.standing().set_aside == 0
    made.live.stop()
    take_in_everything(made.db)
    after = tallies(made.db)
    there = after["arrivals"]
    refused = sum(n for (what, status), n in answers.items() if what == "genuine" and status != 200)
    taken = {what: n for (what, status), n in answers.items() if what != "genuine" and status == 200}
    forged = {what for what, _ in answers} - {"genuine"}
    statuses: Counter[int] = Counter()
    for (_, status), n in answers.items():
        statuses[status] += n
    counted(
        f"F8  {total} messages and events told {tellings} times over {CONNECTIONS} connections, shuffled, with "
        f"{sum(n for (what, _), n in answers.items() if what != 'genuine')} forgeries of {len(forged)} kinds: "
        f"{there} kept of {rows}, {after['messages']} messages of {messages}; {refused} genuine refused, "
        f"{sum(taken.values())} forgeries taken, answers {dict(sorted(statuses.items()))}"
    )
    assert forged == set(FORGERIES)
    assert (refused, taken) == (0, {})
    assert (there, after["messages"], after["waiting"]) == (rows, messages, 0)
    assert set(statuses) <= {200, 400, 403}
    unharmed(made.db)
    with made.db.reading() as session:
        numbers = list(session.exec(select(Message.external_id)))
    assert len(numbers) == len(set(numbers))
