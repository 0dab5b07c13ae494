"""Is the sample city complete, consistent with itself, and visibly invented?"""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kb.entries import Content, check_ready

DATA = Path(__file__).parents[3] / "app" / "sample" / "data"
Row = dict[str, Any]
Rows = list[Row]
ByKey = dict[str, Row]

ROLES = {
    "clerk",
    "handler",
    "reviewer",
    "issuer",
    "supervisor",
    "editor",
    "discloser",
    "duty_leader",
    "system_admin",
    "security_admin",
    "audit_admin",
}
TYPES = {"consultation", "suggestion", "complaint", "help", "correction", "report", "comment"}
OUTCOMES = {"solved", "partly", "explained", "not_ours", "cannot"}
EMPTY_PHRASES = ("尽快", "近期", "正在研究", "敬请谅解", "温馨提示", "高度重视")


def read(name: str) -> Any:
    """The whole JSON file `name`."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def rows(name: str) -> Rows:
    """The lines of the JSONL file `name`."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def departments() -> ByKey:
    return {row["key"]: row for row in read("departments.json")["departments"]}


@pytest.fixture(scope="module")
def staff() -> ByKey:
    return {row["sign_in"]: row for row in read("staff.json")}


@pytest.fixture(scope="module")
def answers() -> Rows:
    return rows("answers.jsonl")


@pytest.fixture(scope="module")
def cases() -> Rows:
    return rows("cases.jsonl")


def everything() -> str:
    """All files as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(DATA.iterdir()))


def test_the_city_office_has_twelve_departments_and_every_category_has_one_owner(departments: ByKey) -> None:
    assert len(departments) == 12
    owned = Counter(category for row in departments.values() for category in row["categories"])
    assert set(owned.values()) == {1}
    for rule in read("departments.json")["responsibilities"]:
        assert rule["category"] in departments[rule["department"]]["categories"], rule
        assert rule["reason"]
        assert rule["keywords"]
    ruled = {rule["category"] for rule in read("departments.json")["responsibilities"]}
    assert ruled == set(owned)


def test_the_cast_can_walk_three_reviews_and_a_release_with_different_people(
    departments: ByKey, staff: ByKey
) -> None:
    assert len(staff) == len(read("staff.json"))
    held = Counter(role for person in staff.values() for role in person["roles"])
    assert set(held) == ROLES
    assert held["reviewer"] >= 3
    assert held["issuer"] == held["editor"] == held["discloser"] == 2
    assert {person["department"] for person in staff.values()} == set(departments)
    handled_by = {p["department"] for p in staff.values() if "handler" in p["roles"]}
    assert handled_by == set(departments)


def test_nobody_holds_two_roles_that_must_stay_apart(staff: ByKey) -> None:
    apart = [
        {"reviewer", "issuer"},
        {"system_admin", "security_admin"},
        {"system_admin", "audit_admin"},
        {"security_admin", "audit_admin"},
    ]
    for person in staff.values():
        assert not any(pair <= set(person["roles"]) for pair in apart), person["name"]
        if person["contractor"]:
            assert not {"reviewer", "issuer", "discloser"} & set(person["roles"])
    assert sum(person["contractor"] for person in staff.values()) == 1


@pytest.mark.clause("A1")
def test_a_department_has_one_official_account_on_a_platform(departments: ByKey, staff: ByKey) -> None:
    accounts = read("accounts.json")
    assert {row["platform"] for row in accounts} == {"wechat", "weibo", "corrections", "website", "hotline"}
    assert len({(row["department"], row["platform"]) for row in accounts}) == len(accounts)
    for row in accounts:
        assert row["department"] in departments
        assert row["responsible"] in staff
        assert date.fromisoformat(row["opened_on"]) <= date.fromisoformat(row["filed_on"])


def test_there_are_150_answers_of_the_kinds_that_are_shown(answers: Rows) -> None:
    assert len(answers) == 150
    assert len({row["key"] for row in answers}) == 150
    assert len({row["question"] for row in answers}) == 150
    kinds = Counter(row["kind"] for row in answers)
    assert kinds == {"answer": 145, "clarification": 4, "acknowledgement": 1}
    (receipt,) = (row for row in answers if row["kind"] == "acknowledgement")
    assert receipt["text"] == "已收到您的来信，编号 {number}，查询码 {code}，预计 {due} 前答复。"


def test_no_citizens_wording_belongs_to_two_answers(answers: Rows) -> None:
    said = Counter(p for row in answers for p in [row["question"], *row["phrasings"]])
    assert [phrase for phrase, times in said.items() if times > 1] == []


def test_every_answer_is_short_enough_and_keeps_its_facts(answers: Rows) -> None:
    for row in answers:
        if row["kind"] != "acknowledgement":
            assert 80 <= len(row["text"]) <= 260, row["key"]
        assert len(row["short_text"]) <= 110, row["key"]
        assert 3 <= len(row["phrasings"]) <= 5, row["key"]
        assert row["must_keep"], row["key"]
        assert [fact for fact in row["must_keep"] if fact not in row["text"]] == [], row["key"]
        assert not any(p in row["text"] + row["short_text"] for p in EMPTY_PHRASES), row["key"]


def test_every_answer_has_an_owner_a_basis_and_days_that_follow_each_other(
    answers: Rows, departments: ByKey, staff: ByKey
) -> None:
    names = {person["name"] for person in staff.values()}
    for row in answers:
        assert row["category"] in departments[row["department"]]["categories"], row["key"]
        assert row["verified_by"] in names, row["key"]
        start, review = date.fromisoformat(row["valid_from"]), date.fromisoformat(row["review_by"])
        assert row["basis"], row["key"]
        for basis in row["basis"]:
            assert date.fromisoformat(basis["issued_on"]) <= start, row["key"]
            assert re.fullmatch(r"云泽示〔20\d\d〕\d+ 号", basis["number"])
            assert re.fullmatch(r"《云泽市.+》", basis["title"])
        assert start < review, row["key"]
        if row["valid_until"]:
            assert review <= date.fromisoformat(row["valid_until"]), row["key"]


def test_every_letter_is_complete_and_points_at_things_that_exist(
    cases: Rows, answers: Rows, departments: ByKey
) -> None:
    keys = {row["key"] for row in answers}
    categories = {c for row in departments.values() for c in row["categories"]}
    assert 115 <= len(cases) <= 140
    assert len({row["text"] for row in cases}) == len(cases)
    assert len({row["reply"] for row in cases}) == len(cases)
    for index, row in enumerate(cases):
        assert row["type"] in TYPES, index
        assert row["outcome"] in OUTCOMES, index
        assert row["sensitivity"] in {"ordinary", "important", "sensitive"}, index
        assert row["category"] in categories, index
        assert row["answer"] is None or row["answer"] in keys, index
        assert 20 <= len(row["text"]) <= 300, index
        assert 0 < len(row["reply"]) <= 300, index
        assert row["repeat_of"] is None or 0 <= row["repeat_of"] < index, index
        assert (row["type"] == "correction") == ("page_url" in row and "site_code" in row), index
    assert {row["type"] for row in cases} == TYPES
    assert {row["outcome"] for row in cases} == OUTCOMES


def test_repeats_are_worded_differently_but_about_the_same_thing(cases: Rows) -> None:
    repeats = [row for row in cases if row["repeat_of"] is not None]
    assert len(repeats) >= 15
    for row in repeats:
        first = cases[row["repeat_of"]]
        assert first["repeat_of"] is None
        assert first["category"] == row["category"]


def test_a_reply_names_its_basis_and_says_nothing_empty(cases: Rows) -> None:
    for row in cases:
        assert re.search(r"《云泽市[^》]+》（云泽示〔20\d\d〕\d+ 号）", row["reply"]), row["title"]
        assert not any(phrase in row["reply"] for phrase in EMPTY_PHRASES), row["title"]


def test_documents_named_in_replies_are_those_the_library_knows(cases: Rows, answers: Rows) -> None:
    known = {(b["title"], b["number"]) for row in answers for b in row["basis"]}
    for row in cases:
        named = re.findall(r"(《云泽市[^》]+》)（(云泽示〔20\d\d〕\d+ 号)）", row["reply"])
        assert set(named) <= known, row["title"]


PERSONAL = re.compile(r"\d{17}[\dX]|\d{16}|1\d{10}|0\d{3}-\d{7}|[\w.]+@[\w.]+\.\w+|示[A-Z]\d{5}", re.ASCII)


@pytest.mark.clause("A24")
def test_personal_data_is_in_some_letters_and_in_no_reply(cases: Rows) -> None:
    assert sum(bool(row["personal"]) for row in cases) >= 35
    for row in cases:
        assert not PERSONAL.search(row["reply"]), row["title"]
        assert not any(found in row["reply"] for found in row["personal"]), row["title"]
        assert all(found in row["text"] for found in row["personal"]), row["title"]
        for found in PERSONAL.findall(row["text"]):
            assert found in row["personal"], row["title"]


def test_everything_is_visibly_invented() -> None:
    text = everything()
    hosts = set(re.findall(r"[a-z]+://([^/\"\s]+)", text))
    assert hosts == {"www.yunze.example"}
    assert all(m.endswith(".example") for m in re.findall(r"[\w.]+@([\w.]+\.\w+)", text))
    digits = re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)
    assert [number for number in digits if not number.startswith("13900000")] == []
    lines = re.findall(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)", text)
    assert [number for number in lines if not number.startswith("0999-555")] == []
    identities = re.findall(r"(?<!\d)\d{17}[\dXx]", text)
    assert identities
    assert all(number.startswith("990101") for number in identities)
    provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
    assert re.findall(rf"[{provinces}][A-Z][A-Z0-9]{{5,6}}", text) == []


def test_a_letter_is_about_what_its_answer_is_about(cases: Rows, answers: Rows) -> None:
    category = {row["key"]: row["category"] for row in answers}
    wrong = [row["title"] for row in cases if row["answer"] and category[row["answer"]] != row["category"]]
    assert wrong == []


def test_letters_that_speak_of_a_day_are_not_written_before_it(cases: Rows) -> None:
    for row in cases:
        if row["not_before"]:
            assert date(2026, 9, 22) <= date.fromisoformat(row["not_before"]) <= date(2026, 11, 21)
        for month, day in re.findall(r"(\d{1,2})月(\d{1,2})日", row["text"]):
            said = date(2026, int(month), int(day))
            if date(2026, 10, 1) <= said <= date(2026, 11, 21):
                assert row["not_before"], row["title"]
                assert date.fromisoformat(row["not_before"]) >= said, row["title"]


def test_the_library_would_take_every_answer_to_review(answers: Rows) -> None:
    for row in answers:
        content = Content(
            question=row["question"],
            text=row["text"],
            short_text=row["short_text"],
            phrasings=tuple(row["phrasings"]),
            must_keep=tuple(row["must_keep"]),
            basis=tuple(row["basis"]),
            verified_by=row["verified_by"],
            category=row["category"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_until=row["valid_until"] and date.fromisoformat(row["valid_until"]),
            review_by=date.fromisoformat(row["review_by"]),
        )
        check_ready(content, row["kind"], date(2026, 11, 21))
