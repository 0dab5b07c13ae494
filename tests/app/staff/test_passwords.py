"""Which passwords may staff choose?"""

import pytest

from app.staff import passwords


@pytest.mark.clause("B20")
@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "云泽示例口令-2026",
        "柳荫巷的路灯第三盏亮",
        "xK9#mQ2$vL",
        "chenxiao likes tea",
    ],
)
def test_long_and_uncommon_ones_may_be_chosen(password: str) -> None:
    assert passwords.problem(password, ("陈晓", "chenxiao")) is None


@pytest.mark.clause("B20")
@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("abc123", "至少 10 位，您只写了 6 位"),
        ("x" * 129, "最长 128 位"),
        ("aaaaaaaaaaaa", "太常见"),
        ("abababababab", "太常见"),
        ("密码密码密码密码密码", "太常见"),
        ("qwertyuiop", "太常见"),
        ("abcdefghijk", "太常见"),
        ("Password123", "太常见"),
        ("P@ssw0rd123", "太常见"),
        ("Admin888888", "太常见"),
        ("woaini1314520", "太常见"),
        ("ｐａｓｓｗｏｒｄ１２３", "太常见"),
        ("13812345678", "不能全是数字"),
        ("1990010112", "不能全是数字"),
        ("chenxiao2026", "只有您的姓名或登录名"),
        ("陈晓2026100912", "只有您的姓名或登录名"),
    ],
)
def test_short_common_and_own_names_are_refused_with_the_reason(password: str, words: str) -> None:
    problem = passwords.problem(password, ("陈晓", "chenxiao"))
    assert problem is not None
    assert words in problem


def test_no_rule_asks_for_kinds_of_characters() -> None:
    assert passwords.problem("四个不相干的词柳巷灯") is None
    assert passwords.problem("moon river lamp tea") is None
