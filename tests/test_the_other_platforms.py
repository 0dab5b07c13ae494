"""微博, 找错, the website and the hotline: each from its own door to its own way back, like WeChat."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from app.base import clock
from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Action, Status
from app.messages import service as messages
from app.official_accounts import service as accounts
from app.replies import service as replies
from app.replies.models import Delivery, Reply
from connectors.contract import IncomingMessage
from connectors.sandbox.weibo import WeiboSandbox
from tests.app.replies.acting import BASIS, REVIEWERS, approve
from tests.conftest import NOW, WEIBO, TheOffice

MINUTE = timedelta(minutes=1)
ANSWER = "您好！没有租赁合同的，可以用房东签名的居住证明办理居住证，15 个工作日内发证，咨询电话12345。"
SHEET = (
    "留言编号,网站标识码,问题网页,问题类型,问题描述,提交时间\n"
    "ZC-1,4403000004,https://www.yunze.example/a,链接打不开,办事指南里居住证的链接打不开,2026-10-09 09:30\n"
    "ZC-2,4403000004,https://www.yunze.example/b,错别字,首页把居住证写成了居主证,2026/10/9\n"
    "ZC-1,4403000004,https://www.yunze.example/a,链接打不开,办事指南里居住证的链接打不开,2026-10-09 09:30\n"
)


def _answered(office: TheOffice, number: str, text: str = ANSWER) -> Reply:
    """The case goes to 户政科, is answered by 老李, approved by three and released."""
    with office.db.writing() as session:
        clerk, handler = office.people["小陈"], office.people["老李"]
        department = office.departments["公安局户政科"].id
        cases.act(session, NOW, clerk, number, Action.ASSIGN, department_id=department)
        case = cases.act(session, NOW, handler, number, Action.ACKNOWLEDGE)
        reply = replies.draft(session, NOW, handler, case, text=text, basis=BASIS)
        found = replies.check(session, NOW, reply, case)
        reasons = {finding.key: "已核对" for finding in found if finding.level == "warn"}
        replies.submit(session, NOW, handler, reply.id, dismissals=reasons)
        approve(session, office, reply, *REVIEWERS)
        replies.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
    return reply


def _delivery(office: TheOffice, reply: Reply) -> Delivery:
    with office.db.reading() as session:
        return session.exec(select(Delivery).where(Delivery.reply_id == reply.id)).one()


def _cases(office: TheOffice) -> list[Case]:
    with office.db.reading() as session:
        return list(session.exec(select(Case).order_by(Case.id)))


@pytest.fixture
def weibo() -> Iterator[WeiboSandbox]:
    """A local Weibo with our account, its clock at `NOW`."""
    with WeiboSandbox(
        uid=WEIBO["uid"], app_secret=WEIBO["app_secret"], access_token=WEIBO["access_token"], clock=clock.now
    ) as stand:
        yield stand


def test_a_weibo_comment_is_fetched_once_and_answered_below_it_once(
    office: TheOffice, weibo: WeiboSandbox, at_now: object
) -> None:
    with office.db.writing() as session:
        accounts.change_settings(session, NOW, None, office.accounts["weibo"].id, {"api_base": weibo.url})
    comment = weibo.comment("1700000001", "租房没有合同，能不能办居住证？")
    for _ in range(2):
        messages.fetch_new(office.db, clock.now())
        cases.take_in_arrivals(office.db, clock.now())
    (case,) = _cases(office)
    assert case.text == "租房没有合同，能不能办居住证？"
    reply = _answered(office, case.number)
    for _ in range(2):
        replies.deliver_released(office.db, clock.now())
    assert _delivery(office, reply).state == "done"
    assert [entry.text for entry in weibo.ledger.entries() if entry.kind == "comment"] == [ANSWER]
    assert str(comment) in {entry.about for entry in weibo.ledger.entries()}


@pytest.mark.clause("C1")
def test_a_correction_sheet_brings_each_row_once_and_its_reply_is_entered_by_a_named_person(
    office: TheOffice,
) -> None:
    account, clerk = office.accounts["corrections"], office.people["小陈"]
    for added, known in ((2, 0), (0, 2)):
        with office.db.writing() as session:
            run = cases.import_file(session, NOW, clerk, account, "找错.csv", SHEET.encode("gb18030"))
        assert (run.added, run.known, run.refused) == (added, known, 1)  # the third row repeats the first
    first, _ = _cases(office)
    # One working day from the citizen's submission: Friday the 9th; Saturday the 10th is a make-up workday.
    assert (first.message_type, first.due_on.isoformat()) == ("correction", "2026-10-10")
    reply = _answered(office, first.number)
    replies.deliver_released(office.db, NOW)
    delivery = _delivery(office, reply)
    assert delivery.state == "by_hand"
    with office.db.writing() as session:
        replies.enter_by_hand(session, NOW + MINUTE, clerk, delivery.id)
    entered = _delivery(office, reply)
    assert (entered.state, entered.settled_by, entered.done_at) == ("entered", clerk.id, NOW + MINUTE)


def test_a_letter_from_the_website_is_answered_on_the_coded_page(office: TheOffice) -> None:
    letter = IncomingMessage(
        platform="website",
        external_id="form:1",
        kind="letter",
        sender=None,
        text="租房没有合同，能办居住证吗？",
    )
    with office.db.writing() as session:
        case, is_new = cases.receive_letter(session, NOW, office.accounts["website"], letter)
    assert is_new and case.status == Status.NEW
    reply = _answered(office, case.number)
    replies.deliver_released(office.db, NOW)
    assert _delivery(office, reply).state == "on_page"


def test_a_hotline_work_order_waits_to_be_entered_by_hand(office: TheOffice) -> None:
    sheet = "工单编号,诉求内容,来电时间\nGD-7,市民来电咨询租房没有合同能否办理居住证,2026-10-09 08:15\n"
    with office.db.writing() as session:
        run = cases.import_file(
            session,
            NOW,
            office.people["小陈"],
            office.accounts["hotline"],
            "工单.csv",
            sheet.encode("utf-8-sig"),
        )
    assert run.added == 1, run.report
    (case,) = _cases(office)
    assert _delivery(office, _answered(office, case.number)).state == "by_hand"


def test_a_platform_that_is_away_costs_nothing_but_time(office: TheOffice, at_now: object) -> None:
    with office.db.writing() as session:
        accounts.change_settings(
            session, NOW, None, office.accounts["weibo"].id, {"api_base": "http://127.0.0.1:9"}
        )
    assert messages.fetch_new(office.db, clock.now()) == 0
    assert _cases(office) == []
