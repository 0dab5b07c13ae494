"""Is somebody abused in this message? A flag for a person to look at, never a reason not to handle it.

A linear model (logistic regression over words and runs of characters, kept as numbers) learned from COLD, the
Chinese Offensive Language Dataset (Deng et al., EMNLP 2022, Apache-2.0, github.com/thu-coai/COLDataset);
`bench/abuse.py` made it. Angry is not abusive: the threshold is the one at which fewer than 5 of 1,000 real
complaints are flagged, also of the short ones, and a long letter needs more evidence than a short comment.

Reads its weights once, beside it, in `abuse.json`.
"""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from app.departments.learned import TextModel, vector
from app.departments.terms import terms_of

SOURCE = "COLD（清华大学 COAI 组，Apache-2.0）"
SHORT = 100
EACH_SHORT_MORE = 0.4
FILE = Path(__file__).with_name("abuse.json")


@dataclass(frozen=True)
class Abuse:
    """``score`` above ``threshold``: ``flagged``."""

    score: float
    threshold: float

    @property
    def flagged(self) -> bool:
        """Whether a person should look at it before anything of it is shown."""
        return self.score >= self.threshold


def judge(text: str) -> Abuse:
    """How abusive is ``text``? The score falls by `EACH_SHORT_MORE` with each `SHORT` characters more."""
    model, threshold = _model()
    return Abuse(score_of(model, text), threshold)


def score_of(model: TextModel, text: str) -> float:
    """The model's score of ``text``, less what its length adds by itself."""
    rows, values = vector(terms_of(text), model.keys, model.idf, model.scale)
    score = float(values @ model.weights[rows][:, 1].astype(np.float32) + model.bias[1])
    return score - EACH_SHORT_MORE * max(0, len(text) - SHORT) / SHORT


@cache
def _model() -> tuple[TextModel, float]:
    """The shipped weights and their threshold (0.7 MB in memory)."""
    kept = json.loads(FILE.read_text("utf-8"))
    return TextModel.from_bytes(base64.b64decode(kept["model"])), float(kept["threshold"])
