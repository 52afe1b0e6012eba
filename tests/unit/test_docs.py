"""What the documents say against what is there: commands, stages, codes, files and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from functions import stages
from functions.cli import EXTENSIONS, cli
from shared.mail.words import REFUSALS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "directives/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
COMMAND = re.compile(r"(?:`|run )growthloop ([a-z-]+)")
PLANNED = {"rollback", "export"}
"""Commands that a document may name although they are still to come."""


def anchors(document: Path) -> set[str]:
    """The anchors that a forge makes of headings."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def rows(document: str) -> Iterator[list[str]]:
    """The cells of the tables of a document, row by row."""
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link__leads_somewhere(document: Path) -> None:
    for target, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        found = (document.parent / target).resolve() if target else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_command__is_there(document: Path) -> None:
    extensions = {command.name for point in entry_points(group=EXTENSIONS) for command in point.load()}
    named = set(COMMAND.findall(document.read_text(encoding="utf-8")))
    assert named - set(cli.commands) - extensions - PLANNED == set()


def test_the_readmes_stages__are_those_of_the_table() -> None:
    said = {row[0].strip("`"): row[3] for row in rows("README.md") if len(row) == 4 and row[3] != "built"}
    built = {stage.name: "yes" if stage.built else "not yet" for stage in stages.STAGES}
    assert {name: word for name, word in said.items() if name in built} == built


def test_the_readmes_words_for_a_stage__are_the_tables() -> None:
    said = {row[0].strip("`"): row[2] for row in rows("README.md") if len(row) == 4}
    assert {stage.name: said.get(stage.name) for stage in stages.STAGES} == {
        stage.name: stage.does for stage in stages.STAGES
    }


def test_the_runbook__explains_every_code_of_the_gate() -> None:
    first_cells = " ".join(row[0] for row in rows("docs/operations.md"))
    assert [code for code in REFUSALS if f"`{code}`" not in first_cells] == []


def test_every_decision__is_in_the_list() -> None:
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text()))
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}


def test_the_tree_in_the_readme__names_folders_that_are_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^([a-z_/]+(?:/|\.py)) {2,}", text, re.MULTILINE)
    assert len(named) >= 9
    assert [name for name in named if not (ROOT / name).exists()] == []
