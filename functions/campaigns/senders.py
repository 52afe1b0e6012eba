"""The mailboxes and numbers of the day: which are set up, and which should rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shared.errors import ConfigurationError, ProviderError
from shared.gate import Verdict, judge
from shared.loop import Loop
from shared.state.outreach import TickState


def seed(loop: Loop) -> list[str]:
    """Make the configured senders the active ones; answers what is wrong with their set-up, in words.

    A mailbox is set up when its domain is verified at the sending service (SPF and DKIM), a number when it
    has its reference there. What cannot be asked stays as it was known; never known is not set up.
    """
    verified, notes = _verified_domains(loop)
    rows = [
        {
            "id": f"{sender.channel}:{sender.address}",
            "channel": sender.channel,
            "address": sender.address,
            "provider_ref": sender.reference,
            "set_up": _set_up(sender.address, verified)
            if sender.channel == "email"
            else bool(sender.reference),
            "warmup_started_on": sender.warmup_started_on,
        }
        for sender in loop.settings.senders
    ]
    loop.state.outreach.seed_senders(rows)
    idle = [str(row["address"]).rpartition("@")[2] for row in rows if row["set_up"] is False]
    return notes + [f"Nothing goes out from {name}: it is not set up." for name in dict.fromkeys(idle)]


def check_health(loop: Loop, today: date) -> list[Verdict]:
    """Judge every active sender by what came back; answers the verdicts that changed something."""
    rules = loop.rules.pace.health
    records = loop.state.senders.records(
        today,
        bounce_days=rules.bounces.window_days,
        complaint_days=rules.complaints.window_days,
        answer_days=rules.answers.window_days,
    )
    health = {record.sender_id: record.health for record in records}
    changed = [each for each in judge(records, rules) if each.health != health[each.sender_id]]
    return loop.state.senders.set_health(changed) if changed else []


def with_health(found: TickState, changed: list[Verdict]) -> TickState:
    """What a tick found, with the verdicts of this moment on its senders."""
    words: Mapping[str, Verdict] = {verdict.sender_id: verdict for verdict in changed}
    senders = tuple(
        sender.model_copy(update={"health": words[sender.id].health}) if sender.id in words else sender
        for sender in found.senders
    )
    return found.model_copy(update={"senders": senders})


def in_words(changed: list[Verdict]) -> list[str]:
    """What changed, for the owner."""
    state = {"healthy": "sends again", "watched": "is watched", "quarantined": "rests"}
    return [
        f"{each.sender_id} {state[each.health]}{f': {each.why}' if each.why else ''}." for each in changed
    ]


def _set_up(address: str, verified: frozenset[str] | None) -> bool | None:
    return None if verified is None else address.rpartition("@")[2].lower() in verified


def _verified_domains(loop: Loop) -> tuple[frozenset[str] | None, list[str]]:
    """The domains that may send, None when nobody could be asked."""
    if not any(sender.channel == "email" for sender in loop.settings.senders):
        return frozenset(), []
    try:
        return loop.providers.email.verified_domains(), []
    except (ProviderError, ConfigurationError) as error:
        loop.log.warning("sending domains could not be checked", extra={"code": error.code})
        return None, [f"The sending domains could not be checked ({error.code}); they count as yesterday."]
