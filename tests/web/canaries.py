"""Letters with planted marks that must never be read in public, and everything public to look for them in."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from app.cases.models import Case
from app.disclosure import service as disclosure
from app.disclosure.models import Disclosure
from app.opendata import service as opendata
from app.opendata.datasets import DATASETS
from app.opendata.models import PublishedCase
from tests.closing import DISCLOSER, a_closed_case, words_of
from tests.conftest import TheOffice

MATTERS = ("路灯不亮了", "居住证怎么办", "小区门口积水", "公交站牌看不清", "垃圾没人清运")
WAYS = ("电话{}", "手机号是 {}", "请打{}联系我", "{} 是我的号码", "联系电话：{}，谢谢")
EACH_WEEK = 40


def phone(number: int) -> str:
    """A mobile number of its own, of a range that is given to nobody."""
    return f"1390000{number:04d}" if number < 10_000 else f"139{number:08d}"


def mark(number: int) -> str:
    """A word that is in one letter only; it stays in what is not public."""
    return f"ZQX{number:05d}J"


def number_of(case: Case) -> int:
    """Which letter it is, by its telephone number."""
    found = re.search(r"139([0-9]{8})", case.text)
    assert found is not None
    return int(found[1])


def plant(session: Session, office: TheOffice, numbers: Iterable[int], now: datetime) -> None:
    """Closed cases with a phone number each; every fifth citizen objects, every seventh case is withheld,
    every eleventh is withdrawn again. What is then public may hold no canary."""
    for number in numbers:
        at = now - timedelta(days=7 * (number // EACH_WEEK))
        hidden = f"，暗号{mark(number)}" if number % 5 == 0 or number % 7 == 0 or number % 11 == 0 else ""
        text = f"{MATTERS[number % 5]}{hidden}。{WAYS[number % 5].format(phone(number))}"
        a_closed_case(
            session, office, now=at, text=text, consent=number % 5 != 0,
            category="市政", place=mark(number) if number % 13 == 0 else "城东区",
            platform=("wechat", "weibo")[number % 2],
        )  # fmt: skip


def decide(session: Session, office: TheOffice, now: datetime) -> int:
    """What the officer does with everything that waits; how many were decided."""
    officer = office.people[DISCLOSER]
    disclosure.propose_closed(session, now)
    waiting = select(Disclosure, Case).join(Case, col(Case.id) == col(Disclosure.case_id))
    found = session.exec(waiting.where(Disclosure.state == "waiting")).all()
    for one, case in found:
        number = number_of(case)
        if number % 7 == 0:
            disclosure.withhold(session, now, officer, one.id, reason="privacy")
        else:
            disclosure.confirm(
                session, now, officer, one.id, digest=one.digest, considered=one.flags, **words_of(one)
            )
    while opendata.publish_decided(session, now):
        session.flush()
    for case in session.exec(select(Case).join(Disclosure, col(Disclosure.case_id) == col(Case.id))
                             .where(Disclosure.state == "published")).all():  # fmt: skip
        if number_of(case) % 11 == 0:
            opendata.withdraw(session, now, officer, case.number, reason="requested")
    return len(found)


ADDRESSES = (
    *(f"/data/{name}.{ending}" for name in DATASETS for ending in ("csv", "jsonl")),
    "/data", "/data.json", "/data/datapackage.json", "/data/catalog.jsonld", "/data/catalog.ttl", "/data/cases.atom",
    "/data/cases.feed.json", "/data/cases/rows.json?$limit=1000", "/statistics", "/statistics.json",
    "/statistics.csv?by=all", "/cases", "/cases.json", "/cases.csv", "/accounts",
    "/open311/v2/requests.json?start_date=2020-01-01", "/open311/v2/requests.xml?start_date=2020-01-01",
)  # fmt: skip


def everything_public(client: FlaskClient, session: Session, pages: int) -> Iterator[tuple[str, str]]:
    """Every output a stranger can fetch, with its text: files, feeds, answers, lists, and single pages."""
    for address in ADDRESSES:
        yield address, client.get(address).get_data(as_text=True)
    cursor = ""
    while True:
        told = client.get("/data/cases/changes", query_string={"cursor": cursor, "limit": 1000})
        yield "changes", told.text
        if told.json is None or not told.json["has_more"]:
            break
        cursor = told.json["next"]
    with zipfile.ZipFile(io.BytesIO(client.get("/data/snapshot.zip").data)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name).decode()
    for number in session.exec(select(PublishedCase.number).order_by(PublishedCase.id).limit(pages)):
        for ending in ("", ".json"):
            yield number, client.get(f"/cases/{number}{ending}").get_data(as_text=True)


def kept_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What lies in the folders of the index and of the public files."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
