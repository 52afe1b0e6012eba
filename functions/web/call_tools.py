"""What the assistant of a running call is told when it uses a tool: one line for the model to speak from.

The event is stored before: a "do not call" is in force by then. What the callee said reaches us as arguments,
which are data; only a readable time is taken from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from functions.web.offer import Offer, day_words, hour_words
from shared.errors import ConfigurationError, StateError
from shared.loop import Loop
from shared.providers.event import ProviderEvent
from shared.providers.vapi.webhook import RECORDED

OFFERED = 4  # nobody keeps more times in mind
LONGEST_PROMISE = timedelta(days=60)
NO_CALENDAR = (
    "The calendar cannot be reached. Take the wish for a time, and say that a colleague confirms it. "
    "Do not promise the time."
)
OWN_CALENDAR = (
    "Times are not fixed in this call. Ask which time would suit, and say that a colleague confirms it. "
    "Do not promise the time."
)
FULL = "No time is free in the next days. Say that a colleague will write to agree on one."
NO_TIME = "No time was understood. Ask for a day and an hour, and use call_back again with them."


class CallTools:
    """The tools `do_not_call`, `book` and `call_back` of one installation."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def with_promise(self, event: ProviderEvent) -> ProviderEvent:
        """The event with the time at which a call back was promised, where one that can be kept was named."""
        asked = next((t["arguments"] for t in event.details["tools"] if t["name"] == "call_back"), None)
        at = _instant((asked or {}).get("callback_at"), self._zone_of(event)) if asked is not None else None
        now = self._loop.clock.now()
        if at is None or not now < at <= now + LONGEST_PROMISE:
            return event
        return dataclasses.replace(event, details={**event.details, "callback_at": at.isoformat()})

    def answers(self, event: ProviderEvent, touch_id: UUID | None) -> dict[str, str]:
        """What to answer to each known tool, by tool-call id. Nothing here raises: a call waits for it."""
        found = {tool["id"]: self._answer(tool, event, touch_id) for tool in event.details["tools"]}
        return {id_: text for id_, text in found.items() if text}

    def _answer(self, tool: Mapping[str, Any], event: ProviderEvent, touch_id: UUID | None) -> str | None:
        match tool["name"]:
            case "do_not_call":
                return RECORDED
            case "book":
                return self._book(touch_id, tool["arguments"])
            case "call_back":
                return self._kept(event)
        return None

    def _book(self, touch_id: UUID | None, arguments: Mapping[str, Any]) -> str:
        if self._loop.settings.booking_url:
            return OWN_CALENDAR
        try:
            offer = Offer.to(self._loop, touch_id) if touch_id else None
            return _booked(offer, arguments) if offer else NO_CALENDAR
        except (StateError, ConfigurationError) as error:
            self._loop.log.error("calendar not asked", extra={"code": error.code})
            return NO_CALENDAR

    def _kept(self, event: ProviderEvent) -> str:
        promised = event.details.get("callback_at")
        if promised is None:
            return NO_TIME
        when = _words(datetime.fromisoformat(promised), self._zone_of(event))
        return f"Kept: a call back on {when}. Repeat day and time, thank them and say goodbye."

    def _zone_of(self, event: ProviderEvent) -> ZoneInfo:
        """The clock that the call was told to go by: the callee's first zone."""
        booking = self._loop.state.events.booking(UUID(event.delivery_id)) if event.delivery_id else None
        return ZoneInfo(booking.zones[0]) if booking and booking.zones else self._loop.zone


def _booked(offer: Offer, arguments: Mapping[str, Any]) -> str:
    wished = _instant(arguments.get("meeting_at"), offer.zone)
    if wished is None and offer.booking.starts_at is None:
        return _offered(offer, "")
    answer = offer.take(wished or offer.booking.starts_at or offer.loop.clock.now())
    offer.loop.log.info("booking asked for in a call", extra={"status": answer.status})
    if answer.starts_at is None:
        return _offered(offer, "That time is not free. ")
    kept = "Booked" if answer.status == "booked" else "They already have a meeting"
    return f"{kept}: {_words(answer.starts_at, offer.zone)}. Repeat day and time to them."


def _offered(offer: Offer, because: str) -> str:
    free = offer.free()
    if not free:
        return because + FULL
    times = "; ".join(
        f"{_words(at, offer.zone)} ({at.astimezone(offer.zone).isoformat()})" for at in _spread(free)
    )
    return f"{because}Free, among others: {times}. Offer two of them; book the one they choose."


def _spread(free: list[datetime]) -> list[datetime]:
    """A few of the times over the whole span, the first one among them."""
    step = max(1, len(free) // OFFERED)
    return free[::step][:OFFERED]


def _words(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{day_words(local)}, {hour_words(local)}"


def _instant(value: object, zone: ZoneInfo) -> datetime | None:
    """The time that a model wrote down; one without an offset is meant on the clock of `zone`."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if at is None:
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None
