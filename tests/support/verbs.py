"""Which database functions the state library names, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared import state

_VERSIONED = re.compile(r"_v[0-9]+$")
# `People._chunked(function, name, rows, **more)` passes rows under a name of its own.
_CHUNKED = "_chunked"
_CALLS = frozenset({"_call", "call", _CHUNKED})


@dataclass(frozen=True)
class DatabaseCall:
    """One call in the source: where, which function, with which argument names."""

    file: str
    function: str
    arguments: frozenset[str]


def database_calls() -> list[DatabaseCall]:
    """Every call of a versioned function in shared/."""
    root = Path(state.__file__).resolve().parents[1]
    return [
        call
        for path in sorted(root.rglob("*.py"))
        for call in _calls(path.name, ast.parse(path.read_text(encoding="utf-8")))
    ]


def functions_named_outside() -> set[str]:
    """Names of versioned functions in functions/, whose code must not know any, docstrings left out."""
    root = Path(state.__file__).resolve().parents[2] / "functions"
    return {
        node.value
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_name(node.value)
    }


def _calls(file: str, tree: ast.AST) -> Iterator[DatabaseCall]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or _callee(node.func) not in _CALLS:
            continue
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if texts and isinstance(texts[0], str) and _is_name(texts[0]):
            named = {keyword.arg for keyword in node.keywords if keyword.arg}
            if _callee(node.func) == _CHUNKED:
                named.add(str(texts[1]))
            yield DatabaseCall(file, texts[0], frozenset(named))


def _callee(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_name(text: str) -> bool:
    return text.isidentifier() and bool(_VERSIONED.search(text))
