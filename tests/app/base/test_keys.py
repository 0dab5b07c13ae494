"""A copy of the database tells nothing without the key, and a sealed value fits one purpose only."""

import pytest

from app.base.errors import Unavailable
from app.base.keys import Keys
from tests.conftest import SECRET


@pytest.mark.clause("A23")
def test_what_is_sealed_opens_again_for_its_purpose_only() -> None:
    keys = Keys(SECRET)
    sealed = keys.seal("oTESTopenid", "requester")
    assert "oTESTopenid" not in sealed
    assert keys.unseal(sealed, "requester") == "oTESTopenid"
    with pytest.raises(Unavailable):
        keys.unseal(sealed, "account")
    with pytest.raises(Unavailable):
        Keys(SECRET + "x").unseal(sealed, "requester")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    keys = Keys(SECRET)
    assert keys.seal("a", "x") != keys.seal("a", "x")


@pytest.mark.clause("A25")
def test_a_pseudonym_is_stable_per_purpose_and_needs_the_key() -> None:
    keys = Keys(SECRET)
    assert keys.pseudonym("1:openid", "requester") == keys.pseudonym("1:openid", "requester")
    assert keys.pseudonym("1:openid", "requester") != keys.pseudonym("2:openid", "requester")
    assert keys.pseudonym("1:openid", "requester") != Keys(SECRET + "x").pseudonym("1:openid", "requester")


def test_keys_do_not_show_themselves() -> None:
    assert SECRET not in repr(Keys(SECRET))
