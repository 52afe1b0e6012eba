"""What a person or provider told us, taken in: by webhook at once, or read back later by a poller.

Both ways go through here, so that words mean the same however they arrived.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from shared.inbound import classify_reply, own_words
from shared.providers.event import ProviderEvent, Reply, ReplyClass
from shared.state.events import Applied

if TYPE_CHECKING:
    from shared.providers.resend.client import InboundEmail
    from shared.state import State

STOPPED_BY = {"resend": "unsubscribed", "twilio": "opted_out"}
"""How a contact ended whose answer asks to stop, in the words of its channel."""


def hear(state: State, event: ProviderEvent, *, channel: str) -> Applied:
    """Store one verified event and apply it; when this returns, a "stop" in it is in force.

    Any number of copies changes nothing more. Raises `StateError`.
    """
    events = state.events
    if event.reply is None:
        applied = events.apply(event, channel=channel)
        _review(state, event, applied)
        return applied
    headers = event.details.get("headers", {})
    meaning = classify_reply(event.reply.text, event.reply.subject, headers)
    said = dataclasses.replace(event, reply=Reply(own_words(event.reply.text), event.reply.subject))
    return events.apply(with_meaning(said, meaning), channel=channel, reply_class=meaning)


def _review(state: State, event: ProviderEvent, applied: Applied) -> None:
    """Keep what a call was like. Should that fail, the night looks for calls that were not reviewed."""
    if event.kind != "end-of-call-report" or not applied.stored or applied.touch_id is None:
        return
    from shared.providers.vapi.transcript import review_of

    found = review_of(event.body, disposition=event.disposition, duration_s=event.duration_s)
    if found is not None:
        state.calls.keep_review(applied.touch_id, found)


def with_words(event: ProviderEvent, mail: InboundEmail) -> ProviderEvent:
    """An inbound mail that was only announced, together with what it says."""
    return dataclasses.replace(
        event,
        reply=Reply(text=mail.text, subject=mail.subject),
        details={**event.details, "headers": mail.headers},
    )


def with_meaning(event: ProviderEvent, meaning: ReplyClass) -> ProviderEvent:
    """What the words do: a stop suppresses, an automatic answer is no reply, good news is positive."""
    if meaning == "out_of_office":
        return dataclasses.replace(event, disposition=None, milestones=())
    if meaning in ("opt_out", "complaint") or event.suppress:
        stop = event.suppress or ("complaint" if meaning == "complaint" else "opt_out")
        milestones = (*dict.fromkeys((*event.milestones, "replied", "opted_out")),)
        ended = STOPPED_BY.get(event.provider, event.disposition)
        return dataclasses.replace(event, suppress=stop, milestones=milestones, disposition=ended)
    good = ("positive",) if meaning in ("positive", "question", "callback") else ()
    milestones = (*dict.fromkeys((*event.milestones, "replied", *good)),)
    return dataclasses.replace(event, disposition=event.disposition or "replied", milestones=milestones)
