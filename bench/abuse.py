"""Learn the shipped model of abuse anew: `python -m bench.abuse COLD.jsonl COMPLAINTS.jsonl [--write]`.

Both files have lines ``{"text", "label"}``; of COMPLAINTS only the threshold is taken, no word. Prints the
figures on a fifth of COLD that was kept apart, with 95 % intervals (bootstrap), then learns from all of it.
"""

import argparse
import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from app.departments import training
from app.departments.learned import TextModel
from app.departments.terms import Terms, terms_of
from app.messages import abuse

TERMS = 40_000
STRENGTH = 6.0
# How many of all and of the short complaints may be flagged where the threshold is set; the promise is 0.005.
OF_ALL, OF_SHORT = 0.003, 0.005


def learn(kinds: Sequence[tuple[Terms, ...]], abusive: Sequence[int]) -> TextModel:
    """Logistic regression over all terms, then again over those that weigh most."""
    true = np.array(abusive)
    keys, idf = training.common_terms(kinds)
    for _ in range(2):
        ones = np.ones(len(keys), dtype=np.float32)
        line = LogisticRegression(C=STRENGTH, max_iter=300, solver="liblinear")
        line.fit(training.matrix(kinds, keys, idf, ones), true)
        weights = line.coef_[0]
        if len(keys) > TERMS:
            kept = np.sort(np.argsort(-np.abs(weights) * idf, kind="stable")[:TERMS])
            keys, idf = keys[kept], idf[kept]
    return TextModel(
        keys=keys,
        idf=idf,
        scale=ones,
        weights=np.stack([-weights, weights], axis=1).astype(np.float16),
        bias=np.array([-line.intercept_[0], line.intercept_[0]], dtype=np.float32),
        labels=("ordinary", "abusive"),
        slope=1.0,
        intercept=0.0,
    )


def threshold_on(model: TextModel, complaints: Sequence[str]) -> float:
    """The smallest score at which few enough of all complaints and of the short ones are flagged."""
    scores = np.array([abuse.score_of(model, text) for text in complaints])
    short = np.array([len(text) < abuse.SHORT for text in complaints])
    return float(max(np.quantile(scores, 1 - OF_ALL), np.quantile(scores[short], 1 - OF_SHORT)))


def main() -> None:
    """Measure, and with ``--write`` put the model into its place."""
    parser = argparse.ArgumentParser(prog="python -m bench.abuse")
    parser.add_argument("cold", type=Path)
    parser.add_argument("complaints", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.cold.read_text("utf-8").splitlines()]
    complaints = [json.loads(line)["text"] for line in given.complaints.read_text("utf-8").splitlines()]
    kinds, true = [terms_of(row["text"]) for row in rows], [int(row["label"]) for row in rows]
    chance = np.random.default_rng(3)
    order = chance.permutation(len(rows))
    apart, learned_from = order[: len(rows) // 5], order[len(rows) // 5 :]
    # The threshold on one half of the complaints, their flagged share on the other.
    half = chance.permutation(len(complaints))
    tuned, judged = half[: len(half) // 2], half[len(half) // 2 :]
    model = learn([kinds[at] for at in learned_from], [true[at] for at in learned_from])
    threshold = threshold_on(model, [complaints[at] for at in tuned])
    flagged = np.array([abuse.score_of(model, rows[at]["text"]) >= threshold for at in apart])
    is_abuse = np.array([true[at] for at in apart]) == 1
    wrongly = np.array([abuse.score_of(model, complaints[at]) >= threshold for at in judged])
    figures = {
        "precision": _interval(is_abuse[flagged], chance),
        "recall": _interval(flagged[is_abuse], chance),
        "complaints_flagged": _interval(wrongly, chance),
    }
    print(json.dumps(figures))
    if given.write:
        whole = learn(kinds, true)
        kept = {
            "source": abuse.SOURCE,
            "threshold": round(threshold_on(whole, complaints), 4),
            "model": base64.b64encode(whole.to_bytes()).decode(),
        }
        abuse.FILE.write_text(json.dumps(kept, ensure_ascii=False) + "\n", "utf-8")


def _interval(found: np.ndarray, chance: np.random.Generator) -> list[float]:
    """A share with its 95 % interval."""
    drawn = [chance.choice(found, len(found)).mean() for _ in range(400)]
    return [round(float(value), 4) for value in (found.mean(), *np.percentile(drawn, [2.5, 97.5]))]


if __name__ == "__main__":
    main()
