"""处理后的照片: what was done stands beside what the citizen showed, for the office alone."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlmodel import select

from app.cases import service as cases
from app.cases.models import Case
from app.cases.transitions import Status
from app.log.models import Event
from app.messages import attachments, service
from app.messages.media import MOST_AFTER
from app.messages.models import Attachment, Message
from tests.app.messages.test_attachments import a_bomb, a_photo
from tests.closing import published
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

SignedIn = Callable[[str], FlaskClient]


def with_a_photo(office: TheOffice, **fields: object) -> Case:
    """A case to which a citizen sent a photo."""
    with office.db.writing() as session:
        case = a_case(session, office, **{"status": Status.IN_PROGRESS, **fields})  # type: ignore[arg-type]
        message = session.exec(select(Message).where(Message.case_id == case.id)).one()
        service.keep_file(session, NOW, message.id, kind="image", file=attachments.prepare(a_photo()))
    return case


def sent(browser: FlaskClient, case: Case, *photos: bytes) -> int:
    files = [(io.BytesIO(data), f"处理后{n}.jpg") for n, data in enumerate(photos)]
    return browser.post(f"/desk/cases/{case.number}/photos", data={"photos": files}).status_code


def kept(office: TheOffice) -> list[Attachment]:
    with office.db.reading() as session:
        wanted = select(Attachment).where(Attachment.added_by != None)  # noqa: E711
        return list(session.exec(wanted))


def test_a_photo_of_what_was_done_stands_beside_the_citizens_without_place_or_camera(
    sqlite_office: TheOffice, signed_in: SignedIn
) -> None:
    case = with_a_photo(sqlite_office)
    handler = signed_in("老李")
    assert sent(handler, case, a_photo(), a_photo("PNG", mode="RGBA")) == 303
    first, second = kept(sqlite_office)
    assert first.added_by == sqlite_office.people["老李"].id
    content = attachments.read(sqlite_office.db.folder, first.path)
    assert content is not None and b"SECRET" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert not picture.getexif()
    page = handler.get(f"/desk/cases/{case.number}").text
    assert (
        page.index("处理前")
        < page.index(f"/attachments/{first.id}")
        < page.index(f"/attachments/{second.id}")
    )
    assert page.count("<img ") == 3
    picture_page = handler.get(f"/desk/cases/{case.number}/attachments/{first.id}")
    assert (picture_page.status_code, picture_page.content_type) == (200, "image/jpeg")
    with sqlite_office.db.reading() as session:
        logged = [one.action for one in session.exec(select(Event).where(Event.case_id == case.id))]
    assert logged.count("photo_added") == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg onload=alert(1)>", "不是图片"),
        (b"#!AMR\n" + bytes(64), "不是图片"),
        (a_photo()[:200], "打不开"),
        (a_bomb(), "尺寸太大"),
        (b"", "文件是空的"),
    ],
    ids=["svg", "voice", "broken", "bomb", "empty"],
)
def test_what_is_no_picture_is_refused_and_nothing_is_kept(
    sqlite_office: TheOffice, signed_in: SignedIn, data: bytes, words: str
) -> None:
    case = with_a_photo(sqlite_office)
    files = [(io.BytesIO(a_photo()), "a.jpg"), (io.BytesIO(data), "b.jpg")]
    answer = signed_in("老李").post(f"/desk/cases/{case.number}/photos", data={"photos": files})
    assert answer.status_code == 400 and words in answer.text and "第 2 张" in answer.text
    assert kept(sqlite_office) == []


@pytest.mark.parametrize(
    ("who", "status"), [("小陈", 303), ("老李", 303), ("王科长", 403), ("刘洋", 404), ("编辑小叶", 404)]
)
def test_whoever_may_note_work_may_add_one(
    sqlite_office: TheOffice, signed_in: SignedIn, who: str, status: int
) -> None:
    case = with_a_photo(sqlite_office)
    assert sent(signed_in(who), case, a_photo()) == status
    assert len(kept(sqlite_office)) == (status == 303)


def test_not_before_the_case_is_taken_in_hand_nor_without_a_file(
    sqlite_office: TheOffice, signed_in: SignedIn
) -> None:
    clerk = signed_in("小陈")
    new = with_a_photo(sqlite_office, status=Status.NEW)
    assert sent(clerk, new, a_photo()) == 403
    assert "加处理后的照片" not in clerk.get(f"/desk/cases/{new.number}").text
    case = with_a_photo(sqlite_office, sender="oOTHER")
    assert sent(clerk, case) == 400


def test_a_case_has_six_at_most_and_one_that_is_taken_down_is_gone(
    sqlite_office: TheOffice, signed_in: SignedIn
) -> None:
    case, clerk = with_a_photo(sqlite_office), signed_in("小陈")
    assert sent(clerk, case, *[a_photo(size=(8, 8))] * MOST_AFTER) == 303
    assert sent(clerk, case, a_photo(size=(8, 8))) == 409
    first = kept(sqlite_office)[0]
    address = f"/desk/cases/{case.number}/photos/{first.id}/remove"
    assert clerk.post(address).status_code == 303
    assert clerk.get(f"/desk/cases/{case.number}/attachments/{first.id}").status_code == 404
    assert clerk.post(address).status_code == 404
    written = (sqlite_office.db.folder / "attachments" / first.path).stat().st_mtime
    with sqlite_office.db.reading() as session:
        from app.messages import queries

        known = queries.attachment_paths(session)
    assert attachments.sweep(sqlite_office.db.folder, known, written + 1) == 1
    assert sent(clerk, case, a_photo(size=(8, 8))) == 303


def test_what_the_citizen_sent_is_never_taken_down(sqlite_office: TheOffice, signed_in: SignedIn) -> None:
    case = with_a_photo(sqlite_office)
    with sqlite_office.db.reading() as session:
        own = session.exec(select(Attachment)).one()
    assert signed_in("小陈").post(f"/desk/cases/{case.number}/photos/{own.id}/remove").status_code == 404


def test_no_photo_is_ever_published(sqlite_office: TheOffice, client: FlaskClient) -> None:
    with sqlite_office.db.writing() as session:
        case = published(session, sqlite_office)
        found = session.exec(select(Message).where(Message.case_id == case.id)).first()
        assert found is not None
        service.keep_file(
            session, NOW, found.id, kind="image", file=attachments.prepare(a_photo()), added_by=1
        )
    page = client.get(f"/cases/{case.number}").text
    assert "<img" not in page and "attachments" not in page
    assert client.get(f"/desk/cases/{case.number}/attachments/1").status_code == 303


def test_pictures_are_drawn_outside_of_the_transaction(
    sqlite_office: TheOffice, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb may take its time; meanwhile nobody waits for the database."""
    case, browser = with_a_photo(sqlite_office), signed_in("老李")
    seen: list[bool] = []
    drawn = attachments.drawn_anew

    def watched(data: bytes) -> object:
        with sqlite_office.db.writing() as session:  # would wait, and fail, within another's transaction
            cases.profile_of(session, session.get_one(Case, case.id))
            seen.append(True)
        return drawn(data)

    monkeypatch.setattr(attachments, "drawn_anew", watched)
    assert sent(browser, case, a_photo()) == 303
    assert seen == [True]
