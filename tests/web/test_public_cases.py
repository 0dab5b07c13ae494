"""公开办件: anybody reads it without scripts or sign-in, and what was withdrawn is gone."""

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.disclosure.decision import tidied
from app.opendata import service as opendata
from tests.closing import DISCLOSER, REPLY, proposed, published, words_of
from tests.conftest import NOW, TheOffice

PHONE = "13900000138"


@pytest.fixture
def number(sqlite_office: TheOffice) -> str:
    with sqlite_office.db.writing() as session:
        return published(session, sqlite_office, category="居住证", place="城东区").number


def test_before_the_first_publication_the_list_is_empty_and_says_so(client: FlaskClient) -> None:
    page = client.get("/cases")
    assert page.status_code == 200
    assert "这里还没有办件" in page.text


@pytest.mark.clause("C4")
def test_the_list_leads_to_the_case(client: FlaskClient, number: str) -> None:
    page = client.get("/cases")
    assert f'href="/cases/{number}"' in page.text
    assert PHONE not in page.text


@pytest.mark.clause("E14")
def test_the_page_shows_letter_reply_basis_and_deadline_with_the_masks_explained(
    client: FlaskClient, number: str
) -> None:
    page = client.get(f"/cases/{number}")
    assert page.status_code == 200
    assert '<span class="masked">〔电话〕</span>' in page.text
    assert "隐去了 1 处（电话）" in page.text
    assert REPLY in page.text and "《云泽市居住证管理办法》第九条" in page.text
    assert "时限怎样算的" in page.text and "用了 1 个工作日，在时限内答复" in page.text
    assert PHONE not in page.text


def test_the_page_tells_matter_and_place_as_far_as_the_data_does(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        numbers = [
            published(session, sqlite_office, category=category, place=place).number
            for category in ("居住证", "身份证")
            for place in ("城东区城南街道", "城东区城北街道", "城东区翠湖路8号")
        ]
    told = client.get(f"/cases/{numbers[-1]}.json").json
    assert told is not None and (told["category"], told["place"]) == ("", "城东区")
    page = client.get(f"/cases/{numbers[-1]}").text
    assert ">城东区</a>" in page and "/cases?group=%E6%88%B7%E7%B1%8D%E8%AF%81%E4%BB%B6" in page
    assert "翠湖路" not in page and "城东区" in client.get("/cases").text
    only = client.get("/cases?place=城东区").text
    assert f"共 {len(numbers)} 件" in only and "只看地点“城东区”的" in only and 'href="/cases"' in only
    assert "共 0 件" in client.get("/cases?place=城%25").text
    assert "只看事项“居住证”的" in client.get("/cases?category=居住证").text


def test_a_district_is_asked_for_with_the_street_offices_in_it(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        for place in (*["城东区城南街道"] * 5, *["城东区"] * 5, *["临湖区"] * 5):
            published(session, sqlite_office, category="居住证", place=place)
    for place, number in (("城东区", 10), ("城东区城南街道", 5), ("临湖区", 5)):
        assert f"共 {number} 件" in client.get(f"/cases?place={place}").text


@pytest.mark.clause("E14")
def test_who_is_named_by_law_is_named_with_the_law(client: FlaskClient, sqlite_office: TheOffice) -> None:
    office = sqlite_office
    with office.db.writing() as session:
        found = proposed(session, office)
        words = words_of(found) | {"reply": "违法停放的鲁A12345已被处罚。"}
        named = opendata.publish(
            session, NOW, office.people[DISCLOSER], found.id, digest=tidied(**words).digest,
            considered=found.flags, exception="penalty", legal_basis="《某条例》第十条", **words,
        ).number  # fmt: skip
        other = published(session, office).number
    assert "惩戒公示，依法没有隐去姓名" in client.get(f"/cases/{named}").text
    rows = {row["number"]: row for row in client.get("/cases.json").json["items"]}  # type: ignore[index]
    told = {number: (row["exception"], row["legal_basis"]) for number, row in rows.items()}
    assert told == {named: ("penalty", "《某条例》第十条"), other: ("", "")}
    assert "依法没有隐去姓名" not in client.get(f"/cases/{other}").text
    with office.db.writing() as session:
        opendata.withdraw(session, NOW, None, named, reason="requested")
    assert "某条例" not in client.get("/data/cases.jsonl").text


def test_the_page_carries_its_question_and_answer_for_search_engines(
    client: FlaskClient, number: str
) -> None:
    page = client.get(f"/cases/{number}").text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    told = json.loads(found[1])
    assert (told["@type"], told["mainEntity"]["acceptedAnswer"]["text"]) == ("QAPage", REPLY)


def test_words_that_are_markup_stay_words(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        number = published(
            session, sqlite_office, text="</script><script>alert(1)</script>居住证怎么办？"
        ).number
    page = client.get(f"/cases/{number}").text
    assert "<script>alert" not in page


def test_the_twin_at_the_same_address_says_the_same(client: FlaskClient, number: str) -> None:
    told = client.get(f"/cases/{number}.json")
    assert told.json is not None
    assert (told.json["number"], told.json["reply"]) == (number, REPLY)
    assert told.json["deadline_days"][0]["on"] == "2026-10-08"
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    listed = client.get("/cases.json").json
    assert listed is not None
    assert [item["number"] for item in listed["items"]] == [number]
    assert client.get("/cases.csv").text.splitlines()[0].startswith("number,title,message")


def test_a_number_typed_in_small_letters_is_the_same_case(client: FlaskClient, number: str) -> None:
    assert client.get(f"/cases/{number.lower()}").status_code == 200
    assert number in client.get(f"/cases?q={number.lower()}").text


@pytest.mark.parametrize("unknown", ["20260101-AAAAAA", "nope", "%00", "1' OR 1=1"])
def test_what_never_was_public_is_not_found(client: FlaskClient, unknown: str) -> None:
    assert client.get(f"/cases/{unknown}").status_code == 404
    assert client.get(f"/cases/{unknown}.json").status_code == 404


@pytest.mark.clause("E14")
def test_what_was_withdrawn_is_gone_with_number_time_and_reason(
    client: FlaskClient, sqlite_office: TheOffice, number: str
) -> None:
    client.get("/cases?q=居住证")  # the index knows it
    with sqlite_office.db.writing() as session:
        opendata.withdraw(session, NOW, None, number, reason="requested")
    page = client.get(f"/cases/{number}")
    assert page.status_code == 410
    assert number in page.text and "本人申请" in page.text and "10 月 9 日" in page.text
    assert "居住证" not in page.text.replace("云泽市居住证", "")
    assert client.get(f"/cases/{number}.json").status_code == 410
    for address in ("/cases", "/cases?q=居住证", "/cases.json", "/cases.csv", f"/cases?q={number}"):
        assert REPLY not in client.get(address).text, address


def test_search_finds_by_meaning_words_and_by_exact_words(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        street = published(
            session, sqlite_office, text="小区门口的路灯不亮了", reply="您好！路灯已修好。"
        ).number
        permit = published(session, sqlite_office).number
    found = client.get("/cases?q=路灯坏了没人管").text
    assert street in found
    first = client.get("/cases.json?q=租房没签合同办居住证").json
    assert first is not None and first["items"][0]["number"] == permit
    assert "没有找到写着" in client.get("/cases?q=qzxv").text


def test_pages_follow_each_other_without_gaps(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        numbers = {
            published(
                session, sqlite_office, now=NOW + timedelta(minutes=turn), text=f"第{turn}封信问居住证"
            ).number
            for turn in range(23)
        }
    first = client.get("/cases.json").json
    assert first is not None and first["total"] == 23
    second = client.get(first["next"]).json
    assert second is not None and second["next"] is None
    assert {item["number"] for item in first["items"] + second["items"]} == numbers
    assert "后面 3 件" in client.get("/cases").text


@pytest.mark.parametrize("question", ["month=2026-13", "after=x", "before=1e999_1", "closed=x"])
def test_an_address_that_says_nothing_is_refused_in_words(client: FlaskClient, question: str) -> None:
    page = client.get(f"/cases?{question}")
    assert page.status_code == 400
    assert "月份要写成" in page.text or "翻页地址不对" in page.text


def test_a_figure_of_the_statistics_opens_exactly_its_cases(client: FlaskClient, number: str) -> None:
    told = client.get("/cases.json?closed=2026-10").json
    assert told is not None and told["total"] == 1
    assert 'href="/cases?closed=2026-10">&lt;5</a>' in client.get("/statistics").text


@pytest.mark.clause("C11")
def test_the_accounts_are_listed_for_everybody(client: FlaskClient) -> None:
    page = client.get("/accounts")
    assert page.status_code == 200 and "云泽wechat" in page.text
    told = client.get("/accounts.json").json
    assert told is not None and len(told["items"]) == 5
    assert "key" not in told["items"][0] and "settings" not in told["items"][0]
    assert len(client.get("/accounts.csv").text.splitlines()) == 6


@pytest.mark.clause("D22")
@pytest.mark.parametrize("address", ["/cases", "/statistics", "/data", "/accounts"])
def test_nobody_is_asked_to_sign_in_install_or_follow(client: FlaskClient, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    for word in ("下载APP", "下载客户端", "关注公众号", "点赞", "转发"):
        assert word not in page.text


@pytest.mark.parametrize(
    "page", ["/", "/cases", "/cases?q=路灯", "/statistics", "/data", "/accounts", "/answers"]
)
def test_no_cache_on_the_way_keeps_a_page(client: FlaskClient, page: str) -> None:
    assert client.get(page).headers["Cache-Control"] == "no-cache"


def test_the_page_of_a_case_is_kept_for_half_a_minute_at_most(client: FlaskClient, number: str) -> None:
    assert client.get(f"/cases/{number}").headers["Cache-Control"] == "public, max-age=30"
