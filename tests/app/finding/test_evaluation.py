"""The measures of `huiying evaluate answers`, by hand."""

from app.finding.evaluation import measure

HITS = {
    "first": [("a", True), ("b", False)],
    "third": [("x", False), ("y", False), ("a", False)],
    "seventh": [("x", True), *[(f"y{n}", False) for n in range(5)], ("a", False)],
    "nothing": [],
    "sure": [("a", True)],
    "unsure": [("a", False)],
}


def measured(*rows: dict) -> dict:
    return measure(rows, lambda text, without: [hit for hit in HITS[text] if hit[0] not in without])


def test_recall_and_rank_count_the_first_right_entry() -> None:
    told = measured(*({"text": name, "relevant": ["a"]} for name in ("first", "third", "seventh", "nothing")))
    assert (told["recall@1"], told["recall@5"]) == (0.25, 0.5)
    assert told["mrr@10"] == round((1 + 1 / 3 + 1 / 7) / 4, 4)
    assert (told["answered_share"], told["precision_when_answered"]) == (0.5, 0.5)
    assert "false_answer_rate" not in told


def test_a_false_answer_is_any_answer_to_nothing_or_the_answer_of_a_trap() -> None:
    told = measured(
        {"text": "sure", "relevant": []},
        {"text": "unsure", "relevant": []},
        {"text": "sure", "not_relevant": ["a"]},
        {"text": "sure", "not_relevant": ["b"]},
    )
    assert told["false_answer_rate"] == 0.5
    assert told["answerable"] == 0
    assert "recall@1" not in told


def test_a_question_does_not_find_itself() -> None:
    assert measured({"text": "first", "relevant": ["b"], "self": "a"})["recall@1"] == 1
