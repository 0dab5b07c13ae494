"""公开审核 on the desk: one decision a screen, on exactly what was seen."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.disclosure import queries
from app.disclosure.models import Disclosure
from tests.closing import DISCLOSER, REPLY, proposed, published, words_of
from tests.conftest import TheOffice

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def waiting(sqlite_office: TheOffice) -> dict[str, Any]:
    """The form of a case that waits: id, digest, what was considered, texts."""
    with sqlite_office.db.writing() as session:
        return form_of(proposed(session, sqlite_office))


def form_of(found: Disclosure) -> dict[str, Any]:
    """What the officer's form sends, every box ticked."""
    return {"id": str(found.id), "digest": found.digest, "considered": found.flags, **words_of(found)}


def _state(office: TheOffice, number: str) -> str:
    with office.db.reading() as session:
        return queries.get(session, int(number)).disclosure.state


def test_the_list_holds_what_waits_and_the_rail_counts_it(signed_in: SignIn, waiting: dict[str, Any]) -> None:
    page = signed_in(DISCLOSER).get("/desk/disclosures")
    assert page.status_code == 200
    assert f'href="/desk/disclosures/{waiting["id"]}"' in page.text
    assert "第 1–1 件，共 1 件" in page.text


def test_an_empty_list_says_what_belongs_there(signed_in: SignIn) -> None:
    assert "没有等审看的办件" in signed_in(DISCLOSER).get("/desk/disclosures").text


def test_the_original_stands_left_and_the_public_text_right(
    signed_in: SignIn, waiting: dict[str, Any]
) -> None:
    page = signed_in(DISCLOSER).get(f"/desk/disclosures/{waiting['id']}").text
    assert "<del>13900000138</del>" in page
    assert '<span class="masked">〔电话〕</span>' in page
    assert "手机号码" in page, "the cue of the hit"


@pytest.mark.clause("C4")
def test_publishing_makes_it_readable_for_everybody_at_once(
    signed_in: SignIn, client: FlaskClient, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    officer = signed_in(DISCLOSER)
    answer = officer.post(f"/desk/disclosures/{waiting['id']}/publish", data=waiting)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/disclosures")
    assert "已公开" in officer.get("/desk/disclosures").text
    assert REPLY in client.get("/cases.json").text


def test_after_a_decision_the_next_one_opens(
    signed_in: SignIn, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    with sqlite_office.db.writing() as session:
        following = proposed(session, sqlite_office).id
    answer = signed_in(DISCLOSER).post(f"/desk/disclosures/{waiting['id']}/publish", data=waiting)
    assert answer.headers["Location"] == f"/desk/disclosures/{following}"


def test_words_changed_in_the_form_without_a_second_look_are_not_published(
    signed_in: SignIn, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    answer = signed_in(DISCLOSER).post(
        f"/desk/disclosures/{waiting['id']}/publish", data={**waiting, "reply": "别的答复"}
    )
    assert answer.status_code == 409
    assert "文字在您看过之后变了" in answer.text
    assert _state(sqlite_office, waiting["id"]) == "waiting"


def test_an_edit_comes_back_to_be_read_before_it_is_public(
    signed_in: SignIn, client: FlaskClient, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    officer = signed_in(DISCLOSER)
    address = f"/desk/disclosures/{waiting['id']}"
    answer = officer.post(f"{address}/edit", data={**waiting, "title": "没有合同怎样办居住证"})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    page = officer.get(address).text
    assert "没有合同怎样办居住证" in page and "还没有公开" in page
    assert _state(sqlite_office, waiting["id"]) == "waiting"


@pytest.mark.clause("E14")
def test_a_phone_number_written_back_in_is_refused_at_the_field_and_the_words_stay(
    signed_in: SignIn, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    officer = signed_in(DISCLOSER)
    address = f"/desk/disclosures/{waiting['id']}"
    officer.post(f"{address}/edit", data={**waiting, "message": "请打 13900000138"})
    with sqlite_office.db.reading() as session:
        found = queries.get(session, int(waiting["id"])).disclosure
        form = form_of(found)
    answer = officer.post(f"{address}/publish", data=form)
    assert answer.status_code == 400
    assert "来信里还能读到电话" in answer.text
    assert _state(sqlite_office, waiting["id"]) == "waiting"


@pytest.mark.clause("C4")
def test_withholding_asks_for_a_reason_and_for_other_its_basis(
    signed_in: SignIn, client: FlaskClient, sqlite_office: TheOffice, waiting: dict[str, Any]
) -> None:
    officer = signed_in(DISCLOSER)
    address = f"/desk/disclosures/{waiting['id']}/withhold"
    assert officer.post(address, data={"reason": ""}).status_code == 400
    assert officer.post(address, data={"reason": "other"}).status_code == 400
    assert (
        officer.post(address, data={"reason": "other", "legal_basis": "《条例》第十五条"}).status_code == 303
    )
    page = officer.get(f"/desk/disclosures/{waiting['id']}").text
    assert "不予公开" in page and "《条例》第十五条" in page
    assert client.get("/cases.json").json["total"] == 0  # type: ignore[index]
    assert officer.post(f"/desk/disclosures/{waiting['id']}/reconsider").status_code == 303
    assert _state(sqlite_office, waiting["id"]) == "waiting"


@pytest.mark.clause("E14")
def test_withdrawing_takes_it_from_every_page(
    signed_in: SignIn, client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        number = published(session, sqlite_office).number
        first = queries.listed(session, "published").items[0].disclosure.id
    officer = signed_in("值班长老徐")
    assert "撤下这件公开办件" in officer.get(f"/desk/disclosures/{first}").text
    answer = officer.post(f"/desk/disclosures/{first}/withdraw", data={"reason": "privacy"})
    assert answer.status_code == 303
    assert client.get(f"/cases/{number}").status_code == 410
    assert "已撤下" in officer.get(f"/desk/disclosures/{first}").text


@pytest.mark.parametrize("name", ["小陈", "老李", "王科长", "系统管理员", "外包小吴"])
def test_these_pages_are_the_disclosure_officers(
    signed_in: SignIn, waiting: dict[str, Any], name: str
) -> None:
    browser = signed_in(name)
    for address in ("/desk/disclosures", f"/desk/disclosures/{waiting['id']}"):
        assert browser.get(address).status_code == 403
    assert browser.post(f"/desk/disclosures/{waiting['id']}/publish", data=waiting).status_code == 403


def test_nobody_else_even_knows_the_pages(client: FlaskClient) -> None:
    assert client.get("/desk/disclosures").status_code == 303
    assert "/desk/login" in client.get("/desk/disclosures").headers["Location"]


@pytest.mark.parametrize("address", ["/desk/disclosures?state=lost", "/desk/disclosures/999"])
def test_an_address_that_means_nothing(signed_in: SignIn, address: str) -> None:
    assert signed_in(DISCLOSER).get(address).status_code in {400, 404}


@pytest.mark.clause("D21")
def test_the_statistics_inside_are_exact_and_say_where_they_come_from(
    signed_in: SignIn, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        for _ in range(3):
            published(session, sqlite_office)
    browser = signed_in("小陈")
    page = browser.get("/desk/statistics").text
    assert '<td class="number">3</td>' in page and "算到流转记录第" in page
    department = sqlite_office.departments["公安局户政科"].id
    assert f"/desk/cases?view=all&amp;department={department}" in page
    assert "第 1–3 件，共 3 件" in browser.get(f"/desk/cases?view=all&department={department}").text
    table = browser.get("/desk/statistics.csv?by=month")
    assert table.text.startswith("\ufeff月份,留言数") and "2026-10,3" in table.text
    for by in ("month", "message_type", "platform"):
        assert browser.get(f"/desk/statistics?by={by}&month=2026-10").status_code == 200
    assert browser.get("/desk/statistics?by=person").status_code == 400
