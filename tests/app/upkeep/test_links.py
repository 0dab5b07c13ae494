"""A page that answers rest on is looked at every week: gone or changed, it is work for their owners (C17, E12)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import select
from werkzeug.serving import make_server

from app.answers import service as answers
from app.notices.models import Notice
from app.upkeep import service
from app.upkeep.links import Judged, Seen, State, judge, sentences_of
from app.upkeep.models import CheckedLink
from kb import queries as library
from kb.states import RecheckReason
from tests.app.answers.acting import LOST_CARD, PERMIT, published
from tests.conftest import NOW, TheOffice

WEEK, DAY = timedelta(days=7, minutes=1), timedelta(days=1, minutes=1)
PAGE = "<html><p>补办社会保障卡不收费，当场领取新卡。</p><p>本办法自二〇二五年一月一日起施行。</p>浏览 {} 次</html>"


@dataclass
class Site:
    """The web site of the office that issued the document."""

    url: str
    status: int = 200
    body: str = PAGE.format(1)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    def answer(environ, start):  # type: ignore[no-untyped-def]
        here.asked.append(environ["PATH_INFO"])
        start(f"{here.status} Said", [("Content-Type", "text/html; charset=utf-8")])
        return [here.body.encode()]

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = Site(f"http://127.0.0.1:{server.server_port}/policy/6.html")
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cited(office: TheOffice, site: Site) -> int:
    """An answer in force that rests on a page of the site."""
    basis = [{"title": "云泽市社会保障卡管理办法", "url": site.url}]
    with office.db.writing() as session:
        entry, _ = published(session, office, LOST_CARD, basis=basis)
        published(session, office, PERMIT)
        return entry.id


def look(office: TheOffice, after: timedelta) -> int:
    return service.check_links(office.db, NOW + after, may_reach=lambda _: True)


def open_reasons(office: TheOffice, entry_id: int) -> list[str]:
    with office.db.reading() as session:
        return [one.reason for one in library.open_rechecks(session, entry_id)]


@pytest.mark.clause("C17", "E12")
def test_a_page_that_loses_a_sentence_is_work_for_the_owner_and_a_counter_is_none(
    office: TheOffice, site: Site
) -> None:
    entry_id = cited(office, site)
    assert look(office, timedelta()) == 1
    assert look(office, DAY) == 0  # once a week is enough
    site.body = PAGE.format(2)
    assert look(office, WEEK) == 1
    assert open_reasons(office, entry_id) == []
    site.body = PAGE.format(3).replace("不收费", "收取工本费")
    look(office, 2 * WEEK)
    assert open_reasons(office, entry_id) == [RecheckReason.SOURCE_CHANGED]
    look(office, 3 * WEEK)
    assert open_reasons(office, entry_id) == [RecheckReason.SOURCE_CHANGED]
    with office.db.reading() as session:
        told = session.exec(select(Notice).where(Notice.kind == "answer_recheck")).all()
    assert {one.address for one in told} == {f"/desk/answers/{entry_id}"}
    assert all("原文有改动" in one.text for one in told)
    assert len({one.staff_id for one in told}) == len(told) > 1


@pytest.mark.clause("C17")
def test_a_page_that_is_gone_is_said_once_and_settled_when_it_is_back(
    sqlite_office: TheOffice, site: Site
) -> None:
    entry_id = cited(sqlite_office, site)
    site.status = 404
    look(sqlite_office, timedelta())
    look(sqlite_office, WEEK)
    assert open_reasons(sqlite_office, entry_id) == [RecheckReason.DEAD_LINK]
    site.status = 200
    look(sqlite_office, 2 * WEEK)
    assert open_reasons(sqlite_office, entry_id) == []


def test_nothing_inside_is_called_whoever_names_it(sqlite_office: TheOffice, site: Site) -> None:
    entry_id = cited(sqlite_office, site)
    assert service.check_links(sqlite_office.db, NOW) == 1
    assert site.asked == []
    assert open_reasons(sqlite_office, entry_id) == []
    with sqlite_office.db.reading() as session:
        assert session.exec(select(CheckedLink)).one().state == State.INSIDE


def test_a_page_nobody_cites_any_more_is_forgotten(sqlite_office: TheOffice, site: Site) -> None:
    entry_id = cited(sqlite_office, site)
    look(sqlite_office, timedelta())
    with sqlite_office.db.writing() as session:
        answers.retire(session, NOW, sqlite_office.people["周局长"], entry_id, reason="政策已变")
    look(sqlite_office, WEEK)
    with sqlite_office.db.reading() as session:
        assert session.exec(select(CheckedLink)).all() == []


# ------------------------------------------------------------------ the rule

A, B = ("aaaaaaaa", "bbbbbbbb"), ("aaaaaaaa",)


@pytest.mark.parametrize(
    ("state", "failures", "kept", "seen", "online", "then"),
    [
        ("new", 0, (), Seen(200, A), True, ("ok", 0, None)),
        ("ok", 0, A, Seen(200, A), True, ("ok", 0, None)),
        ("ok", 0, B, Seen(200, A), True, ("ok", 0, None)),  # something was added
        ("ok", 0, A, Seen(200, B), True, ("ok", 0, RecheckReason.SOURCE_CHANGED)),
        ("ok", 0, A, Seen(200), True, ("ok", 0, None)),  # too long to compare
        ("ok", 0, A, Seen(302), True, ("ok", 0, None)),
        ("ok", 0, A, Seen(403), True, ("ok", 0, None)),  # it wants no programs
        ("ok", 0, A, Seen(410), True, ("dead", 1, RecheckReason.DEAD_LINK)),
        ("dead", 1, A, Seen(404), True, ("dead", 2, None)),
        ("ok", 0, A, Seen(0), True, ("unsure", 1, None)),
        ("unsure", 1, A, Seen(503), True, ("unsure", 2, None)),
        ("unsure", 2, A, Seen(0), True, ("dead", 3, RecheckReason.DEAD_LINK)),
        ("unsure", 2, A, Seen(0), False, ("unsure", 2, None)),  # our own line is down
        ("dead", 3, A, Seen(0), True, ("dead", 4, None)),
        ("ok", 0, A, Seen(0, is_inside=True), True, ("inside", 0, None)),
    ],
)
def test_what_one_look_means(state, failures, kept, seen, online, then):  # type: ignore[no-untyped-def]
    judged: Judged = judge(state, failures, kept, seen, is_online=online)
    assert (judged.state, judged.failures, judged.news) == then


def test_only_sentences_of_a_page_count() -> None:
    said = "<p>申请人应当在三十日内提出申请。</p>"
    bare = sentences_of(said.encode(), "text/html; charset=utf-8")
    dressed = (
        "<html><script>var a='现在是十二点三十分零五秒。';</script><nav>首页 新闻</nav>"
        f"{said}<!-- 一条看不见的注释文字。 -->"
        "<p>浏览 8 次</p></html>"
    )
    assert len(bare) == 1
    assert sentences_of(dressed.encode("gb18030"), "text/html; charset=gb2312") == bare
    assert sentences_of(dressed.encode(), "text/html") == bare
    assert sentences_of(b"%PDF-1.7", "application/pdf") != sentences_of(b"%PDF-1.8", "application/pdf")
    assert sentences_of(b"", "application/pdf") == ()
    assert sentences_of(b"<p>" * 50_000, "text/html; charset=nothing") == ()
