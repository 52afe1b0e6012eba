"""Whether the hours of calls are found where they differ, and left alone where they do not.

    uv run python -m bench.call_timing [--lives 300]

Lives of 12 weeks: so many drawn calls a day are put at a random hour from 8 to 17, in three zones that answer
at different rates, and every morning what is known is asked anew, as the loop does. The hours multiply the
answer rate: not at all (what must not be believed), by the profile of the simulator's rates (`ordinary`), or
by what is planted. `days` is the median until the hours are believed; `gain` is how much more often people
answer at the hour then believed to be the best than over all hours, by the truth.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.call_timing import HourCount, learn_timing
from simulator.world.rates import Rates

ZONES = {"America/New_York": 0.25, "America/Chicago": 0.2, "America/Los_Angeles": 0.15}
HOURS = range(8, 18)
DAYS = 60
BELIEVE_AT = 100.0
MOST_FALSE = 0.02
LEAST_FOUND = 0.5


@dataclass(frozen=True)
class Life:
    """The day on which the hours were first believed, None if never, and what the best of them is worth."""

    believed_on: int | None
    gain: float


def live(seed: int, lifts: Mapping[int, float], a_day: int) -> Life:
    """One life, looked at every morning."""
    dice = random.Random(seed)  # noqa: S311
    calls: Counter[tuple[str, int]] = Counter()
    answered: Counter[tuple[str, int]] = Counter()
    for day in range(1, DAYS + 1):
        for _ in range(a_day):
            zone, hour = dice.choice(list(ZONES)), dice.choice(HOURS)
            calls[zone, hour] += 1
            answered[zone, hour] += dice.random() < ZONES[zone] * lifts.get(hour, 1.0)
        counts = [HourCount(z, h, n, answered[z, h]) for (z, h), n in calls.items()]
        found = learn_timing(counts, believe_at=BELIEVE_AT)
        if found.believed:
            best = max(found.common, key=lambda hour: found.common[hour])
            mean = statistics.mean(lifts.get(hour, 1.0) for hour in HOURS)
            return Life(day, lifts.get(best, 1.0) / mean - 1)
    return Life(None, 0.0)


def cells() -> Iterator[tuple[str, Mapping[int, float], int]]:
    """What is planted, and how many calls a day are drawn."""
    profile = dict(zip(HOURS, Rates.load().calls.hours, strict=False))
    for a_day in (10, 25, 50, 100):
        yield "no hour is better", {}, a_day
        yield "the rates' own profile", profile, a_day
        yield "10 to 12 by 30 %", {10: 1.3, 11: 1.3}, a_day
        yield "10 to 12 by 50 %", {10: 1.5, 11: 1.5}, a_day


def main() -> None:
    """Live, show, and fail where chance is believed or a large effect is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--lives", type=int, default=300)
    asked = parser.parse_args()
    missed = []
    print(f"{'planted':<24} {'drawn a day':>11} {'believed':>9} {'days':>5} {'gain':>6}")
    for name, lifts, a_day in cells():
        lives = [live(seed, lifts, a_day) for seed in range(asked.lives)]
        days = [each.believed_on for each in lives if each.believed_on is not None]
        share = len(days) / len(lives)
        gain = statistics.mean(each.gain for each in lives if each.believed_on is not None) if days else 0.0
        median = f"{statistics.median(days):.0f}" if days else "-"
        print(f"{name:<24} {a_day:>11} {share:>9.1%} {median:>5} {gain:>6.1%}", flush=True)
        if (not lifts and share > MOST_FALSE) or ("50" in name and a_day >= 50 and share < LEAST_FOUND):
            missed.append(f"{name} at {a_day} a day: {share:.1%}")
    if missed:
        raise SystemExit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
