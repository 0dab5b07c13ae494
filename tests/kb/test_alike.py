"""Which entries are asked nearly the same question, in a library of many (A9)."""

import pytest

from kb.alike import Asked, most_alike, pairs

LIBRARY = [
    Asked(1, ("社保卡丢了怎样补办", "社会保障卡遗失补领")),
    Asked(2, ("社保卡丢了怎么补办呢",)),
    Asked(3, ("户口簿丢了怎样补",)),
    Asked(4, ("房产证丢了怎样补",)),
    Asked(5, ("驾驶证到期怎样换证",)),
    Asked(6, ("身份证到期怎样换",)),
    Asked(7, ("没有租赁合同怎样申领居住证",)),
]


def test_two_ways_of_asking_the_same_are_alike_and_other_papers_are_not():
    assert list(pairs(LIBRARY)) == [(1, 2)]


@pytest.mark.parametrize(("one", "found"), [(1, [(1, 2)]), (2, [(1, 2)]), (3, [])])
def test_one_entry_can_be_asked_about_alone(one, found):
    assert list(pairs(LIBRARY, only=one)) == found


def test_a_question_finds_its_entries():
    assert most_alike("社保卡丢了如何补办", LIBRARY) == [1, 2]


def test_nothing_and_empty_questions_are_alike_to_nobody():
    assert list(pairs([])) == []
    assert list(pairs([Asked(1, ("",)), Asked(2, ("？",))])) == []
