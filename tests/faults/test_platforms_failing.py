"""F7: a platform fails in every way it can, at every call a reply or a message depends on.

Each cell: citizens write, are answered, and the call meets the fault once for each. Every reply ends in the state
the table says, was never seen twice, and I1–I3 hold after every cell. One of each every day.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlmodel import col, select

from app.official_accounts.models import OfficialAccount
from app.replies import service as replies
from app.replies.models import Delivery
from app.replies.sending import LEASE
from connectors.douyin.connector import DouyinConnector
from connectors.sandbox.server import FAULTS, RETRY_AFTER_SECONDS, Stand
from connectors.wechat.connector import WeChatConnector
from connectors.weibo.connector import WeiboConnector
from tests.faults.platforms import PATIENT, SENDERS, WAITS, Failing
from tests.faults.side import Side

STRIKES = {"a message to a person": 20}
FEW = 5
"""How often each fault strikes: at the call that counts most, and at each of the others."""
ONCE, ALWAYS = 1, 10_000


class Strike(NamedTuple):
    """What the call meets: one of FAULTS or a ``code``; ``times`` for each reply; ``ends``: the state and the
    error's code that follow (done: none is left); ``arrives``: the citizen has it all the same."""

    fault: str = ""
    code: int = 0
    ends: str = "done"
    says: str = ""
    arrives: bool = False
    times: int = ONCE


def _unknown(fault: str, says: str, arrives: bool = False) -> Strike:
    return Strike(fault, 0, "unknown", says, arrives)


def _failed(code: int) -> Strike:
    return Strike("", code, "failed", str(code))


# fmt: off
ON_THE_WAY: dict[str, Strike] = {
    "500":                  _unknown("http_500", "http_500"),
    "502":                  _unknown("http_502", "http_502"),
    "503":                  _unknown("http_503", "http_503"),
    "silent, not carried":  _unknown("timeout_before", "timeout"),
    "silent, carried":      _unknown("timeout_after", "timeout", True),
    "reset, not carried":   _unknown("reset_before", "reset"),
    "reset, carried":       _unknown("reset_after", "reset", True),
    "429 and Retry-After":  Strike("http_429"),
    "a page, not carried":  _unknown("html", "html"),
    "a page, carried":      _unknown("html_after", "html", True),
    "half an answer":       _unknown("truncated", "truncated", True),
    "10 MB":                _unknown("huge", "truncated", True),
    "a byte now and then":  _unknown("slow", "timeout", True),
    "headers, byte by byte": _unknown("slow_headers", "timeout", True),
    "sent somewhere else":  _unknown("redirect", "http_302"),
}
WECHAT: dict[str, Strike] = {
    "-1":    Strike(code=-1),
    "45009": Strike(code=45009),
    "45011": Strike(code=45011),
    "40001 for ever": Strike("", 40001, "failed", "40001", times=ALWAYS),
    "40014 for ever": Strike("", 40014, "failed", "40014", times=ALWAYS),
    "42001 for ever": Strike("", 42001, "failed", "42001", times=ALWAYS),
    "40001": Strike(code=40001),
    "40014": Strike(code=40014),
    "42001": Strike(code=42001),
    "48001": _failed(48001),
    "an unlisted code": _failed(99999),
}
PRIVATE = {code: _failed(int(code)) for code in ("45015", "45047", "43004", "40003", "45002", "50005")}
BELOW = {code: _failed(int(code)) for code in ("88000", "88001", "88002", "88007", "88008")} | {
    "88005": Strike("", 88005, "elsewhere", "88005"),
}
WEIBO: dict[str, Strike] = {
    "10023": Strike(code=10023),
    "10024": Strike(code=10024),
    "20016": Strike(code=20016),
    "20032": Strike(code=20032, arrives=True),
    **{code: _failed(int(code)) for code in ("21327", "10014", "20019", "20101", "20201", "20031")},
}
DOUYIN: dict[str, Strike] = {
    "2190008": Strike(code=2190008),
    "28001003": Strike(code=28001003),
    "2190002 for ever": Strike("", 2190002, "failed", "2190002", times=ALWAYS),
    **{code: _failed(int(code)) for code in ("10010", "2190003", "2190004", "2100005", "10002")},
    "an unlisted code": _failed(99999999),
}
CALLS: dict[str, tuple[str, str, dict[str, Strike]]] = {
    "a message to a person":   ("wechat",         "custom/send",       ON_THE_WAY | WECHAT | PRIVATE),
    "a reply below an article": ("wechat comment", "comment/reply/add", ON_THE_WAY | WECHAT | BELOW),
    "a private message on Weibo": ("weibo",       "messages/reply",    ON_THE_WAY | WEIBO),
    "a reply below a post":    ("weibo comment",  "comments/reply",    ON_THE_WAY | WEIBO),
    "a reply below a video":   ("douyin comment", "comment/reply",     ON_THE_WAY | DOUYIN),
}
TOKEN: dict[str, Strike] = {
    **{name: Strike(row.fault) for name, row in ON_THE_WAY.items()},
    "-1":    Strike(code=-1),
    "45009": Strike(code=45009),
    **{code: _failed(int(code)) for code in ("40001", "40013", "40125", "40164", "40243")},
}
"""For the call of the token nothing is unknown: whatever happens there, nothing can have reached anybody."""
ASKING: dict[str, Strike] = {
    **{name: Strike(row.fault) for name, row in ON_THE_WAY.items()},
    "-1": Strike(code=-1), "45009": Strike(code=45009), "48001": Strike(code=48001), "40001": Strike(code=40001),
}
ASKED_AS: dict[str, dict[int, int]] = {
    "weibo": {-1: 10001, 45009: 10023, 48001: 10014, 40001: 21327},
    "douyin": {-1: 99999999, 45009: 2100005, 48001: 2190003, 40001: 2190008},
}
"""What the codes of `ASKING` are elsewhere, as near as a platform has them."""
# fmt: on
RENEWED = (40001, 40014, 42001, 2190008, 28001003)


def table(call: str) -> tuple[str, str, dict[str, Strike]]:
    """How citizens write, which call is struck, and by what."""
    return CALLS[call]


def asking(way: str) -> dict[str, Strike]:
    """What may happen while asking, with the codes of this way's platform."""
    codes = ASKED_AS.get(way.partition(" ")[0], {})
    return {name: row._replace(code=codes.get(row.code, row.code)) for name, row in ASKING.items()}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An office that waits less than a second: the whole ten are waited for where replies go out at the counts of
    `make faults`."""
    for kind in (WeChatConnector, WeiboConnector, DouyinConnector):
        monkeypatch.setitem(kind.__init__.__kwdefaults__, "total_seconds", 0.7)  # type: ignore[arg-type,misc]


def released(made: Failing, way: str, how_many: int) -> list[int]:
    """So many citizens wrote and are answered; the deliveries that wait."""
    for _ in range(how_many):
        made.write(way)
    there = made.take_in()
    assert len(there) == how_many
    return made.answer(there)


def strike(stand: Stand, call: str, row: Strike, times: int) -> None:
    """Let the call fail so often."""
    if row.fault:
        stand.fail_next(call, fault=row.fault, times=times)
    else:
        stand.fail_next(call, errcode=row.code, times=times)


def senders_for(name: str, row: Strike) -> int:
    """One where a second refusal in a row would mean something else: the token was renewed, in vain."""
    if row.code in RENEWED and row.times == ONCE:
        return 1
    return PATIENT if name.startswith(WAITS) else SENDERS


def ended(made: Failing, deliveries: list[int]) -> list[Delivery]:
    with made.db.reading() as session:
        return list(
            session.exec(select(Delivery).where(col(Delivery.id).in_(deliveries)).order_by(col(Delivery.id)))
        )


def one_cell(made: Failing, call: str, name: str, strikes: int) -> float:
    """One fault at one call; how many seconds the sending took."""
    way, path, rows = table(call)
    row, stand = rows[name], made.stand_of(way)
    deliveries = released(made, way, strikes)
    strike(stand, path, row, strikes * row.times)
    begun = time.monotonic()
    made.send(deliveries, senders_for(name, row))
    took = time.monotonic() - begun
    there, seen = ended(made, deliveries), made.seen()
    assert Counter(one.state for one in there) == {row.ends: strikes}, (call, name)
    assert row.times == ALWAYS or stand.unmet == 0, (call, name)
    if row.ends != "done":
        assert {one.error_code for one in there} == {row.says}, (call, name)
    arrived = row.arrives or row.ends == "done"
    assert {seen[one.text] for one in there} == {int(arrived)}, (call, name)
    assert took < LEASE.total_seconds(), "no sender outlives its lease"
    stand.forgive()
    made.go_on()
    made.require_the_invariants()
    return took


def test_every_fault_has_its_row() -> None:
    assert {row.fault for row in ON_THE_WAY.values()} == set(FAULTS)


# ------------------------------------------------------------------ each once, every day


@pytest.mark.parametrize("call", ["a message to a person", "a reply below a video"])
def test_whatever_a_platform_does_each_reply_ends_as_the_table_says(
    made_small: Failing, impatient: None, call: str
) -> None:
    made, (way, path, _) = made_small, table(call)
    rows = {name: row for name, row in table(call)[2].items() if row.times == ONCE}
    deliveries = released(made, way, len(rows))
    for row in rows.values():  # one each, the longest waiting first; then the rest of the day
        strike(made.stand_of(way), path, row, 1)
        replies.deliver_released(made.db, made.at(), limit=1)
        made.go_on()
    made.send(deliveries, at_once=1)
    there, seen = ended(made, deliveries), made.seen()
    found = {
        name: (one.state, one.error_code if one.state != "done" else "", seen[one.text])
        for name, one in zip(rows, there, strict=True)
    }
    assert found == {
        name: (row.ends, row.says, int(row.arrives or row.ends == "done")) for name, row in rows.items()
    }
    made.require_the_invariants()


def test_too_many_calls_are_waited_for_as_long_as_the_platform_asks(made_small: Failing) -> None:
    deliveries = released(made_small, "wechat", 1)
    begun = made_small.at()
    made_small.wechat.fail_next("custom/send", fault="http_429")
    replies.deliver_released(made_small.db, begun)
    (row,) = ended(made_small, deliveries)
    assert (row.state, row.error_code) == ("ready", "http_429")
    assert RETRY_AFTER_SECONDS <= (row.next_try_at - begun).total_seconds() < RETRY_AFTER_SECONDS + 5


def test_whatever_douyin_does_each_comment_comes_once(made_small: Failing, impatient: None) -> None:
    made, way = made_small, "douyin comment"
    for row in asking(way).values():
        strike(made.douyin, "comment/list", row, 1)
        made.write(way)
        made.take_in()
    assert made.douyin.unmet == 0
    made.take_in()
    made.require_all_kept()


# ------------------------------------------------------------------ at CI counts


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("call", CALLS)
def test_every_fault_at_every_call_that_carries_a_reply(
    made: Failing, call: str, times: int, counted: Callable[[str], None]
) -> None:
    slowest, rows, strikes = 0.0, table(call)[2], STRIKES.get(call, FEW) * times
    for name in rows:
        slowest = max(slowest, one_cell(made, call, name, strikes))
    with made.db.reading() as session:
        states = Counter(session.exec(select(Delivery.state)))
    counted(
        f"F7  {made.db.engine.dialect.name}: {call}, {len(rows)} faults × {strikes} replies: "
        f"{dict(sorted(states.items()))}; longest cell {slowest:.0f} s; 0 seen twice"
    )
    assert states.total() == len(rows) * strikes


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_every_fault_at_the_call_for_the_token(
    made: Failing, times: int, counted: Callable[[str], None]
) -> None:
    """Four replies at a time, the token forgotten before each cell; every failed fetch is asked again later."""
    asked = 0
    for name, row in TOKEN.items():
        for _ in range(2 * times):
            deliveries = released(made, "wechat", 4)
            made.wechat.expire_tokens()
            calls = made.wechat.calls["cgi-bin/stable_token"]
            strike(made.wechat, "stable_token", row, 4 if row.ends == "failed" else 1)
            made.send(deliveries)
            calls = made.wechat.calls["cgi-bin/stable_token"] - calls
            asked += calls
            there = Counter(one.state for one in ended(made, deliveries))
            assert there == {row.ends: 4}, name
            assert made.wechat.unmet == 0 and calls == (4 if row.ends == "failed" else 2), (name, calls)
            made.go_on()
            if name.startswith(WAITS):
                break  # ten seconds each
        made.require_the_invariants()
    counted(
        f"F7  {made.db.engine.dialect.name}: the call for the token, {len(TOKEN)} faults: {asked} calls, "
        "at most one for each expiry beside the failed ones; 0 replies lost or doubled"
    )


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("way", "path"),
    [
        ("wechat comment", "comment/list"),
        ("weibo comment", "comments/to_me"),
        ("douyin comment", "comment/list"),
    ],
)
def test_every_fault_while_asking_for_what_is_new(
    made: Failing, impatient: None, way: str, path: str, times: int, counted: Callable[[str], None]
) -> None:
    rounds = 0
    for name, row in asking(way).items():
        strikes = 2 if name.startswith(WAITS) else FEW * times
        strike(made.stand_of(way), path, row, strikes)
        while made.stand_of(way).unmet:
            made.write(way)
            made.take_in()
            rounds += 1
        made.take_in()
        made.require_all_kept()
    counted(
        f"F7  {made.db.engine.dialect.name}: asking by {path}, {len(ASKING)} faults, {rounds} rounds, "
        f"{made.commented} comments: each kept once"
    )


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_token_that_ends_is_renewed_once_whichever_node_sends(
    made: Failing, times: int, counted: Callable[[str], None]
) -> None:
    ends, refreshed = 20 * times, 0
    with Side(made.db.url) as first, Side(made.db.url) as second, Side(made.db.url) as third:
        nodes = (first, second, third)
        made.send_from(nodes, released(made, "wechat", 1))
        for _ in range(ends):
            deliveries = released(made, "wechat", 6)
            made.wechat.expire_tokens()
            calls = made.wechat.calls["cgi-bin/stable_token"]
            made.send_from(nodes, deliveries)
            refreshed += made.wechat.calls["cgi-bin/stable_token"] - calls
            assert {one.state for one in ended(made, deliveries)} == {"done"}
    made.require_the_invariants()
    with made.db.reading() as session:
        account = session.get_one(OfficialAccount, made.office.accounts["wechat"].id)
        assert not account.trouble and account.held_until is None
    counted(
        f"F7  {made.db.engine.dialect.name}: the token ended {ends} times under {len(nodes)} processes that sent "
        f"{6 * ends} replies: {refreshed} calls for a new one"
    )
    assert refreshed == ends
