"""What can be learned from a history of leads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from functions.commands.common import JSON, answer, opened
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from functions.learning.history import Evaluation
    from shared.stats.ranking import Interval


@click.group(name="lead-model")
def lead_model() -> None:
    """The model that learns who becomes a customer."""


@lead_model.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--outcome", required=True, help="The column that says what became of each lead: yes or no.")
@click.option("--ignore", multiple=True, help="A column to leave out, such as one filled after the contact.")
@click.option("--block-size", type=click.IntRange(min=20), help="Leads that compete with each other.")
@click.option("--first", type=click.IntRange(min=50), help="Leads to learn from before the first is judged.")
@JSON
def evaluate(
    file: Path,
    outcome: str,
    ignore: tuple[str, ...],
    block_size: int | None,
    first: int | None,
    as_json: bool,
) -> None:
    """How well the model would have ranked the leads of FILE, whose rows are in the order of time.

    Each block of leads is scored by what was learned from the rows before it. Without --block-size and
    --first a twentieth and a tenth of the rows are taken.
    """
    from functions.campaigns.leads.table import read_table
    from functions.learning.history import evaluate as judge
    from functions.learning.history import history_of
    from shared.lead_model.training import NotEnoughHistory

    table = read_table(file.read_bytes(), file.name)
    cells = [(row.line, row.cells) for row in table.rows]
    history = history_of(file.name, table.header.cells, cells, outcome=outcome, ignore=ignore)
    try:
        found = judge(history, block=block_size, first=first)
    except NotEnoughHistory as error:
        raise ConfigurationError(
            f"{file.name}, column {outcome}: {error} Give more rows, or smaller --block-size and --first."
        ) from error
    broken = [f"line {row.line}: {row.reason}" for row in table.broken]
    notes = [*table.notes, *broken, *history.notes]
    answer({"file": file.name, "notes": notes, **asdict(found)}, as_json, _words(found, notes))


@lead_model.command()
@JSON
def status(as_json: bool) -> None:
    """Whether the learned model ranks, and how the newest ones were judged."""
    with opened() as loop:
        ranks, newest = loop.state.lead_models.in_force(), loop.state.lead_models.newest(5)
    lines = ["The learned model ranks." if ranks else "The points of intent rank."]
    for each in newest:
        found = each.judgement
        lines.append(
            f"{each.trained_at:%Y-%m-%d}  {each.state:<12} AUC {found['auc']:.3f}, of the points "
            f"{found['auc_of_points']:.3f}, on {found['leads']} later leads"
        )
    models = [each.model_dump(mode="json") for each in newest]
    answer({"ranks": bool(ranks), "models": models}, as_json, "\n".join(lines))


@lead_model.command(name="step-back")
@JSON
def step_back(as_json: bool) -> None:
    """Let the points of intent rank again, until a model proves to be better once more."""
    with opened() as loop:
        done = loop.state.lead_models.step_back(approver="owner")
    words = "The points rank again, from the next plan on." if done else "The points of intent rank already."
    answer({"stepped_back": done}, as_json, words)


def _words(found: Evaluation, notes: list[str]) -> str:
    judged = found.judgement
    lines = [
        *notes,
        f"{judged.leads} leads in {len(judged.blocks)} blocks of {found.block_size}, "
        f"{judged.outcomes} with the outcome ({judged.outcomes / judged.leads:.1%}).",
        f"AUC {_interval(judged.auc, '.3f')} (a coin has 0.5)",
        f"Outcomes in the best fifth {_interval(judged.capture, '.1%')} (a coin has 20 %)",
    ]
    if judged.calibration is not None:
        fit = judged.calibration
        lines.append(
            f"Calibration: slope {fit.slope:.2f} (1 is right), intercept {fit.intercept:+.2f} (0 is right)"
        )
        lines += [f"  {b.n:>6} leads  said {b.predicted:6.1%}  came {b.observed:6.1%}" for b in fit.bins]
    return "\n".join([*lines, "What tells them apart, in the newest leads:", *found.reasons])


def _interval(found: Interval, form: str) -> str:
    return f"{found.estimate:{form}} [{found.low:{form}}, {found.high:{form}}]"


commands: tuple[click.Command, ...] = (lead_model,)
