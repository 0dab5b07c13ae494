"""Under which name does a person sign in?"""

import pytest

from app.staff import sign_in_names


@pytest.mark.parametrize(
    ("name", "taken", "sign_in"),
    [
        ("陈晓", set(), "chenxiao"),
        ("陈晓", {"chenxiao"}, "chenxiao2"),
        ("陈晓", {"chenxiao", "chenxiao2"}, "chenxiao3"),
        ("欧阳 明月", set(), "ouyangmingyue"),
        ("Ｌｉ Ｗｅｉ", set(), "liwei"),
        ("李", set(), "li"),
        ("·", set(), "staff"),
        ("·", {"staff"}, "staff2"),
    ],
)
def test_a_free_name_in_pinyin_is_proposed(name: str, taken: set[str], sign_in: str) -> None:
    assert sign_in_names.proposal(name, taken) == sign_in


@pytest.mark.parametrize("typed", ["ChenXiao", " chenxiao ", "ｃｈｅｎｘｉａｏ"])
def test_however_it_is_typed_it_is_the_same_name(typed: str) -> None:
    assert sign_in_names.plain(typed) == "chenxiao"


@pytest.mark.parametrize(
    ("sign_in", "allowed"),
    [("chenxiao", True), ("小陈", True), ("li.wei-2", True), ("c", False), ("2chen", False), ("chen xiao", False),
     ("chen/../x", False), ("", False), ("x" * 33, False)],
)  # fmt: skip
def test_names_are_letters_digits_dots_and_dashes(sign_in: str, allowed: bool) -> None:
    assert sign_in_names.is_allowed(sign_in) is allowed
