"""What the providers report, stored once and applied."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.away import returns_on
from shared.providers.event import ProviderEvent, ReplyClass
from shared.state.transport import Transport


class Applied(BaseModel):
    """`stored` is False for a copy of an event that is already there; a copy changes nothing."""

    model_config = ConfigDict(frozen=True)

    stored: bool
    touch_id: UUID | None
    lead_id: int | None
    suppressed: bool


class Booking(BaseModel):
    """What a booking page shows of the person it was made for.

    `zones` are those they may be in. `starts_at` is the meeting they still have before them, if any.
    """

    model_config = ConfigDict(frozen=True)

    known: bool
    zones: tuple[str, ...]
    starts_at: datetime | None


class Booked(BaseModel):
    """`known` is a meeting that the same person had before, which stays; `taken` is somebody else's time."""

    model_config = ConfigDict(frozen=True)

    status: Literal["booked", "taken", "known", "unknown"]
    starts_at: datetime | None


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
        row["callback_at"] = event.details.get("callback_at")
        if event.reply is not None:
            row["reply"] = {**asdict(event.reply), "class": reply_class or "other"}
        if event.reply is not None and reply_class == "out_of_office":
            back_on = returns_on(f"{event.reply.subject} {event.reply.text}", event.occurred_at.date())
            row["back_on"] = back_on.isoformat() if back_on else None
        return Applied.model_validate(self._call("apply_event_v1", event=row))

    def unsubscribe(self, touch_id: UUID, *, source: str) -> bool:
        """Suppress the whole person behind a touch; False when no such touch is known."""
        return bool(self._call("unsubscribe_v1", touch_id=str(touch_id), source=source))

    def booking(self, touch_id: UUID) -> Booking:
        """Whom a booking link was made for, and whether they have a meeting already."""
        return Booking.model_validate(self._call("booking_v1", touch_id=str(touch_id)))

    def taken_slots(self, since: datetime) -> list[datetime]:
        """When the booked meetings from `since` on begin, in order."""
        found = self._call("taken_slots_v1", since=since.isoformat())
        return [datetime.fromisoformat(each) for each in found]

    def book(self, touch_id: UUID, starts_at: datetime) -> Booked:
        """Book a time for the person behind a touch, who may repeat it: one person has one coming meeting.

        No time is given to two people. Whether it is one of those offered is for the caller to ask.
        """
        answer = self._call("book_meeting_v1", touch_id=str(touch_id), starts_at=starts_at.isoformat())
        return Booked.model_validate(answer)
