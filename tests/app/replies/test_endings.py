"""The same approved words to several people at a platform that refuses repeats: each with an approved ending."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlmodel import select

from app.base import clock
from app.base.errors import Invalid, NotAllowed
from app.cases.models import Case
from app.messages.models import Message
from app.official_accounts import service as accounts
from app.official_accounts.models import OfficialAccount
from app.replies import queries, sending, service
from app.replies.models import Delivery, Reply
from app.replies.rendering import render
from connectors.registry import count_text
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.replies.acting import REVIEWERS, approve, drafted
from tests.conftest import NOW, WEIBO, TheOffice

TEXT = "没有租赁合同的，可以用房东签名的居住证明办理居住证，15 个工作日内发证。"
ENDINGS = ["感谢您的来信。", "祝您生活愉快。"]
SignedIn = Callable[[str], FlaskClient]


# ------------------------------------------------------------------ the rule


@pytest.mark.parametrize(
    ("gone_out", "chosen"),
    [
        ([], ""),
        ([""], "甲"),
        (["甲"], ""),
        (["", "甲"], "乙"),
        (["", "甲", "乙"], ""),  # all used: the one longest ago
        (["甲", "", "乙"], "甲"),
        (["", "", "丙"], "甲"),  # one that is no longer in the list
    ],
)
def test_the_ending_is_the_first_with_which_the_words_did_not_go_out(
    gone_out: list[str], chosen: str
) -> None:
    assert sending.ending_for(["甲", "乙"], gone_out) == chosen


@pytest.mark.parametrize(("length", "fits"), [(133, True), (134, False)])
def test_room_is_kept_for_the_longest_ending(length: int, fits: bool) -> None:
    endings = {"weibo": ["谢谢。", "感谢您的来信。"]}
    made = render("字" * length, "weibo", False, count_text, endings=endings)
    assert (made.fits, made.count.used, made.text) == (fits, length + 7, "字" * length)
    in_private = render("字" * 134, "weibo", True, count_text, endings=endings)
    assert (in_private.fits, in_private.endings) == (True, ())


# ------------------------------------------------------------------ over real HTTP


@pytest.fixture
def weibo() -> Iterator[WeiboSandbox]:
    with WeiboSandbox(
        uid=WEIBO["uid"], app_secret=WEIBO["app_secret"], access_token=WEIBO["access_token"], clock=clock.now
    ) as stand:
        yield stand


def prepared(office: TheOffice, weibo: WeiboSandbox, endings: list[str]) -> None:
    with office.db.writing() as session:
        number = office.accounts["weibo"].id
        accounts.change_settings(session, NOW, None, number, {"api_base": weibo.url})
        accounts.set_endings(session, NOW, None, number, endings)


def answered(office: TheOffice, weibo: WeiboSandbox, person: str, text: str = TEXT) -> tuple[Reply, Case]:
    """A citizen's comment, with the same answer released."""
    comment = weibo.comment(person, "租房没有合同，能不能办居住证？")
    thread = {"cid": str(comment), "id": str(weibo.comments[comment].status)}
    with office.db.writing() as session:
        reply, case = drafted(
            session, office, text=text, platform="weibo", kind="comment", sender=person, thread=thread
        )
        service.submit(session, NOW, office.people["老李"], reply.id)
        approve(session, office, reply, *REVIEWERS)
        service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
    return reply, case


def deliveries(office: TheOffice) -> list[Delivery]:
    with office.db.reading() as session:
        return list(session.exec(select(Delivery).order_by(Delivery.id)))


def test_pitfall_28_two_citizens_get_the_same_text_and_weibo_refuses_neither(
    office: TheOffice, weibo: WeiboSandbox
) -> None:
    prepared(office, weibo, ENDINGS)
    for person in ("1700000001", "1700000002", "1700000003"):
        answered(office, weibo, person)
        service.deliver_released(office.db, NOW)
    rows = deliveries(office)
    assert [(row.state, row.error_code) for row in rows] == [("done", "")] * 3
    assert [row.ending for row in rows] == ["", *ENDINGS]
    sent = [entry.text for entry in weibo.ledger.entries()]
    assert sent == [row.text + row.ending for row in rows] == [TEXT, TEXT + ENDINGS[0], TEXT + ENDINGS[1]]


def test_without_endings_the_second_is_refused_and_with_one_it_can_be_sent_again(
    sqlite_office: TheOffice, weibo: WeiboSandbox
) -> None:
    """That the sandbox really refuses; and that what it refused counts as said."""
    prepared(sqlite_office, weibo, ENDINGS)
    weibo._said.add(TEXT)  # somebody said it in Weibo's own back end
    answered(sqlite_office, weibo, "1700000001")
    service.deliver_released(sqlite_office.db, NOW)
    (row,) = deliveries(sqlite_office)
    assert (row.state, row.error_code, row.ending) == ("failed", "20019", "")
    with sqlite_office.db.writing() as session:
        service.retry(session, NOW, sqlite_office.people["小陈"], row.id)
    service.deliver_released(sqlite_office.db, NOW)
    (row,) = deliveries(sqlite_office)
    assert (row.state, row.ending) == ("done", ENDINGS[0])


def test_an_ending_nobody_approved_is_never_added(sqlite_office: TheOffice, weibo: WeiboSandbox) -> None:
    prepared(sqlite_office, weibo, ["感谢您的来信。"])
    answered(sqlite_office, weibo, "1700000001")
    second, _ = answered(sqlite_office, weibo, "1700000002")
    assert second.endings == {"weibo": ["感谢您的来信。"]}
    with sqlite_office.db.writing() as session:  # after the release: another list
        accounts.set_endings(session, NOW, None, sqlite_office.accounts["weibo"].id, ["没有人审过。"])
    service.deliver_released(sqlite_office.db, NOW)
    assert [(row.state, row.ending) for row in deliveries(sqlite_office)] == [("done", ""), ("failed", "")]
    assert all("没有人审过" not in entry.text for entry in weibo.ledger.entries())


def test_an_ending_put_into_the_database_voids_the_approval(
    sqlite_office: TheOffice, weibo: WeiboSandbox
) -> None:
    prepared(sqlite_office, weibo, ENDINGS)
    answered(sqlite_office, weibo, "1700000001")
    with sqlite_office.db.writing() as session:
        session.execute(update(Reply).values(endings={"weibo": ["加微信。"]}))
        session.execute(update(OfficialAccount).values(endings=["加微信。"]))
    service.deliver_released(sqlite_office.db, NOW)
    (row,) = deliveries(sqlite_office)
    assert (row.error_code, weibo.ledger.entries()) == ("approval_void", ())


def test_what_is_under_review_keeps_the_endings_it_was_sent_with(
    sqlite_office: TheOffice, weibo: WeiboSandbox
) -> None:
    prepared(sqlite_office, weibo, ENDINGS)
    with sqlite_office.db.writing() as session:
        reply, case = drafted(session, sqlite_office, text=TEXT, platform="weibo", kind="comment")
        service.submit(session, NOW, sqlite_office.people["老李"], reply.id)
        before = queries.standing(session, reply, case).digest
        accounts.set_endings(session, NOW, None, sqlite_office.accounts["weibo"].id, [])
        assert queries.standing(session, reply, case).digest == before
        (_, comment) = queries.previews(session, NOW, reply, queries.targets_of(session, case))
        assert comment.endings == tuple(ENDINGS)


def test_a_text_that_fits_only_without_its_ending_needs_a_short_form(
    sqlite_office: TheOffice, weibo: WeiboSandbox
) -> None:
    prepared(sqlite_office, weibo, ENDINGS)
    with sqlite_office.db.writing() as session:
        reply, case = drafted(session, sqlite_office, text="字" * 138, platform="weibo", kind="comment")
        assert "too_long" in {one.code for one in service.check(session, NOW, reply, case)}
        accounts.set_endings(session, NOW, None, sqlite_office.accounts["weibo"].id, [])
        assert "too_long" not in {one.code for one in service.check(session, NOW, reply, case)}


def test_an_ending_is_checked_like_the_text(sqlite_office: TheOffice, weibo: WeiboSandbox) -> None:
    prepared(sqlite_office, weibo, ["详情见 www.shop.example"])
    with sqlite_office.db.writing() as session:
        reply, case = drafted(session, sqlite_office, text=TEXT, platform="weibo", kind="comment")
        assert "link" in {one.code for one in service.check(session, NOW, reply, case)}


@pytest.mark.parametrize(
    ("platform", "words", "refusal"),
    [
        ("weibo", ["谢谢。"] + [f"第{n}句" for n in range(10)], "最多 10 句"),
        ("weibo", ["字" * 31], "最多 30 个字"),
        ("weibo", ["看\u202e这"], "一行"),
        ("wechat", ["谢谢。"], "不用结尾"),
    ],
)
def test_a_list_of_endings_that_cannot_be_kept_is_refused_in_words(
    sqlite_office: TheOffice, platform: str, words: list[str], refusal: str
) -> None:
    with sqlite_office.db.writing() as session, pytest.raises(Invalid, match=refusal):
        accounts.set_endings(session, NOW, None, sqlite_office.accounts[platform].id, words)


def test_only_the_system_administrator_sets_them(sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session, pytest.raises(NotAllowed):
        number = sqlite_office.accounts["weibo"].id
        accounts.set_endings(session, NOW, sqlite_office.people["小陈"], number, ["谢谢。"])


# ------------------------------------------------------------------ on the pages


def test_the_administrator_writes_them_and_the_reviewer_reads_them(
    signed_in: SignedIn, sqlite_office: TheOffice
) -> None:
    number = sqlite_office.accounts["weibo"].id
    admin = signed_in("系统管理员")
    assert "答复的结尾" in admin.get(f"/desk/accounts/{number}").text
    wrong = admin.post(f"/desk/accounts/{number}/endings", data={"endings": "字" * 31})
    assert wrong.status_code == 400 and "最多 30 个字" in wrong.text
    good = admin.post(
        f"/desk/accounts/{number}/endings", data={"endings": "感谢您的来信。\r\n\r\n祝您生活愉快。"}
    )
    assert good.status_code == 303
    assert signed_in("小陈").post(f"/desk/accounts/{number}/endings", data={}).status_code == 403
    with sqlite_office.db.writing() as session:
        reply, _ = drafted(session, sqlite_office, text=TEXT, platform="weibo", kind="comment")
        service.submit(session, NOW, sqlite_office.people["老李"], reply.id)
    page = signed_in("王科长").get(f"/desk/reviews/{reply.id}").text
    assert "末尾加“感谢您的来信。”或“祝您生活愉快。”" in page
    other = sqlite_office.accounts["wechat"].id
    assert "答复的结尾" not in admin.get(f"/desk/accounts/{other}").text


def test_the_message_that_was_answered_keeps_no_ending_of_another(sqlite_office: TheOffice) -> None:
    """Private messages and other platforms have none, whatever stands on their account."""
    with sqlite_office.db.writing() as session:
        session.execute(update(OfficialAccount).values(endings=["谢谢。"]))
        _, case = drafted(session, sqlite_office)  # 微信
        targets = queries.targets_of(session, case)
        assert queries.endings_of(session, targets) == {}
        session.execute(update(Message).values(platform="weibo", kind="text"))
        assert queries.endings_of(session, targets) == {}
