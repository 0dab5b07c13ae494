"""Whatever the office records is called by its Chinese name on the desk, never by its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.web.dashboard.log_words import STEP_LABELS

_RECORDERS = re.compile(r"(^|[._])(record(ed)?(_[a-z]+)?|log(ged)?|noted?)$")
_CODE = re.compile(r"^[a-z]+(_[a-z]+)*$")
_KINDS = ("co_sign", "verify", "assist")


def _literals(node: ast.expr) -> Iterator[str]:
    """The codes an argument can stand for: a word, either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def recorded() -> dict[str, str]:
    """Every code written into the log by name, and the file that does it (the fourth argument, always)."""
    found = {}
    root = Path(app.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and len(node.args) > 3
                and _RECORDERS.search(ast.unparse(node.func))
                and "session" in ast.unparse(node.args[0])
            ):
                for code in _literals(node.args[3]):
                    if _CODE.match(code):
                        found[code] = str(path.relative_to(root))
    return found


def test_every_step_that_is_recorded_has_a_name_in_the_log() -> None:
    codes = recorded()
    assert len(codes) > 60, "the search no longer finds what is recorded"
    assert {code: file for code, file in codes.items() if code not in STEP_LABELS} == {}


@pytest.mark.parametrize("kind", _KINDS)
def test_an_inquiry_answered_or_lapsed_has_a_name_in_the_log(kind: str) -> None:
    assert {f"answer_{kind}", f"lapse_{kind}"} <= STEP_LABELS.keys()


def test_the_names_are_chinese_words() -> None:
    assert [code for code, words in STEP_LABELS.items() if not re.search("[一-鿿]", words)] == []
