"""An office with a case at every stage of its life, for whoever walks through all its pages."""

from sqlmodel import Session, select

from app.cases.models import Case
from app.cases.queries import by_number
from app.cases.transitions import Status
from app.disclosure.service import ask
from app.messages.attachments import prepare
from app.messages.models import Message
from app.messages.service import keep_file
from app.opendata.datasets import DATASETS
from app.opendata.service import report_leak
from app.replies.service import moderate
from tests.app.answers.acting import published as published_answer
from tests.app.messages.test_attachments import a_photo
from tests.app.replies.acting import drafted, released, submitted
from tests.closing import proposed, published
from tests.conftest import NOW, TheOffice
from tests.factories import a_case


def at_every_stage(office: TheOffice) -> list[str]:
    """Bring cases to every stage; the addresses of what then has a page of its own."""
    with office.db.writing() as session:
        cases = [a_case(session, office, status=s) for s in (Status.NEW, Status.ACCEPTED, Status.ASSIGNED)]
        _, case = drafted(session, office)
        review, _ = submitted(session, office)
        _, told = released(session, office)
        waiting = proposed(session, office)
        shown, leaked = published(session, office), published(session, office)
        asked = ask(session, NOW, by_number(session, shown.number), "withdraw", "写了我家的事", own=False)
        leak = report_leak(session, NOW, None, leaked.number, kinds=["phone"])
        entry, _ = published_answer(session, office)
        comment, commented = a_comment_with_photos(session, office)
    return [
        *(f"/desk/cases/{one.number}" for one in (*cases, case, told)),
        f"/desk/cases/{comment.number}",
        f"/desk/cases/{comment.number}/comments/{commented}/delete",
        f"/desk/reviews/{review.id}",
        f"/desk/disclosures/{waiting.id}",
        f"/desk/answers/{entry.id}",
        f"/desk/disclosures/requests/{asked.id}",
        f"/desk/disclosures/leaks/{leak.id}",
        f"/cases/{shown.number}",
        f"/cases/{shown.number}/request",
        f"/answers/{entry.key}",
        f"/answers/{entry.key}/vote",
        "/desk/answers/documents/1",
        "/desk/answers/words?q=居住证",
        "/answers?q=租房没有合同怎么办居住证",
        "/cases?q=居住证",
        *(f"/data/{name}" for name in DATASETS),
        "/nowhere",
    ]


def a_comment_with_photos(session: Session, office: TheOffice) -> tuple[Case, int]:
    """A comment below an article whose featuring failed, with a photo of before and one of after."""
    case = a_case(session, office, kind="comment", sender="oREADER", status=Status.IN_PROGRESS)
    message = session.exec(select(Message).where(Message.case_id == case.id)).one()
    row = moderate(session, NOW, office.people["小陈"], case, message.id, "feature")
    row.state, row.error_words = "failed", "精选留言已达上限。"
    session.add(row)
    for added_by in (None, office.people["老李"].id):
        keep_file(session, NOW, message.id, kind="image", file=prepare(a_photo()), added_by=added_by)
    return case, message.id
