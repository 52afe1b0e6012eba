"""One touch made into what its provider is sent. Pure: the same values give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.config import Settings
from shared.directives.book import Book
from shared.directives.models import CallScript, EmailScript, SmsScript
from shared.directives.render import render_call, render_email, render_opt_out_confirmation, render_sms
from shared.errors import ConfigurationError
from shared.gate import Rules
from shared.links import booking_url, public_url, unsubscribe_url
from shared.state.outreach import Claim, LeadFacts, SenderFacts


@dataclass(frozen=True)
class Envelope:
    """Where one touch goes: from which sender, to which address, between which instants."""

    claim: Claim
    sender: SenderFacts
    address: str
    now: datetime
    latest: datetime


def payload(envelope: Envelope, book: Book, rules: Rules, settings: Settings) -> dict[str, Any]:
    """The frozen payload. Raises `ConfigurationError` when an own fact that the text needs is not set."""
    if envelope.claim.purpose == "confirm_opt_out":
        confirmation = render_opt_out_confirmation(book.compliance, business_name=settings.business_name)
        return _text(envelope, confirmation.text)
    script = book.script(envelope.claim.script_key)
    fields = merge_fields(envelope.claim.lead, settings, envelope.claim.id)
    if isinstance(script, EmailScript):
        return _email(envelope, script, fields, book, settings)
    if isinstance(script, SmsScript):
        return _sms(envelope, script, fields, book, settings)
    return _call(envelope, script, fields, book, rules, settings)


def merge_fields(lead: LeadFacts, settings: Settings, touch_id: UUID) -> dict[str, object]:
    """What a script may print: the lead's facts, which are data, and the business's own.

    `booking_url` is the owner's own calendar where one is set, else our booking page for this touch.
    """
    facts = {
        "first_name": lead.first_name,
        "company": lead.company,
        "city": lead.city,
        "state": lead.region,
        "industry": lead.industry,
        "business_name": settings.business_name,
        "owner_name": settings.owner_name,
        "opt_out_number": settings.opt_out_number,
        "booking_url": settings.booking_url or booking_url(settings, touch_id),
        "meeting_time": _meeting_time(lead),
    }
    return {name: value for name, value in facts.items() if value}


def _meeting_time(lead: LeadFacts) -> str | None:
    """When the person's coming meeting begins, on their own clock and with its name."""
    if lead.meeting_at is None:
        return None
    local = lead.meeting_at.astimezone(ZoneInfo(lead.zones[0]) if lead.zones else UTC)
    return f"{local:%A, %B} {local.day} at {local.hour % 12 or 12}:{local:%M %p %Z}"


def _email(
    envelope: Envelope, script: EmailScript, fields: dict[str, object], book: Book, settings: Settings
) -> dict[str, Any]:
    from shared.providers.resend.payload import email_payload

    link = unsubscribe_url(settings, envelope.claim.id)
    mail = render_email(
        script,
        fields,
        compliance=book.compliance,
        unsubscribe_url=link,
        postal_address=settings.postal_address,
        business_name=settings.business_name,
    )
    return email_payload(
        touch_id=str(envelope.claim.id),
        sender=f"{script.persona} <{envelope.sender.address}>",
        to=envelope.address,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_to=settings.reply_to,
        unsubscribe_url=link,
    )


def _sms(
    envelope: Envelope, script: SmsScript, fields: dict[str, object], book: Book, settings: Settings
) -> dict[str, Any]:
    text = render_sms(
        script,
        fields,
        compliance=book.compliance,
        business_name=settings.business_name,
        # Our own page has a long address; without it the text still asks its question.
        dispensable=() if settings.booking_url else ("booking_url",),
    )
    return _text(envelope, text.text)


def _text(envelope: Envelope, body: str) -> dict[str, Any]:
    from shared.providers.twilio.payload import sms_payload

    return sms_payload(to_e164=envelope.address, body=body, now=envelope.now, latest=envelope.latest)


def _call(
    envelope: Envelope,
    script: CallScript,
    fields: dict[str, object],
    book: Book,
    rules: Rules,
    settings: Settings,
) -> dict[str, Any]:
    from shared.providers.vapi.assistant import CallSetup, call_payload
    from shared.providers.vapi.conformance import Facts, broken_promises

    if envelope.sender.provider_ref is None or settings.vapi_credential_id is None:
        raise ConfigurationError("A call needs its number's Vapi id and VAPI_CREDENTIAL_ID.")
    said = render_call(
        script,
        fields,
        compliance=book.compliance,
        business_name=settings.business_name,
        opt_out_number=settings.opt_out_number,
    )
    setup = CallSetup(
        phone_number_id=envelope.sender.provider_ref,
        server_url=public_url(settings, "/hooks/vapi"),
        credential_id=settings.vapi_credential_id,
        recording=not rules.all_party_recording(envelope.claim.lead.region),
        max_duration_s=book.outreach.call.max_duration_s,
        zone=envelope.claim.lead.zones[0],
    )
    call = call_payload(
        touch_id=str(envelope.claim.id),
        script_key=envelope.claim.script_key,
        script_version=book.version(envelope.claim.script_key).content_hash[:12],
        said=said,
        setup=setup,
        to_e164=envelope.address,
        earliest=envelope.now,
        latest=envelope.latest,
    )
    facts = Facts(said.persona, settings.business_name, settings.opt_out_number, setup.recording)
    if broken := broken_promises(call, facts):
        raise ConfigurationError(f"{envelope.claim.script_key} breaks what every call promises: {broken[0]}.")
    return call
