"""`huiying evaluate`: how good is the judgement on a labelled set of the office's own?"""

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from app.base.errors import Invalid
from app.commands.shell import as_json, json_option
from app.departments import evaluation as routing_evaluation
from app.departments import training
from app.finding import evaluation as answers_evaluation
from app.messages import abuse as abuse_rule
from app.messages import evaluation as messages_evaluation
from app.messages import repeats as repeats_rule
from app.redaction import evaluation as redaction_evaluation
from app.redaction.service import redact
from kb import judging
from kb.documents import Document
from kb.index import SearchIndex

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def evaluate() -> None:
    """用本单位标注的样本，量一量判断有多准。"""


@evaluate.command()
@click.argument("base", type=_FILE)
@click.argument("queries", type=_FILE)
@json_option
def answers(base: Path, queries: Path, as_json_: bool) -> None:
    """问答检索：BASE 是问答（id、question、answer），QUERIES 是问题（text、relevant）。"""
    documents = [
        Document(key=str(row["id"]), question=row.get("question") or "", text=row.get("answer") or "")
        for _, row in _rows(base, "id")
    ]
    rows = [row for _, row in _rows(queries, "text")]
    with tempfile.TemporaryDirectory(prefix="huiying-evaluate-") as folder:
        index = SearchIndex(Path(folder))
        index.rebuild(documents)
        index.warm()

        def search(text: str, without: frozenset[str]) -> list[tuple[str, bool]]:
            hits = index.search(text, answers_evaluation.FIRST, without=without)
            return [(hit.key, hit.answers) for hit in hits]

        with _progress(rows) as counted:
            measured = answers_evaluation.measure(counted, search, time.perf_counter)
    _tell({"documents": len(documents), **measured}, as_json_)


@evaluate.command()
@click.argument("file", type=_FILE)
@json_option
def redaction(file: Path, as_json_: bool) -> None:
    """脱敏：每行一段文字（text）和其中的个人信息（spans）或必须保留的文字（public）。"""
    rows = [row for _, row in _rows(file, "text")]
    with _progress(rows) as counted:
        measured = redaction_evaluation.measure(
            counted, lambda text, by: redact(text, by=by), time.perf_counter
        )
    _tell(measured, as_json_)


@evaluate.command()
@click.argument("file", type=_FILE)
@json_option
def consistency(file: Path, as_json_: bool) -> None:
    """口径一致：每行一条口径（entry）、一段答复（reply）和结论（verdict：same 或 differs）。"""
    rows = []
    for number, row in _rows(file, "reply"):
        if row.get("verdict") not in {"same", "differs"} or not isinstance(row.get("entry"), str):
            raise Invalid(f"{file.name} 第 {number} 行要有 entry（文字）和 verdict（same 或 differs）")
        rows.append(row)
    with _progress(rows) as counted:
        measured = judging.measure(counted, time.perf_counter)
    _tell(measured, as_json_)


@evaluate.command()
@click.argument("train", type=_FILE)
@click.argument("test", type=_FILE)
@json_option
def routing(train: Path, test: Path, as_json_: bool) -> None:
    """分类：用 TRAIN（text、label，可有 group）学，在 TEST（text、label）上量。"""
    known = _labelled(train)
    groups = [None if row.get("group") is None else str(row["group"]) for row in known]
    labels = [str(row["label"]) for row in known]
    model, figures = training.learn([str(row["text"]) for row in known], labels, groups)
    with _progress(_labelled(test)) as counted:
        measured = routing_evaluation.measure(counted, model, figures, time.perf_counter)
    _tell({"trained_on": figures.examples, "labels": figures.labels, **measured}, as_json_)


@evaluate.command()
@click.argument("file", type=_FILE)
@json_option
def abuse(file: Path, as_json_: bool) -> None:
    """辱骂：每行一段文字（text）和是不是辱骂（label，1 或 0）。"""
    with _progress(_labelled(file)) as counted:
        measured = messages_evaluation.of_abuse(counted, abuse_rule.judge, time.perf_counter)
    _tell(measured, as_json_)


@evaluate.command()
@click.argument("file", type=_FILE)
@json_option
def repeats(file: Path, as_json_: bool) -> None:
    """重复来信：每行一封（id、at、text）和同一件事的组号（group，没有就是 null）。"""
    rows = [row for _, row in _rows(file, "text")]
    _tell(messages_evaluation.of_repeats(rows, repeats_rule.groups, time.perf_counter), as_json_)


def _labelled(file: Path) -> list[dict[str, Any]]:
    """The rows of a file in which every line has a text and a label. Raises `Invalid` naming the line."""
    rows = []
    for number, row in _rows(file, "text"):
        if row.get("label") is None:
            raise Invalid(f"{file.name} 第 {number} 行没有 label")
        rows.append(row)
    return rows


def _rows(file: Path, needed: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file with their line numbers. Raises `Invalid` naming the line."""
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or needed not in row:
                raise Invalid(f"{file.name} 第 {number} 行应当是一个含 {needed} 的 JSON 对象")
            yield number, row


def _progress(rows: list[dict[str, Any]]) -> AbstractContextManager[Iterable[dict[str, Any]]]:
    """Counts on a terminal, silent elsewhere."""
    errors = sys.stderr
    if not errors.isatty():
        return nullcontext(rows)
    return click.progressbar(rows, label="评估", file=errors)


def _tell(measured: dict[str, Any], as_json_: bool) -> None:
    if as_json_:
        click.echo(as_json(measured))
        return
    for name, value in measured.items():
        click.echo(f"{name}: {as_json(value) if isinstance(value, dict) else value}")


COMMANDS = (evaluate,)
