"""Faults of clocks and of the owner: days on which the clocks change, clocks that differ, and silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shared.errors import ConfigurationError
from simulator.faults import entries
from simulator.faults.entries import Entry
from simulator.faults.planned import Plan, on_now

A_DAY = timedelta(days=1)
SEARCHED_DAYS = 400


def clocks_change(day: date, zone: tzinfo) -> bool:
    """Whether this day has 23 or 25 hours, or any but 24."""
    before, after = (datetime.combine(each, time(), zone).utcoffset() for each in (day, day + A_DAY))
    return before != after


def change_on(day: date, zone: tzinfo) -> datetime:
    """The instant of that day at which the clocks change, to the minute."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    before = at.astimezone(zone).utcoffset()
    while at.astimezone(zone).utcoffset() == before:
        at += timedelta(minutes=15)
    return at


def first_day(entries_: Sequence[Entry], default: date, zone: tzinfo) -> date:
    """The run's first day: the default, or the first after it with a change of clocks where it is wanted.

    Raises `ConfigurationError` where the zone's clocks never change, or not on all days asked for.
    """
    wanted = [entry.start.days for entry in entries_ if isinstance(entry, entries.ClockChange)]
    for n in range(SEARCHED_DAYS if wanted else 1):
        day = default + n * A_DAY
        if all(clocks_change(day + after * A_DAY, zone) for after in wanted):
            return day
    raise ConfigurationError(
        f"dst_change: the clocks of {zone} do not change on the days asked for; ask for one such day at"
        " most, and choose a zone whose clocks change"
    )


class ClockFaults:
    """Clocks that show another time than the world's."""

    def __init__(self, plan: Plan) -> None:
        self._skewed = []
        for fault in plan.of(entries.ClockSkew):
            self._skewed += plan.spans([fault], fault.entry.of)
        for change in plan.of(entries.ClockChange):
            day = change.start.astimezone(plan.zone).date()
            if not clocks_change(day, plan.zone):
                raise ConfigurationError(
                    f"dst_change: the clocks do not change on {day} in {plan.zone}; begin the run on"
                    f" {first_day([change.entry], plan.midnight.date(), plan.zone)}"
                )
            plan.note(change, change_on(day, plan.zone), str(plan.zone))

    def skew(self, of: str, at: datetime) -> timedelta:
        """How far that clock is ahead of the world's at this moment."""
        found = (fault.entry.by for fault in on_now(self._skewed, at) if fault.entry.of == of)
        return sum(found, timedelta(0))


class OwnerFaults:
    """When the owner does nothing."""

    def __init__(self, plan: Plan) -> None:
        self._silent = plan.spans(plan.of(entries.OwnerSilent), "owner")

    def silent(self, at: datetime) -> bool:
        """Whether the owner lets this moment pass."""
        return any(True for _ in on_now(self._silent, at))
