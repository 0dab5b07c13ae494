"""省 → 市 → 区: three installations with a database and an HTTP server each hand answers on (D10, E15)."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.serving import make_server

from app.answers import service as answers
from app.base.db import Database
from app.base.errors import Conflict, Invalid
from app.base.keys import Keys
from app.consistency import queries as consistency
from app.federation import queries, service
from app.staff import queries as staff
from kb import queries as library
from kb.federation import page_words, precedes
from tests.app.answers.acting import LOST_CARD, published
from tests.conftest import NOW, TheOffice, make_app, open_office

LEVELS = {"省": "province", "市": "city", "区": "district"}


@dataclass
class Library:
    """One installation: its office, its database, where it answers."""

    office: TheOffice
    url: str
    id: str
    asked: list[str]

    @property
    def db(self) -> Database:
        return self.office.db

    def ask(self, other: "Library", level: str) -> None:
        """Begin to take the answers of another one in."""
        told = service.introduce(other.url)
        with self.db.writing() as session:
            editor = self.office.people["编辑小叶"]
            service.add(session, NOW, editor, url=other.url, told=told, level=level, fingerprint=other.id[:8])

    def pull(self) -> int:
        return service.pull_neighbours(self.db, NOW)

    def questions(self) -> list[str]:
        """What is in force here, with where it is from."""
        with self.db.reading() as session:
            rows = library.published(session, limit=100)
            return sorted(
                f"{'别处' if entry.origin else '自己'}：{version.question}" for entry, version in rows
            )

    def trouble(self) -> str:
        with self.db.reading() as session:
            return queries.libraries(session)[0].trouble


@contextmanager
def opened(name: str, template: Path, folder: Path) -> Iterator[Library]:
    path = folder / f"{name}.db"
    shutil.copyfile(template, path)
    db = Database(f"sqlite:///{path}", Keys(f"the secret of {name}, 0123456789abcdef"))
    office = open_office(db)
    with db.writing() as session:
        row = staff.office(session)
        assert row is not None
        row.name, row.settings = f"{name}政务服务中心", {"library_level": LEVELS[name]}
        session.add(row)
    data = folder / name
    data.mkdir()
    app = make_app(db, data)
    asked: list[str] = []

    def noting(environ: dict[str, Any], start: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return app(environ, start)

    server = make_server("127.0.0.1", 0, noting, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with db.reading() as session:
        own = service.ourselves(session)["id"]
    try:
        yield Library(office, f"http://127.0.0.1:{server.server_port}", own, asked)
    finally:
        server.shutdown()
        thread.join()
        db.close()


@pytest.fixture
def three(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Library, Library, Library]]:
    """省, 市 and 区, each with an answer of its own published in the province."""
    with (
        opened("省", sqlite_template, tmp_path) as a,
        opened("市", sqlite_template, tmp_path) as b,
        opened("区", sqlite_template, tmp_path) as c,
    ):
        yield a, b, c


def publish(where: Library, **changes: Any) -> tuple[int, str]:
    with where.db.writing() as session:
        entry, _ = published(session, where.office, LOST_CARD, **changes)
        return entry.id, entry.key


@pytest.mark.clause("D10")
def test_the_levels_in_their_order() -> None:
    """国家 > 省 > 市 > 区 > 部门, and nobody precedes an equal."""
    ordered = ["national", "province", "city", "district", "department"]
    for one, level in enumerate(ordered):
        assert [other for other in ordered if precedes(level, other)] == ordered[one + 1 :]


@pytest.mark.clause("D10", "E15")
def test_an_answer_goes_from_a_by_b_to_c_once_is_followed_and_withdrawn(
    three: tuple[Library, Library, Library],
) -> None:
    a, b, c = three
    entry_id, _ = publish(a)
    b.ask(a, "province")
    c.ask(b, "city")
    a.ask(c, "district")  # a ring
    c.ask(a, "province")  # and a second way
    assert b.pull() == 1
    assert c.pull() == 1  # by b and from a itself: once
    assert a.pull() == 0  # its own answer does not come home
    assert [one.pull() for one in three] == [0, 0, 0]
    assert a.questions() == ["自己：社保卡丢了怎么补办"]
    assert b.questions() == c.questions() == ["别处：社保卡丢了怎么补办"]

    with c.db.reading() as session:
        (entry, version) = library.published(session)[0]
        came = queries.of_entry(session, entry.id)
        assert came is not None
        assert (came.origin, came.origin_version) == (a.id, 1)
        assert came.path[0] == a.id
        assert version.text == LOST_CARD["text"]

    publish(
        a,
        entry_id=entry_id,
        text="请先拨打 12333 挂失，再带身份证到网点补办，三个工作日领取，不收费。",
        significance="major",
    )
    assert b.pull() == 1
    assert c.pull() == 1
    with c.db.reading() as session:
        assert "三个工作日" in library.published(session)[0][1].text

    with a.db.writing() as session:
        answers.retire(session, NOW, a.office.people["周局长"], entry_id, reason="政策已变")
    assert (b.pull(), c.pull()) == (1, 1)
    assert a.questions() == b.questions() == c.questions() == []
    assert [one.pull() for one in three] == [0, 0, 0]


@pytest.mark.clause("D10")
def test_what_came_is_read_only_and_what_contradicts_it_is_flagged_to_its_owner(
    three: tuple[Library, Library, Library],
) -> None:
    a, b, _ = three
    publish(a)
    own_id, _ = publish(b, text="请先拨打 12333 挂失，再带身份证到就近网点补办，当场领取，收取工本费。")
    b.ask(a, "province")
    assert b.pull() == 1
    with b.db.reading() as session:
        (conflict,) = consistency.open_conflicts(session)
        imported = next(entry for entry, _ in library.published(session) if entry.origin)
        assert (conflict.entry_id, conflict.other_id) == (own_id, imported.id)
        reasons = [row.reason for row in library.open_rechecks(session, own_id)]
        assert reasons == ["conflict"]
    with b.db.writing() as session, pytest.raises(Conflict, match="来自别的问答库"):
        answers.propose(
            session, NOW, b.office.people["编辑小叶"], entry_id=imported.id, **{**LOST_CARD, "question": "改"}
        )
    with b.db.writing() as session, pytest.raises(Conflict, match="来自别的问答库"):
        answers.retire(session, NOW, b.office.people["周局长"], imported.id, reason="不要")


@pytest.mark.clause("D10")
def test_of_two_imported_answers_that_contradict_the_one_from_above_holds(
    three: tuple[Library, Library, Library],
) -> None:
    a, b, c = three
    publish(a)
    publish(b, text="请先拨打 12333 挂失，再带身份证到就近网点补办，15 个工作日领取，工本费20元。")
    c.ask(b, "city")
    assert c.pull() == 1
    c.ask(a, "province")
    assert c.pull() == 1
    with c.db.reading() as session:
        ((entry, _),) = library.published(session)
        assert entry.origin == a.id


TAMPERED = (
    (
        "the words of an answer",
        lambda page: page["items"][0]["statement"]["form"].update(text="改过的口径"),
        "第 1 条",
    ),
    ("its level", lambda page: page["items"][0]["statement"].update(level="national"), "第 1 条"),
    ("whose it is", lambda page: page["items"][0]["statement"].update(origin="0" * 40), "第 1 条"),
    ("the way it came", lambda page: page["items"][0].update(path=["0" * 40]), "第 1 条"),
    ("a signature", lambda page: page["items"][1].update(signature="AAAA"), "第 2 条"),
)


@pytest.mark.clause("D10")
@pytest.mark.parametrize(("what", "change", "line"), TAMPERED, ids=[row[0] for row in TAMPERED])
def test_a_page_that_was_tampered_with_is_refused_whole_and_names_the_line(
    three: tuple[Library, Library, Library], what: str, change: Any, line: str
) -> None:
    a, b, _ = three
    publish(a)
    publish(a, question="社保卡密码忘了怎么办")
    b.ask(a, "province")
    with a.db.reading() as session:
        page = json.loads(json.dumps(service.changes(session)))
        change(page)
        # Even if whoever hands it on signs the page, what its owner signed still tells.
        page["signature"] = session.info["keys"].sign(page_words(page), service.PURPOSE)
    with pytest.raises(Invalid, match=line), b.db.writing() as session:
        service.take_page(session, NOW, queries.libraries(session)[0], page)
    assert b.questions() == []


@pytest.mark.clause("D10")
def test_a_page_that_somebody_on_the_line_changed_is_refused_and_the_editors_are_told(
    three: tuple[Library, Library, Library],
) -> None:
    a, b, _ = three
    publish(a)
    b.ask(a, "province")

    def answer(request: httpx.Request) -> httpx.Response:
        page = httpx.get(str(request.url)).json()
        return httpx.Response(200, json=page | {"next": "c999999"})

    assert service.pull_neighbours(b.db, NOW, transport=httpx.MockTransport(answer)) == 0
    assert "签名不对" in b.trouble()
    assert b.questions() == []
    assert b.pull() == 1
    assert b.trouble() == ""


def test_a_wrong_fingerprint_ourselves_and_a_silent_address_are_no_neighbours(
    three: tuple[Library, Library, Library],
) -> None:
    a, b, _ = three
    told = service.introduce(a.url)
    editor = b.office.people["编辑小叶"]
    with b.db.writing() as session, pytest.raises(Invalid, match="指纹"):
        service.add(session, NOW, editor, url=a.url, told=told, level="province", fingerprint="00000000")
    with b.db.writing() as session, pytest.raises(Conflict, match="自己"):
        service.add(
            session, NOW, editor, url=b.url, told=service.introduce(b.url), level="city", fingerprint=b.id
        )
    b.ask(a, "province")
    gone = httpx.MockTransport(lambda request: httpx.Response(503))
    assert service.pull_neighbours(b.db, NOW, transport=gone) == 0
    assert "HTTP 503" in b.trouble()


def test_refusing_a_library_takes_its_answers_out_of_force(three: tuple[Library, Library, Library]) -> None:
    a, b, _ = three
    publish(a)
    b.ask(a, "province")
    b.pull()
    with b.db.writing() as session:
        service.refuse(session, NOW, b.office.people["编辑小叶"], queries.libraries(session)[0].id)
    assert b.questions() == []
    assert b.pull() == 0
