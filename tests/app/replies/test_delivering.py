"""A released reply is sent once, or a person sees why not. The platform is real httpx up to the wire."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.base.db import Database
from app.base.errors import Conflict, Invalid, NotAllowed, NotFound
from app.cases.models import Case
from app.log.models import Event
from app.messages.models import Message, Requester
from app.notices.models import Notice
from app.official_accounts import service as accounts
from app.official_accounts.models import AccountToken, OfficialAccount
from app.replies import queries, sending, service
from app.replies.models import Delivery, Reply, ReplyOpinion
from app.replies.service import delivering
from app.replies.service.within import Failure
from connectors.contract import Receipt
from tests.app.replies.acting import MINUTE, REVIEWERS, TEXT, WeChat, approve, delivery_of, released
from tests.conftest import NOW, TheOffice, open_office

HOUR = 60 * MINUTE


def a_released_case(office: TheOffice, **given: object) -> Case:
    with office.db.writing() as session:
        return released(session, office, **given)[1]


def deliver(office: TheOffice, wechat: WeChat, after: timedelta = timedelta(0)) -> int:
    return service.deliver_released(office.db, NOW + after, transport=wechat)


def told(office: TheOffice, name: str) -> list[str]:
    with office.db.reading() as session:
        wanted = select(Notice).where(
            Notice.staff_id == office.people[name].id, Notice.kind == "not_delivered"
        )
        return [notice.text for notice in session.exec(wanted)]


def requester_of(office: TheOffice, case: Case) -> Requester:
    with office.db.reading() as session:
        return session.get_one(Requester, case.requester_id)


# ------------------------------------------------------------------ once, and exactly that text


@pytest.mark.clause("A18")
def test_the_citizen_gets_exactly_the_approved_text_once(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat()
    assert deliver(office, wechat) == 1
    assert deliver(office, wechat, HOUR) == 0
    (sent,) = wechat.sent
    assert sent["text"] == {"content": TEXT}
    assert sent["touser"] == "oTESTopenid0000000000000001"
    row = delivery_of(office, case)
    assert (row.state, row.reference, row.tries, row.done_at is not None) == ("done", "1", 1, True)
    assert requester_of(office, case).sent_in_window == 1


def test_two_workers_at_once_send_it_once(office: TheOffice) -> None:
    for number in range(4):
        a_released_case(office, sender=f"oTESTopenid000000000000001{number}")
    wechat = WeChat()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: deliver(office, wechat), range(4)))
    deliver(office, wechat, MINUTE)  # whoever had to wait for the token
    assert sorted(str(sent["touser"])[-1] for sent in wechat.sent) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("where", "tamper"),
    [
        ("the words of the reply", lambda: update(Reply).values(text=TEXT.replace("15", "25"))),
        ("the words that go out", lambda: update(Delivery).values(text=TEXT.replace("15", "25"))),
        ("both", lambda: update(Reply).values(text="别的", digest="0" * 64)),
        ("the digest", lambda: update(Delivery).values(digest="0" * 64)),
        ("the basis", lambda: update(Reply).values(basis="另一个办法")),
        ("the addressees", lambda: update(Reply).values(targets=[4711])),
        ("the route", lambda: update(Reply).values(route="none")),
        ("the state", lambda: update(Reply).values(state="draft")),
        ("one opinion", lambda: update(ReplyOpinion).where(ReplyOpinion.step == "second").values(digest="0")),
        (
            "the release",
            lambda: update(ReplyOpinion).where(ReplyOpinion.step == "release").values(digest="0"),
        ),
        (
            "a reviewer who wrote it",
            lambda: update(Reply).values(
                author_id=select(ReplyOpinion.reviewer_id)
                .where(ReplyOpinion.step == "first")
                .scalar_subquery()
            ),
        ),
    ],
)
@pytest.mark.clause("B16", "A18")
def test_one_character_changed_in_the_database_and_nothing_is_sent(
    sqlite_db: Database, where: str, tamper: Callable[[], object]
) -> None:
    office = open_office(sqlite_db)
    case, wechat = a_released_case(office), WeChat()
    with office.db.writing() as session:
        session.execute(tamper())  # type: ignore[call-overload]
    deliver(office, wechat)
    row = delivery_of(office, case)
    assert (wechat.sent, row.state, row.error_code) == ([], "failed", "approval_void"), where
    assert any("审核通过的不一致" in text for text in told(office, "周局长"))
    assert sending.choices(row.state, row.error_code) == ()


def test_a_delivery_turned_to_somebody_else_is_not_sent(office: TheOffice) -> None:
    case = a_released_case(office)
    other = a_released_case(office, sender="oTESTopenid0000000000000002")
    with office.db.writing() as session:
        session.execute(
            update(Delivery).where(Delivery.case_id == case.id).values(requester_id=other.requester_id)
        )
    wechat = WeChat()
    deliver(office, wechat)
    assert [sent["touser"] for sent in wechat.sent] == ["oTESTopenid0000000000000002"]
    assert delivery_of(office, case).error_code == "approval_void"


# ------------------------------------------------------------------ what follows each failure


def test_a_busy_platform_is_asked_again_later(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([-1, 45011])
    deliver(office, wechat)
    row = delivery_of(office, case)
    assert (row.state, row.error_class, row.tries) == ("ready", "back_off", 1)
    assert timedelta(seconds=5) <= row.next_try_at - NOW < timedelta(seconds=15)
    assert deliver(office, wechat, timedelta(seconds=1)) == 0
    deliver(office, wechat, MINUTE)
    deliver(office, wechat, 3 * MINUTE)
    assert (len(wechat.sent), delivery_of(office, case).state) == (3, "done")


def test_after_eight_tries_a_person_is_told(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([-1] * 20)
    for number in range(12):
        deliver(office, wechat, number * 3 * HOUR + number * MINUTE)
    row = delivery_of(office, case)
    assert (len(wechat.sent), row.state, row.fallback) == (sending.MOST_TRIES, "failed", "page")
    assert len(told(office, "老李")) == 1


def test_a_refused_token_is_fetched_anew_once(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([40001])
    deliver(office, wechat)
    deliver(office, wechat, MINUTE)
    assert [sent["token"] for sent in wechat.sent] == ["token-1", "token-2"]
    assert delivery_of(office, case).state == "done"


def test_a_token_refused_twice_is_an_accounts_trouble_and_burns_no_quota(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([40001] * 9)
    for number in range(5):
        deliver(office, wechat, number * MINUTE)
    assert (len(wechat.sent), delivery_of(office, case).state) == (2, "failed")
    assert wechat.tokens <= 3
    with office.db.reading() as session:
        assert session.get_one(OfficialAccount, office.accounts["wechat"].id).trouble


@pytest.mark.parametrize(
    ("code", "error_class", "fallback"),
    [(45015, "window", "page"), (45047, "window", "page"), (40003, "final", "page"), (48001, "stop", "page")],
)
def test_a_refusal_is_told_in_plain_words_and_the_page_stands_in(
    office: TheOffice, code: int, error_class: str, fallback: str
) -> None:
    case, wechat = a_released_case(office), WeChat([code])
    for number in range(3):
        deliver(office, wechat, number * HOUR)
    row = delivery_of(office, case)
    assert (row.state, row.error_class, row.error_code, row.fallback) == (
        "failed",
        error_class,
        str(code),
        fallback,
    )
    assert len(wechat.sent) == 1
    assert any("没有送到" in text for text in told(office, "老李"))
    assert bool(told(office, "小陈")) is (error_class == "stop")  # who answers for the account


def test_a_timeout_is_unknown_and_never_sent_again_by_itself(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([httpx.ReadTimeout("no answer")])
    for number in range(4):
        deliver(office, wechat, number * 12 * HOUR)
    row = delivery_of(office, case)
    assert (len(wechat.sent), row.state, row.fallback) == (1, "unknown", "")
    assert any("结果不明" in text for text in told(office, "老李"))
    assert requester_of(office, case).sent_in_window == 1  # perhaps; rather than a sixth


def test_a_connection_that_never_came_about_is_tried_again(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([httpx.ConnectError("refused")])
    deliver(office, wechat)
    assert delivery_of(office, case).state == "ready"


def test_a_sender_that_died_leaves_an_unknown_only_after_its_lease(office: TheOffice) -> None:
    case = a_released_case(office)
    with office.db.writing() as session:
        claim = delivering._claim(session, NOW, delivery_of(office, case).id, None)
    assert claim is not None
    wechat = WeChat()
    deliver(office, wechat, sending.LEASE - timedelta(seconds=1))
    assert delivery_of(office, case).state == "intent"
    deliver(office, wechat, sending.LEASE)
    row = delivery_of(office, case)
    assert (row.state, row.error_code, wechat.sent) == ("unknown", "interrupted", [])


def test_a_sender_that_comes_back_late_may_say_that_it_arrived_and_nothing_else(office: TheOffice) -> None:
    case = a_released_case(office)
    with office.db.writing() as session:
        claim = delivering._claim(session, NOW, delivery_of(office, case).id, None)
    assert claim is not None
    deliver(office, WeChat(), sending.LEASE)
    with office.db.writing() as session:
        delivering._report(session, NOW + HOUR, claim, Failure("back_off", "late", "", "晚了。"))
    assert delivery_of(office, case).state == "unknown"
    with office.db.writing() as session:
        delivering._report(session, NOW + HOUR, claim, Receipt("17"))
    assert delivery_of(office, case).state == "done"


def test_a_late_sender_does_not_overrule_the_person_who_settled_it(office: TheOffice) -> None:
    case = a_released_case(office)
    with office.db.writing() as session:
        claim = delivering._claim(session, NOW, delivery_of(office, case).id, None)
    assert claim is not None
    deliver(office, WeChat(), sending.LEASE)
    with office.db.writing() as session:
        service.settle_delivery(session, NOW + HOUR, office.people["小陈"], claim.delivery_id, arrived=False)
    with office.db.writing() as session:
        delivering._report(session, NOW + HOUR, claim, Failure("final", "x", "", "不收。"))
    assert delivery_of(office, case).state == "ready"
    with office.db.writing() as session:  # but if it did arrive, it is not sent a second time
        delivering._report(session, NOW + HOUR, claim, Receipt("17"))
    assert delivery_of(office, case).state == "done"


# ------------------------------------------------------------------ when nothing may go out


def test_an_emergency_stop_holds_everything_back_until_it_is_lifted(office: TheOffice) -> None:
    case, wechat, leader = a_released_case(office), WeChat(), office.people["值班长老徐"]
    with office.db.writing() as session:
        accounts.stop(session, NOW, leader)
    deliver(office, wechat, MINUTE)
    assert (wechat.sent, delivery_of(office, case).state) == ([], "ready")
    with office.db.writing() as session:
        accounts.resume(session, NOW, leader)
    deliver(office, wechat, 2 * MINUTE)
    assert delivery_of(office, case).state == "done"


@pytest.mark.parametrize(
    ("problem", "values"),
    [
        ("closed", {"window_opened_at": NOW - 49 * HOUR}),
        ("used_up", {"sent_in_window": 5}),
        ("unsubscribed", {"unsubscribed_at": NOW + MINUTE}),
    ],
)
@pytest.mark.clause("D7")
def test_a_window_that_closed_before_the_send_costs_no_call(
    office: TheOffice, problem: str, values: dict[str, object]
) -> None:
    case, wechat = a_released_case(office), WeChat()
    with office.db.writing() as session:
        session.execute(update(Requester).where(col(Requester.id) == case.requester_id).values(**values))
    deliver(office, wechat, 2 * MINUTE)
    row = delivery_of(office, case)
    assert (wechat.sent, row.state, row.error_class, row.error_code, row.fallback) == (
        [],
        "failed",
        "window",
        problem,
        "page",
    )


def test_a_closed_account_sends_nothing(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat()
    with office.db.writing() as session:
        session.execute(update(OfficialAccount).values(closed_at=NOW))
    deliver(office, wechat)
    assert (wechat.sent, delivery_of(office, case).error_code) == ([], "account_closed")


def test_a_correction_does_not_overtake_its_original(office: TheOffice) -> None:
    case, wechat, li = a_released_case(office), WeChat([-1]), office.people["老李"]
    deliver(office, wechat)  # the original waits for its second try
    with office.db.writing() as session:
        again = session.get_one(Case, case.id)
        second = service.correct(session, NOW, li, again, TEXT.replace("15", "20"))
        service.submit(session, NOW, li, second.id)
        approve(session, office, second, *REVIEWERS)
        service.release(session, NOW, office.people["周局长"], second.id, digest=second.digest)
    deliver(office, wechat, MINUTE)
    assert [sent["text"] for sent in wechat.sent] == [
        {"content": TEXT},
        {"content": TEXT.replace("15", "20")},
    ]
    with office.db.reading() as session:
        states = [row.state for row in queries.deliveries_of(session, case.id)]
    assert states == ["done", "failed"]


# ------------------------------------------------------------------ what people do


def in_state(office: TheOffice, case: Case, state: str, code: str = "x") -> int:
    with office.db.writing() as session:
        session.execute(
            update(Delivery).where(Delivery.case_id == case.id).values(state=state, error_code=code)
        )
    return delivery_of(office, case).id


def test_a_person_who_saw_it_arrive_says_so(office: TheOffice) -> None:
    case = a_released_case(office)
    number = in_state(office, case, "unknown")
    with office.db.writing() as session:
        service.settle_delivery(session, NOW, office.people["小陈"], number, arrived=True, note="后台能看到")
    row = delivery_of(office, case)
    assert (row.state, row.settled_by, row.settled_note) == ("done", office.people["小陈"].id, "后台能看到")
    with office.db.writing() as session, pytest.raises(Conflict, match="已送达"):
        service.settle_delivery(session, NOW, office.people["小陈"], number, arrived=False)


def test_a_person_who_saw_that_it_did_not_arrive_has_it_sent_once_more(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([httpx.ReadTimeout("no answer")])
    deliver(office, wechat)
    with office.db.writing() as session:
        row = delivery_of(office, case)
        service.settle_delivery(session, NOW + HOUR, office.people["老李"], row.id, arrived=False)
    deliver(office, wechat, 2 * HOUR)
    assert (len(wechat.sent), delivery_of(office, case).state) == (2, "done")


@pytest.mark.clause("C1")
def test_what_is_entered_by_hand_says_by_whom_and_when(office: TheOffice) -> None:
    case = a_released_case(office, platform="corrections", kind="correction")
    with office.db.writing() as session:
        service.enter_by_hand(session, NOW + HOUR, office.people["小陈"], delivery_of(office, case).id)
    row = delivery_of(office, case)
    assert (row.state, row.settled_by, row.done_at) == ("entered", office.people["小陈"].id, NOW + HOUR)
    with office.db.reading() as session:
        assert session.exec(select(Event).where(Event.action == "enter_by_hand")).one().actor_name == "小陈"


def test_a_failed_delivery_is_sent_again_on_request_while_the_window_is_open(office: TheOffice) -> None:
    case, wechat = a_released_case(office), WeChat([40003])
    deliver(office, wechat)
    number = delivery_of(office, case).id
    with office.db.writing() as session, pytest.raises(Invalid, match="窗口已关闭"):
        service.retry(session, NOW + 49 * HOUR, office.people["小陈"], number)
    with office.db.writing() as session:
        service.retry(session, NOW + HOUR, office.people["小陈"], number)
    deliver(office, wechat, HOUR)
    assert delivery_of(office, case).state == "done"


@pytest.mark.parametrize(("name", "error"), [("王科长", NotAllowed), ("刘洋", NotFound), ("外包小吴", None)])
def test_who_may_settle_a_delivery(office: TheOffice, name: str, error: type[Exception] | None) -> None:
    number = in_state(office, a_released_case(office), "unknown")
    with office.db.writing() as session:
        if error is None:
            service.settle_delivery(session, NOW, office.people[name], number, arrived=True)
        else:
            with pytest.raises(error):
                service.settle_delivery(session, NOW, office.people[name], number, arrived=True)


def test_the_list_of_what_did_not_arrive_has_as_many_rows_as_its_number(office: TheOffice) -> None:
    cases = [a_released_case(office, sender=f"oTESTopenid000000000000001{n}") for n in range(4)]
    for case, state in zip(cases, ("failed", "unknown", "done", "by_hand"), strict=True):
        in_state(office, case, state)

    def shown(session: Session, name: str) -> list[str]:
        return [row.state for row, _ in queries.not_delivered(session, office.people[name])]

    with office.db.reading() as session:
        assert shown(session, "小陈") == ["unknown", "failed", "by_hand"]
        assert queries.count_not_delivered(session, office.people["小陈"]) == 3
        assert shown(session, "刘洋") == []


# ------------------------------------------------------------------ the breaker, and what was answered elsewhere


def account_of(office: TheOffice) -> OfficialAccount:
    with office.db.reading() as session:
        return session.get_one(OfficialAccount, office.accounts["wechat"].id)


def test_an_account_without_rights_is_held_before_everything_waiting_fails(sqlite_office: TheOffice) -> None:
    """The first is lost to the coded page and somebody is told; the others wait until it works again."""
    office = sqlite_office
    rows = [a_released_case(office, sender=f"oTESTopenid000000000000002{n}") for n in range(3)]
    wechat = WeChat([48001, 48001])
    deliver(office, wechat)
    states = [delivery_of(office, case).state for case in rows]
    assert (states, len(wechat.sent)) == (["failed", "ready", "ready"], 1)
    assert account_of(office).held_until is not None
    with office.db.reading() as session:
        notice = session.exec(select(Notice).where(Notice.kind == "account")).one()
        assert "暂停发送" in notice.text and notice.staff_id == office.people["小陈"].id
    deliver(office, wechat, 2 * MINUTE)  # half open: one is tried, and fails
    assert [delivery_of(office, case).state for case in rows] == ["failed", "failed", "ready"]
    deliver(office, wechat, 3 * MINUTE)  # held for longer now
    assert len(wechat.sent) == 2
    deliver(office, wechat, 10 * MINUTE)
    assert delivery_of(office, rows[2]).state == "done" and account_of(office).failures == 0


def test_waiting_for_another_to_renew_the_token_is_no_failure_of_the_account(
    sqlite_office: TheOffice,
) -> None:
    office = sqlite_office
    rows = [a_released_case(office, sender=f"oTESTopenid000000000000003{n}") for n in range(6)]
    wechat, number = WeChat(), office.accounts["wechat"].id
    with office.db.writing() as session:
        busy = {"lease_until": NOW + timedelta(seconds=20), "lease_holder": "another"}
        session.add(AccountToken(account_id=number, **busy))
    deliver(office, wechat)
    assert [delivery_of(office, case).error_code for case in rows] == ["token_busy"] * 6
    assert (account_of(office).failures, wechat.sent) == (0, [])
    deliver(office, wechat, MINUTE)
    assert [delivery_of(office, case).state for case in rows] == ["done"] * 6


def test_another_account_is_not_concerned(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        accounts.note_try(session, NOW, office.accounts["weibo"].id, "stop")
    case, wechat = a_released_case(office), WeChat()
    deliver(office, wechat)
    assert delivery_of(office, case).state == "done"


def test_what_waits_on_a_held_account_does_not_wait_beyond_the_window(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    case, wechat = a_released_case(office), WeChat()
    with office.db.writing() as session:
        account = session.get_one(OfficialAccount, office.accounts["wechat"].id)
        account.failures, account.held_until = 9, NOW + 100 * HOUR
        session.add(account)
    deliver(office, wechat, 47 * HOUR)
    assert delivery_of(office, case).state == "ready"
    deliver(office, wechat, 49 * HOUR)
    row = delivery_of(office, case)
    assert (row.state, row.error_code, row.fallback, wechat.sent) == ("failed", "closed", "page", [])


@pytest.mark.parametrize("known", [True, False])
def test_a_comment_that_somebody_answered_in_the_back_end_is_not_called_sent(
    sqlite_office: TheOffice, known: bool
) -> None:
    """Pitfall 22: 88005 is neither a failure to repeat nor a delivery."""
    office = sqlite_office
    case, wechat = a_released_case(office), WeChat([88005])
    if known:
        with office.db.writing() as session:
            session.execute(update(Message).values(answer="已经在后台答复"))
    deliver(office, wechat)
    row = delivery_of(office, case)
    assert (row.state, row.fallback, len(wechat.sent)) == ("elsewhere", "page", 0 if known else 1)
    assert requester_of(office, case).sent_in_window == 0
    assert sending.choices(row.state, row.error_code) == ()


def test_nothing_is_sent_to_who_took_their_data_back(sqlite_office: TheOffice) -> None:
    office = sqlite_office
    case, wechat = a_released_case(office), WeChat()
    with office.db.writing() as session:
        session.execute(update(Requester).values(withdrawn_at=NOW, address_sealed=""))
    deliver(office, wechat)
    row = delivery_of(office, case)
    assert (row.state, row.error_code, row.fallback, wechat.sent) == ("failed", "no_recipient", "page", [])
