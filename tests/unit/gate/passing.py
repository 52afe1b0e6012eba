"""A request that passes every check, to be spoilt in one place by each test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from shared.gate import Consent, ContactRequest, Rules, SenderState

RULES = Rules.load()

# A Wednesday, 11:00 in New York.
NOON_UTC = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)

WRITTEN = Consent(kind="written", channels=("call", "sms"), given_on=date(2026, 2, 20))

READY = SenderState(
    postal_address=True,
    unsubscribe=True,
    domain=True,
    number=True,
    campaign=True,
    healthy=True,
    warmup_day=60,
    sent_today=0,
    sent_last_hour=0,
)

CALL = ContactRequest(
    at=NOON_UTC,
    channel="call",
    purpose="prospect",
    live=True,
    kill_switch=False,
    suppressed=False,
    country="US",
    region="NY",
    zones=("America/New_York",),
    address_known=True,
    line_type="mobile",
    consent=WRITTEN,
    dnc_scrubbed_on=date(2026, 2, 20),
    company_line_opt_in=False,
    in_conversation=False,
    touches_24h=0,
    touches_7d=0,
    touches_total=0,
    sender=READY,
    budget_left=20.0,
    vendor_open=True,
    held_out=False,
)
SMS = replace(CALL, channel="sms")
EMAIL = replace(CALL, channel="email", line_type=None, consent=None, dnc_scrubbed_on=None)


def sender(**changes: Any) -> SenderState:
    """A ready sender, spoilt."""
    return replace(READY, **changes)


def consent(**changes: Any) -> Consent:
    """A written consent, spoilt."""
    return replace(WRITTEN, **changes)
