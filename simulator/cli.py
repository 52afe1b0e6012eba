"""`growthloop demo`, `simulate` and `bench`: the simulator's part of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from shared.errors import ConfigurationError
from simulator.programs import Programs


@click.command()
@click.option(
    "--days", default=5, show_default=True, type=click.IntRange(1, 60), help="Business days to run."
)
@click.option("--seed", default=5, show_default=True, help="The same seed gives the same run.")
@click.option(
    "--out",
    default=Path("growthloop-demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the emails and the summary page go.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def demo(days: int, seed: int, out: Path, as_json: bool) -> None:
    """Watch whole business days on this machine: no account, nobody contacted."""
    from simulator.demo import run_demo

    with Progress(days, quiet=as_json) as progress:
        result = run_demo(days=days, seed=seed, folder=out, progress=progress.reached)
    if as_json:
        figures = {name: value for name, value in result.figures.items() if name != "milestones"}
        click.echo(json.dumps(figures))
        return
    sent = ", ".join(f"{n} {channel}" for channel, n in result.figures["sent"].items())
    broken = sum(result.figures["violations"].values())
    click.echo(
        f"{days} business days with {result.figures['leads']} leads: sent {sent}; {broken} violations."
    )
    click.echo(f"Open {result.pages[0].resolve()}")


@click.command()
@click.option("--world", required=True, help="A shipped world by its name, or a TOML file.")
@click.option(
    "--days",
    default=28,
    show_default=True,
    type=click.IntRange(1, 366),
    help="Days to run, weekends included.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same run, to the byte.")
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="So many seeds from --seed on.",
)
@click.option(
    "--json",
    "out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where the score goes as one JSON object; - is standard output.",
)
def simulate(world: str, days: int, seed: int, seeds: int, out: Path | None) -> None:
    """Run weeks in a world whose truth is known, and score what the loop did there.

    Production code over the providers' wire, on this machine alone. Several seeds run at once.
    """
    from simulator.seeds import run_seeds, together
    from simulator.simulate import Job
    from simulator.worlds import load

    try:
        name, _ = load(world)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error
    jobs = [Job(world, days, each) for each in range(seed, seed + seeds)]
    to_stdout = out is not None and str(out) == "-"
    with Bars(name, [job.seed for job in jobs]) as bars:
        runs = run_seeds(jobs, bars.reached)
    figures = runs[0] if seeds == 1 else together(jobs, runs)
    if out is not None:
        with click.open_file(str(out), "w", encoding="utf-8") as file:
            file.write(json.dumps(figures, sort_keys=True) + "\n")
    if not to_stdout:
        for job, run in zip(jobs, runs, strict=True):
            click.echo(f"{name}, seed {job.seed}: {in_words(run)}")


def in_words(run: Mapping[str, Any]) -> str:
    """One run in a sentence."""
    sent = ", ".join(f"{n} {channel}" for channel, n in run["sent"].items())
    broken = sum(run["violations"].values())
    return f"{run['days']} days with {run['leads']} leads: sent {sent}; {broken} violations."


class Progress:
    """A bar over virtual time."""

    def __init__(self, days: int, *, quiet: bool) -> None:
        from rich.progress import Progress as Bar

        self._bar = Bar(transient=True, disable=quiet)
        self._task = self._bar.add_task(f"{days} business days", total=1.0)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reached(self, start: datetime, now: datetime, end: datetime) -> None:
        """Show how far the days have come."""
        self._bar.update(
            self._task, completed=(now - start) / (end - start), description=f"{now:%a %d %b %H:%M} UTC"
        )


class Bars:
    """A bar for each seed, on standard error, so that figures can go to standard output."""

    def __init__(self, world: str, seeds: list[int]) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._bar = Bar(transient=True, console=Console(stderr=True))
        self._tasks = {seed: self._bar.add_task(f"{world}, seed {seed}", total=1.0) for seed in seeds}

    def __enter__(self) -> Bars:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reached(self, seed: int, share: float) -> None:
        """Show how far a seed has come."""
        self._bar.update(self._tasks[seed], completed=share)


commands: tuple[click.Command, ...] = (demo, simulate, Programs())
