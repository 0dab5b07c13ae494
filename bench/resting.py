"""How much memory does an office hold when nothing happens?"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.bare import ACCOUNT
from bench.servers import memory, running
from bench.table import Row
from bench.webhook import an_office
from tests.conftest import WECHAT
from tests.live import eventually, free_port


def measure(folder: Path) -> Iterator[Row]:
    """`huiying serve` (web and jobs in one process) after its first pages, beside the bare handler on waitress."""
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    port = free_port()
    bare = running(
        "bench.bare",
        f"127.0.0.1:{port}",
        str(folder / "resting-bare.db"),
        "1",
        port=port,
        environment={**os.environ, ACCOUNT: json.dumps(account)},
        log=folder / "resting-bare.log",
    )
    with an_office(folder) as made, bare as held_bare:
        live = made.live
        with running(
            "app", "serve", port=live.port, environment=live.environment, log=folder / "serve.log"
        ) as held:
            eventually(lambda: httpx.get(f"{live.url}/readyz").status_code == 200, what="the server")
            for page in ("/", "/cases", "/answers?q=社保卡", "/desk/login"):
                httpx.get(live.url + page, timeout=30)
            yield Row(
                "memory at rest, huiying serve", memory(held), "bare on waitress", memory(held_bare), "MB"
            )
