"""Whatever comes, only two refusals leave the connector, and quickly. (pitfall 10)"""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import PayloadError, SignatureError
from connectors.signatures import sign
from tests.connectors.accounts import SETTINGS
from tests.connectors.stands import CITIZEN, NOW, a_request, a_wechat, our_wechat, request_of

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12)
)

# fmt: off
BAD: dict[str, bytes] = {
    "nothing":            b"",
    "XXE":                b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>',
    "XXE by http":        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml></xml>',
    "parameter entity":   b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]><xml></xml>',
    "billion laughs":     (LAUGHS + "]><xml>&m;</xml>").encode(),
    "DOCTYPE after a declaration": b'<?xml version="1.0"?>\n<!DOCTYPE xml><xml></xml>',
    "duplicate tags":     b"<xml><MsgType>text</MsgType><MsgType>event</MsgType></xml>",
    "duplicate addressee": b"<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName><ToUserName>gh_x</ToUserName></xml>",
    "NUL":                b"<xml><Content>a\x00b</Content></xml>",
    "control characters": b"<xml><Content>\x01\x02</Content></xml>",
    "not UTF-8":          b"<xml><Content>\xff\xfe\xc3</Content></xml>",
    "GBK bytes":          '<?xml version="1.0" encoding="GBK"?><xml><Content>路灯</Content></xml>'.encode("gbk"),
    "UTF-16":             "<xml></xml>".encode("utf-16"),
    "deep nesting":       b"<xml>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</xml>",
    "200k nesting":       b"<xml>" + b"<a>" * 200_000,
    "not closed":         b"<xml><Content>",
    "JSON":               b'{"MsgType": "text"}',
    "another root":       b"<html><body/></html>",
    "nested kind":        b"<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName><FromUserName>o</FromUserName>"
                          b"<CreateTime>1763600011</CreateTime><MsgType><b>text</b></MsgType></xml>",
    "huge number":        b"<xml><ToUserName>gh_a1b2c3d4e5f6</ToUserName><FromUserName>o</FromUserName>"
                          b"<CreateTime>" + b"9" * 5000 + b"</CreateTime><MsgType>text</MsgType></xml>",
    "bad base64":         b"<xml><Encrypt>!!!!</Encrypt></xml>",
    "empty Encrypt":      b"<xml><Encrypt></Encrypt></xml>",
    "Encrypt with tags":  b"<xml><Encrypt><b>AAAA</b></Encrypt></xml>",
    "64 kB and a byte":   b"<xml>" + b"x" * (64 * 1024 - 4),
    "5 MB":               b"x" * 5_000_000,
}
# fmt: on


def queries() -> Iterator[dict[str, str]]:
    """A good plain query, a good query of the sealed kind, and none."""
    token, timestamp, nonce = SETTINGS["wechat"]["token"], str(int(NOW.timestamp())), "42"
    plain = {"signature": sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    yield plain
    yield plain | {"encrypt_type": "aes", "msg_signature": sign(token, timestamp, nonce, "AAAA")}
    yield {}


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
@pytest.mark.parametrize("body", BAD.values(), ids=[f"pitfall-10-{name}" for name in BAD])
def test_a_bad_body_is_refused_at_the_door(body: bytes, mode: str) -> None:
    for query in queries():
        with pytest.raises((SignatureError, PayloadError)):
            ours = our_wechat(mode=mode)
            ours.read(ours.check(a_request(query, body)).body)


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_body_is_refused_when_read(body: bytes) -> None:
    with pytest.raises(PayloadError):
        our_wechat().read(body)


@pytest.mark.parametrize("name", ["XXE", "billion laughs", "DOCTYPE after a declaration"])
def test_a_signed_doctype_is_refused_too(name: str) -> None:
    push = a_wechat().push_of(BAD[name].decode(), CITIZEN)
    with pytest.raises(PayloadError, match="DOCTYPE"):
        our_wechat().check(request_of(push))


@settings(max_examples=200)
@given(body=st.binary(max_size=400), wrap=st.booleans())
def test_no_bytes_make_reading_fail_in_another_way(body: bytes, wrap: bool) -> None:
    try:
        our_wechat().read(b"<xml>" + body + b"</xml>" if wrap else body)
    except PayloadError as problem:
        assert problem.reason


@settings(max_examples=200)
@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["MsgType", "Event", "CreateTime", "MsgId", "Content", "MediaId", "FromUserName", "Format"]
        ),
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30), st.just("event")
        ),
    )
)
def test_no_values_make_reading_fail_in_another_way(fields: dict[str, str]) -> None:
    xml = a_wechat().inner_xml("text", CITIZEN, fields)
    try:
        (message,) = our_wechat().read(xml.encode("utf-8"))
    except PayloadError as problem:
        assert problem.reason
    else:
        assert message.external_id and message.sender


@settings(max_examples=100)
@given(at=st.integers(0, 479), to=st.sampled_from("AZaz09+/"))
def test_pitfall_3_a_sealed_push_changed_anywhere_is_refused(at: int, to: str) -> None:
    stand = a_wechat()
    push = stand.push_of(stand.inner_xml("text", CITIZEN), CITIZEN)
    start = push.body.index(b"<Encrypt><![CDATA[") + len(b"<Encrypt><![CDATA[")
    body = bytearray(push.body)
    place = start + at % (push.body.index(b"]]></Encrypt>") - start)
    if chr(body[place]) == to:
        return
    body[place] = ord(to)
    with pytest.raises(SignatureError):
        our_wechat().check(a_request(push.query, bytes(body)))
