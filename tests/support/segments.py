"""Companies with segments and outcomes by chance, and the figures that are counted of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from functions.learning.patterns import Candidate, judged, questions
from shared.state.measures import Figure

FIRST = date(2026, 8, 3)
SHARES: Mapping[str, Mapping[str, float]] = {
    "industry": {"roofing": 0.3, "hvac": 0.3, "law": 0.2, "dental": 0.1, "gym": 0.06, "logistics": 0.04},
    "size": {"1-10": 0.6, "11-50": 0.25, "51-200": 0.1, "201-1000": 0.05},
    "region": {name: 0.1 for name in ("AZ", "CA", "NY", "TX", "FL", "OH", "IL", "WA", "GA", "CO")},
    "zone": {"America/New_York": 0.5, "America/Chicago": 0.3, "America/Los_Angeles": 0.2},
    "source": {"apollo": 0.75, "fair": 0.15, "referral": 0.1},
    "hour": {f"{hour:02}": 0.125 for hour in range(9, 17)},
    "script": {"scripts/a": 0.5, "scripts/b": 0.5},
}
SEASON = (1.0, 0.7, 1.3, 0.9, 1.1, 0.8, 1.2)
RATES = {"answered": 0.2, "dm_contact": 0.1, "booked": 0.01, "replied": 0.035, "positive": 0.012}


@dataclass(frozen=True)
class Company:
    """First contacted on `day`; what it is, and for each channel which metrics it reached."""

    day: date
    levels: Mapping[str, str]
    reached: Mapping[str, frozenset[str]]


Lift = Callable[[str, str, Mapping[str, str]], float]


def companies(seed: int, *, days: int, a_day: int, lift: Lift | None = None) -> list[Company]:
    """So many companies a working day; `lift` multiplies the rate of a metric on a channel. Weeks differ."""
    roll, found = Random(seed), list[Company]()  # noqa: S311 - chance, not secrets
    for number in range(days):
        day = FIRST + timedelta(days=number)
        season = SEASON[(seed + number // 7) % len(SEASON)]
        for _ in range(a_day if day.weekday() < 5 else 0):
            levels = {name: _drawn(roll, shares) for name, shares in SHARES.items()}
            levels["weekday"] = str(day.isoweekday())
            reached = {
                channel: frozenset(
                    metric
                    for metric, rate in RATES.items()
                    if roll.random() < rate * season * (lift(channel, metric, levels) if lift else 1)
                )
                for channel in ("call", "email", "sms")
            }
            found.append(Company(day, levels, reached))
    return found


def _drawn(roll: Random, shares: Mapping[str, float]) -> str:
    return roll.choices(list(shares), list(shares.values()))[0]


def candidates(among: Sequence[Company]) -> list[Candidate]:
    """Every question of the week, asked of these companies."""
    found: list[Candidate] = []
    for question in questions():
        n, k = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
        for each in among:
            level = (each.levels.get(question.dimension, ""), each.day.isoformat())
            n[level] += 1
            k[level] += question.numerator in each.reached[question.channel]
        found += judged(question, [Figure(level=level, n=n[level], k=k[level]) for level in sorted(n)])
    return found
