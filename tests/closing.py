"""Cases at the end of their way, for tests that begin with showing them."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.cases.models import Case
from app.cases.transitions import Status
from app.disclosure import service as disclosure
from app.disclosure.models import Disclosure
from app.disclosure.queries import of_case
from app.opendata import service as opendata
from app.opendata.models import PublishedCase
from app.replies.models import Reply
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

LETTER = "你好，我在城东街道租房刚满半年，没有正式合同，能不能办居住证？电话13900000138。"
REPLY = "您好！可以办理。没有租赁合同的，可以用房东签名的居住证明代替，15 个工作日内发证。"
DISCLOSER = "公开员小方"
MINUTE = timedelta(minutes=1)


def a_closed_case(
    session: Session,
    office: TheOffice,
    *,
    text: str = LETTER,
    reply: str = REPLY,
    author: str = "老李",
    consent: bool = True,
    now: datetime = NOW,
    took: timedelta = timedelta(days=1),
    outcome: str = "explained",
    **fields: object,
) -> Case:
    """A case received ``took`` before it was answered and closed at ``now``."""
    case = a_case(session, office, status=Status.IN_PROGRESS, text=text, now=now - took)
    case.status, case.open, case.outcome = Status.CLOSED.value, False, outcome
    case.replied_at = case.closed_at = now
    case.public_consent = consent
    for name, value in fields.items():
        setattr(case, name, value)
    session.add(case)
    if reply:
        session.add(
            Reply(
                case_id=case.id, state="released", text=reply, basis="《云泽市居住证管理办法》第九条",
                author_id=office.people[author].id, created_at=now, saved_at=now, released_at=now,
            )
        )  # fmt: skip
    session.flush()
    return case


def proposed(session: Session, office: TheOffice, *, now: datetime = NOW, **fields: object) -> Disclosure:
    """The proposal for a closed case."""
    case = a_closed_case(session, office, now=now, **fields)  # type: ignore[arg-type]
    disclosure.propose_closed(session, now)
    found = of_case(session, case.id)
    assert found is not None
    return found


def words_of(found: Disclosure) -> dict[str, str]:
    """The texts of a proposal as the officer's form sends them back."""
    return {"title": found.title, "summary": found.summary, "message": found.message, "reply": found.reply}


def confirmed(session: Session, office: TheOffice, found: Disclosure, *, now: datetime = NOW) -> Disclosure:
    """The officer takes a proposal as it stands, with a tick at each thing to look at."""
    return disclosure.confirm(
        session, now, office.people[DISCLOSER], found.id,
        digest=found.digest, considered=found.flags, **words_of(found),
    )  # fmt: skip


def published(session: Session, office: TheOffice, *, now: datetime = NOW, **fields: object) -> PublishedCase:
    """A case that everybody can read."""
    found = proposed(session, office, now=now, **fields)
    return opendata.publish(
        session, now, office.people[DISCLOSER], found.id,
        digest=found.digest, considered=found.flags, **words_of(found),
    )  # fmt: skip
