"""A comment is featured or taken away by a person's decision, once, and nobody guesses how it ended."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases import service as cases
from app.cases.models import Case
from app.log.models import Event
from app.messages import service as messages
from app.messages.models import Message
from app.notices.models import Notice
from app.official_accounts import service as accounts
from app.replies import moderating, queries, sending, service
from app.replies.models import Moderation
from app.staff.roles import Person, Role
from app.web.dashboard.log_words import STEP_LABELS
from connectors.sandbox.wechat import WeChatSandbox
from connectors.sandbox.wechat_articles import Comment as AtWeChat
from tests.conftest import NOW, WECHAT, TheOffice
from tests.factories import a_case

READER = "oTESTopenid0000000000000001"
PLACE = (2650000123, 0)
MINUTE = timedelta(minutes=1)
SignedIn = Callable[[str], FlaskClient]


# ------------------------------------------------------------------ the rule

OFFERED = frozenset({"feature", "unfeature", "delete", "close"})
CLERK = Person(1, "小陈", 1, frozenset({Role.CLERK}))
AGENCY_CLERK = Person(2, "外包坐席", 1, frozenset({Role.CLERK}), contractor=True)
LEADER = Person(3, "老徐", 1, frozenset({Role.DUTY_LEADER}))
HANDLER = Person(4, "老李", 1, frozenset({Role.HANDLER}))


@pytest.mark.parametrize(
    ("person", "comment", "may"),
    [
        (CLERK, moderating.Comment(OFFERED), ["feature"]),
        (CLERK, moderating.Comment(OFFERED, is_featured=True), ["unfeature"]),
        (LEADER, moderating.Comment(OFFERED), ["feature", "delete"]),
        (AGENCY_CLERK, moderating.Comment(OFFERED), []),
        (HANDLER, moderating.Comment(OFFERED), []),
        (LEADER, moderating.Comment(frozenset()), []),
        (LEADER, moderating.Comment(OFFERED, is_gone=True), []),
        (LEADER, moderating.Comment(OFFERED, busy="unknown"), []),
        (LEADER, moderating.Comment(OFFERED, is_stopped=True), []),
        (LEADER, moderating.Comment(OFFERED, is_closed=True), []),
    ],
)
def test_who_may_do_what_to_a_comment(person: Person, comment: moderating.Comment, may: list[str]) -> None:
    assert [deed.action for deed in moderating.choices(person, comment)] == may


@pytest.mark.parametrize("action", ["close", "delete_reply", "like", ""])
def test_what_no_screen_offers_is_refused(action: str) -> None:
    assert isinstance(moderating.problem(LEADER, moderating.Comment(OFFERED), action), NotAllowed)


@pytest.mark.parametrize(
    ("reason", "note", "field"),
    [("", "", "reason"), ("criticism", "", "reason"), ("other", " ", "note"), ("insult", "", None)],
)
def test_taking_a_comment_away_wants_a_reason(reason: str, note: str, field: str | None) -> None:
    if field is None:
        moderating.check_reason("delete", reason, note)
        return
    with pytest.raises(Invalid) as refused:
        moderating.check_reason("delete", reason, note)
    assert refused.value.field == field


# ------------------------------------------------------------------ carried out, over real HTTP


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


def commented(office: TheOffice, wechat: WeChatSandbox, text: str = "路灯什么时候修？") -> tuple[Case, int]:
    """A comment that was read from the platform: its case, and the number of its message."""
    wechat.comment(READER, text)
    messages.fetch_new(office.db, NOW)
    cases.take_in_arrivals(office.db, NOW)
    with office.db.reading() as session:
        message = session.exec(select(Message).where(Message.text == text)).one()
        return session.get_one(Case, message.case_id), message.id


def at_wechat(wechat: WeChatSandbox, number: int = 1) -> AtWeChat:
    return wechat.articles.by_place[PLACE].comments[number]


def decide(office: TheOffice, who: str, case: Case, message_id: int, action: str, **why: str) -> int:
    with office.db.writing() as session:
        return service.moderate(session, NOW, office.people[who], case, message_id, action, **why).id


def row_of(office: TheOffice, moderation_id: int) -> Moderation:
    with office.db.reading() as session:
        return session.get_one(Moderation, moderation_id)


def logged(office: TheOffice, case: Case) -> list[str]:
    with office.db.reading() as session:
        return [one.action for one in session.exec(select(Event).where(Event.case_id == case.id))]


def test_a_comment_is_featured_and_unfeatured_at_the_platform(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    decide(sqlite_office, "小陈", case, message_id, "feature")
    assert not at_wechat(wechat).featured  # decided, and not yet carried out
    assert service.moderate_comments(sqlite_office.db, NOW) == 1
    assert at_wechat(wechat).featured
    with pytest.raises(Conflict, match="已经是精选"):
        decide(sqlite_office, "小陈", case, message_id, "feature")
    wechat.expire_tokens()
    decide(sqlite_office, "小陈", case, message_id, "unfeature")
    for minutes in (1, 2):  # the first finds its token refused, and has it fetched anew
        service.moderate_comments(sqlite_office.db, NOW + minutes * MINUTE)
    assert not at_wechat(wechat).featured
    assert logged(sqlite_office, case)[-4:] == [
        "ask_feature", "comment_feature", "ask_unfeature", "comment_unfeature",
    ]  # fmt: skip


def test_a_deleted_comment_is_gone_and_its_reply_is_not_sent_there(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    with pytest.raises(NotAllowed, match="值班长"):
        decide(sqlite_office, "小陈", case, message_id, "delete", reason="insult")
    decide(sqlite_office, "值班长老徐", case, message_id, "delete", reason="insult", note="辱骂工作人员")
    assert service.moderate_comments(sqlite_office.db, NOW) == 1
    assert at_wechat(wechat).deleted
    with sqlite_office.db.reading() as session:
        assert session.get_one(Message, message_id).gone_at is not None
        (way,) = queries.ways(session, NOW, session.get_one(Case, case.id))
        assert way.problem == "gone"
    with pytest.raises(Conflict, match="已经删除"):
        decide(sqlite_office, "值班长老徐", case, message_id, "delete", reason="insult")


@pytest.mark.parametrize(
    ("fault", "state"), [({"errcode": 88003}, "failed"), ({"fault": "reset_after"}, "unknown")]
)
def test_how_it_ended_is_written_down_and_whoever_decided_it_is_told(
    sqlite_office: TheOffice, wechat: WeChatSandbox, fault: dict[str, object], state: str
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    wechat.fail_next("comment/markelect", **fault)
    service.moderate_comments(sqlite_office.db, NOW)
    assert row_of(sqlite_office, made).state == state
    with sqlite_office.db.reading() as session:
        told = session.exec(select(Notice).where(Notice.staff_id == sqlite_office.people["小陈"].id)).all()
    assert any("设为精选" in one.text for one in told)


def test_a_busy_platform_is_asked_again_later(sqlite_office: TheOffice, wechat: WeChatSandbox) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    wechat.fail_next("comment/markelect", errcode=-1)
    service.moderate_comments(sqlite_office.db, NOW)
    assert (row_of(sqlite_office, made).state, at_wechat(wechat).featured) == ("ready", False)
    assert service.moderate_comments(sqlite_office.db, NOW) == 0  # not before its time
    service.moderate_comments(sqlite_office.db, NOW + MINUTE)
    assert (row_of(sqlite_office, made).state, at_wechat(wechat).featured) == ("done", True)


def test_an_intent_whose_owner_is_gone_is_unknown_and_a_person_settles_it(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    with sqlite_office.db.writing() as session:
        row = session.get_one(Moderation, made)
        row.state, row.lease_until = "intent", NOW + sending.LEASE
        session.add(row)
    assert service.moderate_comments(sqlite_office.db, NOW + MINUTE) == 0
    service.moderate_comments(sqlite_office.db, NOW + sending.LEASE)
    assert row_of(sqlite_office, made).state == "unknown"
    assert not at_wechat(wechat).featured  # nothing does it again by itself
    with pytest.raises(Conflict, match="结果不明"):
        decide(sqlite_office, "小陈", case, message_id, "feature")
    with sqlite_office.db.writing() as session, pytest.raises(NotFound):
        service.settle_moderation(session, NOW, sqlite_office.people["老李"], made, done=True)
    with sqlite_office.db.writing() as session:
        service.settle_moderation(session, NOW, sqlite_office.people["小陈"], made, done=False)
    service.moderate_comments(sqlite_office.db, NOW + MINUTE)
    assert at_wechat(wechat).featured


def test_while_the_account_is_stopped_nothing_is_done(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    decide(sqlite_office, "小陈", case, message_id, "feature")
    with sqlite_office.db.writing() as session:
        accounts.stop(session, NOW, None)
    assert service.moderate_comments(sqlite_office.db, NOW) == 0
    assert not at_wechat(wechat).featured


def test_what_was_decided_stands_once_on_both_databases(office: TheOffice) -> None:
    with office.db.writing() as session:
        case = a_case(session, office, kind="comment", thread={"msg_data_id": "1", "index": "0"})
        message_id = _first(session, case)
    with office.db.writing() as session:
        service.moderate(session, NOW, office.people["小陈"], case, message_id, "feature")
    with office.db.writing() as session, pytest.raises(Conflict, match="等待平台执行"):
        service.moderate(session, NOW, office.people["小陈"], case, message_id, "feature")
    with office.db.reading() as session:
        assert [one.state for one in queries.moderations_of(session, case.id)] == ["ready"]
    with office.db.writing() as session:
        accounts.stop(session, NOW, None)
    (waits,) = needing(office, "小陈")
    assert drop(office, "小陈", waits).state == moderating.DROPPED and needing(office, "小陈") == []


# ------------------------------------------------------------------ held, failed, taken back


def drop(office: TheOffice, who: str, moderation_id: int) -> Moderation:
    with office.db.writing() as session:
        return service.drop_moderation(session, NOW, office.people[who], moderation_id)


def needing(office: TheOffice, who: str) -> list[int]:
    """What stands under 要人处理; the count says the same."""
    with office.db.reading() as session:
        found = queries.moderations_open(session, office.people[who], NOW)
        assert queries.count_moderations_open(session, office.people[who], NOW) == len(found)
        return [row.id for row, _, _ in found]


def test_what_waits_for_a_stopped_account_can_be_taken_back(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "值班长老徐", case, message_id, "delete", reason="insult")
    assert needing(sqlite_office, "小陈") == []
    with sqlite_office.db.writing() as session:
        accounts.stop(session, NOW, None)
    assert needing(sqlite_office, "小陈") == [made]
    with pytest.raises(NotAllowed, match="值班长"):
        drop(sqlite_office, "小陈", made)
    with pytest.raises(NotFound):
        drop(sqlite_office, "刘洋", made)
    row = drop(sqlite_office, "值班长老徐", made)
    assert (row.state, row.settled_by) == (moderating.DROPPED, sqlite_office.people["值班长老徐"].id)
    with sqlite_office.db.writing() as session:
        accounts.resume(session, NOW, sqlite_office.people["值班长老徐"])
    assert service.moderate_comments(sqlite_office.db, NOW) == 0
    assert not at_wechat(wechat).deleted and needing(sqlite_office, "小陈") == []
    assert logged(sqlite_office, case)[-2:] == ["ask_delete", "drop_moderation"]
    with pytest.raises(Conflict, match="已撤回"):
        drop(sqlite_office, "值班长老徐", made)
    decide(sqlite_office, "小陈", case, message_id, "feature")  # and something else may be decided


@pytest.mark.parametrize("state", ["intent", "unknown", "done"])
def test_what_was_called_already_is_not_taken_back(
    sqlite_office: TheOffice, wechat: WeChatSandbox, state: str
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    with sqlite_office.db.writing() as session:
        row = session.get_one(Moderation, made)
        row.state = state
        session.add(row)
    with pytest.raises(Conflict, match="不能撤回"):
        drop(sqlite_office, "小陈", made)


def test_what_failed_for_good_stands_there_until_somebody_deals_with_it(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    failed = decide(sqlite_office, "小陈", case, message_id, "feature")
    wechat.fail_next("comment/markelect", errcode=48001, times=2)
    service.moderate_comments(sqlite_office.db, NOW)
    assert (row_of(sqlite_office, failed).state, needing(sqlite_office, "小陈")) == ("failed", [failed])
    with sqlite_office.db.reading() as session:
        told = {one.staff_id for one in session.exec(select(Notice).where(Notice.kind == "not_delivered"))}
        account = sqlite_office.accounts["wechat"]
    assert told == {sqlite_office.people["小陈"].id, account.responsible_id}
    again = decide(
        sqlite_office, "小陈", case, message_id, "feature"
    )  # decided anew: the old one is dealt with
    assert needing(sqlite_office, "小陈") == []
    service.moderate_comments(sqlite_office.db, NOW)
    assert needing(sqlite_office, "小陈") == [again]
    assert drop(sqlite_office, "小陈", again).state == "failed"  # put aside, and it says so
    assert needing(sqlite_office, "小陈") == []
    with pytest.raises(Conflict):
        drop(sqlite_office, "小陈", again)


def test_one_that_was_settled_and_fails_again_needs_a_person_again(
    sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    wechat.fail_next("comment/markelect", fault="reset_before")
    service.moderate_comments(sqlite_office.db, NOW)
    assert needing(sqlite_office, "小陈") == [made]
    with sqlite_office.db.writing() as session:
        service.settle_moderation(session, NOW, sqlite_office.people["小陈"], made, done=False)
    assert needing(sqlite_office, "小陈") == []
    wechat.fail_next("comment/markelect", errcode=88003)
    service.moderate_comments(sqlite_office.db, NOW)
    assert needing(sqlite_office, "小陈") == [made]


def test_the_clerk_sees_it_where_they_look_and_drops_it_there(
    signed_in: SignedIn, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    made = decide(sqlite_office, "小陈", case, message_id, "feature")
    with sqlite_office.db.writing() as session:
        accounts.stop(session, NOW, None)
    clerk, address = signed_in("小陈"), f"/desk/cases/{case.number}"
    step = f"{address}/moderations/{made}/drop"
    for page in (address, "/desk/deliveries?view=not_delivered"):
        shown = clerk.get(page).text
        assert step in shown and "账号已紧急停发" in shown and "撤回，不做了" in shown
    assert "设为精选：" in clerk.get("/desk/").text
    assert "1 件没有送到" in clerk.get("/desk/board").text
    reviewer = signed_in("王科长").get("/desk/deliveries?view=not_delivered").text
    assert "设为精选" in reviewer and step not in reviewer
    assert clerk.post(step).status_code == 303
    page = clerk.get(address).text
    assert "已撤回，没有做" in page and "撤回留言操作" in page and step not in page
    assert "平台上的留言操作" not in clerk.get("/desk/deliveries?view=not_delivered").text
    assert clerk.post(step).status_code == 409


def _first(session: Session, case: Case) -> int:
    return session.exec(select(Message.id).where(Message.case_id == case.id)).one()


# ------------------------------------------------------------------ on the page of the case


def test_the_clerk_features_from_the_case_page(
    signed_in: SignedIn, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    clerk, address = signed_in("小陈"), f"/desk/cases/{case.number}"
    page = clerk.get(address).text
    assert "不是精选" in page and f"{address}/comments/{message_id}/feature" in page
    assert f"{address}/comments/{message_id}/delete" not in page  # not the clerk's to decide
    assert clerk.post(f"{address}/comments/{message_id}/feature").status_code == 303
    service.moderate_comments(sqlite_office.db, NOW + MINUTE)
    page = clerk.get(address).text
    assert "精选，所有读者可见" in page and "留言已设为精选" in page


def test_deleting_is_asked_once_more_with_a_reason(
    signed_in: SignedIn, sqlite_office: TheOffice, wechat: WeChatSandbox
) -> None:
    case, message_id = commented(sqlite_office, wechat, "打我电话13900000138")
    leader, address = signed_in("值班长老徐"), f"/desk/cases/{case.number}"
    step = f"{address}/comments/{message_id}/delete"
    assert step in leader.get(address).text
    asked = leader.get(step)
    assert asked.status_code == 200 and "批评、投诉不是删除的理由" in asked.text
    assert "13900000138" not in asked.text
    refused = leader.post(step, data={"reason": "other", "note": ""})
    assert refused.status_code == 400 and "请写明" in refused.text
    assert leader.post(step, data={"reason": "privacy"}).status_code == 303
    service.moderate_comments(sqlite_office.db, NOW + MINUTE)
    page = leader.get(address).text
    assert at_wechat(wechat).deleted and "在平台上已删除" in page and "泄露他人个人信息" in page
    assert leader.get(step).status_code == 409


@pytest.mark.parametrize(
    ("who", "action", "status"),
    [("小陈", "delete", 403), ("王科长", "feature", 403), ("刘洋", "feature", 404), ("小陈", "like", 404)],
)
def test_others_are_refused_in_words(
    signed_in: SignedIn,
    sqlite_office: TheOffice,
    wechat: WeChatSandbox,
    who: str,
    action: str,
    status: int,
) -> None:
    case, message_id = commented(sqlite_office, wechat)
    address = f"/desk/cases/{case.number}/comments/{message_id}/{action}"
    answer = signed_in(who).post(address, data={"reason": "insult"})
    assert answer.status_code == status
    with sqlite_office.db.reading() as session:
        assert queries.moderations_of(session, case.id) == []


def test_a_private_letter_offers_nothing_of_the_kind(signed_in: SignedIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = a_case(session, sqlite_office)
        message_id = _first(session, case)
    clerk = signed_in("小陈")
    assert "平台上的留言" not in clerk.get(f"/desk/cases/{case.number}").text
    assert clerk.post(f"/desk/cases/{case.number}/comments/{message_id}/feature").status_code == 403


@pytest.mark.parametrize("action", list(moderating.DEEDS))
def test_each_step_has_a_name_in_the_log(action: str) -> None:
    assert {f"ask_{action}", f"comment_{action}"} <= STEP_LABELS.keys()
