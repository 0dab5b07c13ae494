"""我要写信 and 查进度: a letter once, its own way for its own writer, and nothing to find out by trying."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlmodel import col, select
from werkzeug.test import TestResponse

from app.base import clock
from app.base.errors import Invalid
from app.cases import queries
from app.cases.models import Case, Rating
from app.cases.transitions import OPEN_STATUSES, Action, Status
from app.messages import attachments
from app.messages.models import Attachment, Message, Requester
from app.official_accounts import service as accounts
from app.opendata.models import PublishedCase
from tests.app.cases.acting import act, case_at
from tests.app.replies.acting import TEXT, released
from tests.closing import published
from tests.conftest import NOW, TheOffice

SignedIn = Callable[[str], FlaskClient]
LETTER = {
    "text": "柳荫社区停水三天了，什么时候来水？",
    "contact": "13900000138",
    "public": "yes",
    "key": "k1",
}
WRONG = "编号或查询码不对"


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def write(client: FlaskClient, **change: str) -> TestResponse:
    return client.post("/write", data={**LETTER, **change})


def receipt(answer: TestResponse) -> tuple[str, str]:
    """(number, look-up code) of the receipt."""
    assert answer.status_code == 200
    number = re.search(r"data-number>([^<]+)<", text(answer))
    code = re.search(r"data-code>([^<]+)<", text(answer))
    assert number and code
    return number[1], code[1]


def credentials(office: TheOffice, case: Case) -> dict[str, str]:
    with office.db.reading() as session:
        return {"number": case.number, "code": queries.lookup_code(session, session.get_one(Case, case.id))}


def the_cases(office: TheOffice) -> list[Case]:
    with office.db.reading() as session:
        return list(session.exec(select(Case).order_by(col(Case.id))))


# ------------------------------------------------------------------ writing


@pytest.mark.clause("D22")
def test_a_letter_has_a_number_a_code_and_a_day_at_once_and_no_sign_in(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    answer = write(client)
    number, code = receipt(answer)
    (case,) = the_cases(sqlite_office)
    assert case.number == number and credentials(sqlite_office, case)["code"] == code
    assert (case.title, case.public_consent, case.platform) == (
        "柳荫社区停水三天了，什么时候来水？",
        True,
        "website",
    )
    assert "10 月 15 日" in text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert code not in answer.request.url
    with sqlite_office.db.reading() as session:
        requester = session.exec(select(Requester)).one()
        assert "13900000138" not in requester.contact_sealed
        assert session.info["keys"].unseal(requester.contact_sealed, "requester") == "13900000138"


def test_sent_twice_it_is_one_letter_with_one_receipt(client: FlaskClient, sqlite_office: TheOffice) -> None:
    assert (
        receipt(write(client))
        == receipt(write(client))
        == receipt(write(client, text="改了几个字，柳荫社区停水"))
    )
    assert len(the_cases(sqlite_office)) == 1
    assert receipt(write(client, key="k2")) != receipt(write(client))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "停水"}, "至少 5 个字"),
        ({"text": ""}, "至少 5 个字"),
        ({"text": "水" * 2001}, "最多 2000 字，现在有 2001 字"),
        ({"text": "停水三天了\x00"}, "无法显示的字符"),
        ({"contact": "1390\x00"}, "无法显示的字符"),
    ],
)
def test_a_refused_letter_comes_back_with_its_words_and_the_reason(
    client: FlaskClient, sqlite_office: TheOffice, change: dict[str, str], words: str
) -> None:
    answer = write(client, **change)
    assert answer.status_code == 400
    assert words in text(answer)
    assert (change.get("contact") or LETTER["contact"]) in text(answer)
    assert the_cases(sqlite_office) == []


def test_the_eleventh_letter_of_an_hour_has_to_wait(client: FlaskClient, sqlite_office: TheOffice) -> None:
    for number in range(10):
        receipt(write(client, key=f"k{number}"))
    answer = write(client, key="one too many")
    assert answer.status_code == 429
    assert LETTER["text"] in text(answer)
    with clock.at(NOW + timedelta(minutes=61)):
        receipt(write(client, key="later"))
    assert len(the_cases(sqlite_office)) == 11


def test_where_the_form_is_closed_the_citizen_is_told_where_to_turn(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        accounts.close(session, NOW, None, sqlite_office.accounts["website"].id)
    answer = write(client)
    assert answer.status_code == 503
    assert "12345" in text(answer) and LETTER["text"] in text(answer)


@pytest.mark.clause("A6")
@pytest.mark.parametrize(("consent", "is_shown"), [(True, True), (False, False)])
def test_the_citizens_words_are_public_only_where_they_agreed(
    client: FlaskClient, sqlite_office: TheOffice, consent: bool, is_shown: bool
) -> None:
    receipt(write(client, public="yes" if consent else "no"))
    (letter,) = the_cases(sqlite_office)
    assert letter.public_consent is consent
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office, consent=letter.public_consent, text=letter.text)
    with sqlite_office.db.reading() as session:
        row = session.exec(select(PublishedCase)).one()
    page = text(client.get(f"/cases/{row.number}"))
    assert ("停水三天了，什么时候来水" in page) is is_shown or row.title in page
    assert bool(row.message) is is_shown


def test_without_an_answer_about_publishing_nothing_is_agreed_to(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    client.post("/write", data={name: value for name, value in LETTER.items() if name != "public"})
    assert the_cases(sqlite_office)[0].public_consent is False


def test_the_words_of_a_search_that_found_nothing_come_along(client: FlaskClient) -> None:
    assert "停水怎么办" in text(client.get("/write?text=停水怎么办"))


# ------------------------------------------------------------------ following


@pytest.mark.parametrize("status", list(Status))
def test_at_every_status_the_writer_sees_the_plain_way_and_no_name_of_staff(
    client: FlaskClient, sqlite_office: TheOffice, status: Status
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, status, text="居住证怎么办？电话13900000138")
        case.ended_reason = "已进入诉讼，由法院处理" if status is Status.DECLINED else ""
    answer = client.post("/progress", data=credentials(sqlite_office, case))
    page = text(answer)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert "13900000138" in page  # their own letter
    assert not any(name in page for name in sqlite_office.people)
    assert ("预计" in page) is (status in OPEN_STATUSES)
    assert ("已进入诉讼" in page) is (status is Status.DECLINED)
    assert ('action="/progress/rate"' in page) is (status in {Status.REPLIED, Status.CLOSED})
    assert ('action="/progress/reopen"' in page) is (status in {Status.REPLIED, Status.CLOSED})


def test_the_reply_its_basis_and_the_department_are_there(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        _, case = released(session, sqlite_office)
    page = text(client.post("/progress", data=credentials(sqlite_office, case)))
    assert TEXT in page and "居住证管理办法" in page and "公安局户政科" in page


def test_what_the_citizen_is_asked_and_an_extension_with_its_reason_are_told(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
    act(sqlite_office, "老李", case, Action.REQUEST_EXTENSION, working_days="5", reason="要等鉴定结果")
    assert "鉴定" not in text(client.post("/progress", data=credentials(sqlite_office, case)))
    act(sqlite_office, "督办老何", case, Action.GRANT_EXTENSION)
    act(sqlite_office, "老李", case, Action.ASK_CITIZEN, question="请问住在哪个社区？")
    page = text(client.post("/progress", data=credentials(sqlite_office, case)))
    assert "已延长 5 个工作日，理由：要等鉴定结果" in page
    assert "请问住在哪个社区？" in page and "时限暂停" in page


def test_a_merged_letter_shows_the_way_of_its_master_but_not_its_words(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.NEW, sender="o1", text="停水三天了怎么办？")
        chief = case_at(
            session, sqlite_office, Status.IN_PROGRESS, sender="o2", text="我家停水，电话13900000138"
        )
    act(sqlite_office, "小陈", case, Action.MERGE, master=chief.number)
    page = text(client.post("/progress", data=credentials(sqlite_office, case)))
    assert "一并答复" in page and "公安局户政科" in page
    assert chief.number not in page and "13900000138" not in page


@pytest.mark.parametrize("typed", [lambda code: code.lower(), lambda code: f" {code[:4]} {code[4:]} "])
def test_the_code_may_be_typed_as_people_type(
    client: FlaskClient, sqlite_office: TheOffice, typed: Callable[[str], str]
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.NEW)
    known = credentials(sqlite_office, case)
    answer = client.post("/progress", data={"number": known["number"].lower(), "code": typed(known["code"])})
    assert answer.status_code == 200


def test_a_wrong_number_and_a_wrong_code_are_told_in_the_same_words(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.NEW)
    known = credentials(sqlite_office, case)
    for wrong in ({"code": "22222222"}, {"code": ""}, {"number": "20261009-AAAAAA"}, {"number": "x"}):
        answer = client.post("/progress", data={**known, **wrong})
        assert answer.status_code == 404
        assert WRONG in text(answer) and "居住证" not in text(answer)
        assert known["code"] not in text(answer)


def test_after_five_wrong_tries_the_right_code_has_to_wait_an_hour(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.REPLIED)
    known = credentials(sqlite_office, case)
    for address in ("/progress", "/progress/rate", "/progress/reopen", "/progress", "/progress"):
        assert client.post(address, data={**known, "code": "22222222"}).status_code == 404
    refused = client.post("/progress", data=known)
    assert refused.status_code == 429
    with clock.at(NOW + timedelta(minutes=61)):
        assert client.post("/progress", data=known).status_code == 200


def test_the_code_stands_in_no_address(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.REPLIED)
    known = credentials(sqlite_office, case)
    assert client.get("/progress", query_string=known).status_code == 200
    assert known["code"] not in text(client.get("/progress", query_string=known))
    page = text(client.post("/progress", data=known))
    assert not re.search(rf'(href|action)="[^"]*{known["code"]}', page)


# ------------------------------------------------------------------ rating and reopening


def test_the_citizen_rates_once(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.REPLIED)
    known = credentials(sqlite_office, case)
    wrong = client.post("/progress/rate", data={**known, "score": "9", "solved": "yes"})
    assert wrong.status_code == 400 and "1 到 5" in text(wrong) and case.title in text(wrong)
    rated = client.post("/progress/rate", data={**known, "score": "2", "solved": "no"})
    assert rated.status_code == 200
    assert "谢谢您的评价" in text(rated) and "您评价了 2 分，没解决" in text(rated)
    again = client.post("/progress/rate", data={**known, "score": "5", "solved": "yes"})
    assert again.status_code == 400 and "已经评价过了" in text(again)
    with sqlite_office.db.reading() as session:
        assert session.exec(select(Rating.score)).all() == [2]


def test_the_citizen_sends_it_back_once_and_the_department_reads_why(
    client: FlaskClient, sqlite_office: TheOffice, signed_in: SignedIn
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.CLOSED)
    known = credentials(sqlite_office, case)
    empty = client.post("/progress/reopen", data=known)
    assert empty.status_code == 400 and "哪里没解决" in text(empty)
    long = client.post("/progress/reopen", data={**known, "reason": "水" * 301})
    assert long.status_code == 400 and "水" * 301 in text(long)
    back = client.post("/progress/reopen", data={**known, "reason": "还是没有水，打13900000138"})
    assert back.status_code == 200
    assert "已重新交给承办单位" in text(back) and 'action="/progress/reopen"' not in text(back)
    desk = text(signed_in("老李").get(f"/desk/cases/{case.number}"))
    assert "还是没有水" in desk and "来信人要求重办" in desk and "13900000138" not in desk
    again = client.post("/progress/reopen", data={**known, "reason": "还是没有水"})
    assert again.status_code == 400 and "已经重办过一次" in text(again)
    with sqlite_office.db.reading() as session:
        kinds = session.exec(select(Message.kind).where(Message.case_id == case.id)).all()
    assert kinds == ["text", "reopen"]


def test_what_the_office_asked_for_is_answered_on_the_page_and_the_clock_runs_again(
    client: FlaskClient, sqlite_office: TheOffice, signed_in: SignedIn
) -> None:
    with sqlite_office.db.writing() as session:
        case = case_at(session, sqlite_office, Status.IN_PROGRESS)
    known = credentials(sqlite_office, case)
    assert 'action="/progress/answer"' not in text(client.post("/progress", data=known))
    unasked = client.post("/progress/answer", data={**known, "answer": "在城东"})
    assert unasked.status_code == 400 and "现在不用补充" in text(unasked)
    act(sqlite_office, "老李", case, Action.ASK_CITIZEN, question="请问住在哪个社区？")
    assert 'action="/progress/answer"' in text(client.post("/progress", data=known))
    empty = client.post("/progress/answer", data=known)
    assert empty.status_code == 400 and "请写明补充的情况" in text(empty)
    long = client.post("/progress/answer", data={**known, "answer": "水" * 2001})
    assert long.status_code == 400 and "水" * 2001 in text(long)
    told = text(client.post("/progress/answer", data={**known, "answer": "柳荫社区，电话13900000138"}))
    assert "已收到您的补充" in told and 'action="/progress/answer"' not in told
    desk = text(signed_in("老李").get(f"/desk/cases/{case.number}"))
    assert "柳荫社区" in desk and "13900000138" not in desk and "恢复办理" in desk
    again = client.post("/progress/answer", data={**known, "answer": "柳荫社区"})
    assert again.status_code == 400


# ------------------------------------------------------------------ photos, and inside other pages


def photo(size: tuple[int, int] = (40, 30)) -> bytes:
    """A telephone's photo, with a place in it."""
    picture, written = Image.new("RGB", size, "green"), io.BytesIO()
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (23.0, 7.0, 0.0)}
    picture.save(written, "JPEG", exif=exif)
    return written.getvalue()


def send(client: FlaskClient, *files: tuple[bytes, str], path: str = "/write") -> TestResponse:
    sent = [(io.BytesIO(data), name) for data, name in files]
    return client.post(path, data={**LETTER, "photos": sent}, content_type="multipart/form-data")


def test_photos_come_with_the_letter_and_nothing_but_the_picture_is_kept(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    number, _ = receipt(send(client, (photo(), "路灯.jpg"), (photo(), "../../etc/passwd")))
    with sqlite_office.db.reading() as session:
        rows = list(session.exec(select(Attachment)))
    assert [(row.state, row.media_type) for row in rows] == [("stored", "image/jpeg")] * 2
    kept = [attachments.read(sqlite_office.db.folder, row.path) or b"" for row in rows]
    assert all(not Image.open(io.BytesIO(data)).getexif() for data in kept)
    assert receipt(send(client, (photo(), "路灯.jpg")))[0] == number  # once more is the same letter
    with sqlite_office.db.reading() as session:
        assert len(list(session.exec(select(Attachment)))) == 2


@pytest.mark.parametrize(
    "files",
    [
        [(b"<svg onload=alert(1)>", "a.jpg")],
        [(b"%PDF-1.7", "a.jpg")],
        [(b"", "a.jpg")],
        [(b"\xff\xd8\xff" + b"x" * 200, "a.jpg")],
        [(b"#!AMR\n123", "a.jpg")],
        [(b"PK\x03\x04", "a.jpg")],
        [(b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a.png")] * 4,
    ],
    ids=["svg", "pdf", "empty", "broken", "sound", "zip", "four"],
)
def test_what_is_no_photo_refuses_the_letter_in_words_and_keeps_nothing(
    client: FlaskClient, sqlite_office: TheOffice, files: list[tuple[bytes, str]]
) -> None:
    answer = send(client, *files)
    assert answer.status_code == 400 and "照片" in text(answer) and LETTER["text"] in text(answer)
    assert the_cases(sqlite_office) == []


def embed_on(office: TheOffice, origins: str) -> None:
    with office.db.writing() as session:
        account_id = office.accounts["website"].id
        accounts.change_settings(session, NOW, None, account_id, {"embed_on": origins})


def test_the_form_stands_in_the_frames_of_the_sites_the_office_named_and_in_no_others(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    assert client.get("/write/embedded").status_code == 404
    embed_on(sqlite_office, "https://www.yunze.example, https://bj.yunze.example:8443")
    page = client.get("/write/embedded")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://www.yunze.example https://bj.yunze.example:8443;" in policy
    assert "X-Frame-Options" not in page.headers and "<footer" not in text(page)
    receipt(send(client, (photo(), "a.jpg"), path="/write/embedded"))
    own = client.get("/write")
    assert "frame-ancestors 'none'" in own.headers["Content-Security-Policy"]
    assert own.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "origins", ["http://www.yunze.example", "*", "https://a.example; script-src *", "https://a b"]
)
def test_what_is_no_origin_cannot_be_let_in(sqlite_office: TheOffice, origins: str) -> None:
    with pytest.raises(Invalid):
        embed_on(sqlite_office, origins)
