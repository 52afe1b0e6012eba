"""The owner's two switches: live, and the kill switch."""

from __future__ import annotations

import click

from functions.commands.common import JSON, answer, opened
from shared.config import Settings
from shared.errors import ConfigurationError


@click.command()
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
        if status.in_flight_at_switch:
            words += f" {status.in_flight_at_switch} touches were in flight when it was pulled."
    answer(status.model_dump(mode="json"), as_json, words)


@click.command()
@click.option("--reason", default="by hand", help="Kept with the switch.")
def pause(reason: str) -> None:
    """Pull the kill switch: nothing more is sent on any channel."""
    with opened() as loop:
        loop.state.live.set_kill_switch(True, reason=reason, actor="owner")
        in_flight = loop.state.live.status().in_flight_at_switch
    click.echo(f"The kill switch is on. In flight at that moment, and not to be stopped: {in_flight}.")


@click.command()
def resume() -> None:
    """Lift the kill switch, and try at once what rests: after a new key, a paid bill."""
    with opened() as loop:
        loop.state.live.set_kill_switch(False, reason="", actor="owner")
        rested = loop.state.reconciliation.end_rests()
    click.echo("The kill switch is off." + (f" Tried again at once: {', '.join(rested)}." if rested else ""))


commands: tuple[click.Command, ...] = (live, pause, resume)
