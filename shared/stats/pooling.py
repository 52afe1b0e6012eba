"""Which segments differ: compared within the same days, pulled towards each other, false finds kept rare.

A segment is set against everybody else of the same stratum (a day, or a week), so that a good week or a
change of the mix over time is no difference between segments (Mantel and Haenszel 1959). What is claimed is
the ratio after shrinkage: of many segments the highest is in part the luckiest, and regresses (Efron and
Morris 1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from scipy.special import betainc, betaincinv

from shared.stats.arms import Arm
from shared.stats.rates import normal_tail

MINIMUM_EXPECTED = 5.0  # successes and failures that chance alone would give, for the normal tail to hold
Z95 = 1.959964


@dataclass(frozen=True)
class Stratum:
    """The segment and everybody else in one stretch of time."""

    segment: Arm
    rest: Arm


@dataclass(frozen=True)
class Contrast:
    """A segment against the rest of the same strata: log of the rate ratio, its variance, the z of its test.

    `n` and `k` are the segment's own, where there was somebody to compare with.
    """

    n: int
    k: int
    log_ratio: float
    variance: float
    z: float

    @property
    def p_value(self) -> float:
        """The chance of a difference so large either way, if there were none."""
        return 2 * normal_tail(abs(self.z))

    def widened(self, dispersion: float) -> Contrast:
        """The same for outcomes that vary so many times as much as independent ones would."""
        z, variance = self.z / sqrt(dispersion), self.variance * dispersion
        return Contrast(self.n, self.k, self.log_ratio, variance, z)


@dataclass(frozen=True)
class Pooled:
    """The ratio to expect of a segment after shrinkage, with a 95 % interval."""

    ratio: float
    low: float
    high: float


def contrast(strata: Sequence[Stratum]) -> Contrast | None:
    """Cochran, Mantel and Haenszel; the variance of the log ratio by Greenland and Robins (1985).

    None where there is too little to say anything.
    """
    used = [each for each in strata if each.segment.n and each.rest.n]
    expected = sum(_expected(each) for each in used)
    spread = sum(_variance(each) for each in used)
    n, k = sum(each.segment.n for each in used), sum(each.segment.successes for each in used)
    if min(expected, n - expected) < MINIMUM_EXPECTED or spread <= 0:
        return None
    up = sum(s.segment.successes * s.rest.n / _total(s) for s in used)
    down = sum(s.rest.successes * s.segment.n / _total(s) for s in used)
    if down <= 0:
        return None
    up = up or 0.5  # a segment without any success is not infinitely worse
    product = sum(_greenland_robins(each) for each in used)
    return Contrast(n, k, log(up / down), product / (up * down), (k - expected) / sqrt(spread))


def _total(each: Stratum) -> int:
    return each.segment.n + each.rest.n


def _expected(each: Stratum) -> float:
    return each.segment.n * (each.segment.successes + each.rest.successes) / _total(each)


def _variance(each: Stratum) -> float:
    total, k = _total(each), each.segment.successes + each.rest.successes
    if total < 2:
        return 0.0
    return each.segment.n * each.rest.n * k * (total - k) / (total * total * (total - 1))


def _greenland_robins(each: Stratum) -> float:
    total, k = _total(each), each.segment.successes + each.rest.successes
    cross = each.segment.successes * each.rest.successes * total
    return (each.segment.n * each.rest.n * k - cross) / (total * total)


def dispersion(cells: Sequence[tuple[Arm, float]], parameters: int) -> float:
    """How much more outcomes vary than a coin would, at least 1: Pearson's statistic per degree of freedom.

    Cells are counts with the rate expected of them; one company that is called five times is not five coins.
    """
    tested = [(arm, p) for arm, p in cells if arm.n and 0 < p < 1]
    freedom = len(tested) - parameters
    if freedom < 1:
        return 1.0
    return max(1.0, sum((a.successes - a.n * p) ** 2 / (a.n * p * (1 - p)) for a, p in tested) / freedom)


def pooled_ratios(contrasts: Sequence[Contrast]) -> list[Pooled]:
    """Shrink the ratios of one dimension's segments towards 1, as far as they look like noise.

    Empirical Bayes: how far segments truly differ is estimated from all of them (DerSimonian and Laird 1986).
    """
    weights = [1 / each.variance for each in contrasts]
    spread = sum(w * each.log_ratio**2 for w, each in zip(weights, contrasts, strict=True)) - len(contrasts)
    between = max(spread / sum(weights), 0.0) if weights else 0.0
    return [_pooled(each, between) for each in contrasts]


def _pooled(each: Contrast, between: float) -> Pooled:
    if between == 0:
        return Pooled(1.0, 1.0, 1.0)
    kept = between / (between + each.variance)
    middle, half = kept * each.log_ratio, Z95 * sqrt(kept * each.variance)
    return Pooled(exp(middle), exp(middle - half), exp(middle + half))


def benjamini_hochberg(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which to call finds so that at most this share of them is expected to be false (1995)."""
    ordered = sorted(range(len(p_values)), key=lambda place: p_values[place])
    passed = 0
    for rank, place in enumerate(ordered, start=1):
        if p_values[place] <= rate * rank / len(p_values):
            passed = rank
    found = set(ordered[:passed])
    return [place in found for place in range(len(p_values))]


@dataclass(frozen=True)
class BetaPrior:
    """What is believed of a rate before its own counts: as if `successes` and `failures` had been seen."""

    successes: float
    failures: float

    @property
    def rate(self) -> float:
        """The mean of all segments."""
        return self.successes / (self.successes + self.failures)


def beta_prior(segments: Sequence[Arm]) -> BetaPrior | None:
    """The prior that the segments give each other, by the method of moments.

    None without any success or without any failure. As strong as a thousand units where the segments
    differ no more than chance would have them differ.
    """
    n, k = sum(each.n for each in segments), sum(each.successes for each in segments)
    if not 0 < k < n:
        return None
    mean = k / n
    seen = sum(each.n * (each.rate - mean) ** 2 for each in segments)
    chance = mean * (1 - mean) * (len(segments) - 1)
    room = n - sum(each.n**2 for each in segments) / n
    between = max((seen - chance) / room, 0.0) if room else 0.0
    strength = mean * (1 - mean) / between - 1 if between else STRONGEST
    strength = min(max(strength, 1.0), STRONGEST)
    return BetaPrior(mean * strength, (1 - mean) * strength)


STRONGEST = 1000.0


def pooled_rate(segment: Arm, prior: BetaPrior) -> Pooled:
    """A segment's rate, its own counts pulled towards the others': mean and 95 % interval (beta-binomial)."""
    a, b = segment.successes + prior.successes, segment.failures + prior.failures
    return Pooled(a / (a + b), float(betaincinv(a, b, 0.025)), float(betaincinv(a, b, 0.975)))


def chance_below(segment: Arm, prior: BetaPrior, rate: float) -> float:
    """The probability that a segment's true rate is below `rate`."""
    a, b = segment.successes + prior.successes, segment.failures + prior.failures
    return float(betainc(a, b, rate))
