"""At which of today's open hours each call is to go out: drawn for some, the best known for the rest. Pure.

The gate's windows are kept: an hour is only chosen between the opening at which the planner put the call and
the close of its window. An hour takes no more calls than the numbers can make, so that nothing is lost by
waiting for a better one; who does not fit goes out as soon as it may.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from shared.call_timing import CallTiming

if TYPE_CHECKING:
    from functions.campaigns.planning import PlannedTouch

HOUR: Final = timedelta(hours=1)
LEAST_LEFT: Final = timedelta(minutes=20)
"""An hour that is cut by the close of its window counts from so much on."""


@dataclass(frozen=True)
class CallHours:
    """How the hours of one morning's calls are chosen.

    `explore_share` of the calls have their hour drawn; while nothing is known only on a day with at least
    `least_calls` that may choose, since so few would never tell. `an_hour` is how many calls all numbers make
    in one. While an hour is under test nothing is chosen, which would differ between its arms: `free` is
    false then.
    """

    timing: CallTiming
    explore_share: float
    least_calls: int
    an_hour: int
    salt: str
    free: bool = True


def at_their_hours(
    touches: Sequence[PlannedTouch],
    scores: Mapping[int, int],
    zones: Mapping[int, tuple[str, ...]],
    how: CallHours,
) -> list[PlannedTouch]:
    """The same touches; calls of today that may choose get their hour. Better leads choose first.

    `scores` and `zones` are by lead. Who may be in several zones, or whose step names an hour, keeps theirs.
    """
    if not how.free or how.an_hour < 1:
        return list(touches)
    day = _Day(how, zones)
    chooses = [touch for touch in touches if day.may_choose(touch)]
    if len(chooses) < how.least_calls and not how.timing.believed:
        return list(touches)
    drawn = {id(touch): day.drawn(touch) for touch in chooses if day.is_drawn(touch)}
    rest = [touch for touch in chooses if id(touch) not in drawn] if how.timing.believed else []
    rest.sort(key=lambda touch: (-scores.get(touch.lead_id, 0), touch.lead_id))
    chosen = drawn | {id(touch): day.best(touch) for touch in rest}
    return [chosen.get(id(touch), touch) for touch in touches]


class _Day:
    """The room of each hour, as calls take it."""

    def __init__(self, how: CallHours, zones: Mapping[int, tuple[str, ...]]) -> None:
        self._how, self._zones = how, zones
        self._taken: Counter[datetime] = Counter()

    def may_choose(self, touch: PlannedTouch) -> bool:
        free = touch.channel == "call" and touch.code is None and touch.hour_is_free
        return free and len(self._zones.get(touch.lead_id, ())) == 1

    def is_drawn(self, touch: PlannedTouch) -> bool:
        return _coin(touch, self._how.salt, "draw") < self._how.explore_share

    def drawn(self, touch: PlannedTouch) -> PlannedTouch:
        """At any of its hours; where none has room it is as if it had not been drawn."""
        hours = self._open(touch)
        if not hours:
            return touch
        at = hours[int(_coin(touch, self._how.salt, "hour") * len(hours))]
        return replace(self._at(touch, at), drawn_hour=self._local(touch, at).hour)

    def best(self, touch: PlannedTouch) -> PlannedTouch:
        """At the hour with the highest lift, the earliest of several; where none has room, unchanged."""
        zone = self._zones[touch.lead_id][0]
        hours = self._open(touch)
        lift = {at: self._how.timing.lift(zone, self._local(touch, at).hour) for at in hours}
        return self._at(touch, max(hours, key=lambda at: lift[at])) if hours else touch

    def _at(self, touch: PlannedTouch, at: datetime) -> PlannedTouch:
        self._taken[_slot(at)] += 1
        return replace(touch, due_at=at)

    def _local(self, touch: PlannedTouch, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self._zones[touch.lead_id][0]))

    def _open(self, touch: PlannedTouch) -> list[datetime]:
        """The planner's moment, then each full hour of the person's clock until the window closes."""
        closes = touch.window_closes_at
        if closes is None:
            return []
        local = self._local(touch, touch.due_at)
        full = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC) + HOUR
        hours = [touch.due_at]
        while full + LEAST_LEFT <= closes:
            hours.append(full)
            full += HOUR
        return [at for at in hours if self._taken[_slot(at)] < self._how.an_hour]


def _slot(at: datetime) -> datetime:
    """Numbers are shared by all zones, so their room is counted on one clock."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _coin(touch: PlannedTouch, salt: str, what: str) -> float:
    """A number in [0, 1) that is the same however often the day is planned."""
    text = f"{what}|{salt}|{touch.lead_id}|{touch.step}|{touch.day.isoformat()}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
