"""See whether everything is in place, and what is wrong."""

from __future__ import annotations

from dataclasses import asdict

import click

from functions.commands.common import JSON, answer, opened

SIGNS = {"ok": "ok   ", "wrong": "WRONG", "off": "off  "}


@click.command()
@JSON
def doctor(as_json: bool) -> None:
    """Check settings, database, keys, senders, domains and web endpoint, each with its fix."""
    from functions.medic.checkup import check_up
    from shared.state.migrate import migrations

    with opened() as loop:
        found = check_up(loop, [each.version for each in migrations()])
    wrong = [check for check in found if check.state == "wrong"]
    lines = [
        f"{SIGNS[each.state]} {each.name}: {each.words}" + (f"\n      {each.fix}" if each.fix else "")
        for each in found
    ]
    lines.append(f"{len(wrong)} of {len(found)} need you." if wrong else "Everything is in place.")
    answer({"wrong": len(wrong), "checks": [asdict(each) for each in found]}, as_json, "\n".join(lines))
    if wrong:
        raise click.exceptions.Exit(1)


commands: tuple[click.Command, ...] = (doctor,)
