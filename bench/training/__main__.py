"""`python -m bench.training answers FOLDER [--write FILE]`: figures by cross-validation, and the weights."""

import argparse
import json
from pathlib import Path

from bench.training import answers


def main() -> None:
    """Print the figures of every set as a line of JSON; with ``--write`` also put the weights into a file."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.training", description="Learn shipped numbers anew"
    )
    parser.add_argument("what", choices=["answers"])
    parser.add_argument("folder", type=Path, help="NAME.base.jsonl and NAME.queries.jsonl")
    parser.add_argument("--write", type=Path, metavar="FILE", help="kb/weights.json")
    given = parser.parse_args()
    weights, figures = answers.learn(given.folder)
    for name, values in figures.items():
        print(json.dumps({"set": name, **values}, ensure_ascii=False))
    if given.write:
        answers.write(given.write, weights)


if __name__ == "__main__":
    main()
