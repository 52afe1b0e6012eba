"""`growthloop lead-model evaluate`: anybody's file, and clear words about what is wrong with it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from functions.cli import cli
from functions.learning.history import history_of
from shared.errors import ConfigurationError

HEADER = ["id", "trade", "called_for_s", "won"]


def rows(n: int) -> list[list[str]]:
    dice = random.Random(3)  # noqa: S311
    found = []
    for i in range(n):
        trade = dice.choice(["plumber", "roofer"])
        won = dice.random() < (0.5 if trade == "plumber" else 0.15)
        found.append(
            [
                str(i),
                trade,
                str(dice.randint(100, 400) if won else dice.randint(1, 120)),
                "yes" if won else "no",
            ]
        )
    return found


def written(folder: Path, lines: list[list[str]]) -> Path:
    file = folder / "calls.csv"
    file.write_text("\n".join(";".join(line) for line in [HEADER, *lines]) + "\n")
    return file


def asked(file: Path, *more: str) -> tuple[int, str]:
    answer = CliRunner().invoke(cli, ["lead-model", "evaluate", str(file), "--outcome", "won", *more])
    return answer.exit_code, str(answer.exception) if answer.exit_code else answer.output


def test_a_history__is_judged_block_by_block(tmp_path: Path) -> None:
    code, text = asked(written(tmp_path, rows(1200)), "--ignore", "called_for_s", "--json")
    assert code == 0
    found = json.loads(text)
    assert found["columns"] == ["trade"]
    assert found["judgement"]["auc"]["low"] > 0.6
    assert len(found["judgement"]["blocks"]) == 18
    assert any("plumber" in reason for reason in found["reasons"])
    assert found["notes"] == ["id: every row differs; not learned from."]


def test_a_column_that_knows_too_much__is_pointed_out(tmp_path: Path) -> None:
    code, text = asked(written(tmp_path, rows(1200)))
    assert code == 0
    assert "use --ignore called_for_s" in text
    assert "Calibration: slope" in text


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (rows(60), "calls.csv, column won:"),
        (
            [*rows(60), ["60", "roofer", "5", "maybe"]],
            "calls.csv, line 62, column won: the outcome is nei",
        ),
        ([*rows(60), ["60", "roofer"]], "calls.csv, line 62, column won: the outcome is empty"),
        ([[*row[:3], "no"] for row in rows(900)], "Give more rows"),
    ],
)
def test_what_cannot_be_judged__is_named_with_file_and_column(
    tmp_path: Path, lines: list[list[str]], says: str
) -> None:
    code, text = asked(written(tmp_path, lines))
    assert code == 1
    assert says in text


def test_a_column_that_is_not_there__is_named_beside_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"calls\.csv has no column sold\. It has: id, trade"):
        history_of("calls.csv", HEADER, [], outcome="sold")
    with pytest.raises(ConfigurationError, match="column won twice"):
        history_of("calls.csv", [*HEADER, "won"], [], outcome="won")
