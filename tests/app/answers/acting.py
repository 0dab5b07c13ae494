"""The steps of an answer as the cast takes them, for tests that begin in the middle."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from app.answers import service
from kb.models import AnswerEntry, EntryVersion
from kb.review import GATES, Step
from tests.conftest import NOW, TheOffice

# Written for these tests.
LOST_CARD: dict[str, Any] = {
    "question": "社保卡丢了怎么补办",
    "text": "请先拨打 12333 挂失，再带身份证到就近社保服务网点补办，当场领取，不收费。",
    "phrasings": ["社保卡不见了怎么办", "社会保障卡遗失补领"],
    "must_keep": ["带身份证"],
    "basis": [
        {
            "title": "云泽市社会保障卡管理办法",
            "number": "云人社规〔2025〕6 号",
            "url": "https://rsj.yunze.example/6",
        }
    ],
    "verified_by": "刘洋",
    "category": "社会保障",
    "valid_until": date(2027, 6, 30),
}
PERMIT: dict[str, Any] = {
    "question": "没有租赁合同怎样申领居住证",
    "text": "可以。用房东签名的居住证明，或者社区出具的实际居住证明代替。"
    "住满半年即可到派出所申请，15 个工作日内发证，不收费。",
    "phrasings": ["租房没合同能办居住证吗"],
    "basis": [{"title": "云泽市居住证管理办法", "number": "云政发〔2025〕12 号"}],
    "verified_by": "老李",
    "category": "户籍与居住证",
}
REVIEWERS = ((Step.FIRST, "王科长"), (Step.SECOND, "赵敏"), (Step.FINAL, "孙主任"))


def proposed(
    session: Session,
    office: TheOffice,
    content: dict[str, Any] = LOST_CARD,
    *,
    now: datetime = NOW,
    **changes: Any,
) -> EntryVersion:
    """A draft of 编辑小叶's, owned by the department of social security."""
    owner = {"owner_department_id": office.departments["人力资源和社会保障局"].id}
    return service.propose(session, now, office.people["编辑小叶"], **{**owner, **content, **changes})


def submitted(
    session: Session, office: TheOffice, content: dict[str, Any] = LOST_CARD, **changes: Any
) -> EntryVersion:
    """A version under review."""
    version = proposed(session, office, content, **changes)
    return service.submit(session, changes.get("now", NOW), office.people["编辑小叶"], version.id)


def approve(
    session: Session, office: TheOffice, version: EntryVersion, step: Step, name: str, *, now: datetime = NOW
) -> None:
    """One of the cast approves with all five gates what is on the screen."""
    service.give_opinion(
        session, now, office.people[name], version.id,
        step=step, verdict="approve", digest=version.digest, gates=list(GATES),
    )  # fmt: skip


def approved(
    session: Session, office: TheOffice, content: dict[str, Any] = LOST_CARD, **changes: Any
) -> EntryVersion:
    """A version that three people approved."""
    version = submitted(session, office, content, **changes)
    for step, name in REVIEWERS:
        approve(session, office, version, step, name, now=changes.get("now", NOW))
    return version


def published(
    session: Session, office: TheOffice, content: dict[str, Any] = LOST_CARD, **changes: Any
) -> tuple[AnswerEntry, EntryVersion]:
    """An entry that 周局长 published."""
    version = approved(session, office, content, **changes)
    return service.publish(session, changes.get("now", NOW), office.people["周局长"], version.id), version
