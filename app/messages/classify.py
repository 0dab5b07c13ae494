"""What kind of message is this, and which place does it name? From cue words; a person may change both."""

import re
from collections.abc import Iterable

# First row that fits wins; the words are cues, not proof, so the clerk sees and can change the type.
TYPE_CUES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("report", ("举报", "实名反映", "受贿", "吃拿卡要", "弄虚作假")),
    ("correction", ("错别字", "链接打不开", "网页打不开", "页面打不开", "栏目不更新", "网站信息有误")),
    ("complaint", ("投诉", "太不像话", "没人管", "无人管", "态度恶劣", "扰民", "违法", "乱收费", "推诿")),
    ("suggestion", ("建议", "希望能够", "能否增设", "能不能增加", "呼吁")),
    ("help", ("求助", "救救", "帮帮", "请帮忙", "急需")),
    (
        "consultation",
        ("请问", "咨询", "想问", "怎么", "如何", "什么时候", "哪里", "多少", "能不能", "吗", "？", "?"),
    ),
)
_DEFAULT = "consultation"
_BY_KIND = {"correction": "correction", "comment": "comment"}
_TITLE_CHARACTERS = 40
_GREETING = re.compile(
    r"^(?:(?:你们?好|您好|领导们?好|请问一?下?|咨询一?下|想问一?下|我想问一?下)[，,！!：:～~\s]*)+(?=.{4})"
)
_SENTENCE_ENDS = "。！？!?；;\n"
# Telephones (also written 139 0000 0138), identity and bank numbers: seven digits and more.
LONG_NUMBER = re.compile(r"1\d{2}[ \-]\d{4}[ \-]\d{4}|\d{7,}[Xx]?")


def message_type_of(kind: str, text: str) -> str:
    """The value of `deadlines.MessageType` that fits ``text``; corrections are known by their platform."""
    if kind == "correction":
        return _BY_KIND[kind]
    for message_type, cues in TYPE_CUES:
        if any(cue in text for cue in cues):
            return message_type
    return _BY_KIND.get(kind, _DEFAULT)


def place_of(text: str, places: Iterable[str]) -> str:
    """The longest known place that ``text`` names; empty when none."""
    found = [place for place in places if place and place in text]
    return max(found, key=len, default="")


def without_numbers(text: str) -> str:
    """A text for lists, notices and exports: no long number in it, not even a part of one."""
    return LONG_NUMBER.sub("〔号码〕", text)


def letter_of(title: str, text: str) -> str:
    """All that somebody wrote, for whoever looks for an answer: a title taken from the text says nothing new,
    and what is said twice is taken for twice as important."""
    return text if not title or title == title_of(text) else f"{title}\n{text}"


def title_of(text: str) -> str:
    """A one-line title: the first sentence that asks, else the first sentence, at most 40 characters.

    Long numbers stay out of it: titles are shown where numbers must not be.
    """
    text = without_numbers(text)
    sentences = []
    start = 0
    for position, character in enumerate(text):
        if character in _SENTENCE_ENDS:
            sentences.append(text[start : position + 1].strip())
            start = position + 1
    sentences.append(text[start:].strip())
    sentences = [sentence for sentence in sentences if len(sentence) > 3]
    asking = [sentence for sentence in sentences if sentence.endswith(("？", "?", "吗"))]
    chosen = _GREETING.sub("", (asking or sentences or [text.strip()])[0]).rstrip("。；;\n")
    return (
        chosen
        if len(chosen) <= _TITLE_CHARACTERS
        else chosen[: _TITLE_CHARACTERS - 2].rstrip("，、：,") + "……"
    )
