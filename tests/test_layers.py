"""The shape of the house: which package may import which, what the pure parts may touch, what stands at the top."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGES = {"schemas", "streams", "agents", "sinks", "deploy", "tests"}
# What each package may import of ours, besides itself. tests may import everything.
MAY_IMPORT = {
    "schemas": set(),
    "streams": {"schemas"},
    "agents": {"schemas", "streams"},
    "sinks": {"schemas", "streams"},
    "deploy": {"schemas", "streams", "agents", "sinks"},
}
# Modules of the pure parts: the same input must give the same output, anywhere and at any time.
PURE = ("schemas", "agents/core")
IMPURE_MODULES = {
    *("aiokafka", "asyncio", "chdb", "clickhouse_driver", "concurrent", "ctypes", "faust", "http", "kafka", "locale"),
    *(
        "logging",
        "mode",
        "multiprocessing",
        "os",
        "prometheus_client",
        "pydantic_settings",
        "random",
        "rich",
        "secrets",
    ),
    *("select", "shutil", "signal", "socket", "sqlite3", "ssl", "structlog", "subprocess", "sys", "tempfile"),
    *("threading", "time", "typer", "urllib", "warnings"),
}
# Calls that read a clock, chance, a file or the terminal, by the last names of the call.
IMPURE_CALLS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid.uuid1", "uuid.uuid4"),
    *("open", "print", "input", "Path.open", "Path.cwd", "Path.home"),
}
IMPURE_METHODS = {"read_text", "write_text", "read_bytes", "write_bytes"}
# schemas ships its contracts and code tables as package data: reading those is no I/O of the outer world.
MAY_READ_ITS_OWN_FILES = {"schemas"}
TOP_LEVEL_FOLDERS = PACKAGES | {".ci"}
TOP_LEVEL_FILES = {
    *(".gitignore", "pyproject.toml", "Makefile", "LICENSE"),
    *("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}


class Import(NamedTuple):
    where: str
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(path: Path, tree: ast.AST) -> Iterator[Import]:
    """Every import wherever it stands, also inside functions and behind TYPE_CHECKING."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(where, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield Import(where, package if node.level else node.module or "")
        elif isinstance(node, ast.Call) and _dotted(node.func).endswith("import_module"):
            first = node.args[0] if node.args else None
            yield Import(where, str(first.value) if isinstance(first, ast.Constant) else "")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _layer_violations(folder: str) -> list[str]:
    allowed = MAY_IMPORT[folder] | {folder}
    return [
        f"{found.where} imports {found.module}"
        for path in _files(folder)
        for found in _imports(path, _tree(path))
        if found.top in PACKAGES and found.top not in allowed
    ]


def _impure_calls(path: Path, tree: ast.AST, *, own_files: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        last_two = ".".join(name.split(".")[-2:])
        is_method = isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_METHODS
        if last_two in IMPURE_CALLS or (is_method and not own_files):
            yield f"{path.relative_to(ROOT)}:{node.lineno} calls {name or node.func}"


def _purity_violations(folder: str) -> list[str]:
    own_files = folder in MAY_READ_ITS_OWN_FILES
    found: list[str] = []
    for path in _files(folder):
        tree = _tree(path)
        found += [f"{bad.where} imports {bad.module}" for bad in _imports(path, tree) if bad.top in IMPURE_MODULES]
        found += _impure_calls(path, tree, own_files=own_files)
    return found


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_go_one_way(package: str) -> None:
    assert _files(package)
    assert _layer_violations(package) == []


@pytest.mark.parametrize("folder", PURE)
def test_the_pure_parts_touch_no_clock_chance_file_or_log(folder: str) -> None:
    assert _files(folder)
    assert _purity_violations(folder) == []


def test_the_top_level_holds_only_what_belongs_there() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    paths = [Path(line) for line in listed.stdout.splitlines()]
    assert {path.parts[0] for path in paths if len(path.parts) > 1} <= TOP_LEVEL_FOLDERS
    assert {path.name for path in paths if len(path.parts) == 1} <= TOP_LEVEL_FILES


def test_no_module_is_called_utils_or_helpers() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert [str(path) for package in PACKAGES for path in _files(package) if path.stem in vague] == []


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in _files(package)
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import time", True),
        ("from os import path", True),
        ("def f():\n    import random", True),
        ("from datetime import datetime, UTC\nx = datetime.now(UTC)", True),
        ("import datetime as dt\nx = dt.date.today()", True),
        ("from pathlib import Path\nx = Path('a').read_text()", True),
        ("x = open('a')", True),
        ("from datetime import timedelta\nx = timedelta(days=1)", False),
    ],
)
def test_the_purity_check_itself_finds_what_it_should(code: str, found: bool) -> None:
    path = ROOT / "agents" / "core" / "imagined.py"
    tree = ast.parse(code)
    impure = [bad for bad in _imports(path, tree) if bad.top in IMPURE_MODULES]
    assert bool(impure or list(_impure_calls(path, tree, own_files=False))) is found
