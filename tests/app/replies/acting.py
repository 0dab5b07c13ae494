"""The steps of a reply as the cast takes them, for tests that begin in the middle."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx
from sqlmodel import Session, select

from app.cases.models import Case
from app.cases.transitions import Status
from app.replies import queries, service
from app.replies.models import Delivery, Reply
from kb import service as library
from kb.models import AnswerEntry
from kb.review import GATES, THREE_REVIEWS, Verdict
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

TEXT = "您好！可以办理居住证。没有租赁合同的，可用房东签名的居住证明，15 个工作日内发证。"
BASIS = "《云泽市居住证管理办法》第九条"
REVIEWERS = ("王科长", "赵敏", "孙主任")
MINUTE = timedelta(minutes=1)


def drafted(
    session: Session,
    office: TheOffice,
    *,
    author: str = "老李",
    text: str = TEXT,
    basis: str = BASIS,
    **case: object,
) -> tuple[Reply, Case]:
    """A case being worked on, with a draft."""
    made = a_case(session, office, status=Status.IN_PROGRESS, **case)  # type: ignore[arg-type]
    return service.draft(session, NOW, office.people[author], made, text=text, basis=basis), made


def submitted(session: Session, office: TheOffice, **given: object) -> tuple[Reply, Case]:
    """A reply under review."""
    reply, case = drafted(session, office, **given)  # type: ignore[arg-type]
    service.submit(session, NOW, office.people[str(given.get("author", "老李"))], reply.id)
    return reply, case


def approve(
    session: Session, office: TheOffice, reply: Reply, *names: str, note: str = "", now: datetime = NOW
) -> None:
    """Each of ``names`` approves in turn, with all gates, what is on the screen."""
    for name in names:
        service.give_opinion(
            session,
            now,
            office.people[name],
            reply.id,
            verdict="approve",
            digest=reply.digest,
            gates=list(GATES),
            note=note,
        )


def approved(session: Session, office: TheOffice, **given: object) -> tuple[Reply, Case]:
    """A reply that three people approved."""
    reply, case = submitted(session, office, **given)
    approve(session, office, reply, *REVIEWERS)
    return reply, case


def released(session: Session, office: TheOffice, **given: object) -> tuple[Reply, Case]:
    """A reply that 周局长 released."""
    reply, case = approved(session, office, **given)
    service.release(session, NOW, office.people["周局长"], reply.id, digest=reply.digest)
    return reply, case


def only_delivery(session: Session, case: Case) -> Delivery:
    """The one delivery of a case."""
    (row,) = queries.deliveries_of(session, case.id)
    return row


def delivery_of(office: TheOffice, case: Case) -> Delivery:
    """The same, read afresh."""
    with office.db.reading() as session:
        return session.exec(select(Delivery).where(Delivery.case_id == case.id)).one()


def a_published_answer(session: Session) -> AnswerEntry:
    """An entry in force whose wording is the reply's own."""
    version = library.propose(
        session,
        NOW,
        author_id=1,
        author_name="编辑小叶",
        contractor=False,
        question="租房没有合同怎样办居住证？",
        text=TEXT,
        basis=[{"title": "《云泽市居住证管理办法》", "number": "云泽示〔2025〕12 号"}],
        verified_by="刘洋",
        owner_name="公安局户政科",
    )
    library.submit(session, NOW, version.id, 1)
    for number, step in enumerate(THREE_REVIEWS, 2):
        library.give_opinion(
            session,
            NOW,
            version.id,
            step=step,
            verdict=Verdict.APPROVE,
            reviewer_id=number,
            reviewer_name=f"审核员{number}",
            contractor=False,
            gates=list(GATES),
        )
    return library.publish(session, NOW, version.id, 9)


class WeChat(httpx.MockTransport):
    """A stand-in at the wire: answers sends one after the other and remembers what it was sent.

    ``answers``: errcodes, or an exception to raise instead of answering; afterwards errcode 0.
    """

    def __init__(self, answers: Sequence[int | Exception] = ()) -> None:
        super().__init__(self._answer)
        self._left = list(answers)
        self.sent: list[dict[str, object]] = []
        self.tokens = 0

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("stable_token"):
            self.tokens += 1
            return _said({"access_token": f"token-{self.tokens}", "expires_in": 7200})
        self.sent.append({"token": request.url.params["access_token"], **_json(request)})
        answer = self._left.pop(0) if self._left else 0
        if isinstance(answer, Exception):
            raise answer
        return _said({"errcode": answer, "errmsg": "said so", "msgid": len(self.sent)})


def _json(request: httpx.Request) -> dict[str, object]:
    body: dict[str, object] = json.loads(request.content)
    return body


def _said(answer: dict[str, object]) -> httpx.Response:
    # As a stream, as it comes from the wire.
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(answer).encode()))
