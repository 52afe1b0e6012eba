"""Every date and the minutes around every change of clocks: what must hold of slots and of windows there.

The suite looks at some zones and every few minutes; `python -m bench.calendars` at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from functions import slots
from functions.stages import Stage
from shared.gate import Place, Rules, closes_at, is_open, next_opening
from tests.support.hours_oracle import UNKNOWN_STATE, federal_holidays

FIRST, LAST = date(2024, 1, 1), date(2031, 12, 31)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
# Half an hour, three quarters, none at all, midnights that do not exist, and ours.
WATCHED: Final = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/Havana",
)


def canonical_zones() -> list[str]:
    """Every zone of the time zone database that is no mere link to another."""
    table = files("tzdata").joinpath("zoneinfo", "zone1970.tab").read_text(encoding="utf-8")
    return sorted(line.split("\t")[2] for line in table.splitlines() if line and line[0] != "#")


def dates() -> Iterator[date]:
    """Every date of eight years."""
    return (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))


def changes(name: str) -> list[datetime]:
    """The midnights in UTC before each change of a zone's clocks; where there is none, one day a year."""
    zone = ZoneInfo(name)
    midnights = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in dates()]
    found = [
        before
        for before, after in pairwise(midnights)
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
    ]
    return found or [midnight for midnight in midnights if (midnight.month, midnight.day) == (3, 31)]


def window_faults(name: str, step: timedelta, rules: Rules) -> Iterator[str]:
    """Minutes of the 48 hours around each change at which a text may go out and must not, or the reverse.

    Somebody of whom only the zone is known: 10 to 18 on the wall clock, no weekend, no holiday.
    """
    zone, place = ZoneInfo(name), Place("sms", "US", None, (name,))
    for change in changes(name):
        at = change - timedelta(hours=12)
        while at < change + timedelta(hours=36):
            local = at.astimezone(zone)
            opens, closes = UNKNOWN_STATE
            working = local.weekday() < 5 and local.date() not in federal_holidays(local.year)
            should = working and opens <= local.hour < closes
            if is_open(at, place, rules) != should:
                yield f"{local.isoformat()} {name}: {'closed' if should else 'open'}"
            elif should:
                yield from _edge_faults(at, zone, place, rules)
            at += step


def _edge_faults(at: datetime, zone: ZoneInfo, place: Place, rules: Rules) -> Iterator[str]:
    """Whether an open window ends and begins again to the second, whatever the clocks do meanwhile."""
    ends = closes_at(at, place, rules)
    if ends is None or ends.astimezone(zone).replace(tzinfo=None) != datetime.combine(
        at.astimezone(zone).date(), datetime.min.time().replace(hour=UNKNOWN_STATE[1])
    ):
        yield f"{at.isoformat()} {zone.key}: closes at {ends}"
        return
    again = next_opening(ends, place, rules)
    right = is_open(ends - SECOND, place, rules) and not is_open(ends, place, rules) and again is not None
    if not right or (again and again.astimezone(zone).hour != UNKNOWN_STATE[0]):
        yield f"{at.isoformat()} {zone.key}: opens again at {again}"


def slot_faults(name: str, stages: Sequence[Stage]) -> Iterator[str]:
    """Local dates on which a daily stage would not run exactly once."""
    zone = ZoneInfo(name)
    for stage in stages:
        found = [slots.slot_of(stage, day - timedelta(days=stage.days_back), zone) for day in dates()]
        if [slots.local_date(slot, zone) for slot in found] != list(dates()):
            yield f"{name} {stage.name}: a slot on another date"
        for before, after in pairwise(found):
            if not before < after or slots.next_slot(stage, before, zone) != after:
                yield f"{name} {stage.name}: {before.isoformat()} is not followed by {after.isoformat()}"
