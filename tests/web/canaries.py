"""Letters with planted marks that must never be read in public, and everything public to look for them in."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from app.calendar.workdays import day_of
from app.cases.models import Case
from app.cases.numbers import new_number
from app.disclosure import service as disclosure
from app.disclosure.models import Disclosure
from app.messages.classify import title_of
from app.messages.models import Message
from app.opendata import service as opendata
from app.opendata.datasets import DATASETS
from app.opendata.models import PublishedCase
from app.replies.models import Reply
from tests.closing import DISCLOSER, a_closed_case, words_of
from tests.conftest import TheOffice

MATTERS = ("路灯不亮了", "居住证怎么办", "小区门口积水", "公交站牌看不清", "垃圾没人清运")
WAYS = ("电话{}", "手机号是 {}", "请打{}联系我", "{} 是我的号码", "联系电话：{}，谢谢")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")
# How a number is written: plainly twice, wide, with spaces, with dashes, in words.
WRITINGS = (
    str,
    lambda number: number.translate(WIDE),
    str,
    lambda number: f"{number[:3]} {number[3:7]} {number[7:]}",
    lambda number: f"{number[:3]}-{number[3:7]}-{number[7:]}",
    lambda number: number.translate(SPOKEN),
)
EACH_WEEK = 40
WEIGHTS = (
    7,
    9,
    10,
    5,
    8,
    4,
    2,
    1,
    6,
    3,
    7,
    9,
    10,
    5,
    8,
    4,
    2,
)  # GB 11643: the last character of an identity number
MARKS = re.compile(r"1390000\d{4}|ZQX\d{5}J|110101198[0-9]0101\d{3}[0-9X]|zqx\d{5}@")
"""A planted telephone number, word, identity number or mailbox, in text that went through `read`."""


def phone(number: int) -> str:
    """A mobile number of its own, of a range that is given to nobody."""
    return f"1390000{number:04d}"


def identity(number: int) -> str:
    """A well-formed identity number, the same for every thousandth letter."""
    first = f"110101198{number % 10}0101{number % 1000:03d}"
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, WEIGHTS, strict=True)) % 11]


def mark(number: int) -> str:
    """A word that is in one letter only; it stays in what is not public."""
    return f"ZQX{number:05d}J"


def read(text: str) -> str:
    """What somebody reads who looks past the writing: wide and spoken digits, spaces and dashes between digits."""
    plain = unicodedata.normalize("NFKC", text).translate(
        {ord(said): str(n) for n, said in enumerate("零一二三四五六七八九")}
    )
    return re.sub(r"(?<=\d)[ -](?=\d)", "", plain)


def words_with_marks(number: int) -> str:
    """The letter: a telephone number in one of six writings, in some also an identity number or a mailbox."""
    is_hidden = number % 5 == 0 or number % 7 == 0 or number % 11 == 0
    told = WAYS[number % 5].format(WRITINGS[number % 6](phone(number)))
    more = {1: f"。身份证号{identity(number)}", 2: f"。邮箱 zqx{number:05d}@example.com"}.get(number % 4, "")
    return f"{MATTERS[number % 5]}{f'，暗号{mark(number)}' if is_hidden else ''}。{told}{more}"


def plant(session: Session, office: TheOffice, numbers: Iterable[int], now: datetime) -> dict[str, int]:
    """Closed cases with a telephone number each; every fifth citizen objects, every seventh case is withheld,
    every eleventh is withdrawn again. What is then public may hold no mark. Case number → number of the letter.

    The first goes the whole way through the office; the others are as it is in every column but the words.
    """
    planted: dict[str, int] = {}
    first: tuple[Case, Message, Reply] | None = None
    for number in numbers:
        at, text = now - timedelta(days=7 * (number // EACH_WEEK)), words_with_marks(number)
        about = {
            "category": "市政", "place": mark(number) if number % 13 == 0 else "城东区",
            "platform": ("wechat", "weibo")[number % 2],
        }  # fmt: skip
        if first is None:
            case = a_closed_case(session, office, now=at, text=text, consent=number % 5 != 0, **about)
            message = session.exec(select(Message).where(Message.case_id == case.id)).one()
            reply = session.exec(select(Reply).where(Reply.case_id == case.id)).one()
            first = case, message, reply
        else:
            case = _one_more(session, first, number, text, at, about)
        planted[case.number] = number
    session.flush()
    return planted


def _one_more(
    session: Session,
    first: tuple[Case, Message, Reply],
    number: int,
    text: str,
    at: datetime,
    about: dict[str, str],
) -> Case:
    """A case like the first one, with its message and its reply."""
    case, message, reply = (row.model_dump(exclude={"id"}) for row in first)
    received_at = at - timedelta(days=1)
    made = Case(**{
        **case, **about, "number": new_number(day_of(received_at)), "text": text, "title": title_of(text),
        "received_at": received_at, "replied_at": at, "closed_at": at, "public_consent": number % 5 != 0,
    })  # fmt: skip
    session.add(made)
    session.flush()
    session.add(Message(**{**message, "external_id": f"planted-{number}", "case_id": made.id, "text": text}))
    session.add(Reply(**{**reply, "case_id": made.id, "created_at": at, "saved_at": at, "released_at": at}))
    return made


def decide(session: Session, office: TheOffice, now: datetime, planted: dict[str, int]) -> int:
    """What the officer does with everything that waits; how many were decided."""
    officer = office.people[DISCLOSER]
    disclosure.propose_closed(session, now)
    waiting = select(Disclosure, Case).join(Case, col(Case.id) == col(Disclosure.case_id))
    found = session.exec(waiting.where(Disclosure.state == "waiting")).all()
    for one, case in found:
        if planted[case.number] % 7 == 0:
            disclosure.withhold(session, now, officer, one.id, reason="privacy")
        else:
            disclosure.confirm(
                session, now, officer, one.id, digest=one.digest, considered=one.flags, **words_of(one)
            )
    while opendata.publish_decided(session, now):
        session.flush()
    for one, case in found:
        if one.state == "published" and planted[case.number] % 11 == 0:
            opendata.withdraw(session, now, officer, case.number, reason="requested")
    return len(found)


ADDRESSES = (
    *(f"/data/{name}.{ending}" for name in DATASETS for ending in ("csv", "jsonl")),
    "/data", "/data.json", "/data/datapackage.json", "/data/catalog.jsonld", "/data/catalog.ttl", "/data/cases.atom",
    "/data/cases.feed.json", "/data/cases/rows.json?$limit=1000", "/statistics", "/statistics.json",
    "/statistics.csv?by=all", "/cases", "/cases.json", "/cases.csv", "/accounts", "/cases?q=积水", "/cases.json?q=电话",
    "/open311/v2/requests.json?start_date=2020-01-01", "/open311/v2/requests.xml?start_date=2020-01-01",
    "/sitemap.xml", "/cases/sitemap.xml", "/robots.txt",
)  # fmt: skip


def everything_public(client: FlaskClient, session: Session, pages: int) -> Iterator[tuple[str, str]]:
    """Every output a stranger can fetch, with its text: files, feeds, answers, lists, and single pages."""
    for address in ADDRESSES:
        yield address, client.get(address).get_data(as_text=True)
    for address in re.findall(
        r"<loc>http://localhost(/cases/sitemap/[^<]+)</loc>", client.get("/cases/sitemap.xml").text
    ):
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
