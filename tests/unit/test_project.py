"""The tidy rules that no linter knows: sizes, docstrings, pins, settings, and what stands in no file."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shared.config import known_names

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("functions", "shared", "simulator", "modal_app.py")
WRITTEN = {".py", ".sql", ".j2", ".md", ".toml", ".yml"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 10
LONG_FILES = {
    "supabase/migrations/20261121090100_people.sql": "a migration is not split once it may be applied",
    "supabase/migrations/20261121090400_sending.sql": "a migration is not split once it may be applied",
}

# Folders that are somebody's own machine, and the hosts and file stores of package registries.
# In brackets, so that this file does not name them either.
PRIVATE = re.compile(
    r"(?<![\w.:])/(?:home|Users|wor[k]|workspaces?|mnt|builds?)/\w"
    r"|pythonhoste[d]\.|pypi\.or[g]/|registry\.npm|npmj[s]\.",
    re.ASCII,
)
HEAVY = (
    "anthropic",
    "scipy",
    "modal",
    "twilio",
    "resend",
    "supabase",
    "psycopg",
    "starlette",
    "jinja2",
    "holidays",
)
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$")


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, found without git: a checkout may belong to somebody else."""
    ignored = [".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line)]

    def kept(name: str) -> bool:
        return not any(fnmatch(name, pattern) for pattern in ignored)

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if kept(path.name):
                yield from walk(path) if path.is_dir() else (path,)

    return tuple(walk(ROOT))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def trees(*places: str) -> dict[str, ast.Module]:
    """Parsed Python files under these places."""
    return {
        name_of(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in files()
        if path.suffix == ".py" and name_of(path).startswith(places)
    }


def functions_of(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


# Sizes.


def test_a_file__is_no_longer_than_can_be_read_at_once() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in files()
        if path.suffix in WRITTEN
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE and name not in LONG_FILES} == {}


def test_an_exception_for_a_long_file__is_still_needed() -> None:
    short = [name for name in LONG_FILES if len((ROOT / name).read_text().splitlines()) <= LONGEST_FILE]
    assert short == []


def test_a_function__fits_on_a_screen() -> None:
    found = {
        f"{name}:{function.name}": length(function)
        for name, tree in trees("functions", "shared", "simulator", "tests", "bench", "modal_app.py").items()
        for function in functions_of(tree)
    }
    assert {name: n for name, n in found.items() if n > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("place", ["functions", "shared", "simulator"])
def test_functions__are_mostly_short(place: str) -> None:
    lengths = [length(function) for tree in trees(f"{place}/").values() for function in functions_of(tree)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


# Docstrings.


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public names without a docstring; `Class.method` where the method is public too."""
    if tree.body and not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name[0] == "_":
            continue
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}.{method.name}"
                for method in functions_of(ast.Module(node.body, []))
                if method in node.body and method.name[0] != "_" and not ast.get_docstring(method)
            )


def test_public_names__say_what_they_are_for() -> None:
    missing = [f"{name}: {what}" for name, tree in trees(*SHIPPED).items() for what in undocumented(tree)]
    assert missing == []


# Imports.


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_modal_app__is_imported_by_nothing() -> None:
    importers = [
        name
        for name, tree in trees("functions", "shared", "simulator", "tests", "bench").items()
        if "modal_app" in imported(tree)
    ]
    assert importers == []


def test_modal__is_imported_by_modal_app_alone() -> None:
    importers = [
        name
        for name, tree in trees(*SHIPPED).items()
        if any(module.partition(".")[0] == "modal" for module in imported(tree))
    ]
    assert importers == ["modal_app.py"]


def test_the_command_line__starts_without_any_sdk() -> None:
    code = (
        "import sys, functions.cli, simulator.cli; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & set(HEAVY) == set()


# Pins.


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lines: list[str]) -> dict[tuple[str, str], str]:
    """Marker by (name, exact version). Fails on a line that is no exact pin."""
    found = {}
    for line in lines:
        match = REQUIREMENT.match(line)
        assert match, line
        found[match["name"], match["version"]] = (match["marker"] or "").replace('"', "'").strip()
    return found


def image_lines() -> list[str]:
    text = (ROOT / "requirements.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]


def own_pins() -> dict[tuple[str, str], str]:
    return pins(project()["tool"]["uv"]["constraint-dependencies"])


def test_the_image__installs_the_versions_that_are_tested() -> None:
    assert pins(image_lines()).keys() - own_pins().keys() == set()


def test_a_pin_for_one_python_only__says_so_in_both_forms() -> None:
    ours, image = own_pins(), pins(image_lines())
    for (name, version), marker in image.items():
        assert ("python_full_version" in marker) == ("python_full_version" in ours[name, version]), name


def test_the_images_packages__are_held_by_hashes() -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text().strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_dependency__is_pinned() -> None:
    named = [*project()["project"]["dependencies"], *project()["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ;]", each)[0].lower() for each in named}
    assert names - {name for name, _ in own_pins()} == set()


def pin_script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("growthloop_pin", str(ROOT / "scripts" / "pin"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    keeping = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # it would lie beside the script
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = keeping
    return module


def test_pinning_the_same_versions_again__changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "pyproject.toml"
    copy.write_text((ROOT / "pyproject.toml").read_text())
    script = pin_script()
    monkeypatch.setattr(script, "PROJECT", copy)
    script.write_pins(project()["tool"]["uv"]["constraint-dependencies"])
    assert copy.read_text() == (ROOT / "pyproject.toml").read_text()


# Settings, scripts, and what stands in no file.


def test_the_example_of_the_settings__lists_each_once_and_nothing_else() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(names) == known_names()


def test_a_file__names_no_machine_and_no_registry() -> None:
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in files()
        if (match := PRIVATE.search(path.read_bytes().decode("utf-8", errors="replace")))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["scripts/check", "scripts/pin", ".ci/run"])
def test_a_script__can_be_run(name: str) -> None:
    path = ROOT / name
    assert os.access(path, os.X_OK)
    if path.read_text().startswith("#!/usr/bin/env bash"):
        assert "set -euo pipefail" in path.read_text()
        subprocess.run(["bash", "-n", str(path)], check=True)
