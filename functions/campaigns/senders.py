"""The mailboxes and numbers of the day: which are set up, and which should rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TypeVar

from shared.config import SenderSetting
from shared.errors import ConfigurationError, ProviderError
from shared.gate import Verdict, judge
from shared.loop import Loop
from shared.state.outreach import TickState

T = TypeVar("T")
NO_ANSWER = timedelta(minutes=10)  # then it is asked again


def seed(loop: Loop) -> list[str]:
    """Make the configured senders the active ones; answers what is wrong with their set-up, in words.

    A mailbox is set up when its domain is verified at the sending service (SPF and DKIM), a number that texts
    when the carriers took its campaign (A2P 10DLC), one that calls when it has its reference. What cannot be
    asked stays as it was known; never known is not set up. What is not set up is asked about again later, by
    the tick.
    """
    channels = {sender.channel for sender in loop.settings.senders}
    domains, notes = _asked(loop, "sending domains", _domains) if "email" in channels else (None, [])
    campaign, more = _asked(loop, "text campaign", _campaign) if "sms" in channels else (None, [])
    set_up: Mapping[str, Callable[[SenderSetting], bool | None]] = {
        "email": lambda sender: None if domains is None else sender.domain in domains,
        "sms": lambda sender: None if campaign is None else campaign and bool(sender.reference),
        "call": lambda sender: bool(sender.reference),
    }
    senders = loop.settings.senders
    rows = [
        {
            "id": f"{sender.channel}:{sender.address}",
            "channel": sender.channel,
            "address": sender.address,
            "provider_ref": sender.reference,
            "set_up": (known := set_up[sender.channel](sender)),
            "ask_at": _asked_again(loop, known),
            "warmup_started_on": sender.warmup_started_on,
        }
        for sender in senders
    ]
    loop.state.outreach.seed_senders(rows)
    idle = [each.domain for each, row in zip(senders, rows, strict=True) if row["set_up"] is False]
    return notes + more + [f"Nothing goes out from {name}: it is not set up." for name in dict.fromkeys(idle)]


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


def _asked_again(loop: Loop, set_up: bool | None) -> str | None:
    """When a sender is asked about again: a no stands as long as a touch that it refused waits."""
    if set_up:
        return None
    wait = timedelta(minutes=loop.rules.pace.waits.sender_setup_minutes) if set_up is False else NO_ANSWER
    return (loop.clock.now() + wait).isoformat()


def _domains(loop: Loop) -> frozenset[str]:
    return loop.providers.email.verified_domains()


def _campaign(loop: Loop) -> bool:
    return loop.providers.sms.campaign_verified()


def _asked(loop: Loop, what: str, ask: Callable[[Loop], T]) -> tuple[T | None, list[str]]:
    """What the provider says, None when it could not be asked, and that in words."""
    try:
        return ask(loop), []
    except (ProviderError, ConfigurationError) as error:
        loop.log.warning("%s could not be checked", what, extra={"code": error.code})
        return None, [f"The {what} could not be checked ({error.code}); what was known counts."]
