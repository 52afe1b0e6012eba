"""What a run of a stage works on: a day, a slot or a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PeriodKind = Literal["day", "slot", "week"]


@dataclass(frozen=True)
class Period:
    """A stretch of time `start` ≤ t < `end`, both in UTC.

    `day` is the owner's local date for a day, the Monday for a week and `None` for a slot. A day lasts
    23 to 25 hours where clocks change. A period never says what the time is now: due times, caps and the
    gate use the loop's clock.
    """

    kind: PeriodKind
    day: date | None
    start: datetime
    end: datetime
