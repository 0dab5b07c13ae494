"""The picture of the house as a test: arrows point one way, rules are pure, nobody else asks the time."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From top to bottom; a package may import only what stands below it (or beside it on the same line).
LAYERS = (
    ("app.web", "app.jobs", "app.cli", "app.commands", "app.sample", "app.schema", "app.migrations"),
    ("app.statistics",),
    ("app.opendata",),
    ("app.disclosure",),
    ("app.alerts",),
    ("app.upkeep", "app.federation"),
    ("app.replies",),
    ("app.consistency",),
    ("app.answers",),
    ("app.finding",),
    ("app.cases",),
    ("app.messages",),
    ("app.notices",),
    ("app.official_accounts", "app.duty", "app.departments", "app.staff"),
    ("app.redaction", "app.calendar"),
    ("app.log",),
    ("app.base",),
    ("kb", "connectors"),
)
PURE_LIBRARIES = {"numpy", "rjieba", "opencc", "pypinyin", "rapidfuzz", "scipy", "sklearn"}
ANATOMY = {"models.py", "queries.py", "service.py", "__init__.py"}
# Files that touch the world for a reason of their own (architecture 2.3); each says so in its docstring.
TOUCH_THE_WORLD = {
    "app/messages/attachments.py",
    "app/messages/intake.py",
    "app/finding/index.py",
    "app/finding/searches.py",
    "kb/index.py",
    "kb/snapshot.py",
    "kb/instant.py",
    "kb/spelling.py",
    "kb/learned.py",
}
FEATURES = [
    path.name
    for path in sorted((ROOT / "app").iterdir())
    if path.is_dir() and (path / "models.py").exists() and path.name != "base"
]
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
    ("datetime", "today"),
}


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _layer(module: str) -> int | None:
    for height, packages in enumerate(LAYERS):
        if any(module == package or module.startswith(package + ".") for package in packages):
            return height
    return None


def _rules() -> list[Path]:
    found = [
        path
        for feature in FEATURES
        for path in sorted((ROOT / "app" / feature).glob("*.py"))
        if path.name not in ANATOMY
    ]
    found += [path for path in sorted((ROOT / "kb").glob("*.py")) if path.name not in ANATOMY]
    return [path for path in found if str(path.relative_to(ROOT)) not in TOUCH_THE_WORLD]


@pytest.mark.parametrize("path", list(_sources("app", "kb", "connectors")), ids=_name)
def test_a_package_imports_only_what_stands_below_it(path: Path) -> None:
    own = _layer(_name(path))
    if own is None:  # app/__init__.py puts the parts together
        return
    for module in _imports(path):
        other = _layer(module)
        assert other is None or other >= own, f"{_name(path)} reaches up to {module}"


@pytest.mark.parametrize("path", list(_sources("kb", "connectors")), ids=_name)
def test_the_leaves_know_nothing_of_the_app_nor_of_each_other(path: Path) -> None:
    own = _name(path).split(".")[0]
    strangers = {"app", "kb", "connectors", "flask"} - {own}
    assert not [module for module in _imports(path) if module.split(".")[0] in strangers]


@pytest.mark.parametrize("path", _rules(), ids=_name)
def test_a_rule_is_pure(path: Path) -> None:
    allowed = PURE_LIBRARIES | set(sys.stdlib_module_names)
    rule_names = {_name(rule) for rule in _rules()}
    bases = {
        "app.base.errors",
        "app.base.clock",
        "kb.errors",
        "kb.models",
        "connectors.contract",
        "connectors.registry",
        "connectors.errors",
    }
    for module in _imports(path):
        top = module.split(".")[0]
        if top not in {"app", "kb", "connectors"}:
            assert top in allowed, f"{_name(path)} is a rule and imports {module}"
            continue
        is_rule = module in rule_names or module.rpartition(".")[0] in rule_names
        is_base = module in bases or module.rpartition(".")[0] in bases
        is_package = (ROOT / Path(*module.split("."))).is_dir()
        assert is_rule or is_base or is_package, f"{_name(path)} is a rule and imports {module}"


@pytest.mark.parametrize("path", list(_sources("app", "kb", "connectors")), ids=_name)
def test_only_the_clock_asks_the_time(path: Path) -> None:
    # The leaves know no app: connectors are handed a clock, and `calls` holds the default for other uses.
    if _name(path) in {"app.base.clock", "connectors.calls"} or "sandbox" in path.parts:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            name = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
            assert (name, node.func.attr) not in CLOCKS, f"{_name(path)}:{node.lineno} asks the time itself"


@pytest.mark.parametrize(
    "path", [ROOT / "app" / f / "service.py" for f in FEATURES], ids=lambda p: p.parent.name
)
def test_no_service_commits(path: Path) -> None:
    if not path.exists():
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr != "commit", f"{_name(path)}:{node.lineno} commits"


def test_only_one_file_knows_whoosh() -> None:
    knowing = [_name(path) for path in _sources("app", "kb", "connectors") if "whoosh" in set(_tops(path))]
    assert knowing == ["kb.index"]


def _tops(path: Path) -> Iterator[str]:
    return (module.split(".")[0] for module in _imports(path))


@pytest.mark.parametrize("path", list(_sources("app", "kb", "connectors")), ids=_name)
def test_every_module_opens_with_what_it_answers(path: Path) -> None:
    if path.stat().st_size == 0 or "versions" in path.parts:
        return
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{_name(path)} has no docstring"
