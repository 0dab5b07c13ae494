"""How fast is a push acknowledged by the whole office, how much of that is Flask, AES and the disk, and how fast
does django-helpdesk keep what its public form brings?"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from app import migrations
from app.base import clock
from app.base.db import Database, sqlite_module
from app.base.keys import Keys
from app.calendar import service as calendar
from bench import tickets
from bench.bare import ACCOUNT
from bench.servers import ROOT, memory, running
from bench.table import Row
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import WECHAT
from tests.faults.office import Prepared, prepared, tallies
from tests.live import SECRET, LiveOffice, eventually, free_port

PUSHES = 30_000
CONNECTIONS = (1, 16)
WORKERS = 2
CELLS = 6
FORMS = 12_000
TIMES = ("p50", "p99", "longest")
Result = dict[str, Any]


@dataclass
class Pushes:
    """Correctly signed and sealed requests to one address, all different, and how many were told already."""

    file: Path
    next: int = 0
    expected: tuple[str, str] = ("200", "success")


def ready_made(folder: Path, address: str, sandbox: WeChatSandbox, count: int = PUSHES) -> Pushes:
    """Requests as bytes. Their signatures hold for five minutes."""
    parts, made = urlsplit(address), []
    for number in range(count):
        person = f"oBENCH{number:022}"
        push = sandbox.push_of(
            sandbox.inner_xml("text", person, {"Content": f"{number} 号楼的路灯坏了"}), person
        )
        head = (
            f"POST {parts.path or '/'}?{urlencode(dict(push.query))} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(push.body)}\r\n\r\n"
        )
        made.append(head.encode("ascii") + push.body)
    file = folder / f"pushes-{parts.port}"
    file.write_bytes(pickle.dumps(made))
    return Pushes(file)


def tell(port: int, pushes: Pushes, connections: int, seconds: float) -> Result:
    """Let a client of its own tell for some seconds; what it saw."""
    arguments = ["127.0.0.1", str(port), str(pushes.file), str(pushes.next), str(connections), str(seconds)]
    arguments += pushes.expected
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.client", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result: Result = json.loads(done.stdout)
    pushes.next = result["next"]
    return result


@contextmanager
def an_office(folder: Path) -> Iterator[Prepared]:
    """A migrated SQLite office with a WeChat account."""
    template = folder / "template.db"
    db = Database(f"sqlite:///{template}", Keys(SECRET))
    migrations.migrate(db)
    with db.writing() as session:
        calendar.seed(session, clock.now())
    db.close()
    with prepared(folder, f"sqlite:///{template}") as made:
        yield made


def measure(folder: Path, seconds: float) -> Iterator[Row]:
    """Ours, the bare handler and django-helpdesk take turns, so that a busy machine is busy for all of them."""
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    environment = {**os.environ, ACCOUNT: json.dumps(account)}
    bare_port, bare_file = free_port(), folder / "bare.db"
    with ExitStack() as stack:
        made = stack.enter_context(an_office(folder))
        live: LiveOffice = made.live
        bare = running(
            "bench.bare",
            f"127.0.0.1:{bare_port}",
            str(bare_file),
            str(WORKERS),
            port=bare_port,
            environment=environment,
            log=folder / "bare.log",
        )
        ours = running(
            "app",
            "web",
            "--workers",
            str(WORKERS),
            port=live.port,
            environment=live.environment,
            log=live.data_dir / "web.log",
        )
        held_bare, held_ours = stack.enter_context(bare), stack.enter_context(ours)
        sets = {
            "ours": (live.port, ready_made(folder, made.webhook(), made.sandbox)),
            "bare": (bare_port, ready_made(folder, f"http://127.0.0.1:{bare_port}/", made.sandbox)),
        }
        peer = _with_helpdesk(stack, folder, sets)
        for port, pushes in sets.values():
            tell(port, pushes, 16, 0.7)  # every thread once, before it counts
        for connections in CONNECTIONS:
            seen = _in_turns(sets, connections, seconds)
            what = f"webhook, {connections} connection{'s' * (connections > 1)}"
            yield from _rows(what, seen["ours"], seen["bare"])
            if "helpdesk" in seen:
                rates = (float(seen[name]["per_second"]) for name in ("ours", "helpdesk"))
                yield Row(f"{what}: messages/s", next(rates), peer, next(rates), "/s")
        yield Row(
            "memory with 2 workers after that", memory(held_ours), "bare, 2 workers", memory(held_bare), "MB"
        )
        _check_nothing_is_lost(made, sets["ours"][1], bare_file, sets["bare"][1])
        if "helpdesk" in sets:
            assert tickets.kept(folder / "helpdesk.db") == sets["helpdesk"][1].next
        # The same with the queue being read meanwhile, as in an office.
        with running("app", "jobs", port=0, environment=live.environment, log=live.data_dir / "jobs.log"):
            alone = {"ours": sets["ours"]}
            eventually(lambda: tallies(made.db)["cases"], within=120, what="the queue being read")
            busy = _in_turns(alone, CONNECTIONS[-1], seconds)["ours"]
        yield from _rows("webhook, 16, queue being read", busy, seen["bare"])


def _with_helpdesk(stack: ExitStack, folder: Path, sets: dict[str, tuple[int, Pushes]]) -> str:
    """django-helpdesk beside them, where it can be installed; its name."""
    try:
        tickets.made(folder / "helpdesk.db")
    except tickets.NotHere as why:
        print(f"django-helpdesk is not measured, it could not be installed: {why}", file=sys.stderr)
        return ""
    port = free_port()
    stack.enter_context(tickets.serving(folder / "helpdesk.db", port, WORKERS, folder / "helpdesk.log"))
    forms = tickets.ready_made(folder, port, FORMS)
    sets["helpdesk"] = (port, Pushes(forms, expected=("302", "")))
    return f"django-helpdesk {tickets.VERSION}"


def _in_turns(sets: dict[str, tuple[int, Pushes]], connections: int, seconds: float) -> dict[str, Result]:
    """Several short cells of each, one after the other; of each figure the median of its cells."""
    cells: dict[str, list[Result]] = {name: [] for name in sets}
    for _ in range(CELLS):
        for name, (port, pushes) in sets.items():
            cell = tell(port, pushes, connections, seconds / CELLS)
            assert cell["told"] == cell["acknowledged"], (name, cell)
            cells[name].append(cell)
    figures = ("per_second", *TIMES)
    return {
        name: {figure: median(float(cell[figure]) for cell in seen) for figure in figures}
        for name, seen in cells.items()
    }


def _rows(what: str, ours: Result, bare: Result) -> Iterator[Row]:
    for name, label, unit in (("per_second", "messages/s", "/s"), *((each, each, "ms") for each in TIMES)):
        yield Row(f"{what}: {label}", float(ours[name]), "bare Flask + AES + INSERT", float(bare[name]), unit)


def _check_nothing_is_lost(made: Prepared, ours: Pushes, bare_file: Path, bare: Pushes) -> None:
    connection = sqlite_module().connect(str(bare_file))
    in_bare = connection.execute("SELECT count(*) FROM pushes").fetchone()[0]
    connection.close()
    in_ours = tallies(made.db)["arrivals"]
    assert (in_ours, in_bare) == (ours.next, bare.next), (in_ours, ours.next, in_bare, bare.next)
