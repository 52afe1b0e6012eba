"""`growthloop bench` lists what a checkout measures, and runs it with the caller's own options."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shared.errors import ConfigurationError
from simulator.programs import Programs

PROGRAM = '''"""Counts its options.

More of it."""
import sys

def main() -> None:
    sys.exit(len(sys.argv))

main()
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "count_options.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "bench" / "part.py").write_text('"""A part of another."""\n', encoding="utf-8")
    return tmp_path


def _asked(checkout: Path, *words: str) -> Result:
    return CliRunner().invoke(Programs(checkout), words)


def test_bench__lists_programs_by_what_they_measure(checkout: Path) -> None:
    said = _asked(checkout, "--help").output
    assert "count-options  Counts its options." in said
    assert "part" not in said


def test_bench__gives_a_program_its_options_and_takes_its_exit_code(checkout: Path) -> None:
    assert _asked(checkout, "count-options", "--days", "3", "--help").exit_code == 4


def test_bench__an_unknown_program_is_a_usage_mistake(checkout: Path) -> None:
    assert _asked(checkout, "part").exit_code == 2


def test_bench__outside_a_checkout_says_where_to_run_it(tmp_path: Path) -> None:
    found = _asked(tmp_path, "scores")
    assert isinstance(found.exception, ConfigurationError)
    assert "checkout" in str(found.exception)


def test_bench__of_this_repository_has_the_table_of_scores() -> None:
    assert "scores     " in CliRunner().invoke(Programs(), ["--help"]).output.replace("simulate-scale", "")
