"""The commands about tests, changes and approvals, as they are typed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from functions import cli
from shared.directives import read
from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.experiments import KEY
from tests.support.ledger import INSTALLATION, NOW, Ledger

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def state(database: str, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)
    monkeypatch.setenv("GROWTHLOOP_INSTALLATION_ID", str(INSTALLATION))
    return Ledger.over(database, transport).state


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: State) -> Run:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["growthloop", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out + shown.err

    return run


@pytest.fixture
def shorter(tmp_path: Path) -> Path:
    text = next(each.text for each in read() if each.key == KEY)
    file = tmp_path / "shorter.md"
    file.write_text(text.replace("Who answers at", "Who picks up at"))
    return file


def propose(typed: Run, file: Path, lever: str = "email_subject") -> tuple[int, str]:
    return typed("experiments", "--propose", str(file), "--key", KEY, "--lever", lever, "--metric", "replied")


def test_experiments__of_a_fresh_database_says_so(typed: Run) -> None:
    assert typed("experiments") == (0, "Nothing is being tested.\n")


def test_propose__queues_once_and_is_listed(typed: Run, shorter: Path) -> None:
    assert propose(typed, shorter)[0] == propose(typed, shorter)[0] == 0
    _, listed = typed("experiments", "--json")
    (found,) = json.loads(listed)["experiments"]
    assert (found["lever"], found["state"], found["proposed_by"]) == ("email_subject", "queued", "owner")
    assert "waits for its turn" in typed("experiments")[1]


def test_propose__a_change_of_more_than_its_lever_is_refused(typed: Run, shorter: Path) -> None:
    code, said = propose(typed, shorter, "email_body")
    assert code != 0
    assert "email_body may change body, not subject" in said


def test_rollback__of_what_cannot_be_taken_back_fails(typed: Run) -> None:
    code, said = typed("rollback", "99")
    assert (code, "none that can be taken back" in said) == (1, True)


@pytest.mark.parametrize(("command", "status"), [("approve", "approved"), ("deny", "denied")])
def test_approval__by_command(typed: Run, state: State, command: str, status: str) -> None:
    number = state.experiments.request_approval(
        subject="s", words="Ship it?", why="", change={}, fingerprint="f", days=14
    )
    assert typed(command, str(number)) == (0, f"{status.capitalize()}: Ship it?\n")
    assert typed("deny" if command == "approve" else "approve", str(number))[0] == 1
    assert typed(command, "99")[0] == 1


def test_export__writes_every_change(typed: Run, tmp_path: Path) -> None:
    assert typed("export", "evolution_log", "--to", str(tmp_path))[0] == 0
    text = (tmp_path / "evolution_log.md").read_text()
    assert text.startswith("# Evolution log")
    assert "live: turned on" in text
    assert f"{NOW:%Y-%m-%d}" in text
