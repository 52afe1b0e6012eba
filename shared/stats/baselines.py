"""Is today out of the ordinary? Rates against a baseline of their own, at a stated budget of false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma, sqrt

from shared.stats.arms import Arm

Z95 = 1.959964
DAYS_A_QUARTER = 91


def rate_interval(arm: Arm) -> tuple[float, float]:
    """95 % interval of a rate (Wilson 1927), which holds at small counts and at 0."""
    if not arm.n:
        return 0.0, 1.0
    spread = Z95**2 / arm.n
    middle = (arm.rate + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * sqrt(arm.rate * (1 - arm.rate) / arm.n + spread / (4 * arm.n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def alarm_level(tests_a_day: int, false_alarms_a_quarter: float = 1.0) -> float:
    """The p below which one test of a day is an alarm, so that all of a quarter's give so many false ones."""
    return false_alarms_a_quarter / (DAYS_A_QUARTER * tests_a_day)


def chance_of_fewer(seen: Arm, baseline: Arm) -> float:
    """P(so few successes or fewer), were the rate the baseline's: exact, one-sided.

    The baseline is known from counts too, so its rate is given its own spread (beta-binomial, Jeffreys'
    prior): for a long baseline this is the binomial test.
    """
    a, b = baseline.successes + 0.5, baseline.failures + 0.5
    return min(sum(_beta_binomial(k, seen.n, a, b) for k in range(seen.successes + 1)), 1.0)


def chance_of_more(seen: Arm, baseline: Arm) -> float:
    """P(so many successes or more), were the rate the baseline's: exact, one-sided."""
    return chance_of_fewer(Arm(seen.n, seen.failures), Arm(baseline.n, baseline.failures))


def _beta_binomial(k: int, n: int, a: float, b: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + _log_beta(k + a, n - k + b) - _log_beta(a, b))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


@dataclass(frozen=True)
class Change:
    """What a difference of two rates is made of: `mix` (other people) and `rate` (the same people differ)."""

    mix: float
    rate: float

    @property
    def of_mix(self) -> bool:
        """Whether most of it comes from whom was contacted."""
        return abs(self.mix) > abs(self.rate) and self.mix * (self.mix + self.rate) > 0


def decompose(before: Mapping[str, Arm], after: Mapping[str, Arm]) -> Change:
    """Split the difference of the overall rates over the segments (Kitagawa 1955); the parts add up to it.

    A segment that is there only once has no change of its own: it is all mix.
    """
    n0, n1 = sum(each.n for each in before.values()), sum(each.n for each in after.values())
    if not n0 or not n1:
        return Change(0.0, 0.0)
    overall = sum(each.successes for each in before.values()) / n0
    mix = rate = 0.0
    for name in before.keys() | after.keys():
        old, new = before.get(name, Arm(0, 0)), after.get(name, Arm(0, 0))
        r0 = old.rate if old.n else new.rate
        r1 = new.rate if new.n else old.rate
        mix += (new.n / n1 - old.n / n0) * ((r0 + r1) / 2 - overall)
        rate += (r1 - r0) * (old.n / n0 + new.n / n1) / 2
    return Change(mix, rate)
