"""From what the ledger knows of a person to the question that the gate answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from shared.gate import Consent, ContactRequest, Purpose, SenderState
from shared.gate.request import ConsentKind, LineType
from shared.providers.channel import ChannelName
from shared.state.outreach import ConsentFacts, LeadFacts, PhoneFacts, SenderFacts

UNLIMITED_USD = 1e9
OWNERS_STOP = ("NOT_LIVE", "KILL_SWITCH")  # codes that speak of the owner's switches, not of a person


@dataclass(frozen=True)
class Contact:
    """How one person would be reached on one channel, and the consent that rests on."""

    address: str | None
    phone: PhoneFacts | None
    consent: ConsentFacts | None
    suppressed: bool


@dataclass(frozen=True)
class OwnerTerms:
    """What the owner decided and the installation has in place.

    `line_opt_in` are two-letter states, `registered` states with the channel. `can_unsubscribe` means that
    links can be made and signed. A look-up tells a number's line type for `line_type_valid_days`.
    """

    live: bool
    kill_switch: bool
    line_opt_in: frozenset[str]
    registered: frozenset[tuple[str, str]]
    postal_address: bool
    can_unsubscribe: bool
    line_type_valid_days: int


def owner_terms(
    settings: Mapping[str, Any],
    *,
    today: date,
    live: bool,
    kill_switch: bool,
    postal_address: bool,
    can_unsubscribe: bool,
    line_type_valid_days: int,
) -> OwnerTerms:
    """Terms from the owner's stored settings. A registration counts up to the day it is valid until."""
    return OwnerTerms(
        live=live,
        kill_switch=kill_switch,
        line_opt_in=frozenset(settings.get("company_line_opt_in", ())),
        registered=frozenset(
            (region, channel)
            for region, channels in settings.get("registrations", {}).items()
            for channel, held in channels.items()
            if date.fromisoformat(held["valid_until"]) >= today
        ),
        postal_address=postal_address,
        can_unsubscribe=can_unsubscribe,
        line_type_valid_days=line_type_valid_days,
    )


def contact_for(lead: LeadFacts, channel: ChannelName, purpose: str = "prospect") -> Contact:
    """The address to use. A number with consent comes first, then the line that is least a private one.

    An answer goes to the number that the person used, a promised call to the one on which it was promised; an
    opt-out is confirmed there or not at all.
    """
    if channel == "email":
        consent = _consent(lead, "email", lead.email)
        return Contact(
            None if lead.email_invalid else lead.email,
            None,
            consent,
            lead.suppressed or lead.email_suppressed,
        )
    usable = [phone for phone in lead.phones if not phone.invalid]
    used = [phone for phone in usable if phone.number == _used_number(lead, purpose)]
    usable = used if used or purpose == "confirm_opt_out" else usable
    if not usable:
        return Contact(None, None, None, lead.suppressed)
    phone = min(usable, key=lambda each: _preference(lead, each, channel))
    return Contact(
        phone.number, phone, _consent(lead, channel, phone.number), lead.suppressed or phone.suppressed
    )


def request_for(
    lead: LeadFacts,
    contact: Contact,
    *,
    at: datetime,
    channel: ChannelName,
    purpose: Purpose,
    terms: OwnerTerms,
    sender: SenderState,
    budget_left: float,
    vendor_open: bool,
    held_out: bool,
) -> ContactRequest:
    """The gate's question for one touch at one instant."""
    return ContactRequest(
        at=at,
        channel=channel,
        purpose=purpose,
        live=terms.live,
        kill_switch=terms.kill_switch,
        suppressed=contact.suppressed,
        country=lead.country,
        region=lead.region,
        zones=lead.zones,
        address_known=contact.address is not None,
        line_type=line_type_of(contact.phone, at, terms.line_type_valid_days),
        consent=_as_consent(contact, channel),
        dnc_scrubbed_on=contact.phone.dnc_scrubbed_on if contact.phone else None,
        dnc_listed=bool(contact.phone and contact.phone.dnc_listed),
        company_line_opt_in=lead.region in terms.line_opt_in,
        registered=(lead.region, channel) in terms.registered,
        in_conversation=lead.in_conversation,
        touches_24h=lead.touches_24h,
        touches_7d=lead.touches_7d,
        touches_total=lead.touches_total,
        last_touch_at=lead.last_touch_at,
        trigger_at=lead.last_message_at,
        sender=sender,
        budget_left=budget_left,
        vendor_open=vendor_open,
        held_out=held_out,
    )


def request_about_person(
    lead: LeadFacts,
    contact: Contact,
    *,
    at: datetime,
    channel: ChannelName,
    purpose: Purpose,
    terms: OwnerTerms,
    held_out: bool,
) -> ContactRequest:
    """The gate's question as if capacity were none: that one is asked at the minute of sending."""
    return request_for(
        lead,
        contact,
        at=at,
        channel=channel,
        purpose=purpose,
        terms=terms,
        sender=_ready_sender(at),
        budget_left=UNLIMITED_USD,
        vendor_open=True,
        held_out=held_out,
    )


def line_type_of(phone: PhoneFacts | None, at: datetime, valid_days: int) -> LineType | None:
    """What the look-up said, as long as that holds: a number may be ported to another kind of line."""
    if phone is None or phone.line_type is None or phone.looked_up_on is None:
        return None
    if at.astimezone(UTC).date() - phone.looked_up_on > timedelta(days=valid_days):
        return None
    return cast("LineType", phone.line_type)


def pick_sender(senders: Sequence[SenderFacts], channel: ChannelName, lead_id: int) -> SenderFacts | None:
    """Who sends: a lead keeps its mailbox, a number that rested longest calls or texts next.

    A mailbox in quarantine keeps its leads, who have its mails; a number in quarantine is passed over.
    """
    own = [sender for sender in senders if sender.channel == channel]
    if not own:
        return None
    if channel == "email":
        return own[lead_id % len(own)]
    awake = [sender for sender in own if sender.health != "quarantined"] or own
    return min(awake, key=lambda each: (each.last_submitted_at is not None, each.last_submitted_at, each.id))


def sender_state(
    sender: SenderFacts | None, terms: OwnerTerms, *, today: date, resets_at: datetime
) -> SenderState:
    """A sender as the gate sees it; no sender at all refuses."""
    if sender is None:
        return SenderState()
    return SenderState(
        postal_address=terms.postal_address,
        unsubscribe=terms.can_unsubscribe,
        domain=sender.set_up,
        number=sender.set_up,
        campaign=sender.set_up,
        healthy=sender.health != "quarantined",
        warmup_day=(today - sender.warmup_started_on).days,
        sent_today=int(sender.used_today),
        sent_last_hour=sender.used_last_hour,
        last_sent_at=sender.last_submitted_at,
        resets_at=resets_at,
    )


def _ready_sender(at: datetime) -> SenderState:
    return SenderState(
        postal_address=True,
        unsubscribe=True,
        domain=True,
        number=True,
        campaign=True,
        healthy=True,
        warmup_day=10_000,
        sent_today=0,
        sent_last_hour=0,
        last_sent_at=None,
        resets_at=at + timedelta(days=1),
    )


def _used_number(lead: LeadFacts, purpose: str) -> str | None:
    if purpose == "callback":
        return lead.last_talked_on
    return lead.last_message_from if purpose in ("reply", "confirm_opt_out") else None


def _preference(lead: LeadFacts, phone: PhoneFacts, channel: ChannelName) -> tuple[bool, int, str]:
    order = (
        ("mobile", "direct", "company", "other")
        if channel == "sms"
        else ("direct", "company", "other", "mobile")
    )
    return (_consent(lead, channel, phone.number) is None, order.index(phone.label), phone.number)


def _consent(lead: LeadFacts, channel: str, address: str | None) -> ConsentFacts | None:
    """The newest consent for this channel that names this address."""
    return next((c for c in lead.consents if c.channel == channel and c.address == address), None)


def _as_consent(contact: Contact, channel: ChannelName) -> Consent | None:
    consent = contact.consent
    if consent is None:
        return None
    return Consent(
        kind=cast("ConsentKind", consent.consent_type),
        channels=(channel,),
        given_on=consent.given_on,
        revoked=consent.revoked,
        rnd_checked_on=contact.phone.rnd_checked_on if contact.phone else None,
    )
