"""F7 for files: a platform fails in every way it can while we fetch what a citizen sent beside the words.

Each cell: citizens send a file each, and fetching meets the fault, once or until the platform has forgotten the
file. Each ends in the state that the table says, none is half on disk, and no address but the platform's is called.
"""

import hashlib
import io
import socket
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from PIL import Image
from sqlmodel import col, select

from app.messages import attachments, media
from app.messages import service as messages
from app.messages.models import Attachment
from app.official_accounts.models import OfficialAccount
from connectors import calls
from connectors.sandbox.server import FAULTS
from tests.faults.platforms import PHOTO, WAITS, Failing

FEW = 3
ALWAYS = 1_000
EXPIRED = media.REASONS["expired"]


class Cell(NamedTuple):
    """What the call meets; ``ends`` and ``says``: state and reason where it never ends. Struck once, every file
    is there in the end, unless ``at_once``: then once is enough."""

    fault: str = ""
    code: int = 0
    ends: str = "gone"
    says: str = EXPIRED
    at_once: bool = False


# fmt: off
ON_THE_WAY: dict[str, Cell] = {
    "500":                  Cell("http_500"),
    "502":                  Cell("http_502"),
    "503":                  Cell("http_503"),
    "silent, not carried":  Cell("timeout_before"),
    "silent, carried":      Cell("timeout_after"),
    "reset, not carried":   Cell("reset_before"),
    "reset, carried":       Cell("reset_after"),
    "429 and Retry-After":  Cell("http_429"),
    "a page, not carried":  Cell("html", ends="refused", says="不是图片、语音或视频"),
    "a page, carried":      Cell("html_after", ends="refused", says="不是图片、语音或视频"),
    "half a file":          Cell("truncated", ends="refused", says=media.REASONS["broken"]),
    "10 MB of JSON":        Cell("huge"),
    "a byte now and then":  Cell("slow"),
    "headers, byte by byte": Cell("slow_headers"),
    "sent somewhere else":  Cell("redirect"),
}
WECHAT: dict[str, Cell] = {
    "-1": Cell(code=-1), "45009": Cell(code=45009), "40001": Cell(code=40001), "48001": Cell(code=48001),
    "an unlisted code": Cell(code=99999),
    "40007": Cell(code=40007, says="超过 3 天", at_once=True),
}
WEIBO: dict[str, Cell] = {
    "10023": Cell(code=10023), "21327": Cell(code=21327), "an unlisted code": Cell(code=99999),
    "20101": Cell(code=20101, says="原微博已不存在", at_once=True),
}
FILM: dict[str, Cell] = {name: cell for name, cell in ON_THE_WAY.items() if cell.fault != "truncated"} | {
    "10 MB of JSON": Cell("huge", ends="refused", says="不是图片、语音或视频"),
}
"""At the address of a film JSON is no answer but a wrong file; half of one cannot be told from a short one."""
CALLS: dict[str, tuple[str, str, dict[str, Cell]]] = {
    "a picture on WeChat": ("wechat picture", "media/get",    ON_THE_WAY | WECHAT),
    "a film on WeChat":    ("wechat film",    "sandbox-film", FILM),
    "a picture on Weibo":  ("weibo picture",  "mss/msget",    ON_THE_WAY | WEIBO),
}
# fmt: on


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that anything tried to reach; and whoever waits for a file waits less than a second."""
    hosts: list[str] = []
    connect = socket.create_connection

    def noted(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        hosts.append(address[0])
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", noted)
    monkeypatch.setitem(calls.fetch_file.__kwdefaults__, "total_seconds", 0.4)  # type: ignore[arg-type]
    return hosts


def sent(made: Failing, way: str, how_many: int) -> list[int]:
    """So many citizens sent a file each; the files, none of them here yet."""
    for _ in range(how_many):
        made.write(way)
    made.take_in()
    with made.db.reading() as session:
        waiting = select(Attachment.id).where(Attachment.state == "waiting").order_by(col(Attachment.id))
        return list(session.exec(waiting))


def strike(made: Failing, way: str, path: str, cell: Cell, times: int) -> None:
    how: dict[str, Any] = {"fault": cell.fault} if cell.fault else {"errcode": cell.code}
    made.stand_of(way).fail_next(path, times=times, **how)


def rows(made: Failing, files: list[int]) -> list[Attachment]:
    with made.db.reading() as session:
        wanted = select(Attachment).where(col(Attachment.id).in_(files)).order_by(col(Attachment.id))
        return list(session.exec(wanted))


def fetch_until_none_waits(made: Failing, files: list[int]) -> None:
    """The job runs whenever something is due, however long that takes."""
    for _ in range(60):
        messages.fetch_attachments(made.db, made.at())
        due = [one.next_try_at for one in rows(made, files) if one.state == "waiting"]
        if not due:
            return
        assert None not in due, "a file that was tried says when it is tried again"
        made.at.at = max(made.at(), min(at for at in due if at))
    raise AssertionError("a file is still waiting")


def require_whole_files(made: Failing) -> None:
    """On disk is exactly what the rows name, whole, and a picture where it is called one."""
    with made.db.reading() as session:
        stored = {
            one.path: one for one in session.exec(select(Attachment).where(Attachment.state == "stored"))
        }
    folder = made.db.folder / attachments.FOLDER
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == set(stored)
    for path, one in stored.items():
        content = attachments.read(made.db.folder, path)
        assert content is not None and hashlib.sha256(content).hexdigest() == one.sha256
        if one.media_type.startswith("image/"):
            with Image.open(io.BytesIO(content)) as picture:
                assert picture.size == (320, 240)


def require_own_addresses(called: list[str]) -> None:
    assert called and set(called) <= {"127.0.0.1", "localhost"}, set(called)


# ------------------------------------------------------------------ each once, every day


def test_whatever_a_platform_does_each_file_comes_or_says_why_not(
    made_small: Failing, called: list[str]
) -> None:
    made, (way, path, cells) = made_small, CALLS["a picture on WeChat"]
    assert {cell.fault for cell in ON_THE_WAY.values()} == set(FAULTS)
    files = sent(made, way, len(cells))
    for cell in cells.values():  # one each, in their order
        strike(made, way, path, cell, 1)
        assert messages.fetch_attachments(made.db, made.at(), limit=1) == 1
    assert made.wechat.unmet == 0
    fetch_until_none_waits(made, files)
    found = dict(zip(cells, rows(made, files), strict=True))
    for name, one in found.items():
        assert one.state == ("gone" if cells[name].at_once else "stored"), (name, one.reason)
        assert not cells[name].at_once or cells[name].says in one.reason
    require_whole_files(made)
    require_own_addresses(called)
    with made.db.reading() as session:  # 48001 was shown on the board, and is over
        assert not session.get_one(OfficialAccount, made.office.accounts["wechat"].id).trouble


def test_too_large_a_file_is_dropped_at_once_and_a_missing_right_is_told(
    made_small: Failing, called: list[str]
) -> None:
    made = made_small
    large, untaken = sent(made, "wechat picture", 2)
    longest = max(one.longest for one in media.KEPT.values())
    made.wechat.keep_file(rows(made, [large])[0].media_id, PHOTO + bytes(longest))
    made.wechat.fail_next("media/get", errcode=48001, after=1)
    messages.fetch_attachments(made.db, made.at())
    one, other = rows(made, [large, untaken])
    assert (one.state, "太大" in one.reason) == ("refused", True)
    assert (other.state, bool(other.reason)) == ("waiting", True)
    require_whole_files(made)
    with made.db.reading() as session:
        assert session.get_one(OfficialAccount, made.office.accounts["wechat"].id).trouble == other.reason


# ------------------------------------------------------------------ at CI counts


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("call", CALLS)
def test_every_fault_at_every_call_that_fetches_a_file(
    made: Failing, call: str, times: int, called: list[str], counted: Callable[[str], None]
) -> None:
    """Once: it comes all the same. For ever: it is given up before the platform has forgotten it, with words."""
    way, path, cells = CALLS[call]
    ended: Counter[str] = Counter()
    for name, cell in cells.items():
        slow = name.startswith(WAITS)
        for strikes, is_ever in ((FEW * times, False), (1 if slow else FEW * times, True)):
            begun = made.at()
            files = sent(made, way, strikes)
            strike(made, way, path, cell, ALWAYS if is_ever else strikes)
            fetch_until_none_waits(made, files)
            is_lost = is_ever or cell.at_once
            for one in rows(made, files):
                assert one.state == (cell.ends if is_lost else "stored"), (name, is_ever, one.reason)
                assert not is_lost or cell.says in one.reason, (name, one.reason)
                assert one.tries < 20, "it is not asked for without an end"
                ended[one.state] += 1
            assert made.at() - begun < media.FORGOTTEN_AFTER + timedelta(hours=1)
            made.stand_of(way).forgive()
    require_whole_files(made)
    require_own_addresses(called)
    made.require_all_kept()
    counted(
        f"F7  {made.db.engine.dialect.name}: {call}, {len(cells)} faults, once and for ever: "
        f"{dict(sorted(ended.items()))}; 0 half on disk, 0 other addresses called"
    )
