"""Whoever follows the change feed, from the beginning or from a file, ends with exactly the published set."""

import io
import json
import random
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlmodel import select

from app.disclosure import service as disclosure
from app.disclosure.models import Disclosure
from app.opendata import queries, service
from app.opendata.catalog import Publisher
from app.opendata.feed import position
from app.statistics.service import SOURCES
from tests.closing import DISCLOSER, proposed, published, words_of
from tests.conftest import NOW, TheOffice

ADDRESS = "https://hy.example"
CITY = Publisher("云泽市", ADDRESS)


class Follower:
    """A consumer: keeps what it was told, deletes what was withdrawn. Knows nothing but lines and cursors."""

    def __init__(self, kept: dict[str, object], place: int) -> None:
        self.kept, self.place = kept, place

    def pull(self, office: TheOffice, limit: int = 3) -> None:
        while True:
            with office.db.reading() as session:
                found = queries.changes(session, NOW, "cases", SOURCES["cases"], self.place, limit, ADDRESS)
            for line in found.lines:
                if line.kind == "withdrawn":
                    self.kept.pop(line.key, None)
                elif line.data is not None:
                    self.kept[line.key] = dict(line.data)
            self.place = found.position
            if not found.has_more:
                return


def snapshot(office: TheOffice) -> tuple[dict[str, object], int]:
    """The rows of the zip, and the place after them, as somebody who only has the zip reads them."""
    target = io.BytesIO()
    with office.db.reading() as session:
        service.write_snapshot(session, NOW, target, SOURCES, CITY)
    with zipfile.ZipFile(target) as archive:
        rows = [json.loads(line) for line in archive.read("cases.jsonl").decode().splitlines()]
        cursor = json.loads(archive.read("manifest.json"))["cursors"]["cases"]
    return {row["number"]: row for row in rows}, position("cases", cursor)


@pytest.mark.parametrize("seed", [1, 2])
def test_from_zero_and_from_the_middle_both_end_with_the_published_set(
    sqlite_office: TheOffice, seed: int
) -> None:
    office, chance = sqlite_office, random.Random(seed)
    officer, public = office.people[DISCLOSER], list[str]()
    from_zero, late = Follower({}, 0), None
    for step in range(24):
        now = NOW + timedelta(minutes=step)
        with office.db.writing() as session:
            if public and chance.random() < 0.3:
                number = public.pop(chance.randrange(len(public)))
                service.withdraw(session, now, officer, number, reason="requested")
            elif chance.random() < 0.2:
                service.withhold(
                    session, now, officer, proposed(session, office, now=now).id, reason="privacy"
                )
            else:
                platform = chance.choice(["wechat", "weibo"])
                public.append(published(session, office, now=now, platform=platform).number)
        if step == 11:
            late = Follower(*snapshot(office))
        if chance.random() < 0.4:
            from_zero.pull(office)
    assert late is not None
    from_zero.pull(office)
    late.pull(office)
    now_public, _ = snapshot(office)
    assert set(now_public) == set(public)
    assert from_zero.kept == now_public
    assert late.kept == now_public


def test_corrected_words_reach_whoever_follows(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    officer = office.people[DISCLOSER]
    with office.db.writing() as session:
        number = published(session, office).number
    follower = Follower({}, 0)
    follower.pull(office)
    with office.db.writing() as session:
        found = session.exec(select(Disclosure)).one()
        disclosure.correct(session, NOW, officer, found.id)
        words = words_of(found) | {"title": "租房没有合同怎样办居住证"}
        edited = disclosure.edit(session, NOW, officer, found.id, **words)
        service.publish(
            session, NOW, officer, found.id, digest=edited.digest, considered=edited.flags, **words
        )
    follower.pull(office)
    assert follower.kept[number]["title"] == "租房没有合同怎样办居住证"  # type: ignore[index]


def test_a_snapshot_is_of_one_piece(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        for _ in range(3):
            published(session, sqlite_office)
    target = io.BytesIO()
    with sqlite_office.db.reading() as session:
        service.write_snapshot(session, NOW, target, SOURCES, CITY)
    with zipfile.ZipFile(target) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.testzip() is None
        for file in manifest["files"]:
            data = archive.read(file["name"])
            assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
        package = json.loads(archive.read("datapackage.json"))
        cases = next(one for one in package["resources"] if one["name"] == "cases")
        told = next(one for one in manifest["files"] if one["name"] == "cases.csv")
        assert (cases["hash"], cases["rows"]) == (f"sha256:{told['sha256']}", 3)
