"""Two rates compared: by a fixed sample, and by a boundary that holds at any number of looks up to a cap."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, log, sqrt

from shared.stats.arms import Arm, relative_lift
from shared.stats.evidence import GAIN_LIFTS, HARM_LIFTS, outcome_log_e

# Wang and Tsiatis, boundary of power 1/4, for continuous looks: one-sided alpha to its constant.
BOUNDARY_CONSTANTS = {0.10: 1.81, 0.05: 2.11, 0.025: 2.38, 0.01: 2.70}
INTERVAL_CONSTANT = BOUNDARY_CONSTANTS[0.025]  # 95 %, both sides, at every look at once
PRIOR_VARIANCE = (
    0.04  # of the logarithm of a lift ratio: most changes of copy move a rate by less than a fifth
)


@dataclass(frozen=True)
class RateComparison:
    """Control and treatment side by side.

    `p_value` is for one look at a sample fixed beforehand; `boundary` (for `z`) and the intervals hold at
    every look. None means "says nothing": without `n_max` or `base_rate`, with an empty arm, or where one
    rate is 0 or 1 so that its spread is unknown.
    """

    control_rate: float
    treatment_rate: float
    difference: float
    lift: float | None
    z: float
    p_value: float
    boundary: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    lift_low: float | None = None
    lift_high: float | None = None
    shrunken_lift: float | None = None
    log_e_up: float | None = None
    log_e_down: float | None = None

    @property
    def uninformative(self) -> bool:
        """Whether the counts cannot tell the arms apart at all."""
        return self.z == 0.0 and self.shrunken_lift is None


def compare_rates(
    control: Arm,
    treatment: Arm,
    *,
    base_rate: float | None = None,
    n_max: float | None = None,
    treatment_share: float = 0.5,
    alpha: float = 0.05,
) -> RateComparison:
    """Everything that is known about two rates. Raises ValueError for an `alpha` without its constant."""
    z = pooled_z(control, treatment)
    used = information(control, treatment, n_max) if n_max else 0.0
    low, high = always_valid_interval(control, treatment, used)
    p_c = control.rate
    relative = p_c > 0 and low is not None and high is not None
    evidence = _evidence(control, treatment, base_rate, treatment_share)
    return RateComparison(
        control_rate=p_c,
        treatment_rate=treatment.rate,
        difference=treatment.rate - p_c,
        lift=relative_lift(p_c, treatment.rate),
        z=z,
        p_value=normal_tail(z),
        boundary=boundary(used, alpha),
        difference_low=low,
        difference_high=high,
        lift_low=low / p_c if relative and low is not None else None,
        lift_high=high / p_c if relative and high is not None else None,
        shrunken_lift=shrunken_lift(control, treatment),
        log_e_up=evidence[0],
        log_e_down=evidence[1],
    )


def _evidence(
    control: Arm, treatment: Arm, base_rate: float | None, share: float
) -> tuple[float | None, float | None]:
    if base_rate is None:
        return None, None
    counts = (control.successes, control.failures), (treatment.successes, treatment.failures)
    up = outcome_log_e(*counts, base_rate=base_rate, lifts=GAIN_LIFTS, treatment_share=share)
    down = outcome_log_e(*counts, base_rate=base_rate, lifts=HARM_LIFTS, treatment_share=share)
    return up, down


def pooled_z(control: Arm, treatment: Arm) -> float:
    """The two-proportion z of a pooled rate; 0 for an empty arm or a pooled rate of 0 or 1."""
    n = control.n + treatment.n
    pooled = (control.successes + treatment.successes) / n if n else 0.0
    if not control.n or not treatment.n or pooled in (0.0, 1.0):
        return 0.0
    spread = sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / treatment.n))
    return (treatment.rate - control.rate) / spread


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal."""
    return erfc(z / sqrt(2)) / 2


def information(control: Arm, treatment: Arm, n_max: float) -> float:
    """The share of the planned sample that is in, at most 1."""
    return min((control.n + treatment.n) / n_max, 1.0)


def boundary(used: float, alpha: float = 0.05) -> float | None:
    """What `z` must reach when this share of the sample is in; None before anything is.

    Wang and Tsiatis (1987), power 1/4. P(crossed at any look | no effect) is at most `alpha`.
    """
    constant = boundary_constant(alpha)
    return constant * used**-0.25 if used > 0 else None


def boundary_constant(alpha: float) -> float:
    """The boundary's height at the full sample. Raises ValueError for an alpha that was not computed."""
    try:
        return BOUNDARY_CONSTANTS[alpha]
    except KeyError:
        known = ", ".join(map(str, BOUNDARY_CONSTANTS))
        raise ValueError(f"alpha must be one of {known}, not {alpha}") from None


def always_valid_interval(control: Arm, treatment: Arm, used: float) -> tuple[float | None, float | None]:
    """95 % interval of the difference, valid at every look at once; (None, None) where it is unknown."""
    p_c, p_t = control.rate, treatment.rate
    if used <= 0 or not (0 < p_c < 1 and 0 < p_t < 1):
        return None, None
    spread = sqrt(p_t * (1 - p_t) / treatment.n + p_c * (1 - p_c) / control.n)
    margin = INTERVAL_CONSTANT * used**-0.25 * spread
    return p_t - p_c - margin, p_t - p_c + margin


def predictive_power(z: float, used: float, alpha: float = 0.05) -> float:
    """The chance that `z` ends above the boundary when the sample is full, under a flat prior.

    1 before anything is known (a test is never hopeless without data); 0 or 1 when the sample is full.
    """
    constant = boundary_constant(alpha)
    if used <= 0:
        return 1.0
    if used >= 1:
        return float(z >= constant)
    return normal_tail((constant - z / sqrt(used)) / sqrt((1 - used) / used))


def shrunken_lift(control: Arm, treatment: Arm) -> float | None:
    """The lift to expect from now on: winners are in part lucky, so the observed lift is pulled towards 0.

    None without successes in both arms.
    """
    if not control.successes or not treatment.successes:
        return None
    ratio = log(treatment.rate / control.rate)
    variance = (1 - treatment.rate) / treatment.successes + (1 - control.rate) / control.successes
    return exp(ratio * PRIOR_VARIANCE / (PRIOR_VARIANCE + variance)) - 1
