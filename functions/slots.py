"""Which slot a run belongs to, and which period that slot is about. Pure.

A slot is an instant of a stage's cron in the owner's zone. Modal does not say which firing a run belongs
to, so it is worked out from the clock, and has to come out the same whichever way the scheduler treats
a change of clocks: a time that does not exist that day stands for the end of the gap, and a time that
comes twice for its first coming. A firing at either of its possible times then finds the same slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from functions.stages import Stage
from shared.period import Period

EARLY: Final = timedelta(seconds=5)
"""How far a scheduler's clock may run ahead of the database's. Without it a firing at 07:59:59.9 would be
taken for yesterday's run, be found done, and the day would go unplanned."""

_MARGIN = timedelta(hours=4)  # more than any zone sets its clocks back at once


def instant(wall: datetime, tz: ZoneInfo) -> datetime:
    """The UTC instant of a naive local time: the end of the gap, or the first of two."""
    moment = wall.replace(tzinfo=tz, fold=0)
    found = moment.astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == wall:
        return found
    return _end_of_gap(found, tz)


def _end_of_gap(after: datetime, tz: ZoneInfo) -> datetime:
    """The last change of clocks at or before `after`, which lies less than a day behind it."""
    low, high = after - timedelta(days=1), after
    offset = high.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def slot_for(stage: Stage, now: datetime, tz: ZoneInfo) -> datetime:
    """The last instant of the stage's cron at or before `now`, in UTC."""
    return next(moment for moment in _backwards(stage.cron, now, tz) if moment <= now)


def next_slot(stage: Stage, now: datetime, tz: ZoneInfo) -> datetime:
    """The first instant of the stage's cron after `now`, in UTC."""
    return next(moment for moment in _forwards(stage.cron, now, tz) if moment > now)


def slot_of(stage: Stage, day: date, tz: ZoneInfo) -> datetime:
    """The slot whose period holds the local date `day`, for a day or week stage."""
    monday = day - timedelta(days=day.weekday()) if stage.period == "week" else day
    first = datetime.combine(monday + timedelta(days=stage.days_back), time())
    return instant(next(CronSim(stage.cron, first - timedelta(seconds=1))), tz)


def period_for(stage: Stage, slot: datetime, tz: ZoneInfo, date: date | None = None) -> Period:
    """What a run in `slot` works on; `date` overrides the day, or names a day of the week."""
    if stage.period == "slot":
        return Period("slot", None, slot, next_slot(stage, slot, tz))
    day = date or local_date(slot, tz) - timedelta(days=stage.days_back)
    if stage.period == "week":
        day -= timedelta(days=day.weekday())
    length = timedelta(days=7 if stage.period == "week" else 1)
    return Period(stage.period, day, _midnight(day, tz), _midnight(day + length, tz))


def local_date(moment: datetime, tz: ZoneInfo) -> date:
    """The owner's date at that instant. A day stage's slot in a gap at midnight stays on its date."""
    return moment.astimezone(tz).date()


def next_midnight(moment: datetime, tz: ZoneInfo) -> datetime:
    """When the owner's next day begins, in UTC."""
    return _midnight(local_date(moment, tz) + timedelta(days=1), tz)


def _midnight(day: date, tz: ZoneInfo) -> datetime:
    return instant(datetime.combine(day, time()), tz)


def _is_grid(cron: str) -> bool:
    """Every hour alike: such slots go by elapsed time, so a repeated hour has its slots twice."""
    return cron.split()[1] == "*"


def _backwards(cron: str, now: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    start = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    if _is_grid(cron):
        offset = now.astimezone(tz).utcoffset() or timedelta()
        walls = CronSim(cron, (start + offset).replace(tzinfo=None), reverse=True)
        return (wall.replace(tzinfo=UTC) - offset for wall in walls)
    wall = start.astimezone(tz).replace(tzinfo=None) + _MARGIN
    return (instant(wall, tz) for wall in CronSim(cron, wall, reverse=True))


def _forwards(cron: str, now: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    start = now.astimezone(UTC).replace(microsecond=0)
    if _is_grid(cron):
        offset = now.astimezone(tz).utcoffset() or timedelta()
        return (
            wall.replace(tzinfo=UTC) - offset for wall in CronSim(cron, (start + offset).replace(tzinfo=None))
        )
    wall = start.astimezone(tz).replace(tzinfo=None) - _MARGIN
    return (instant(wall, tz) for wall in CronSim(cron, wall))
