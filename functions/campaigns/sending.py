"""The sends of one channel in one tick, one touch after the other.

What may have gone out is never repeated here: it stays `unknown` until its provider has been asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from functions.campaigns.breaker import broken_off, trip
from functions.campaigns.contact import (
    OWNERS_STOP,
    Contact,
    OwnerTerms,
    contact_for,
    pick_sender,
    request_for,
    sender_state,
)
from functions.campaigns.listening import LISTEN_S
from functions.campaigns.messages import Envelope, payload
from functions.campaigns.tally import ChannelStopped, Tally
from functions.campaigns.terms import terms_when_open
from functions.failures import describe, frames
from functions.slots import local_date, next_midnight
from shared.directives.book import Book
from shared.errors import (
    ConfigurationError,
    ProviderError,
    RecipientOptedOut,
    StateError,
)
from shared.experiments import Person, unit_of
from shared.gate import ContactRequest, Decision, Purpose, closes_at, decide, place_of
from shared.lease import Lease
from shared.loop import Loop
from shared.providers.channel import Channel, ChannelName, Message, Receipt
from shared.state.outreach import Claim, SenderFacts, TickState

LEASE_S = 120
FENCE_MARGIN_S = 10
BATCH = 20
WAIT_FOR_DATA = timedelta(days=3)  # at most three tries in the seven days of a step
WAIT_FOR_OWNER = timedelta(hours=1)
MOST_SET_ASIDE = 3


@dataclass(frozen=True)
class Prepared:
    """A touch that passed the gate, made into its message."""

    envelope: Envelope
    contact: Contact
    message: Message
    terms: dict[str, Any]
    provenance: dict[str, Any]


class Sending:
    """The sends of one channel in one tick."""

    def __init__(self, loop: Loop, channel: ChannelName, found: TickState, tally: Tally) -> None:
        self._loop = loop
        self._channel = channel
        self._tally = tally
        self._opened = found.now
        self._senders = {sender.id: sender for sender in found.senders if sender.channel == channel}
        self._spent = found.spent_today.get(channel, 0.0)
        self._in_flight = found.in_flight.get(channel, 0)
        self._set_aside_running = 0
        self._seen: set[UUID] = set()
        self._leased = loop.lease

    def run(self) -> None:
        """Claim and send in batches until nothing is due, the channel stops, or the lease runs short."""
        while batch := self._claim():
            if any(claim.id in self._seen for claim in batch):
                self._loop.state.outreach.unclaim(batch)
                return  # what was put off comes again within this tick: without this it would spin
            for place, claim in enumerate(batch):
                if place and self._leased.left() < LEASE_S / 2:
                    self._loop.state.outreach.unclaim(batch[place:])
                    break
                try:
                    self._one(claim)
                except ChannelStopped as stop:
                    self._stop(stop)
                    self._loop.state.outreach.unclaim(batch[place:])
                    return

    def _stop(self, stop: ChannelStopped) -> None:
        self._tally.notes.append(f"{self._channel}: {stop}")
        if stop.error is not None:
            self._tally.down.append(describe(stop.error))

    def _claim(self) -> list[Claim]:
        if self._loop.lease.left() < LEASE_S / 2 or not self._has_room():
            return []
        days = self._loop.book.outreach.conversation_days
        self._leased = Lease(LEASE_S)  # before the claim, so that it ends here first
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
        self._seen.add(claim.id)
        self._loop.fault("claimed", claim.id, claim.try_no)
        now = self._loop.clock.now()
        try:
            found = self._prepare(claim, now)
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001 - one touch's trouble must not stop the others
            self._set_aside(claim, error, now)
            return
        self._set_aside_running = 0
        if isinstance(found, Decision):
            self._refuse(claim, found)
        elif (message := self._begin(found)) is not None:
            self._send(found.envelope, message)

    def _prepare(self, claim: Claim, now: datetime) -> Prepared | Decision:
        """Ask the gate, and make the message. Nothing is written."""
        loop = self._loop
        sender = pick_sender(tuple(self._senders.values()), self._channel, claim.lead.lead_id)
        contact = contact_for(claim.lead, self._channel, claim.purpose)
        asked = self._request(claim, contact, sender, now)
        decision = decide(asked, loop.rules)
        if not decision.allowed or sender is None or contact.address is None:
            return decision
        latest = min(closes_at(now, place_of(asked), loop.rules) or claim.latest_at, claim.latest_at)
        envelope = Envelope(claim, sender, contact.address, now, latest)
        book = loop.tests.book_for(loop.book, claim.script_key, _person(claim))
        message = Message(str(claim.id), payload(envelope, book, loop.rules, loop.settings), latest)
        terms, provenance = self._begin_terms(envelope), self._provenance(envelope, contact, book)
        return Prepared(envelope, contact, message, terms, provenance)

    def _set_aside(self, claim: Claim, error: Exception, now: datetime) -> None:
        """Put a touch that cannot be made into a message out of the way, with a code.

        Where an own fact is missing it asks again soon, since the owner may have set it; where the lead's
        data cannot be handled, in days. Several in a row are no accident of one lead, so the channel stops
        before a mistake of ours has put everybody aside.
        """
        described = describe(error)
        ours = isinstance(error, ConfigurationError)
        self._loop.log.error(
            "touch %s set aside: %s at %s\n%s", claim.id, described["kind"], described["where"], frames(error)
        )
        wait = WAIT_FOR_OWNER if ours else WAIT_FOR_DATA
        self._refuse(claim, Decision(False, "SENDER_SETUP" if ours else "BAD_DATA", now + wait))
        self._tally.set_aside.append(described)
        self._tally.notes.append(f"{self._channel}: touch {claim.id} set aside ({described['code']})")
        self._set_aside_running += 1
        if self._set_aside_running >= MOST_SET_ASIDE:
            raise ChannelStopped(f"{MOST_SET_ASIDE} touches in a row could not be prepared", error)

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
                today=local_date(now, self._loop.zone),
                resets_at=next_midnight(now, self._loop.zone),
            ),
            budget_left=budget - self._spent - self._cost() + 1e-9,
            vendor_open=self._channel != "call" or self._in_flight < concurrent,
            held_out=claim.held_out,
        )

    @cached_property
    def _terms(self) -> OwnerTerms:
        return terms_when_open(self._loop, local_date(self._opened, self._loop.zone))

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

    def _begin(self, ready: Prepared) -> Message | None:
        """The message as the ledger froze it, or None when it may not go out after all."""
        answer = self._loop.state.outreach.begin_send(
            ready.envelope.claim,
            payload=ready.message.payload,
            provider=self._provider().provider,
            terms=ready.terms,
            provenance=ready.provenance,
        )
        if answer.status == "refused" and answer.code:
            self._tally.refused[answer.code] += 1
        if answer.code in OWNERS_STOP:
            self._tally.halted = answer.code
            raise ChannelStopped(f"stopped in the middle: {answer.code}")
        if answer.status != "submitted" or answer.payload is None:
            return None
        self._loop.fault("begun", ready.envelope.claim.id, ready.envelope.claim.try_no)
        return replace(ready.message, payload=answer.payload)

    def _begin_terms(self, envelope: Envelope) -> dict[str, Any]:
        loop, sender, now = self._loop, envelope.sender, envelope.now
        pace, outreach = loop.rules.pace, loop.book.outreach
        today = local_date(now, loop.zone)
        cap = loop.rules.sender_cap(self._channel, (today - sender.warmup_started_on).days)
        local = now.astimezone(ZoneInfo(envelope.claim.lead.zones[0]))
        return {
            "address": envelope.address,
            "sender_id": sender.id,
            "listen_s": LISTEN_S,
            "min_gap_s": (pace.senders[self._channel].gap_minutes or 0) * 60,
            "conversation_days": outreach.conversation_days,
            "per_day": loop.rules.max_24h(self._channel, envelope.claim.lead.region),
            "per_week": pace.frequency.per_7d,
            "per_life": pace.frequency.total,
            "local_day": local.date().isoformat(),
            "local_hour": local.hour,
            "zone": envelope.claim.lead.zones[0],
            "retry_at": next_midnight(now, loop.zone).isoformat(),
            "limits": [
                _limit(f"sender:{sender.id}", today.isoformat(), 1, cap, "WARMUP_CAP"),
                _limit(
                    f"budget:{self._channel}",
                    today.isoformat(),
                    self._cost(),
                    getattr(outreach.daily_usd, self._channel),
                    "BUDGET",
                ),
                *self._arm_limits(envelope.claim, today),
            ],
        }

    def _arm_limits(self, claim: Claim, today: date) -> list[dict[str, Any]]:
        """While the hour is tested, each arm's share of what all senders of calls may do today."""
        if self._channel != "call":
            return []
        total = sum(
            self._loop.rules.sender_cap(self._channel, (today - sender.warmup_started_on).days)
            for sender in self._senders.values()
        )
        return [
            _limit(f"test:{test}:{arm}", today.isoformat(), 1, share * total, "WARMUP_CAP")
            for test, arm, share in self._loop.tests.hour_shares(_person(claim))
        ]

    def _provenance(self, envelope: Envelope, contact: Contact, book: Book) -> dict[str, Any]:
        claim, loop = envelope.claim, self._loop
        arms = loop.tests.arms(claim.script_key, _person(claim)) if claim.purpose == "prospect" else {}
        return {
            "script_key": claim.script_key,
            "script_hash": book.version(claim.script_key).content_hash,
            "rules_hash": loop.rules.version,
            "score": claim.lead.score,
            "consent_id": contact.consent.id if contact.consent else None,
            "arm": " ".join(f"{test}:{arm}" for test, arm in arms.items()) or None,
            "arms": arms,
        }

    def _provider(self) -> Channel:
        try:
            return self._loop.providers.channel(self._channel)
        except ConfigurationError as error:
            raise ChannelStopped(str(error), error) from error

    def _send(self, envelope: Envelope, message: Message) -> None:
        """The fence is looked at last: what cannot be answered within the lease is not started."""
        channel = self._provider()
        if min(self._loop.lease.left(), self._leased.left()) < channel.deadline_s + FENCE_MARGIN_S:
            self._not_started(envelope)
        try:
            receipt = channel.send(message)
        except ProviderError as error:
            self._failed(envelope, error)
        except Exception as error:  # noqa: BLE001 - whatever a client trips over, the request may have left
            self._loop.log.error("send of %s broke off\n%s", envelope.claim.id, frames(error))
            self._failed(envelope, broken_off(error))
        else:
            self._loop.fault("sent", envelope.claim.id, envelope.claim.try_no)
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
        self._loop.fault("recorded", claim.id, claim.try_no)
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
        if receipt.room == 0:
            raise ChannelStopped(f"{self._provider().provider} takes no more at once; the rest waits")
        self._loop.pause(self._gap_s() if receipt.pause_s is None else receipt.pause_s)

    def _gap_s(self) -> float:
        """The tempo to keep while the provider says nothing about its own."""
        outreach = self._loop.book.outreach
        per_second = {"email": outreach.email.per_second, "sms": outreach.sms.per_second}.get(self._channel)
        return 1 / per_second if per_second else 0.0

    def _failed(self, envelope: Envelope, error: ProviderError) -> None:
        claim, opted_out = envelope.claim, isinstance(error, RecipientOptedOut)
        verdict = "unknown" if error.outcome_unknown else "requeue" if _repeatable(error) else "failed"
        wait = error.retry_after or timedelta(minutes=5)
        self._loop.state.outreach.record_failure(
            claim.id,
            claim.fence,
            verdict=cast("Any", verdict),
            code=error.code,
            retry_at=envelope.now + wait if verdict == "requeue" else None,
            bad_address=error.permanent_for_lead and not opted_out,
            opted_out=opted_out,
        )
        self._tally.unknown[self._channel] += verdict == "unknown"
        self._tally.failed[error.code] += verdict != "unknown"
        if error.system_wide or error.retryable or error.outcome_unknown:
            trip(self._loop, self._channel, error)


def _person(claim: Claim) -> Person:
    return Person(unit_of(claim.lead.company_id, claim.lead.lead_id), claim.lead.source)


def _repeatable(error: ProviderError) -> bool:
    """Certainly not carried out, and no fault of this lead's: the touch may be tried again as it is."""
    return (error.retryable or error.system_wide) and not error.permanent_for_lead


def _limit(scope: str, bucket: str, cost: float, limit: float, code: str) -> dict[str, Any]:
    return {"scope": scope, "bucket": bucket, "cost": cost, "limit": limit, "code": code}
