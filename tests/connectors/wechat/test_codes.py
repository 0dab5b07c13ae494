"""What may be done after each of WeChat's codes?"""

import httpx
import pytest

from connectors.errors import ERROR_CLASSES, DeliveryError
from connectors.wechat.codes import CODES, TOKEN_CODES
from tests.connectors.stands import a_reply, our_wechat

# fmt: off
CLASSES = {
    "refresh":  (40001, 40014, 42001),
    "stop":     (40013, 40125, 40164, 40243, 41001, 41002, 41004, 48001, 48004, 50002, 61004, 89503, 89506, 89507),
    "back_off": (-1, 45009, 45011),
    "window":   (45015, 45047, 43004),
    "final":    (40003, 45002, 50005, 70000, 40007, 40033, 44002, 47001, 43002),
    "human":    (99999, 12345),
}
# fmt: on


def answering(**data: object) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(200, json=data))


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in CLASSES.items() for code in codes], ids=str
)
def test_a_code_ends_in_its_class(code: int, kind: str) -> None:
    ours = our_wechat(transport=answering(errcode=code, errmsg="words rid: 1"))
    with pytest.raises(DeliveryError) as error:
        ours.send(a_reply(), "token")
    assert (error.value.kind, error.value.code, error.value.words) == (kind, str(code), "words rid: 1")
    assert error.value.message_zh.endswith("。")


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_pitfall_15_a_refused_secret_is_never_tried_again(code: int) -> None:
    with pytest.raises(DeliveryError) as error:
        our_wechat(transport=answering(errcode=code, errmsg="")).fetch_token()
    assert error.value.kind == "stop"


def test_every_code_is_in_a_known_class_and_says_something_plain() -> None:
    for code, row in (CODES | TOKEN_CODES).items():
        assert row.kind in ERROR_CLASSES
        assert row.message_zh and code == str(int(code))


def test_pitfall_20_only_an_unclear_outcome_is_unknown_and_never_a_code() -> None:
    assert {row.kind for row in CODES.values()} == {"refresh", "stop", "back_off", "window", "final"}
