"""A comment that is gone at its platform before our reply gets there: said in words, and the coded page stands in."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.base import clock
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action
from app.messages import service as messages
from app.official_accounts import service as accounts
from app.replies import queries, service
from app.replies.models import Delivery
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.replies.acting import BASIS, MINUTE, REVIEWERS, TEXT, approve
from tests.conftest import NOW, WECHAT, WEIBO, TheOffice

PLACE = (2650000123, 0)
READER = "oTESTopenid0000000000000001"


@pytest.fixture
def wechat(sqlite_office: TheOffice) -> Iterator[WeChatSandbox]:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account, clock=lambda: NOW) as stand:
        settings = {
            "api_base": stand.url,
            "comment_days": "7",
            "articles": "https://mp.weixin.qq.com/s?mid=2650000123&idx=1",
        }
        with sqlite_office.db.writing() as session:
            accounts.change_settings(session, NOW, None, sqlite_office.accounts["wechat"].id, settings)
        yield stand


@pytest.fixture
def weibo(sqlite_office: TheOffice) -> Iterator[WeiboSandbox]:
    keys = {name: WEIBO[name] for name in ("uid", "app_secret", "access_token")}
    with WeiboSandbox(**keys, clock=clock.now) as stand:
        with sqlite_office.db.writing() as session:
            accounts.change_settings(
                session, NOW, None, sqlite_office.accounts["weibo"].id, {"api_base": stand.url}
            )
        yield stand


def read(office: TheOffice, hours: int = 0) -> None:
    """Ask the platforms what is new, and take it in."""
    messages.fetch_new(office.db, NOW + hours * 60 * MINUTE)
    cases.take_in_arrivals(office.db, NOW + hours * 60 * MINUTE)


def released(office: TheOffice) -> Case:
    """The one case, answered and released."""
    with office.db.writing() as session:
        case = session.exec(select(Case)).one()
        clerk, handler = office.people["小陈"], office.people["老李"]
        department = office.departments["公安局户政科"].id
        cases.act(session, NOW, clerk, case.number, Action.ASSIGN, department_id=department)
        case = cases.act(session, NOW, handler, case.number, Action.ACKNOWLEDGE)
        reply = service.draft(session, NOW, handler, case, text=TEXT, basis=BASIS)
        warned = {
            one.key: "已核对" for one in service.check(session, NOW, reply, case) if one.level == "warn"
        }
        service.submit(session, NOW, handler, reply.id, dismissals=warned)
        approve(session, office, reply, *REVIEWERS)
        service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
    return case


def only_delivery(office: TheOffice) -> Delivery:
    with office.db.reading() as session:
        return session.exec(select(Delivery)).one()


def test_wechat_refuses_and_the_page_stands_in(sqlite_office: TheOffice, wechat: WeChatSandbox) -> None:
    wechat.comment(READER, "租房没有合同，能不能办居住证？")
    read(sqlite_office)
    released(sqlite_office)
    wechat.articles.by_place[PLACE].comments[1].deleted = True  # between the release and the call
    service.deliver_released(sqlite_office.db, NOW)
    row = only_delivery(sqlite_office)
    assert (row.state, row.error_code, row.fallback, row.tries) == ("failed", "88008", "page", 1)
    assert wechat.ledger.entries() == ()
    with sqlite_office.db.reading() as session:  # the citizen has a way: nobody need act
        assert queries.count_not_delivered(session, sqlite_office.people["小陈"]) == 0


def test_a_comment_known_to_be_gone_is_not_even_tried(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    wechat.comment(READER, "租房没有合同，能不能办居住证？")
    read(sqlite_office)
    case = released(sqlite_office)
    wechat.articles.by_place[PLACE].comments[1].deleted = True
    read(sqlite_office, hours=1)  # the whole list was read, and it was not there
    wechat.fail_next("comment/reply/add", fault="timeout_before")  # would be an unknown end
    service.deliver_released(sqlite_office.db, NOW)
    row = only_delivery(sqlite_office)
    assert (row.state, row.error_code, row.fallback, row.tries) == ("failed", "gone", "page", 0)
    with sqlite_office.db.reading() as session:
        (way,) = queries.ways(session, NOW, session.get_one(Case, case.id))
        assert way.problem == "gone"


def test_one_that_comes_back_is_answered(sqlite_office: TheOffice, wechat: WeChatSandbox) -> None:
    wechat.comment(READER, "租房没有合同，能不能办居住证？")
    read(sqlite_office)
    at_wechat = wechat.articles.by_place[PLACE].comments[1]
    at_wechat.deleted = True
    read(sqlite_office, hours=1)
    at_wechat.deleted = False
    read(sqlite_office, hours=2)
    released(sqlite_office)
    service.deliver_released(sqlite_office.db, NOW)
    assert (only_delivery(sqlite_office).state, at_wechat.reply and at_wechat.reply[0]) == ("done", TEXT)


def test_weibo_refuses_and_the_page_stands_in(
    sqlite_office: TheOffice, weibo: WeiboSandbox, at_now: object
) -> None:
    comment = weibo.comment("1700000001", "租房没有合同，能不能办居住证？", at=NOW)
    read(sqlite_office)
    released(sqlite_office)
    weibo.delete_comment(comment)
    service.deliver_released(sqlite_office.db, NOW)
    row = only_delivery(sqlite_office)
    assert (row.state, row.error_code, row.fallback) == ("failed", "20201", "page")
    assert weibo.ledger.entries() == ()
