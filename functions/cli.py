"""`growthloop …`: the loop by hand. Exit 0 is done, 1 is failed, 2 is a usage mistake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from functions import stages
from shared.config import Settings
from shared.errors import ConfigurationError, GrowthLoopError

if TYPE_CHECKING:
    from shared.loop import Loop

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
EXTENSIONS = "growthloop.commands"


@click.group()
@click.version_option(package_name="growthloop")
def cli() -> None:
    """An unattended outbound-sales loop for one small business."""


def main() -> None:
    """The console script: own errors become one line and exit 1, a wrong option or setting exit 2."""
    for extension in entry_points(group=EXTENSIONS):
        for command in extension.load():
            cli.add_command(command)
    try:
        # Without its standalone mode click gives an exit code back instead of exiting.
        sys.exit(cli(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(1)
    except GrowthLoopError as error:
        click.echo(f"growthloop: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Loop]:
    """The loop that the environment describes."""
    from shared import loop as loops

    loop = loops.build(settings or Settings.from_env())
    try:
        yield loop
    finally:
        loop.close()


def answer(values: dict[str, Any], as_json: bool, words: str) -> None:
    """Print the answer in the form that was asked for."""
    click.echo(json.dumps(values, default=str) if as_json else words)


@cli.command()
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


@cli.command()
@click.argument("state", type=click.Choice(["on", "off", "status"]))
@JSON
def live(state: str, as_json: bool) -> None:
    """Turn sending on or off for this installation, or say whether it is on."""
    settings = Settings.from_env()
    missing = settings.missing_to_go_live()
    if state == "on" and missing:
        raise ConfigurationError("Not turned on. These settings are missing: " + ", ".join(missing))
    with opened(settings) as loop:
        if state == "on":
            loop.state.live.turn_on(app=settings.app, actor="owner")
        if state == "off":
            loop.state.live.turn_off(app=settings.app, actor="owner")
        status = loop.state.live.status()
    words = "Live: touches are sent." if status.may_send else "Not live: nothing is sent to anybody."
    if status.kill_switch:
        words += f" The kill switch is on ({status.kill_switch_reason})."
    answer(status.model_dump(mode="json"), as_json, words)


@cli.command()
@click.option("--reason", default="by hand", help="Kept with the switch.")
def pause(reason: str) -> None:
    """Pull the kill switch: nothing more is sent on any channel."""
    with opened() as loop:
        loop.state.live.set_kill_switch(True, reason=reason, actor="owner")
    click.echo("The kill switch is on. What was already handed to a provider is in flight.")


@cli.command()
def resume() -> None:
    """Lift the kill switch."""
    with opened() as loop:
        loop.state.live.set_kill_switch(False, reason="", actor="owner")
    click.echo("The kill switch is off.")


def push_line(supabase_url: str) -> str:
    """The Supabase CLI's command for the same migrations; it keeps the same record of them as we do.

    The password is not in the settings, so it stays a word to replace. The project's name is in its URL.
    """
    project, _, domain = (urlsplit(supabase_url).hostname or "").partition(".")
    host = f"db.{project}.{domain}" if domain == "supabase.co" else "HOST"
    return f"supabase db push --db-url 'postgresql://postgres:PASSWORD@{host}:5432/postgres'"


@cli.command()
def migrate() -> None:
    """Bring the database up to this release."""
    from shared.state.connect import database_url
    from shared.state.migrate import migrate as apply

    settings = Settings.from_env()
    if settings.supabase_url and not settings.database_url:
        raise ConfigurationError(
            "Migrations need the database's own URL. With the Supabase CLI, from this folder:\n"
            f"  {push_line(settings.supabase_url)}\n"
            "or set GROWTHLOOP_DATABASE_URL to that URL and run this again."
        )
    applied = apply(database_url(settings))
    click.echo("\n".join(f"applied {name}" for name in applied) or "Nothing to apply.")


@cli.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--consents", "kind", flag_value="consents", help="The file holds consents.")
@click.option("--scrub", "kind", flag_value="scrub", help="The file holds do-not-call scrub results.")
@click.option("--registrations", "kind", flag_value="registrations", help="The file holds registrations.")
@JSON
def import_file(file: Path, kind: str | None, as_json: bool) -> None:
    """Take in a FILE of leads (the default), consents, scrub results or registrations."""
    from functions.campaigns import leads

    with opened() as loop:
        state, raw = loop.state, file.read_bytes()
        if kind == "consents":
            report = leads.import_consents(state, raw, file_name=file.name)
        elif kind == "scrub":
            report = leads.import_scrub(state, raw, file_name=file.name)
        elif kind == "registrations":
            report = leads.import_registrations(state, raw, file_name=file.name)
        else:
            rules = leads.scoring_rules(loop.book.outreach)
            report = leads.import_leads(state, raw, file_name=file.name, scoring=rules)
    lines = [
        f"{report.file}: {report.rows} rows, {report.new} new, {report.known} known, "
        f"{len(report.refused)} kept aside."
    ]
    lines += [f"  line {row.line}: {row.reason}" for row in report.refused]
    answer(asdict(report), as_json, "\n".join([*lines, *report.notes]))


@cli.command()
@JSON
def status(as_json: bool) -> None:
    """What is on, what ran last, what waits."""
    with opened() as loop:
        now = loop.clock.now()
        switches = loop.state.live.status()
        runs = {run.stage: run for run in loop.state.stages.last_runs()}
        waiting = loop.state.measures.open_deliveries(100)
        counts = loop.state.people.count()
    rows = {stage.name: _standing(stage, runs.get(stage.name), now) for stage in stages.STAGES}
    values = {
        "live": switches.may_send,
        "kill_switch": switches.kill_switch,
        "stages": rows,
        "unsettled": len(waiting),
        **counts,
    }
    lines = [
        "Live." if switches.may_send else "Not live: nothing is sent.",
        f"{counts['leads']} leads of {counts['companies']} companies; {len(waiting)} touches unsettled.",
        *(f"{name:24} {words}" for name, words in rows.items()),
    ]
    answer(values, as_json, "\n".join(lines))


def _standing(stage: stages.Stage, run: Any, now: datetime) -> str:
    if not stage.built:
        return "not built yet"
    if run is None:
        return "has not run"
    minutes = int((now - run.started_at).total_seconds() // 60)
    return f"{run.state}, {minutes} min ago"


@cli.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def directives(folder: Path | None) -> None:
    """Check the directive files (of FOLDER, or the shipped ones) and list their versions."""
    from shared.directives import Book, read

    files = read(folder)
    Book.from_files(files)
    for each in files:
        click.echo(f"{each.content_hash[:12]}  {each.key}")


@cli.command()
def report() -> None:
    """Show today's evening report as it would read now; nothing is recorded or sent."""
    from functions.runner import run_stage

    with opened() as loop:
        shown = run_stage(loop, "evening_report", by_hand=True, dry_run=True)
    if shown.failed:
        raise GrowthLoopError(f"The report could not be made: {(shown.error or {}).get('code')}")
    click.echo("\n".join(shown.notes))
