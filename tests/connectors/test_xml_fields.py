"""Which documents from outside are read, and which are refused whatever they contain?"""

import pytest

from connectors.errors import PayloadError
from connectors.xml_fields import MAX_DEPTH, fields_of


def nested(depth: int) -> str:
    return "<xml><a>x</a>" + "<b>" * depth + "</b>" * depth + "</xml>"


def test_fields_keep_white_space_and_emoji_and_leave_nested_ones_empty() -> None:
    document = "<xml>\n<a> 路灯😀 </a><b><![CDATA[<i>&amp;]]></b><c/><d><e>1</e></d></xml>"
    assert fields_of(document) == {"a": " 路灯😀 ", "b": "<i>&amp;", "c": "", "d": ""}


# fmt: off
REFUSED = {
    "a DOCTYPE that declares nothing": "<!DOCTYPE xml><xml><a>x</a></xml>",
    "a DOCTYPE with defaults":         '<!DOCTYPE xml [<!ATTLIST a b CDATA "c">]><xml><a>x</a></xml>',
    "a DOCTYPE from elsewhere":        '<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><a>x</a></xml>',
    "an entity":                       '<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>',
    "an element twice":                "<xml><a>1</a><a>2</a></xml>",
    "another root":                    "<html><a>x</a></html>",
    "two roots":                       "<xml/><xml/>",
    "too deep":                        nested(MAX_DEPTH),
    "much too deep":                   nested(30_000),
    "nothing":                         "",
}
# fmt: on


@pytest.mark.parametrize("document", REFUSED.values(), ids=[f"pitfall-10-{name}" for name in REFUSED])
def test_a_document_that_wechat_never_sends_is_refused(document: str) -> None:
    with pytest.raises(PayloadError):
        fields_of(document)


def test_what_events_really_nest_is_still_read() -> None:
    assert fields_of(nested(MAX_DEPTH - 1))["a"] == "x"
