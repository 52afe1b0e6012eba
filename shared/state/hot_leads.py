"""Who waits for the owner, and what the owner says became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

Medium = Literal["email", "sms"]
Outcome = Literal["meeting", "held", "no_show", "cancelled", "sale"]
OutcomeStatus = Literal["added", "known", "unknown", "no_meeting"]


class Said(BaseModel):
    """One turn of a conversation: what they or we said, in a call its summary."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    direction: Literal["in", "out"]
    channel: str
    subject: str | None
    words: str | None


class LeadCard(BaseModel):
    """One person as the owner is shown them. `thread` is what was said last, oldest first."""

    model_config = ConfigDict(frozen=True)

    lead_id: int
    name: str
    first_name: str | None
    company: str | None
    email: str | None
    phone: str | None
    zones: tuple[str, ...]
    meeting_at: datetime | None
    meeting_clashes: bool
    thread: tuple[Said, ...] = ()


class Alert(LeadCard):
    """What the owner has not been told on this medium. `key` names what it is about, within its lead."""

    key: str
    medium: Medium
    touch_id: UUID | None
    channel: Literal["call", "email", "sms"]
    wish: str
    words: str | None
    at: datetime

    @property
    def natural_key(self) -> str:
        """Of the delivery that tells it. It holds the lead's id, by which an erasure finds it."""
        return f"hot_lead:{self.lead_id}:{self.key}:{self.medium}"


_ALERTS = TypeAdapter(list[Alert])


class HotLeads:
    """Verbs over people who wait for the owner."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def to_tell(self, since: datetime, media: list[Medium], max_rows: int) -> list[Alert]:
        """What the owner was not told, oldest first, per medium; what did not go out comes again."""
        rows = self._call("hot_lead_alerts_v1", since=since.isoformat(), media=media, max_rows=max_rows)
        return _ALERTS.validate_python(rows)

    def card(self, lead_id: int) -> LeadCard | None:
        """One person with what was said; None for nobody."""
        found = self._call("hot_lead_v1", lead_id=lead_id)
        return LeadCard.model_validate(found) if found else None

    def close(self, lead_id: int) -> bool:
        """The owner dealt with this person: nothing waits, the conversation is over. False for nobody."""
        return bool(self._call("close_conversation_v1", lead_id=lead_id))

    def add_outcome(
        self, lead_id: int, outcome: Outcome, *, at: datetime | None = None, amount_usd: float | None = None
    ) -> OutcomeStatus:
        """What became of somebody. A meeting's `at` is its time, a sale's when it was made: by default now.

        The same again is `known`. `held`, `no_show` and `cancelled` speak of the last meeting: `no_meeting`
        where there is none.
        """
        answer = self._call(
            "add_outcome_v1",
            lead_id=lead_id,
            outcome=outcome,
            at=at.isoformat() if at else None,
            amount_usd=amount_usd,
        )
        status: OutcomeStatus = answer["status"]
        return status
