"""`growthloop simulate` as its user runs it: a small world, a day, the same bytes for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from shared.gate import REASONS
from simulator.cli import simulate
from simulator.days import Days
from simulator.seeds import summary
from simulator.simulate import Job, figures, run_job

KEYS = {
    *("days", "leads", "planned", "sent", "refused", "outcomes", "violations", "reports", "recount"),
    *("opt_out_to_last_touch_s", "experiments", "false_wins", "missed_winners", "regret", "hypotheses"),
    *("faults", "meetings", "missing"),
}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(simulate, arguments, catch_exceptions=False)


def _figures(out: Path, *arguments: str) -> dict[str, Any]:
    result = _run("--world", "tiny", "--json", str(out), *arguments)
    assert result.exit_code == 0
    figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return figures


@pytest.mark.long
def test_two_seeds__are_the_runs_of_each_alone_to_the_byte(tmp_path: Path) -> None:
    both = _figures(tmp_path / "both.json", "--days", "1", "--seed", "4", "--seeds", "2")
    alone = _figures(tmp_path / "alone.json", "--days", "1", "--seed", "5")
    assert both["seeds"] == [4, 5]
    assert json.dumps(both["runs"][1]) == json.dumps(alone)
    assert both["runs"][0] != alone
    assert both["summary"]["leads"] == {"min": 8, "mean": 8.0, "max": 8}
    assert set(alone) == KEYS
    assert alone["recount"]["figures"] > 0
    assert alone["recount"]["mismatches"] == 0
    assert alone["days"] == 1
    assert alone["planned"] >= sum(alone["sent"].values()) > 0
    assert set(alone["refused"]) <= set(REASONS)
    assert set(alone["violations"].values()) == {0}


@pytest.mark.long
def test_passed_over_slots__leave_what_living_them_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures, everything the wire accepted, and the ledger of runs, row by row."""
    lived: list[tuple[Any, ...]] = []

    def kept(run: Days, *more: Any) -> dict[str, Any]:
        query = "select stage, slot, run_no, state, report from stage_runs order by stage, slot, run_no"
        ran = len(run.reports)
        lived.append((ran, run.database.execute(query).fetchall(), run.wire.record.contacts))
        return figures(run, *more)

    monkeypatch.setattr("simulator.simulate.figures", kept)
    every, busy = (run_job(Job("tiny", 1, 7, every_slot=each)) for each in (True, False))
    assert json.dumps(every) == json.dumps(busy)
    assert lived[0][1:] == lived[1][1:]
    assert lived[1][0] < lived[0][0] / 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--world", "tinny"), "did you mean tiny?"),
        (("--world", "absent.toml"), "absent.toml"),
        (("--world", "tiny", "--days", "0"), "--days"),
        (("--days", "1"), "--world"),
    ],
)
def test_mistake__is_a_usage_error_that_names_it(arguments: tuple[str, ...], said: str) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_summary__counts_what_a_run_does_not_name_as_none_of_it() -> None:
    runs: list[dict[str, Any]] = [{"refused": {"BUDGET": 2}, "mttd": None}, {"refused": {}, "mttd": None}]
    assert summary(runs) == {"refused": {"BUDGET": {"min": 0, "mean": 1.0, "max": 2}}, "mttd": None}
    assert summary([{"regret": 1.0, "experiments": []}, {"regret": None, "experiments": []}]) == {
        "regret": {"min": 1.0, "mean": 1.0, "max": 1.0}
    }
