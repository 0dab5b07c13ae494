"""The connectors are a leaf: they know nothing of the app, of the library, of Flask or of the database."""

import ast
from pathlib import Path

import pytest

from tests.connectors.samples import FOLDER

FOREIGN = {"app", "kb", "flask", "sqlmodel", "sqlalchemy", "tests"}
MODULES = sorted(FOLDER.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_module_imports_nothing_from_above(path: Path) -> None:
    assert not imported(path) & FOREIGN


def test_only_the_one_way_of_calling_out_makes_a_client() -> None:
    text = {path: path.read_text("utf-8") for path in MODULES}
    callers = {p.relative_to(FOLDER).as_posix() for p, words in text.items() if "httpx.Client(" in words}
    # reaching.py calls our own address, as a platform would; the stand-ins call our webhook.
    assert callers == {
        "calls.py",
        "reaching.py",
        "sandbox/wechat.py",
        "sandbox/douyin.py",
        "sandbox/weibo.py",
    }


def test_only_the_default_clock_looks_at_the_time() -> None:
    callers = {
        path.relative_to(FOLDER).as_posix()
        for path in MODULES
        if "datetime.now(" in path.read_text("utf-8") or "time.time(" in path.read_text("utf-8")
    }
    assert callers == {"calls.py"}
