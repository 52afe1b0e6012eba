"""What the providers report, stored once and applied."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.providers.event import ProviderEvent, ReplyClass
from shared.state.transport import Transport


class Applied(BaseModel):
    """`stored` is False for a copy of an event that is already there; a copy changes nothing."""

    model_config = ConfigDict(frozen=True)

    stored: bool
    touch_id: UUID | None
    lead_id: int | None
    suppressed: bool


class Events:
    """Verbs over events. When `apply` returns, a "stop" in the event is already in force."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def apply(self, event: ProviderEvent, *, channel: str, reply_class: ReplyClass | None = None) -> Applied:
        """Store and apply in one transaction. Any number of copies in any order give the same state."""
        row = asdict(event)
        row["occurred_at"] = event.occurred_at.isoformat()
        row["channel"] = channel
        row["meeting_at"] = event.details.get("meeting_at")
        if event.reply is not None:
            row["reply"] = {**asdict(event.reply), "class": reply_class or "other"}
        return Applied.model_validate(self._call("apply_event_v1", event=row))

    def unsubscribe(self, touch_id: UUID, *, source: str) -> bool:
        """Suppress the whole person behind a touch; False when no such touch is known."""
        return bool(self._call("unsubscribe_v1", touch_id=str(touch_id), source=source))
