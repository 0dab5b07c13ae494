"""Anybody who answers for the rules may try them on a text, and nothing of it stays behind."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

SignedIn = Callable[[str], FlaskClient]
TEXT = "联系人：王建国，电话138杠0013杠8000，孩子8岁。请拨12345。"


def test_the_box_shows_what_would_be_hidden_kept_and_asked(signed_in: SignedIn) -> None:
    page = signed_in("系统管理员").post("/desk/redaction", data={"text": TEXT, "by": "citizen"})
    told = page.get_data(as_text=True)

    assert page.status_code == 200
    assert "联系人：〔姓名〕，电话〔电话〕" in told
    assert "涉及未成年人" in told and "号码写法异常" in told
    assert "公共服务号码" in told


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"text": " ", "by": "citizen"}, "先粘贴一段文字"),
        ({"text": "路灯不亮", "by": "robot"}, "谁写的"),
        ({"text": "路" * 20_001, "by": "citizen"}, "最多 20000 字"),
    ],
)
def test_what_cannot_be_tried_is_said(signed_in: SignedIn, form: dict[str, str], words: str) -> None:
    page = signed_in("系统管理员").post("/desk/redaction", data=form)

    assert page.status_code == 400
    assert words in page.get_data(as_text=True)


def test_who_handles_letters_does_not_come_here(signed_in: SignedIn) -> None:
    assert signed_in("小陈").get("/desk/redaction").status_code == 403
