"""Why somebody was contacted or not: the whole record of one person, and what the gate says of them now.

Everything shown was written down when it happened. Only the last part is asked anew: each channel's gate at
this moment, for a step of the sequence, as if a sender were free and both switches open, which would hide
what there is to say of the person.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from functions.campaigns.contact import contact_for, request_about_person
from functions.campaigns.terms import terms_when_open
from functions.slots import local_date
from shared.gate import decide
from shared.loop import Loop
from shared.providers.channel import ChannelName
from shared.state.outreach import LeadFacts

CHANNELS: tuple[ChannelName, ...] = ("call", "sms", "email")


def record(loop: Loop, lead_id: int) -> dict[str, Any] | None:
    """Everything on record, with `now`: the gate's answer by channel. None for nobody; writes nothing."""
    quiet = dataclasses.replace(loop, read_only=True)
    found = loop.state.people.record(lead_id, conversation_days=quiet.book.outreach.conversation_days)
    if found is None:
        return None
    facts = found.pop("facts")
    status = loop.state.live.status()
    found["calls"] = [each.model_dump(mode="json") for each in loop.state.calls.of_lead(lead_id)]
    found["switches"] = {"live": status.may_send, "kill_switch": status.kill_switch}
    found["now"] = _now(quiet, LeadFacts.model_validate(facts), found)
    found["rules_in_force"] = quiet.rules.version
    return found


def _now(loop: Loop, lead: LeadFacts, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    at = loop.clock.now()
    terms = terms_when_open(loop, local_date(at, loop.zone))
    held_out = any(each["held_out"] for each in found["enrolments"])
    answers: dict[str, dict[str, Any]] = {}
    for channel in CHANNELS:
        asked = request_about_person(
            lead,
            contact_for(lead, channel),
            at=at,
            channel=channel,
            purpose="prospect",
            terms=terms,
            held_out=held_out,
        )
        said = decide(asked, loop.rules)
        retry = said.retry_at.isoformat() if said.retry_at else None
        answers[channel] = {"allowed": said.allowed, "reason": said.reason, "retry_at": retry}
    return answers
