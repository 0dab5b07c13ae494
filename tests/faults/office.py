"""An office made ready for being killed: the cast, a local WeChat, and the means to look afterwards.

Nothing here asks the product how it is: it reads the database, and the ledger of what citizens saw.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, update
from sqlmodel import Session, SQLModel, select

from app.base import clock
from app.base.db import Database
from app.base.models import Lease
from app.cases.models import Case
from app.messages.models import Arrival, Message
from app.official_accounts import service as accounts
from app.replies.models import Delivery
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.wechat_pushes import Push
from tests.app.replies.acting import released
from tests.conftest import NOW, WECHAT, TheOffice, open_office
from tests.live import LiveOffice


@dataclass
class Prepared:
    """One installation with the cast and a WeChat account that leads to the stand-in."""

    live: LiveOffice
    office: TheOffice
    sandbox: WeChatSandbox
    more: list[LiveOffice] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.office.db

    def webhook(self, live: LiveOffice | None = None) -> str:
        """The address of the WeChat account at one of the servers."""
        return f"{(live or self.live).url}/webhooks/wechat/{self.office.accounts['wechat'].key}"

    def beside(self) -> LiveOffice:
        """Settings of one more server of the same installation, on a port of its own."""
        other = LiveOffice(self.live.data_dir, self.live.database_url, self.live.host)
        self.more.append(other)
        return other


@contextmanager
def prepared(folder: Path, database_url: str, **how: Any) -> Iterator[Prepared]:
    """An office on the migrated database ``database_url``; its servers are stopped at the end.

    A SQLite file is copied into the data folder, where an installation has it.
    """
    data_dir = folder / "var"
    data_dir.mkdir(mode=0o700)
    if database_url.startswith("sqlite:///"):
        shutil.copyfile(database_url.removeprefix("sqlite:///"), data_dir / "huiying.db")
        database_url = f"sqlite:///{data_dir}/huiying.db"
    live = LiveOffice(data_dir, database_url, **how)
    db = live.database()
    settings = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**settings, ledger=folder / "ledger.jsonl") as sandbox:
        made = Prepared(live, open_office(db), sandbox)
        with db.writing() as session:
            account = made.office.accounts["wechat"]
            accounts.change_settings(session, NOW, None, account.id, {"api_base": sandbox.url})
        sandbox.webhook_url = made.webhook()
        try:
            yield made
        finally:
            for one in (live, *made.more):
                one.stop()
            db.close()


# ------------------------------------------------------------------ doing


def post(client: httpx.Client, address: str, push: Push) -> bool:
    """Hand in one push; whether it was acknowledged. No answer is no acknowledgement."""
    try:
        answer = client.post(address, params=dict(push.query), content=push.body, headers=dict(push.headers))
    except httpx.HTTPError:
        return False
    return (answer.status_code, answer.text) == (200, "success")


def free_the_leases(db: Database) -> None:
    """As if the time for which a killed process held its leases had passed."""
    with db.writing() as session:
        session.execute(update(Lease).values(until_at=clock.now() - timedelta(seconds=1)))


def release_replies(made: Prepared, people: Sequence[str]) -> None:
    """A question, three reviews and a release for each of these citizens, waiting to be sent."""
    for start in range(0, len(people), 50):
        with made.db.writing() as session:
            for person in people[start : start + 50]:
                released(session, made.office, sender=person, now=clock.now())
    for person in people:
        made.sandbox.note_message(person)


# ------------------------------------------------------------------ looking


def count(session: Session, table: type[SQLModel], *where: Any) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def tallies(db: Database) -> dict[str, int]:
    """How many arrivals, messages and cases there are, and how many arrivals nobody has read."""
    with db.reading() as session:
        return {
            "arrivals": count(session, Arrival),
            "messages": count(session, Message),
            "cases": count(session, Case),
            "waiting": count(session, Arrival, Arrival.state == "waiting"),
        }


def kept(db: Database) -> Counter[bytes]:
    """The raw bytes of all arrivals, and how often each is there."""
    with db.reading() as session:
        return Counter(session.exec(select(Arrival.raw)))


def delivery_states(db: Database) -> Counter[str]:
    """Deliveries by state."""
    with db.reading() as session:
        return Counter(session.exec(select(Delivery.state)))


def seen(sandbox: WeChatSandbox) -> Counter[str]:
    """How many replies each citizen saw."""
    return Counter(entry.person for entry in sandbox.ledger.entries() if entry.kind == "reply")
