"""What the owner says of one person, and asks about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import click

from functions.commands.common import JSON, answer, opened
from shared.errors import ConfigurationError, GrowthLoopError, ProviderError

if TYPE_CHECKING:
    from shared.loop import Loop
    from shared.state.hot_leads import Outcome

OUTCOMES = ("meeting", "held", "no-show", "cancelled", "sale")
_DAY_AND_HOUR = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])
_WORDS = {
    "added": "Entered.",
    "known": "That was entered before; nothing changed.",
    "no_meeting": "There is no meeting on record: enter it first with `outcome add LEAD meeting`.",
}
_AGAIN = {
    "allowed": "Allowed: the next morning's plan enrols them, and their contacts are counted anew.",
    "unknown": "This lead was erased.",
    "suppressed": "They asked not to be contacted, which holds for good.",
    "running": "Their sequence still runs.",
    "new": "They were in no sequence so far: the next morning's plan enrols them anyway.",
    "in_conversation": "Not now: a colleague of theirs talks to us, or a meeting is to come.",
}


def lead_named(loop: Loop, who: str) -> int:
    """The lead that an id, an email or a number as people write it means. Raises for nobody."""
    from shared.phones import normalize

    found = loop.state.people.find(who.strip())
    if found is None and "@" not in who:
        number = normalize(who).e164
        found = loop.state.people.find(number) if number else None
    if found is None:
        raise GrowthLoopError("No lead has this id, email or number.")
    return found


@click.group()
def outcome() -> None:
    """Enter what became of a LEAD, or say that you dealt with one."""


@outcome.command()
@click.argument("lead")
@click.argument("what", type=click.Choice(OUTCOMES))
@click.option("--at", type=_DAY_AND_HOUR, help="When the meeting begins or the sale was made, your time.")
@click.option("--usd", "amount", type=click.FloatRange(min=0), help="What the sale was worth.")
@JSON
def add(lead: str, what: str, at: datetime | None, amount: float | None, as_json: bool) -> None:
    """Enter WHAT became of a LEAD (id, email or number): it counts for the touch that went before."""
    if amount is not None and what != "sale":
        raise ConfigurationError("--usd belongs to a sale.", code="usage")
    if at is not None and what not in ("meeting", "sale"):
        raise ConfigurationError("--at belongs to a meeting or a sale.", code="usage")
    with opened() as loop:
        lead_id = lead_named(loop, lead)
        when = at.replace(tzinfo=loop.zone).astimezone(UTC) if at else None
        named = cast("Outcome", what.replace("-", "_"))
        status = loop.state.hot_leads.add_outcome(lead_id, named, at=when, amount_usd=amount)
    answer({"lead_id": lead_id, "outcome": what, "status": status}, as_json, _WORDS[status])
    if status == "no_meeting":
        raise click.exceptions.Exit(1)


@outcome.command()
@click.argument("lead")
@JSON
def close(lead: str, as_json: bool) -> None:
    """You dealt with a LEAD: the conversation is over, and nothing of theirs waits for you."""
    with opened() as loop:
        lead_id = lead_named(loop, lead)
        loop.state.hot_leads.close(lead_id)
    answer({"lead_id": lead_id, "status": "closed"}, as_json, "Closed. If they write again, they wait again.")


@click.command()
@click.argument("lead")
@JSON
def again(lead: str, as_json: bool) -> None:
    """Let a LEAD whose sequence is over enter a new one tomorrow, with a new count of contacts."""
    with opened() as loop:
        lead_id = lead_named(loop, lead)
        days = loop.book.outreach.conversation_days
        status = loop.state.people.allow_again(lead_id, conversation_days=days, actor="owner")
    answer({"lead_id": lead_id, "status": status}, as_json, _AGAIN[status])
    if status != "allowed":
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("lead")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@JSON
def forget(lead: str, yes: bool, as_json: bool) -> None:
    """Erase a LEAD for good: only a hash of the addresses stays, so that nobody contacts them again."""
    with opened() as loop:
        lead_id = lead_named(loop, lead)
        if not yes:
            click.confirm(f"Erase lead {lead_id} for good?", abort=True)
        left = _erase_calls(loop, loop.state.privacy.calls(lead_id))  # first: afterwards nobody knows them
        loop.state.privacy.forget(lead_id)
    words = f"Lead {lead_id} is erased; the addresses stay closed as hashes."
    if left:
        words += "\nDelete these calls with their recordings at Vapi: " + ", ".join(left)
    words += (
        "\nResend and Twilio keep their own logs for as long as you have set there; so do mails you received."
    )
    answer({"lead_id": lead_id, "status": "erased", "calls_left_at_vapi": list(left)}, as_json, words)


def _erase_calls(loop: Loop, calls: tuple[str, ...]) -> tuple[str, ...]:
    """Delete the recordings; answers the calls that could not be reached, for the owner to delete."""
    left = []
    for call in calls:
        try:
            loop.providers.calls.erase(call)
        except (ProviderError, ConfigurationError):
            left.append(call)
    return tuple(left)


@click.command()
@click.argument("lead")
@JSON
def why(lead: str, as_json: bool) -> None:
    """Why a LEAD was contacted or not: the whole record, with every decision and what it rested on."""
    from functions.why import record
    from functions.why_words import in_words

    with opened() as loop:
        found = record(loop, lead_named(loop, lead))
        if found is None:
            raise GrowthLoopError("No lead has this id, email or number.")
        answer(found, as_json, in_words(found, loop.zone))


commands: tuple[click.Command, ...] = (outcome, again, forget, why)
