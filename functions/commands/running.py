"""Run stages by hand, and see how they stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from functions import stages
from functions.commands.common import JSON, answer, opened
from shared.errors import GrowthLoopError
from shared.state.incidents import RepairFigures

MONTH = timedelta(days=30)


@click.command()
@click.argument("stage")
@click.option("--dry-run", is_flag=True, help="Write no row and send nothing.")
@click.option("--force", is_flag=True, help="Run a slot again that is done.")
@click.option("--live", is_flag=True, help="Let a stage that sends really send.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to work on.")
@JSON
def run(stage: str, dry_run: bool, force: bool, live: bool, day: datetime | None, as_json: bool) -> None:
    """Run one STAGE by hand."""
    from functions.runner import run_stage

    with opened() as loop:
        report = run_stage(
            loop,
            stage,
            by_hand=True,
            dry_run=dry_run,
            force=force,
            live=live,
            date=day.date() if day else None,
        )
    words = "\n".join((f"{report.stage}: {report.status}", *report.notes))
    answer(report.to_json(), as_json, words)
    if report.failed:
        raise click.exceptions.Exit(1)


@click.command()
def report() -> None:
    """Show today's evening report as it would read now; nothing is recorded or sent."""
    from functions.runner import run_stage

    with opened() as loop:
        shown = run_stage(loop, "evening_report", by_hand=True, dry_run=True)
    if shown.failed:
        raise GrowthLoopError(f"The report could not be made: {(shown.error or {}).get('code')}")
    click.echo("\n".join(shown.notes))


@click.command()
@JSON
def status(as_json: bool) -> None:
    """What is on, what ran last, what waits."""
    with opened() as loop:
        now = loop.clock.now()
        switches = loop.state.live.status()
        runs = {run.stage: run for run in loop.state.stages.last_runs()}
        waiting = loop.state.measures.open_deliveries(100)
        counts = loop.state.people.count()
        incidents = loop.state.incidents.open()
        mended = loop.state.incidents.figures(now - MONTH)
    rows = {stage.name: _standing(stage, runs.get(stage.name), now) for stage in stages.STAGES}
    values = {
        "live": switches.may_send,
        "kill_switch": switches.kill_switch,
        "in_flight_at_switch": switches.in_flight_at_switch,
        "stages": rows,
        "unsettled": len(waiting),
        "incidents": [
            each.model_dump(mode="json", include={"kind", "target", "severity"}) for each in incidents
        ],
        "repairs": mended.model_dump(),
        **counts,
    }
    lines = [
        "Live." if switches.may_send else "Not live: nothing is sent.",
        f"{counts['leads']} leads of {counts['companies']} companies; {len(waiting)} touches unsettled.",
        *(
            f"Wrong: {each.words} ({each.target}), since {each.opened_at:%d %b %H:%M} UTC."
            for each in incidents
        ),
        _mended(mended),
        *(f"{name:24} {words}" for name, words in rows.items()),
    ]
    answer(values, as_json, "\n".join(lines))


def _mended(figures: RepairFigures) -> str:
    """How the last 30 days went."""
    if not figures.opened:
        return "No incidents in 30 days."
    minutes = f", {figures.mttr_s / 60:.0f} min on average" if figures.mttr_s is not None else ""
    alone = figures.by_playbook + figures.by_itself
    return f"{figures.opened} incidents in 30 days, {alone} of them mended without you{minutes}."


def _standing(stage: stages.Stage, run: Any, now: datetime) -> str:
    if not stage.built:
        return "not built yet"
    if run is None:
        return "has not run"
    minutes = int((now - run.started_at).total_seconds() // 60)
    return f"{run.state}, {minutes} min ago"


commands: tuple[click.Command, ...] = (run, report, status)
