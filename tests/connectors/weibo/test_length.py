"""How long is a text on Weibo? As its own counter says, example by example."""

import pytest

from connectors.weibo.length import weibo_length

LONG = "http://www.example.com/" + "a" * 200
# fmt: off
EXAMPLES = [
    # the text                                          , its length
    ("",                                                  0),
    ("好",                                                1),
    ("a",                                                 1),
    ("ab",                                                1),
    ("abc",                                               2),
    ("好a",                                               2),
    ("好ab",                                              2),
    ("，。！？",                                          4),
    (",.!?",                                              2),
    ("１２",                                              2),
    ("12",                                                1),
    ("é",                                                 1),
    ("“引号”",                                            4),
    ("…",                                                 1),
    (" ",                                                 1),
    ("\u3000",                                            1),
    ("一\n二",                                            3),
    ("一\r\n二",                                          3),
    ("😀",                                                2),
    ("👨‍👩‍👧",                                          8),
    ("𠮷",                                                2),
    ("http://t.cn/A6abcdef",                              10),
    ("http://www.example.com/a",                          10),
    ("http://www.example.com/" + "a" * 100,               10),
    (LONG,                                                52),
    ("http://weibo.com/1",                                9),
    ("http://weibo.com/" + "1" * 40,                      10),
    ("https://www.example.com/abcdef",                    15),
    ("见http://www.example.com/a。谢谢",                  14),
    ("http://localhost/a",                                9),
    ("@示例发布 好",                                      6),
    ("[微笑]",                                            3),
]
# fmt: on


@pytest.mark.parametrize(("text", "length"), EXAMPLES, ids=lambda value: repr(value)[:24])
def test_a_text_is_as_long_as_weibo_says(text: str, length: int) -> None:
    assert weibo_length(text) == length


@pytest.mark.parametrize("text", [text for text, _ in EXAMPLES], ids=lambda text: repr(text)[:24])
def test_a_longer_text_is_never_shorter(text: str) -> None:
    assert weibo_length(text + "。好") >= weibo_length(text)
