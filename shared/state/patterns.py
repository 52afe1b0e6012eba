"""Patterns that hold: what differs between segments, since when, and the question that gives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.evidence import Dimension, Metric
from shared.state.transport import Transport


class Pattern(BaseModel):
    """On a channel a metric is `ratio` times as frequent at this level as at all others on the same days.

    `ratio` is what to expect after shrinkage, within `low` to `high` (95 %); `n` and `k` are the level's own
    counts; `evidence` is the id of the question whose answer holds the level beside the others.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: str
    metric: Metric
    dimension: Dimension
    level: str
    ratio: float
    low: float
    high: float
    p_value: float
    n: int
    k: int
    evidence: str
    since: date
    upto: date


class StandingPattern(Pattern):
    """One that was stored: `found_on` the day it was first seen, `gone_on` the day it was seen no more."""

    id: int
    found_on: date
    gone_on: date | None = None


_STANDING = TypeAdapter(list[StandingPattern])
PAGE = 500


class Patterns:
    """Verbs over what was found."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def keep(self, found: Sequence[Pattern], day: date) -> int:
        """Store what holds on `day` and close what does not any more; counts those that are new."""
        rows = [each.model_dump(mode="json") for each in found]
        return int(self._call("keep_patterns_v1", standing=rows, day=day.isoformat()))

    def held(self, since: date, upto: date) -> list[StandingPattern]:
        """What held on any of these days, oldest first, fetched in pages."""
        rows: list[StandingPattern] = []
        while page := _STANDING.validate_python(
            self._call(
                "patterns_v1",
                since=since.isoformat(),
                upto=upto.isoformat(),
                after_id=rows[-1].id if rows else 0,
                max_rows=PAGE,
            )
        ):
            rows += page
        return rows
