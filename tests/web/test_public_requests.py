"""Anybody may ask to take a public case down; one click does it everywhere; a leak is counted and reported."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from app.base import clock
from app.cases import queries as cases
from app.disclosure.models import Disclosure, PublicRequest
from app.log.models import Event
from app.notices.models import Notice
from app.opendata.models import Leak, ReadCount
from app.web.public.reads import EVERY
from tests.closing import DISCLOSER, REPLY, proposed, published, words_of
from tests.conftest import NOW, TheOffice

SignIn = Callable[[str], FlaskClient]
WORDS = "第二段写了我家的事，请撤下"


@pytest.fixture
def number(sqlite_office: TheOffice) -> str:
    with sqlite_office.db.writing() as session:
        return published(session, sqlite_office).number


def asked(office: TheOffice) -> list[PublicRequest]:
    with office.db.reading() as session:
        return list(session.exec(select(PublicRequest)))


def ask(client: FlaskClient, number: str, **fields: str) -> int:
    form = {"kind": "withdraw", "words": WORDS, **fields}
    return client.post(f"/cases/{number}/request", data=form).status_code


def test_a_request_is_work_for_the_disclosure_officer(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str
) -> None:
    assert "申请更正或撤下" in client.get(f"/cases/{number}/request").text
    assert f"/cases/{number}/request" in client.get(f"/cases/{number}").text
    assert (ask(client, number), ask(client, number)) == (200, 200)
    (request,) = asked(sqlite_office)
    assert (request.times, request.own, request.state) == (2, False, "open"), "the same is asked once"
    page = signed_in(DISCLOSER).get("/desk/disclosures").text
    assert f"/desk/disclosures/requests/{request.id}" in page and "请求撤下" in page
    with sqlite_office.db.reading() as session:
        told = session.exec(select(Notice).where(Notice.kind == "public_request")).all()
        logged = session.exec(select(Event).where(Event.action == "public_request")).all()
    assert told and WORDS not in str([notice.text for notice in told])
    assert WORDS not in str([event.data for event in logged])


def test_the_look_up_code_proves_who_asks(client: FlaskClient, sqlite_office: TheOffice, number: str) -> None:
    assert ask(client, number, code="AAAAAAAA") == 404
    assert asked(sqlite_office) == []
    with sqlite_office.db.reading() as session:
        case = cases.by_number(session, number)
        assert case is not None
        code = cases.lookup_code(session, case)
    assert ask(client, number, code=code) == 200
    assert asked(sqlite_office)[0].own


@pytest.mark.parametrize(
    "fields", [{"kind": "x"}, {"words": " "}, {"words": "长" * 501}, {"words": "a\x00b"}]
)
def test_a_request_that_says_nothing_is_refused_at_its_field(
    client: FlaskClient, number: str, fields: dict[str, str]
) -> None:
    assert ask(client, number, **fields) == 400


def test_nobody_asks_more_than_five_times_an_hour(client: FlaskClient, number: str) -> None:
    assert [ask(client, number) for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.clause("E14")
def test_one_click_takes_it_down_everywhere_and_keeps_no_text(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str
) -> None:
    ask(client, number)
    (request,) = asked(sqlite_office)
    officer = signed_in(DISCLOSER)
    assert REPLY in officer.get(f"/desk/disclosures/requests/{request.id}").text
    answer = officer.post(f"/desk/disclosures/requests/{request.id}/grant", data={"answer": "已撤下"})
    assert answer.status_code == 303
    for address in (f"/cases/{number}", f"/cases/{number}.json", f"/cases/{number}/request"):
        assert client.get(address).status_code == 410
    for address in ("/cases", "/data/cases.csv", "/data/cases.feed.json", "/data/cases/rows.json", "/data"):
        assert REPLY not in client.get(address).text
    with sqlite_office.db.reading() as session:
        found = session.exec(select(Disclosure)).one()
        (done,) = session.exec(select(PublicRequest)).all()
    assert (found.state, found.title + found.message + found.summary + found.reply, found.hits) == (
        "withdrawn", "", [],
    )  # fmt: skip
    assert (done.state, done.words, done.answer) == ("done", "", "已撤下")
    again = officer.post(f"/desk/disclosures/requests/{request.id}/grant")
    assert again.status_code == 409


def test_a_refusal_needs_its_reason(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str
) -> None:
    ask(client, number)
    (request,) = asked(sqlite_office)
    officer = signed_in(DISCLOSER)
    address = f"/desk/disclosures/requests/{request.id}/refuse"
    assert officer.post(address, data={"answer": ""}).status_code == 400
    assert officer.post(address, data={"answer": "没有能认出您的内容"}).status_code == 303
    assert client.get(f"/cases/{number}").status_code == 200


def test_a_correction_brings_it_back_and_it_stays_public_until_then(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str
) -> None:
    ask(client, number, kind="correct")
    (request,) = asked(sqlite_office)
    answer = signed_in(DISCLOSER).post(f"/desk/disclosures/requests/{request.id}/grant")
    with sqlite_office.db.reading() as session:
        found = session.exec(select(Disclosure)).one()
    assert answer.headers["Location"] == f"/desk/disclosures/{found.id}"
    assert found.state == "waiting"
    assert REPLY in client.get(f"/cases/{number}").text


@pytest.mark.parametrize("name", ["小陈", "王科长", "编辑小叶"])
def test_requests_are_for_disclosure_officers_and_duty_leaders(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str, name: str
) -> None:
    ask(client, number)
    (request,) = asked(sqlite_office)
    person = signed_in(name)
    assert person.get(f"/desk/disclosures/requests/{request.id}").status_code == 403
    assert person.post(f"/desk/disclosures/requests/{request.id}/grant").status_code == 403


@pytest.mark.clause("E25")
@pytest.mark.parametrize("name", [DISCLOSER, "值班长老徐"])
def test_the_leak_button_withdraws_counts_and_drafts_the_report(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice, number: str, name: str
) -> None:
    with sqlite_office.db.writing() as session:
        found = session.exec(select(Disclosure)).one()
        today = found.decided_at
        assert today is not None
        for form, times in ((f"case:{number}", 7), ("cases.csv", 3), ("case:20260101-AAAAAA", 99)):
            session.add(ReadCount(on=today.date(), form=form, times=times))
    ask(client, number, kind="leak")
    leader = signed_in(name)
    answer = leader.post(
        f"/desk/disclosures/{found.id}/leak", data={"kinds": ["phone", "nonsense"], "note": "电话没有隐去"}
    )
    assert client.get(f"/cases/{number}").status_code == 410
    with sqlite_office.db.reading() as session:
        leak = session.exec(select(Leak)).one()
        told = session.exec(select(Notice).where(Notice.kind == "leak")).all()
    assert leak.kinds == ["phone"] and leak.reads[f"case:{number}"] == 7
    assert told, "whoever must know is told"
    assert asked(sqlite_office)[0].state == "done"
    paper = leader.get(answer.headers["Location"]).text
    assert "4 小时" in paper and number in paper and "电话" in paper
    assert "可能受影响的人" in paper and "来信人（微信" in paper
    assert ">7<" in paper and ">3<" in paper and ">99<" not in paper


def test_readers_are_counted_and_not_known(
    client: FlaskClient, sqlite_office: TheOffice, number: str
) -> None:
    for _ in range(3):
        client.get(f"/cases/{number}")
    client.get("/data/cases.csv")
    with clock.at(NOW + EVERY + EVERY):
        client.get("/data/cases.csv")
    with sqlite_office.db.reading() as session:
        counted = {row.form: row.times for row in session.exec(select(ReadCount))}
    assert counted == {f"case:{number}": 3, "cases.csv": 2}
    assert set(ReadCount.model_fields) == {"id", "on", "form", "times"}


def test_each_hit_is_hidden_or_kept_by_one_choice(signed_in: SignIn, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        found = proposed(
            session, sqlite_office, text="我叫李大伟，住在幸福路 12 号，路灯坏了。电话13900000138。"
        )
        hits = [hit for hit in found.hits if hit["field"] == "message"]
        number = found.id
    officer = signed_in(DISCLOSER)
    address = f"/desk/disclosures/{number}"
    page = officer.get(address).text
    assert 'name="hit-0" value="keep"' in page
    soft = [place for place, hit in enumerate(hits) if hit["kind"] in ("name", "address")]
    hard = next(place for place, hit in enumerate(hits) if hit["kind"] == "phone")
    assert officer.post(f"{address}/hits", data={f"hit-{hard}": "keep"}).status_code == 400
    assert officer.post(f"{address}/hits", data={f"hit-{soft[0]}": "keep"}).status_code == 303
    with sqlite_office.db.reading() as session:
        text = session.get_one(Disclosure, number).message
    assert "13900000138" not in text and text.count("〔") < len(hits)


def test_identical_texts_are_published_in_one_go_and_others_are_not(
    client: FlaskClient, signed_in: SignIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        same = [proposed(session, sqlite_office, text="路灯坏了，什么时候修？") for _ in range(3)]
        proposed(session, sqlite_office, text="路灯坏了，什么时候能修好？")
        form = {"digest": same[0].digest, "considered": same[0].flags, **words_of(same[0])}
        number = same[0].id
    officer = signed_in(DISCLOSER)
    assert "还有 2 件文字一模一样" in officer.get(f"/desk/disclosures/{number}").text
    officer.post(f"/desk/disclosures/{number}/publish", data={**form, "alike": "1"})
    told = client.get("/cases.json").json
    assert told is not None and told["total"] == 3
