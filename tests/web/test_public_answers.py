"""查答案: the public asks in its own words and gets one paragraph with its source."""

import json
import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from app.answers import service
from app.base import clock
from app.finding import service as finding
from app.finding.models import UnansweredSearch
from kb.documents import Hit
from tests.app.answers.acting import LOST_CARD, PERMIT, approved, published
from tests.conftest import NOW, TheOffice
from tests.counting import counting


def publish(office: TheOffice, content: dict = LOST_CARD, **changes: object) -> str:
    with office.db.writing() as session:
        return published(session, office, content, **changes)[0].key


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text[:400]
    return response.text


def test_the_first_page_is_the_search_with_what_most_people_ask(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    assert "还没有公布答案" in page(client, "/")
    key = publish(sqlite_office)
    shown = page(client, "/")
    assert 'role="search"' in shown
    assert f'href="/answers/{key}"' in shown
    assert "社会保障" in shown


@pytest.mark.clause("C18")
@pytest.mark.parametrize(
    "asked",
    [
        "社保卡丢了怎么补办",
        "社保卡不见了怎么办",
        "社會保障卡遺失補領",
        "　社保卡丢了　怎么补办？",
        "社保卡丢了咋补办啊",
    ],
)
def test_own_words_find_the_answer_and_the_words_are_marked(
    client: FlaskClient, sqlite_office: TheOffice, asked: str
) -> None:
    publish(sqlite_office)
    publish(sqlite_office, PERMIT)
    shown = page(client, f"/answers?q={quote(asked)}")
    first = re.search(r'<article class="result.*?</article>', shown, re.DOTALL)
    assert first is not None
    assert "补办" in first[0]
    assert "<mark>" in first[0]


def test_a_confident_answer_is_shown_whole_with_office_date_validity_and_basis(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    publish(sqlite_office)
    shown = page(client, f"/answers?q={quote('社保卡丢了怎么补办')}")
    text = re.sub(r"<[^>]+>", "", shown)
    assert LOST_CARD["text"] in text
    assert "第一条最接近您的问题" in text
    for part in ("人力资源和社会保障局", "2026-10-09 更新", "有效至 2027-06-30", "云人社规〔2025〕6 号"):
        assert part in text


def test_the_words_go_along_to_the_letter_and_to_the_cases(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    shown = page(client, f"/answers?q={quote('隔壁夜里施工')}")
    assert "没有找到答案" in shown
    assert f"/write?text={quote('隔壁夜里施工')}" in shown
    assert f"/cases?q={quote('隔壁夜里施工')}" in shown
    letter = page(client, f"/write?text={quote('隔壁夜里施工')}")
    assert "隔壁夜里施工" in letter


def test_a_misheard_word_is_answered_by_the_word_it_sounds_like(
    app: Flask, client: FlaskClient, sqlite_office: TheOffice
) -> None:
    publish(sqlite_office, PERMIT)
    page(client, f"/answers?q={quote('居住证')}")
    app.extensions["huiying"].answers.prepare()  # as the server does beside its pages
    shown = page(client, f"/answers?q={quote('居主证')}")
    assert "没有找到“居主证”，下面是" in shown
    assert f"q={quote('居住证')}" in shown
    assert PERMIT["question"].partition("居住证")[0] in shown  # the answer stands there at once


@pytest.mark.clause("B11")
def test_what_nobody_could_answer_is_counted_without_who_asked(
    app: Flask, client: FlaskClient, sqlite_office: TheOffice
) -> None:
    asked = "我叫张三，电话13800138000，隔壁夜里施工找谁"
    for _ in range(2):
        page(client, f"/answers?q={quote(asked)}")
    app.extensions["huiying"].searches.settle()
    with sqlite_office.db.reading() as session:
        kept = session.exec(select(UnansweredSearch)).one()
    assert kept.times == 2
    assert "施工" in kept.text
    assert "张三" not in kept.text
    assert "13800138000" not in kept.text


def test_what_was_answered_is_not_counted(app: Flask, client: FlaskClient, sqlite_office: TheOffice) -> None:
    publish(sqlite_office)
    page(client, f"/answers?q={quote('社保卡丢了怎么补办')}")
    app.extensions["huiying"].searches.settle()
    with sqlite_office.db.reading() as session:
        assert session.exec(select(UnansweredSearch)).all() == []


@pytest.fixture
def rankings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that were looked up in the index, in the order they were."""
    index = app.extensions["huiying"].answers._index
    search, looked_up = index.search, list[str]()

    def counted(text: str, *args: Any, **kwargs: Any) -> list[Hit]:
        looked_up.append(text)
        found: list[Hit] = search(text, *args, **kwargs)
        return found

    monkeypatch.setattr(index, "search", counted)
    return looked_up


CARD = f"/answers?q={quote('社保卡丢了怎么补办')}"


def test_the_same_words_are_worked_out_once_for_all_who_ask_them(
    client: FlaskClient, sqlite_office: TheOffice, rankings: list[str]
) -> None:
    publish(sqlite_office)
    for address in (CARD, CARD.replace("?", ".json?")):
        first = page(client, address)
        with counting(sqlite_office.db) as statements:
            assert page(client, address) == first
        # Whether anything changed, the office's own words, its name.
        assert sum(one.startswith("SELECT") for one in statements) <= 3
    assert rankings == ["社保卡丢了怎么补办"]


def test_whatever_a_search_depends_on_shows_on_the_next_page(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    office, asked = sqlite_office, f"/answers?q={quote('医保本没了')}"
    editor = office.people["编辑小叶"]
    key = publish(office)
    assert key not in page(client, asked)
    with office.db.writing() as session:
        finding.set_synonym(session, NOW, editor, "医保本", "社保卡")
    assert key in page(client, asked)
    with office.db.writing() as session:
        entry = service.library.by_key(session, key)
        service.retire(session, NOW, editor, entry.id, reason="办法修订")
    assert key not in page(client, asked)


def test_what_was_found_in_time_is_not_told_after_its_last_day(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    key = publish(sqlite_office, valid_until=date(2026, 10, 9))
    assert key in page(client, CARD)
    with clock.at(NOW + timedelta(days=1)):
        assert key not in page(client, CARD)


@pytest.mark.clause("C16")
def test_the_page_of_an_answer_names_its_source(client: FlaskClient, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office)
    shown = page(client, f"/answers/{key}")
    text = re.sub(r"<[^>]+>", "", shown)
    assert "来源：人力资源和社会保障局" in text
    assert "云人社规〔2025〕6 号" in text
    assert 'href="https://rsj.yunze.example/6"' in shown
    assert "有效至 2027-06-30" in text


def test_search_engines_are_told_question_and_answer(client: FlaskClient, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office, text='引号"和</script>也不能出格，带身份证来')
    shown = page(client, f"/answers/{key}")
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', shown, re.DOTALL)
    assert block is not None
    told = json.loads(block[1])
    assert told["@type"] == "FAQPage"
    assert told["mainEntity"][0]["acceptedAnswer"]["text"] == '引号"和</script>也不能出格，带身份证来'


@pytest.mark.clause("C15")
def test_an_answer_that_ran_out_says_so_and_is_not_found(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    key = publish(sqlite_office, valid_until=date(2026, 10, 9))
    # Saturday 10 October, a make-up working day
    with clock.at(NOW + timedelta(days=1)):
        assert "这条答案已过有效期" in page(client, f"/answers/{key}")
        assert "ld+json" not in page(client, f"/answers/{key}")
        assert f"/answers/{key}" not in page(client, f"/answers?q={quote('社保卡丢了怎么补办')}")
        assert f"/answers/{key}" not in page(client, "/")
        assert client.get(f"/answers/{key}.json").json["in_force"] is False


def test_a_draft_policy_is_marked(client: FlaskClient, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office, is_draft_policy=True)
    assert "还在征求意见" in page(client, f"/answers/{key}")


def test_a_retired_answer_is_gone_and_its_words_with_it(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    key = publish(sqlite_office)
    with sqlite_office.db.writing() as session:
        entry = service.library.by_key(session, key)
        service.retire(session, NOW, sqlite_office.people["编辑小叶"], entry.id, reason="办法废止")
    shown = page(client, f"/answers/{key}", 410)
    assert "已经停用" in shown
    assert LOST_CARD["text"] not in shown
    assert client.get(f"/answers/{key}.json").status_code == 410


@pytest.mark.clause("B13")
def test_nobody_sees_what_is_not_published(client: FlaskClient, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        version = approved(session, sqlite_office)
        key = service.library.entry(session, version.entry_id).key
    page(client, f"/answers/{key}", 404)
    page(client, "/answers/nothere", 404)
    assert key not in page(client, "/answers")


@pytest.mark.clause("A5")
def test_a_clarification_stands_first_and_says_what_it_is(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    said = "网传“社保卡补办要交押金”是真的吗"
    publish(sqlite_office)
    assert 'id="refuted"' not in page(client, "/")
    key = publish(sqlite_office, question=said, kind="clarification", phrasings=[])
    start = page(client, "/")
    assert start.index('id="refuted"') < start.index('id="top"')
    assert start.count(f"/answers/{key}") >= 1
    assert '<span class="tag">澄清</span>' in page(client, f"/answers/{key}")
    assert '<span class="tag">澄清</span>' in page(client, f"/answers?q={quote(said)}")


def test_an_acknowledgement_is_no_answer(client: FlaskClient, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office, kind="acknowledgement")
    page(client, f"/answers/{key}", 404)
    assert key not in page(client, "/answers")


def test_a_new_version_under_review_changes_nothing_in_public(
    client: FlaskClient, sqlite_office: TheOffice
) -> None:
    key = publish(sqlite_office)
    with sqlite_office.db.writing() as session:
        approved(
            session, sqlite_office, text="新说法，带身份证", entry_id=service.library.by_key(session, key).id
        )
    assert LOST_CARD["text"] in page(client, f"/answers/{key}")


def test_every_page_has_its_twin(client: FlaskClient, sqlite_office: TheOffice) -> None:
    key = publish(sqlite_office)
    found = client.get(f"/answers.json?q={quote('社保卡丢了怎么补办')}").json
    assert found["sure"] is True
    assert found["rebuilding"] is False
    assert found["items"][0]["key"] == key
    assert found["items"][0]["level"] == "高"
    one = client.get(f"/answers/{key}.json").json
    assert one["answer"] == LOST_CARD["text"]
    assert one["basis_documents"][0]["number"] == "云人社规〔2025〕6 号"
    assert one["published_at"].endswith("+08:00")
    assert client.get("/answers.json").json["items"][0]["key"] == key


def test_all_answers_can_be_leafed_through(client: FlaskClient, sqlite_office: TheOffice) -> None:
    keys = {
        publish(sqlite_office, question=f"第 {n} 个问题", now=NOW + timedelta(minutes=n)) for n in range(23)
    }
    seen: set[str] = set()
    address: str | None = "/answers.json?category=" + quote("社会保障")
    while address:
        told = client.get(address).json
        seen |= {item["key"] for item in told["items"]}
        address = told["next"]
    assert seen == keys
    assert "后面的" in page(client, "/answers")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/answers?q=%00", 200),
        ("/answers?q=" + "啊" * 600, 200),
        ("/answers?q=%F0%9F%98%80", 200),
        ("/answers?q=%27%22%3Cscript%3E", 200),
        ("/answers?after=x", 400),
        ("/answers?after=99999999999999999999999_1", 400),
        ("/answers?category=%E6%B2%A1%E6%9C%89", 404),
    ],
)
def test_odd_requests_are_answered_plainly(
    client: FlaskClient, sqlite_office: TheOffice, address: str, status: int
) -> None:
    publish(sqlite_office)
    shown = page(client, address, status)
    assert "<script>" not in shown
