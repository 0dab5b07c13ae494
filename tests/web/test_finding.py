"""同义词 and 不合适: what editors and clerks tell the search, on the desk."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlmodel import select

from app.finding import queries
from kb.models import LearnedPhrasing
from kb.service import learn_phrasing
from tests.app.answers.acting import LOST_CARD, published
from tests.conftest import NOW, TheOffice
from tests.factories import a_case

Browser = Callable[[str], FlaskClient]


def test_an_editor_adds_a_word_tries_it_and_takes_it_out(
    signed_in: Browser, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        published(session, sqlite_office)
    editor = signed_in("编辑小叶")
    assert "查不到答案" in editor.get("/desk/answers/words?q=一卡通").text
    refused = editor.post("/desk/answers/words", data={"word": "卡", "same_as": "社保卡"})
    assert "2 到 20 个字" in refused.text
    assert editor.post("/desk/answers/words", data={"word": "一卡通", "same_as": "社保卡"}).status_code == 303
    assert "社保卡丢了怎么补办" in editor.get("/desk/answers/words?q=一卡通").text
    editor.post("/desk/answers/words/drop", data={"word": "一卡通"})
    assert "查不到答案" in editor.get("/desk/answers/words?q=一卡通").text
    assert signed_in("小陈").post("/desk/answers/words", data={}).status_code == 403


def test_an_old_name_of_a_place_finds_what_is_written_of_the_new_one_and_the_box_says_how(
    signed_in: Browser, sqlite_office: TheOffice
) -> None:
    with sqlite_office.db.writing() as session:
        words = {
            "question": "云泽西站几点关门",
            "text": "云泽西站 22 点关门。",
            "phrasings": [],
            "must_keep": [],
        }
        published(session, sqlite_office, {**LOST_CARD, **words})
    editor = signed_in("编辑小叶")
    assert "查不到答案" in editor.get("/desk/answers/words?q=老火车站").text
    editor.post("/desk/answers/words", data={"word": "老火车站", "same_as": "云泽西站"})
    tried = editor.get("/desk/answers/words?q=老火車站几点关").text
    assert "“老火车站”和“云泽西站”算一个词" in tried
    assert "云泽西站几点关门" in tried
    assert "没有找到答案" not in editor.get("/answers?q=老火车站").text


def test_a_clerk_says_that_a_suggestion_does_not_fit(signed_in: Browser, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
        case = a_case(session, sqlite_office, text="我的社保卡丢了，怎么补办？")
        number, entry_id, key = case.number, entry.id, entry.key
    clerk = signed_in("小陈")
    assert "不合适" in clerk.get(f"/desk/cases/{number}").text
    assert clerk.post(f"/desk/cases/{number}/suggestions/{key}/reject").status_code == 303
    with sqlite_office.db.reading() as session:
        assert queries.feedback(session, entry_id) == {"rejected": 1}
    assert f"/suggestions/{key}/reject" not in clerk.get(f"/desk/cases/{number}").text


def test_an_editor_drops_words_learned_from_a_letter(signed_in: Browser, sqlite_office: TheOffice) -> None:
    with sqlite_office.db.writing() as session:
        entry, _ = published(session, sqlite_office)
        learn_phrasing(session, NOW, entry.id, "卡让洗衣机绞烂了", "20261009-AAAAAA")
        number, learned = entry.id, session.exec(select(LearnedPhrasing.id)).one()
    editor = signed_in("编辑小叶")
    assert "卡让洗衣机绞烂了" in editor.get(f"/desk/answers/{number}").text
    assert editor.post(f"/desk/answers/phrasings/{learned}/drop").status_code == 303
    assert "洗衣机" not in editor.get(f"/desk/answers/{number}").text.replace("已删除这种问法", "")
