"""Entries that travel: whole in feeds, and read from the tables offices keep them in."""

from datetime import UTC, date, datetime

import pytest

from kb.exchange import canonical_form, comparable, is_whole, read_rows

FORM = canonical_form(
    key="abcdefgh",
    kind="answer",
    version=2,
    question="社保卡丢了怎么补办？",
    text="请拨打12333挂失。",
    owner="市人力资源和社会保障局",
    phrasings=["社保卡遗失"],
    basis=[{"title": "办法", "number": "云人社规〔2025〕6号", "url": "", "issued_on": "2025-04-01"}],
    valid_from=date(2026, 1, 1),
    published_at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
)


def test_a_copy_is_whole_and_says_where_it_comes_from():
    assert is_whole(FORM)
    assert FORM["basis"][0]["number"] == "云人社规〔2025〕6号"
    assert not {"author_name", "verified_by", "author_id"} & FORM.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"text": "请拨打12345挂失。"},
        {"version": 3},
        {"basis": []},
        {"valid_until": "2026-12-31"},
        {"digest": ""},
        {"extra": 1},
        {"format": "other/1"},
    ],
)
def test_a_copy_that_was_changed_on_the_way_is_refused(change):
    assert not is_whole(FORM | change)


def test_a_row_becomes_what_can_be_proposed():
    (row,) = read_rows(
        [
            {
                "问题": " 社保卡丢了怎么补办？ ",
                "答复口径": "请拨打12333挂失。",
                "其他问法": "社保卡遗失；社保卡不见了",
                "依据": "《云泽市社会保障卡管理办法》",
                "文号": "云人社规〔2025〕6号",
                "发文日期": "2025年4月1日",
                "核实人": "李建国",
                "承办单位": "市人力资源和社会保障局",
                "有效期止": datetime(2027, 12, 31, 0, 0),  # noqa: DTZ001 (as openpyxl gives it)
                "类型": "问答",
                "修改程度": "重大",
                "序号": 1,
                "备注": None,
            }
        ]
    )
    assert row.usable
    assert row.fields == {
        "question": "社保卡丢了怎么补办？",
        "text": "请拨打12333挂失。",
        "phrasings": ("社保卡遗失", "社保卡不见了"),
        "basis": [
            {
                "title": "云泽市社会保障卡管理办法",
                "number": "云人社规〔2025〕6号",
                "url": "",
                "issued_on": "2025-04-01",
            }
        ],
        "verified_by": "李建国",
        "owner_name": "市人力资源和社会保障局",
        "valid_until": date(2027, 12, 31),
        "kind": "answer",
        "significance": "major",
        "is_draft_policy": False,
        "short_text": None,
    }


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"答案": "可以。"}, "缺少问题。"),
        ({"问题": "能办吗？"}, "缺少答复口径。"),
        ({"问题": "问" * 201, "答案": "可以。"}, "问题超过 200 字。"),
        ({"问题": "能办吗？", "答案": "可以。", "有效期止": "长期"}, "有效期止不是日期"),
        ({"问题": "能办吗？", "答案": "可以。", "有效期止": "2026-02-30"}, "有效期止不是日期"),
        ({"问题": "能办吗？", "答案": "可以。", "类型": "公告"}, "类型不正确"),
        ({"问题": "能办吗？", "答案": "=HYPERLINK(1)"}, "单元格是公式"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(cells, problem):
    (row,) = read_rows([cells])
    assert not row.usable
    assert any(said.startswith(problem) for said in row.problems)


def test_the_same_question_is_taken_in_once_and_empty_rows_are_left_out():
    rows = read_rows(
        [
            {"question": "能办吗？", "answer": "可以。"},
            {"question": None, "answer": "  "},
            {"question": "能办吗 ", "answer": "不可以。"},
            {"question": "能辦嗎!", "answer": "可以。"},
            {"question": "在哪办？", "answer": "在窗口。"},
        ]
    )
    assert [(row.number, row.same_as) for row in rows] == [(1, None), (3, 1), (4, 1), (5, None)]


def test_a_question_is_compared_without_its_punctuation():
    assert comparable("社保卡，怎么补办？") == comparable("社保卡怎么补办") != comparable("社保卡怎么办")


def test_rows_of_a_feed_bring_their_whole_basis():
    basis = [{"title": "甲办法"}, {"title": "乙办法"}]
    (row,) = read_rows([{"question": "能办吗？", "text": "可以。", "basis": basis, "phrasings": ["可办否"]}])
    assert row.fields["basis"] == basis
    assert row.fields["phrasings"] == ("可办否",)
