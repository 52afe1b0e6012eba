"""Which times a booking page offers. Pure: clock, calendar and rule are given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.directives.outreach import Meetings
from shared.gate.windows import federal_holiday

_SATURDAY = 5


def free_slots(
    now: datetime, taken: Sequence[datetime], meetings: Meetings, zone: ZoneInfo
) -> list[datetime]:
    """Beginnings of the meetings still to be had, as instants in UTC, in order.

    Business days of `zone` without US federal holidays, today and `meetings.days_ahead` days after it. A time
    that overlaps a taken one, or comes sooner than the notice, is left out; so is one that the clocks skip.
    """
    earliest = now.astimezone(UTC) + timedelta(hours=meetings.notice_hours)
    length = timedelta(minutes=meetings.minutes)
    held = [each.astimezone(UTC) for each in taken]
    days = business_days(now.astimezone(zone).date(), meetings.days_ahead)
    starts = (at for day in days for hour in meetings.start_hours if (at := _instant(day, hour, zone)))
    return [at for at in starts if at >= earliest and not any(abs(at - each) < length for each in held)]


def business_days(today: date, days_ahead: int) -> Iterator[date]:
    """Weekdays that are no federal holiday, from today to so many days after it."""
    for days in range(days_ahead + 1):
        day = today + timedelta(days=days)
        if day.weekday() < _SATURDAY and federal_holiday(day) is None:
            yield day


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime | None:
    """The hour on that day's wall clock; None when there is none, on the night that the clocks go forward."""
    local = datetime.combine(day, time(hour), zone)
    at = local.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None) else None
