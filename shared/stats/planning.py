"""Before a test starts: how many leads it needs, how long it may run, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

MAX_DAYS = (28, 56, 84)
SAFETY = 0.9  # a test that gets less traffic than planned loses power; one that gets more loses nothing
# (z of 95 % one-sided + z of 80 % power), times the boundary's price of looking all the time: 2.486 to 2.682.
POWER_CONSTANT = 2.682


def leads_needed(base_rate: float, lift: float) -> float:
    """Leads of both arms together that find this lift in four of five tests; infinite where none could."""
    better = base_rate * (1 + lift)
    if not 0 < base_rate < 1 or lift == 0 or better >= 1:
        return float("inf")
    spread = base_rate * (1 - base_rate) + better * (1 - better)
    return 2 * POWER_CONSTANT**2 * spread / (better - base_rate) ** 2


def sample_cap(weekly_units: float, max_days: int, window_days: int) -> int:
    """How many matured units `max_days` will bring at today's volume (n_max)."""
    return max(int(SAFETY * weekly_units * (max_days - window_days) / 7), 0)


def shortest_run(base_rate: float, lift: float, weekly_units: float, window_days: int) -> int | None:
    """The least of 28, 56 and 84 days that suffices to find this lift; None when none does."""
    needed = leads_needed(base_rate, lift)
    return next((d for d in MAX_DAYS if needed <= sample_cap(weekly_units, d, window_days)), None)


def smallest_lift(base_rate: float, units: float) -> float | None:
    """The smallest lift that so many units find; None when not even a rate of nearly 1 would be found."""
    low, high = 0.0, (0.999 / base_rate - 1) if 0 < base_rate < 1 else 0.0
    if high <= 0 or leads_needed(base_rate, high) > units:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if leads_needed(base_rate, middle) <= units else (middle, high)
    return high


@dataclass(frozen=True)
class Prior:
    """What is believed of a lift before it is tested: mean and standard deviation."""

    mean: float = 0.0
    sd: float = 0.2


def value_of_information(
    base_rate: float, weekly_units: float, prior: Prior, *, days: int, horizon_weeks: float = 26
) -> float:
    """Successes that a test of so many days is expected to add over the horizon, its own run included.

    Expected value of sample information of a normal prior and a normal mean: the change is kept only when the
    test says so, so what counts is how far its estimate can move (Raiffa and Schlaifer). While the test runs
    half of the leads get the change.
    """
    units = weekly_units * days / 7
    if not 0 < base_rate < 1 or units <= 0 or prior.sd <= 0:
        return 0.0
    noise = 4 * (1 - base_rate) / (base_rate * units)  # variance of a relative lift from two halves
    spread = prior.sd**2 / sqrt(prior.sd**2 + noise)
    standard = NormalDist()
    z = prior.mean / spread
    gain = prior.mean * standard.cdf(z) + spread * standard.pdf(z)
    after = max(horizon_weeks - days / 7, 0.0)
    return base_rate * weekly_units * (after * gain + days / 7 * prior.mean / 2)
