"""What our own code must not do, read from its syntax: ask the machine's clock, or build SQL from values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    [*(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py"), ROOT / "modal_app.py"]
)

# The watch asks how far this machine's clock is off; nothing decides by it.
MAY_ASK_THE_CLOCK = {"shared/clock.py"}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
# Function, parameter and type names of the database's own catalogue, each through `quoted`.
MAY_BUILD_SQL = {"shared/state/rpc.py"}
KINDS = "table|index|function|database|schema|role|or replace"
SQL = re.compile(
    rf"\s*(select\s|insert\s+into|update\s+[\w.]+\s+set|delete\s+from|(create|alter|drop)\s+({KINDS})|truncate\s)",
    re.IGNORECASE,
)


def clock_reads(tree: ast.AST) -> Iterator[int]:
    """Lines that ask the machine what time it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in CLOCKS:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name == "time")


def built_statements(tree: ast.AST) -> Iterator[int]:
    """Lines on which a text that begins like SQL is put together from parts."""
    for node in ast.walk(tree):
        if SQL.match(_first_part(node)):
            yield node.lineno  # type: ignore[attr-defined]


def _first_part(node: ast.AST) -> str:
    """The fixed text before the first part that is put in; empty for a text that is whole."""
    if isinstance(node, ast.JoinedStr) and any(isinstance(v, ast.FormattedValue) for v in node.values):
        return _text(node.values[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return _text(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _text(node.func.value)
    return ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def found(search: object, allowed: set[str]) -> list[str]:
    """Where the search finds something, outside the files that may."""
    return [
        f"{name}:{line}"
        for path in SOURCES
        if (name := path.relative_to(ROOT).as_posix()) not in allowed
        for line in search(ast.parse(path.read_text(encoding="utf-8")))  # type: ignore[operator]
    ]


def test_the_machines_clock__is_asked_nowhere_else() -> None:
    assert found(clock_reads, MAY_ASK_THE_CLOCK) == []


def test_sql__is_put_together_nowhere_else() -> None:
    assert found(built_statements, MAY_BUILD_SQL) == []


@pytest.mark.parametrize(
    "code", ["datetime.now(UTC)", "date.today()", "time.time()", "from time import time"]
)
def test_control__asking_the_clock_is_noticed(code: str) -> None:
    assert list(clock_reads(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    ["f'select {x}'", "'delete from t where a = %s' % x", "'update t set a = ' + x", "'select {}'.format(x)"],
)
def test_control__a_built_statement_is_noticed(code: str) -> None:
    assert list(built_statements(ast.parse(code)))
    assert not list(built_statements(ast.parse("execute('select %s', [x])")))
