"""What can be booked by somebody whom we contacted: the free times, and one of them for them.

The booking page and the tool of a running call ask here, so that both offer the same, and no time is given
twice.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from functions.web.free_slots import free_slots
from shared.directives.outreach import Meetings
from shared.loop import Loop
from shared.state.events import Booked, Booking


@dataclass(frozen=True)
class Offer:
    """One person and their booking. `zone` is theirs where it is known, else the owner's."""

    loop: Loop
    touch_id: UUID
    booking: Booking
    zone: ZoneInfo
    rules: Meetings

    @classmethod
    def to(cls, loop: Loop, touch_id: UUID) -> Offer | None:
        """What the person behind a touch may book; None for a touch that is not known any more."""
        booking = loop.state.events.booking(touch_id)
        zone = ZoneInfo(booking.zones[0]) if len(booking.zones) == 1 else loop.zone
        # Read anew, since a container outlives a change of the directives; read only, since a page is no
        # stage and offers no files to the database.
        rules = dataclasses.replace(loop, read_only=True).book.outreach.meetings
        return cls(loop, touch_id, booking, zone, rules) if booking.known else None

    def free(self) -> list[datetime]:
        """Beginnings that are still to be had, in UTC, in order."""
        now = self.loop.clock.now()
        # A meeting that has begun may still last into a time on offer.
        taken = self.loop.state.events.taken_slots(now - timedelta(minutes=self.rules.minutes))
        return free_slots(now, taken, self.rules, self.loop.zone)

    def take(self, at: datetime) -> Booked:
        """Book a time; one that is not on offer counts as taken."""
        if self.booking.starts_at is None and at not in self.free():
            return Booked(status="taken", starts_at=None)
        return self.loop.state.events.book(self.touch_id, at)


def day_words(local: datetime) -> str:
    """A day as people say it."""
    return f"{local:%A, %B} {local.day}"


def hour_words(local: datetime) -> str:
    """A time of day with its zone."""
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'} {local.tzname()}"
