"""`growthloop demo`: the simulator's part of the command line."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click


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


commands: tuple[click.Command, ...] = (demo,)
