"""At what hour people pick up: learned from calls whose hour was drawn, believed only on evidence. Pure.

Calls that go out as soon as they may reach the best leads in the morning, so the hours of ordinary calls say
who was called then. Only a stated share of calls, drawn by a coin and put at a random open hour, is counted.

What is compared are profiles of a day: a stretch of one to four hours in which people pick up so much more or
less often than in the rest of it. `evidence` is how much better the profiles together explain the calls than
"the hour does not matter" does. The plain rate is fitted to the same calls, which favours it; so a value of
100 is hardly ever reached by chance, however often one looks (`bench/call_timing.py`). What is believed of
an hour is the mean over the profiles, each by how well it explains the calls: that is the shrinkage, and a
zone's own hour has to outweigh the others before it differs from theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

LIFTS: Final = (-0.5, -0.3, 0.2, 0.4, 0.8)
LONGEST_STRETCH: Final = 4
ZONE_STRENGTH: Final = 300.0
"""Calls that a zone's own hour must outweigh before it differs from the same hour elsewhere."""
HIGHEST_RATE: Final = 0.95


@dataclass(frozen=True)
class HourCount:
    """Calls put at this hour of this zone's clock by the draw, and those that a person answered."""

    zone: str
    hour: int
    calls: int
    answered: int


@dataclass(frozen=True)
class CallTiming:
    """What is known of the hours. A lift is an hour's answer rate by the mean one's, shrunk; 1 says nothing.

    While `believed` is false all lifts are 1. `lifts` are by zone and hour, `common` by hour over all zones.
    """

    calls: int
    evidence: float
    believed: bool
    lifts: Mapping[tuple[str, int], float]
    common: Mapping[int, float]

    def lift(self, zone: str, hour: int) -> float:
        """By how much this hour's answer rate stands above or below the mean."""
        return self.lifts.get((zone, hour), self.common.get(hour, 1.0))


UNKNOWN: Final = CallTiming(0, 1.0, False, {}, {})


@dataclass(frozen=True)
class _Hour:
    hour: int
    calls: int
    answered: int
    rate: float
    """What the zones of its calls make one expect."""


def learn_timing(counts: Iterable[HourCount], *, believe_at: float) -> CallTiming:
    """What the drawn calls say of the hours."""
    cells = [count for count in counts if count.calls > 0]
    rates = _zone_rates(cells)
    hours = _hours([cell for cell in cells if rates[cell.zone] > 0], rates)
    profiles = list(_profiles(hours))
    gains = [_gain(hours, profile) for profile in profiles]
    top = max(gains, default=0.0)
    weights = [exp(gain - top) for gain in gains]
    evidence = exp(min(top, 600.0)) * sum(weights) / len(weights) if weights else 1.0
    total = sum(cell.calls for cell in cells)
    if evidence < believe_at:
        return CallTiming(total, evidence, False, {}, {})
    common = {
        hour.hour: sum(w * p[at] for w, p in zip(weights, profiles, strict=True)) / sum(weights)
        for at, hour in enumerate(hours)
    }
    lifts = {(c.zone, c.hour): _own(c, rates[c.zone], common[c.hour]) for c in cells if rates[c.zone] > 0}
    return CallTiming(total, evidence, True, lifts, common)


def _zone_rates(cells: Iterable[HourCount]) -> dict[str, float]:
    calls: dict[str, int] = defaultdict(int)
    answered: dict[str, int] = defaultdict(int)
    for cell in cells:
        calls[cell.zone] += cell.calls
        answered[cell.zone] += cell.answered
    return {zone: min(HIGHEST_RATE, answered[zone] / n) for zone, n in calls.items()}


def _hours(cells: Sequence[HourCount], rates: Mapping[str, float]) -> list[_Hour]:
    found = []
    for hour in sorted({cell.hour for cell in cells}):
        here = [cell for cell in cells if cell.hour == hour]
        calls = sum(cell.calls for cell in here)
        rate = sum(cell.calls * rates[cell.zone] for cell in here) / calls
        found.append(_Hour(hour, calls, sum(cell.answered for cell in here), rate))
    return found


def _profiles(hours: Sequence[_Hour]) -> Iterable[tuple[float, ...]]:
    """Multipliers by hour: one stretch against the rest, the mean over the calls kept."""
    expected = [hour.calls * hour.rate for hour in hours]
    for start in range(len(hours)):
        for end in range(start + 1, min(start + LONGEST_STRETCH, len(hours) - 1) + 1):
            share = sum(expected[start:end]) / sum(expected)
            for lift in LIFTS:
                rest = 1 / (1 + share * lift)
                profile = tuple(rest * (1 + lift) if start <= at < end else rest for at in range(len(hours)))
                if all(m * hour.rate < 1 for m, hour in zip(profile, hours, strict=True)):
                    yield profile


def _gain(hours: Sequence[_Hour], profile: Sequence[float]) -> float:
    """Log likelihood of the calls under a profile, less that under one rate for all hours."""
    return sum(
        h.answered * log(m) + (h.calls - h.answered) * log((1 - h.rate * m) / (1 - h.rate))
        for h, m in zip(hours, profile, strict=True)
    )


def _own(cell: HourCount, rate: float, common: float) -> float:
    return (cell.answered + ZONE_STRENGTH * rate * common) / ((cell.calls + ZONE_STRENGTH) * rate)
