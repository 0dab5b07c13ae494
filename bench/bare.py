"""The peer of the webhook: the least that may answer "success". Flask, the same proof and AES, the XML's number
of the message by ElementTree, one durable INSERT.

`python -m bench.bare HOST:PORT DATABASE WORKERS`: gunicorn with the settings of `huiying web --workers`, or
waitress with those of `huiying serve` for WORKERS 1.
"""

import json
import os
import sys
import threading
from xml.etree import ElementTree

from flask import Flask, request

from app.base import clock
from app.base.db import sqlite_module
from connectors.contract import WebhookRequest
from connectors.wechat.connector import WeChatConnector

ACCOUNT = "HUIYING_BENCH_ACCOUNT"
"""Environment variable with the account's settings as JSON."""
TABLE = "CREATE TABLE IF NOT EXISTS pushes (message TEXT PRIMARY KEY, raw BLOB, opened BLOB) WITHOUT ROWID"


def make(database: str) -> Flask:
    """The bare application: one view, one table, a connection per thread."""
    app = Flask(__name__)
    connector = WeChatConnector(**json.loads(os.environ[ACCOUNT]))
    own = threading.local()

    def connection():  # type: ignore[no-untyped-def]
        if not hasattr(own, "connection"):
            own.connection = sqlite_module().connect(database, isolation_level=None, timeout=5)
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                own.connection.execute(f"PRAGMA {pragma}").close()
        return own.connection

    connection().execute(TABLE)

    @app.post("/")
    def receive() -> str:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = WebhookRequest("POST", request.args.to_dict(), headers, request.get_data(), clock.now())
        checked = connector.check(call)
        insert = (
            "INSERT OR IGNORE INTO pushes VALUES (?, ?, ?)"  # its own transaction: durable when it returns
        )
        message = ElementTree.fromstring(checked.body).findtext("MsgId")
        connection().execute(insert, (message, call.body, checked.body))
        return "success"

    return app


def serve(address: str, database: str, workers: int) -> None:
    """Listen until killed."""
    if workers == 1:
        from waitress import serve as listen

        listen(make(database), listen=address, threads=8, ident=None)
        return
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings = {
                "bind": address,
                "workers": workers,
                "worker_class": "gthread",
                "threads": 8,
                "timeout": 60,
            }
            for name, value in {**settings, "control_socket_disable": True}.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            return make(database)

    Server().run()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
