"""Which weights were learned? Those shipped beside this file, read once.

Touches the world: one file. Learned on labelled questions and letters to Chinese offices; what is kept are
numbers, no words. The README gives the figures.
"""

import json
from functools import cache
from importlib import resources

from kb import features
from kb.forest import Judge

QUESTION_SURE = (*features.QUESTION, "lead", "second")
TEXT_SURE = (*features.TEXT, "lead", "second")

NAMES = {
    "question": features.QUESTION,
    "text": features.TEXT,
    "question_sure": QUESTION_SURE,
    "text_sure": TEXT_SURE,
}


@cache
def judges() -> dict[str, Judge]:
    """Return who judges the order (``question``, ``text``) and the confidence (``…_sure``)."""
    told = json.loads(resources.files("kb").joinpath("weights.json").read_text("utf-8"))
    return {name: Judge.of(told[name], names) for name, names in NAMES.items()}
