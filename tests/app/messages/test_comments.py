"""Comments below articles come with the account's token, once each; what happens to them there is followed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from app.cases import service as cases
from app.cases.models import Case
from app.messages import service
from app.messages.models import Message
from app.official_accounts import service as accounts
from app.official_accounts.models import FetchState
from connectors.sandbox.wechat import WeChatSandbox
from tests.conftest import NOW, WECHAT, TheOffice

READER = "oTESTopenid0000000000000001"
HOUR = timedelta(hours=1)


@pytest.fixture
def wechat(sqlite_office: TheOffice) -> Iterator[WeChatSandbox]:
    account = {name: WECHAT[name] for name in ("app_id", "app_secret", "token", "aes_key", "original_id")}
    with WeChatSandbox(**account, clock=lambda: NOW) as stand:
        with sqlite_office.db.writing() as session:
            number = sqlite_office.accounts["wechat"].id
            settings = {
                "api_base": stand.url,
                "comment_days": "7",
                "articles": "https://mp.weixin.qq.com/s?mid=2650000123&idx=1",
            }
            accounts.change_settings(session, NOW, None, number, settings)
        yield stand


def fetched(office: TheOffice, hours: int = 0) -> list[Message]:
    service._fetch(office.db, NOW + hours * HOUR, office.accounts["wechat"].id)
    cases.take_in_arrivals(office.db, NOW + hours * HOUR)
    with office.db.reading() as session:
        return list(session.exec(select(Message).order_by(Message.id)))


def test_a_comment_becomes_a_case_once_and_a_refused_token_is_fetched_anew(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    wechat.comment(READER, "路灯什么时候修")
    wechat.comment(None, "没有微信身份的读者")  # pitfall 22: no openid
    assert [one.text for one in fetched(sqlite_office)] == ["路灯什么时候修", "没有微信身份的读者"]
    wechat.expire_tokens()
    wechat.comment(READER, "再问一次")
    assert len(fetched(sqlite_office, 1)) == 3
    with sqlite_office.db.reading() as session:
        assert len(session.exec(select(Case)).all()) == 3
        assert session.get_one(FetchState, sqlite_office.accounts["wechat"].id).error == ""
