"""May the requester's own words be shown? That is decided apart from what is done about the matter."""

import pytest

from app.base.keys import Keys
from app.messages.pseudonym import pseudonym_of, shown
from app.messages.screening import GUARDED, screen
from tests.conftest import SECRET


@pytest.mark.clause("A6")
@pytest.mark.parametrize(
    ("consent", "abusive", "flags", "shown"),
    [
        (True, False, (), True),
        (False, False, (), False),
        (True, True, (), False),
        (True, False, ("redaction_failed",), False),
        (True, False, ("minors", "health"), True),
    ],
)
def test_words_stay_out_where_the_citizen_objected_or_abuses_or_hiding_failed(
    consent: bool, abusive: bool, flags: tuple[str, ...], shown: bool
) -> None:
    assert screen(public_consent=consent, abusive=abusive, flags=flags).words_may_be_shown is shown


@pytest.mark.clause("D19")
def test_what_a_person_must_look_at_is_named_in_one_order() -> None:
    seen = screen(public_consent=True, abusive=False, flags={"long", *GUARDED})
    assert seen.look_at == tuple(GUARDED.values())
    assert screen(public_consent=True, abusive=False, flags={"long"}).look_at == ()


@pytest.mark.clause("A25")
def test_one_person_has_one_pseudonym_on_an_account_and_another_on_the_next() -> None:
    keys, others = Keys(SECRET), Keys("another secret, 0123456789abcdef012345")
    first = pseudonym_of(keys, 1, "oTEST")
    assert first == pseudonym_of(keys, 1, "oTEST")
    elsewhere = {pseudonym_of(keys, 2, "oTEST"), pseudonym_of(others, 1, "oTEST")}
    assert len({first, pseudonym_of(keys, 1, "oOTHER"), *elsewhere}) == 4
    assert "oTEST" not in first and len(first) == 26
    assert shown(first) == first[:4]
