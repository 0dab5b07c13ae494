"""Case numbers and look-up codes: readable aloud, impossible to guess, the same however they are typed."""

from collections.abc import Sequence
from datetime import date

import pytest

from app.cases.numbers import ALPHABET, CODE_LENGTH, is_number, new_lookup_code, new_number, tidy


def first(choices: Sequence[str]) -> str:
    return choices[0]


def test_a_number_begins_with_its_day_and_ends_with_six_characters() -> None:
    assert new_number(date(2026, 10, 9), first) == "20261009-222222"


def test_what_is_misread_on_paper_and_by_telephone_is_not_used() -> None:
    assert not set("01ILO") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 31


def test_numbers_and_codes_made_are_well_formed_and_differ() -> None:
    numbers = {new_number(date(2026, 10, 9)) for _ in range(500)}
    codes = {new_lookup_code() for _ in range(500)}
    assert len(numbers) == len(codes) == 500
    assert all(is_number(number) for number in numbers)
    assert all(len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) for code in codes)


@pytest.mark.parametrize(
    "typed", ["20261009-k7m2pq", " 20261009-K7M2PQ\n", "20261009 - K7M 2PQ", "２０２６１００９－Ｋ７ｍ２ｐｑ"]
)
def test_a_number_is_known_however_it_is_typed(typed: str) -> None:
    assert tidy(typed) == "20261009-K7M2PQ"
    assert is_number(tidy(typed))


@pytest.mark.parametrize(
    "text",
    [
        "", "20261009", "20261009-K7M2P", "20261009-K7M2PQR", "20261009-K7M2PO", "2026109-K7M2PQ",
        "20261009-K7M2PQ\n", "２０２６１００９-K7M2PQ", "20261009_K7M2PQ",
    ],
)  # fmt: skip
def test_other_words_are_no_number(text: str) -> None:
    assert not is_number(text)
