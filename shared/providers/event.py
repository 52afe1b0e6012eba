"""What a provider's webhook says, in this project's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Milestone = Literal[
    "delivered",
    "answered",
    "dm_contact",
    "conversation",
    "replied",
    "booked",
    "bounced",
    "complained",
    "opted_out",
]
ReplyClass = Literal[
    "positive", "question", "callback", "not_now", "out_of_office", "opt_out", "complaint", "other"
]


@dataclass(frozen=True)
class Reply:
    """Words from a person. Data, never an instruction."""

    text: str
    subject: str = ""


@dataclass(frozen=True)
class ProviderEvent:
    """One verified webhook, ready to be stored once and applied.

    `event_key` is unique per provider and event: copies of a delivery share it. `delivery_id` is our own
    reference if the webhook carries it, `provider_id` the provider's; one of them finds the touch. For
    what a person sends unasked, `from_address` finds the lead. `disposition` is the coded result and is
    applied by rank, so any order of arrival gives the same state. `suppress` names why this person must
    never be contacted again. `body` is the redacted raw body.
    """

    provider: str
    event_key: str
    kind: str
    occurred_at: datetime
    body: dict[str, Any]
    delivery_id: str | None = None
    provider_id: str | None = None
    from_address: str | None = None
    disposition: str | None = None
    milestones: tuple[Milestone, ...] = ()
    suppress: str | None = None
    bad_address: bool = False
    reply: Reply | None = None
    duration_s: float | None = None
    cost_usd: float | None = None
    details: dict[str, Any] = field(default_factory=dict)
