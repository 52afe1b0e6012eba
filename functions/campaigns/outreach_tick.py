"""Send what is due, to whom it is allowed, at this minute: claim → gate → begin → send → record.

One touch's trouble never stops the others; trouble of a whole channel stops that channel for this tick.
What may have gone out is never repeated here: it stays `unknown` until its provider has been asked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

from functions.campaigns.contact import (
    Contact,
    OwnerTerms,
    contact_for,
    owner_terms,
    pick_sender,
    request_for,
    sender_state,
)
from functions.campaigns.messages import Envelope, payload
from shared.errors import ConfigurationError, ProviderError, RecipientOptedOut
from shared.gate import ContactRequest, Decision, Purpose, closes_at, decide, place_of
from shared.loop import Loop
from shared.period import Period
from shared.providers.channel import Channel, ChannelName, Message, Receipt
from shared.report import StageReport
from shared.state.outreach import Claim, SenderFacts, TickState

STAGE = "outreach_tick"
LEASE_S = 120
FENCE_MARGIN_S = 10
BATCH = 20
CHANNELS: tuple[ChannelName, ...] = ("call", "sms", "email")


@dataclass
class Tally:
    """What one tick did. `refused` counts by code, `failed` by provider code."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


class ChannelStopped(Exception):
    """Nothing more goes out on this channel in this tick."""


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """One tick. With nothing due it is one round trip to the database beyond the slot's own."""
    today = loop.clock.now().astimezone(loop.zone).date()
    found = loop.state.outreach.open_tick(today)
    tally = Tally()
    if not preview and any(found.due.values()):
        send_due(loop, found, tally)
    return StageReport(
        STAGE,
        None,
        "ok",
        counts={
            "due": found.due,
            "open": found.open,
            "sent": dict(tally.sent),
            "refused": dict(tally.refused),
            "failed": dict(tally.failed),
            "unknown": dict(tally.unknown),
        },
        notes=tuple(tally.notes),
    )


def send_due(loop: Loop, found: TickState, tally: Tally) -> None:
    """Send on every channel that has something due, or tell what is due why nothing goes out."""
    status = loop.state.live.status()
    if status.kill_switch or not (status.may_send and loop.may_send):
        code = "KILL_SWITCH" if status.kill_switch else "NOT_LIVE"
        tally.refused[code] += loop.state.outreach.hold_due(code)
        return
    for channel in CHANNELS:
        if found.due.get(channel):
            Sending(loop, channel, found, tally).run()


class Sending:
    """The sends of one channel in one tick."""

    def __init__(self, loop: Loop, channel: ChannelName, found: TickState, tally: Tally) -> None:
        self._loop = loop
        self._channel = channel
        self._tally = tally
        self._senders = {sender.id: sender for sender in found.senders if sender.channel == channel}
        self._spent = found.spent_today.get(channel, 0.0)
        self._in_flight = found.in_flight.get(channel, 0)

    def run(self) -> None:
        """Claim and send in batches until nothing is due, the channel stops, or the lease runs short."""
        while batch := self._claim():
            for place, claim in enumerate(batch):
                try:
                    self._one(claim)
                except ChannelStopped as stop:
                    self._tally.notes.append(f"{self._channel}: {stop}")
                    self._loop.state.outreach.unclaim(batch[place + 1 :])
                    return

    def _claim(self) -> list[Claim]:
        if self._loop.lease.left() < LEASE_S / 2 or not self._has_room():
            return []
        days = self._loop.book.outreach.conversation_days
        return self._loop.state.outreach.claim_due(
            self._channel, max_rows=BATCH, lease_s=LEASE_S, conversation_days=days
        )

    def _has_room(self) -> bool:
        """False while every number rests between two calls: touches keep their place without a refusal."""
        gap = self._loop.rules.pace.senders[self._channel].gap_minutes
        if not gap or not self._senders:
            return True
        now = self._loop.clock.now()
        rested = timedelta(minutes=gap)
        return any(
            not each.last_submitted_at or each.last_submitted_at + rested <= now
            for each in self._senders.values()
        )

    def _one(self, claim: Claim) -> None:
        loop = self._loop
        now = loop.clock.now()
        sender = pick_sender(tuple(self._senders.values()), self._channel, claim.lead.lead_id)
        contact = contact_for(claim.lead, self._channel)
        asked = self._request(claim, contact, sender, now)
        decision = decide(asked, loop.rules)
        if not decision.allowed or sender is None or contact.address is None:
            self._refuse(claim, decision)
            return
        latest = min(closes_at(now, place_of(asked), loop.rules) or claim.latest_at, claim.latest_at)
        envelope = Envelope(claim, sender, contact.address, now, latest)
        message = Message(str(claim.id), payload(envelope, loop.book, loop.rules, loop.settings), latest)
        if self._begin(envelope, contact, message):
            self._send(envelope, message)

    def _request(
        self, claim: Claim, contact: Contact, sender: SenderFacts | None, now: datetime
    ) -> ContactRequest:
        terms = self._terms
        budget: float = getattr(self._loop.book.outreach.daily_usd, self._channel)
        concurrent = self._loop.book.outreach.call.concurrent
        return request_for(
            claim.lead,
            contact,
            at=now,
            channel=self._channel,
            purpose=cast("Purpose", claim.purpose),
            terms=terms,
            sender=sender_state(
                sender,
                terms,
                today=_local_day(now, self._loop.zone),
                resets_at=_next_midnight(now, self._loop.zone),
            ),
            budget_left=budget - self._spent - self._cost() + 1e-9,
            vendor_open=self._channel != "call" or self._in_flight < concurrent,
            held_out=claim.held_out,
        )

    @cached_property
    def _terms(self) -> OwnerTerms:
        """The switches were open when the tick began; `begin_send` looks at them again for every touch."""
        settings = self._loop.settings
        return owner_terms(
            self._loop.owner_settings,
            live=True,
            kill_switch=False,
            postal_address=bool(settings.postal_address),
            can_unsubscribe=bool(settings.public_url and settings.secret_key),
        )

    def _cost(self) -> float:
        """USD reserved for one touch: the longest call, one text, one mail."""
        outreach = self._loop.book.outreach
        return {
            "call": outreach.call.worst_usd,
            "email": outreach.email.usd_each,
            "sms": outreach.sms.usd_per_segment,
        }[self._channel]

    def _refuse(self, claim: Claim, decision: Decision) -> None:
        code = decision.reason or "SENDER_SETUP"
        self._loop.state.outreach.refuse(claim, code, decision.retry_at)
        self._tally.refused[code] += 1

    def _begin(self, envelope: Envelope, contact: Contact, message: Message) -> bool:
        answer = self._loop.state.outreach.begin_send(
            envelope.claim,
            payload=message.payload,
            provider=self._provider().provider,
            terms=self._begin_terms(envelope),
            provenance=self._provenance(envelope, contact),
        )
        if answer.status == "refused" and answer.code:
            self._tally.refused[answer.code] += 1
        return answer.status == "submitted"

    def _begin_terms(self, envelope: Envelope) -> dict[str, Any]:
        loop, sender, now = self._loop, envelope.sender, envelope.now
        pace, outreach = loop.rules.pace, loop.book.outreach
        today = _local_day(now, loop.zone)
        cap = loop.rules.sender_cap(self._channel, (today - sender.warmup_started_on).days)
        local = now.astimezone(ZoneInfo(envelope.claim.lead.zones[0]))
        return {
            "address": envelope.address,
            "sender_id": sender.id,
            "min_gap_s": (pace.senders[self._channel].gap_minutes or 0) * 60,
            "conversation_days": outreach.conversation_days,
            "per_day": loop.rules.max_24h(self._channel, envelope.claim.lead.region),
            "per_week": pace.frequency.per_7d,
            "per_life": pace.frequency.total,
            "local_day": local.date().isoformat(),
            "local_hour": local.hour,
            "zone": envelope.claim.lead.zones[0],
            "retry_at": _next_midnight(now, loop.zone).isoformat(),
            "limits": [
                _limit(f"sender:{sender.id}", today.isoformat(), 1, cap, "WARMUP_CAP"),
                _limit(
                    f"budget:{self._channel}",
                    today.isoformat(),
                    self._cost(),
                    getattr(outreach.daily_usd, self._channel),
                    "BUDGET",
                ),
            ],
        }

    def _provenance(self, envelope: Envelope, contact: Contact) -> dict[str, Any]:
        claim, loop = envelope.claim, self._loop
        return {
            "script_key": claim.script_key,
            "script_hash": loop.book.version(claim.script_key).content_hash,
            "rules_hash": loop.rules.version,
            "score": claim.lead.score,
            "consent_id": contact.consent.id if contact.consent else None,
            "arm": None,
        }

    def _provider(self) -> Channel:
        try:
            return self._loop.providers.channel(self._channel)
        except ConfigurationError as error:
            raise ChannelStopped(str(error)) from error

    def _send(self, envelope: Envelope, message: Message) -> None:
        """The fence is looked at last: what cannot be answered within the lease is not started."""
        channel = self._provider()
        if self._loop.lease.left() < channel.deadline_s + FENCE_MARGIN_S:
            self._not_started(envelope)
        try:
            receipt = channel.send(message)
        except ProviderError as error:
            self._failed(envelope, error)
        else:
            self._accepted(envelope, receipt)

    def _not_started(self, envelope: Envelope) -> None:
        claim = envelope.claim
        self._loop.state.outreach.record_failure(
            claim.id, claim.fence, verdict="requeue", code="lease_short", retry_at=envelope.now
        )
        raise ChannelStopped("the lease ran short; the rest waits for the next tick")

    def _accepted(self, envelope: Envelope, receipt: Receipt) -> None:
        claim = envelope.claim
        self._loop.state.outreach.record_receipt(claim.id, claim.fence, receipt.provider_id, receipt.cost_usd)
        self._tally.sent[self._channel] += 1
        self._spent += self._cost()
        self._in_flight += 1
        sender = envelope.sender
        self._senders[sender.id] = sender.model_copy(
            update={
                "last_submitted_at": envelope.now,
                "used_today": sender.used_today + 1,
                "used_last_hour": sender.used_last_hour + 1,
            }
        )
        self._loop.pause(self._gap_s())

    def _gap_s(self) -> float:
        outreach = self._loop.book.outreach
        per_second = {"email": outreach.email.per_second, "sms": outreach.sms.per_second}.get(self._channel)
        return 1 / per_second if per_second else 0.0

    def _failed(self, envelope: Envelope, error: ProviderError) -> None:
        claim = envelope.claim
        verdict = "unknown" if error.outcome_unknown else "requeue" if _repeatable(error) else "failed"
        wait = error.retry_after or timedelta(minutes=5)
        self._loop.state.outreach.record_failure(
            claim.id,
            claim.fence,
            verdict=cast("Any", verdict),
            code=error.code,
            retry_at=envelope.now + wait if verdict == "requeue" else None,
            bad_address=error.permanent_for_lead and not _opted_out(error),
            opted_out=_opted_out(error),
        )
        self._tally.unknown[self._channel] += verdict == "unknown"
        self._tally.failed[error.code] += verdict != "unknown"
        if error.system_wide or error.retryable:
            raise ChannelStopped(f"{error.code}; the rest waits for a later tick")


def _repeatable(error: ProviderError) -> bool:
    """Certainly not carried out, and no fault of this lead's: the touch may be tried again as it is."""
    return (error.retryable or error.system_wide) and not error.permanent_for_lead


def _opted_out(error: ProviderError) -> bool:
    return isinstance(error, RecipientOptedOut)


def _limit(scope: str, bucket: str, cost: float, limit: float, code: str) -> dict[str, Any]:
    return {"scope": scope, "bucket": bucket, "cost": cost, "limit": limit, "code": code}


def _local_day(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def _next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    return datetime(local.year, local.month, local.day, tzinfo=zone) + timedelta(days=1)
