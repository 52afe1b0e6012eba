"""Take in files of leads, consents, scrub results and registrations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from functions.commands.common import JSON, answer, opened


@click.command(name="import")
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


commands: tuple[click.Command, ...] = (import_file,)
