"""E-values: evidence that stays valid however often one looks.

An e-value of 20 happens by chance in at most 1 of 20 cases, ever. All are logarithms, since they grow
exponentially. For outcomes and guardrails they are mixtures of likelihood ratios over a grid of effects
(Lindon and Malek, "Anytime-valid inference for multinomial count data", arXiv 2011.03567): given that an
outcome came in, its arm is a coin of the assignment's share when there is no effect, whatever the base rate,
the source or the order of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, log1p

HARM_LIFTS = (-0.15, -0.30, -0.50, -0.70)
GAIN_LIFTS = (0.10, 0.20, 0.35, 0.60, 1.00)
GUARDRAIL_LIFTS = (0.3, 0.6, 1.0, 2.0)
BASE_FACTORS = (0.6, 0.8, 1.0, 1.25, 1.6)
HIGHEST_RATE = 0.98
SRM_WEIGHT = 300.0


def outcome_log_e(
    control: tuple[int, int],
    treatment: tuple[int, int],
    *,
    base_rate: float,
    lifts: Sequence[float],
    treatment_share: float = 0.5,
) -> float:
    """Evidence for one of `lifts` against "no effect"; each arm is (successes, failures).

    0 (no evidence either way) when no rate of the grid is a possible one.
    """
    (s_c, f_c), (s_t, f_t) = control, treatment
    share = treatment_share
    terms = []
    for base in (base_rate * factor for factor in BASE_FACTORS):
        for lift in lifts:
            low = base / (1 - share + share * (1 + lift))
            high = low * (1 + lift)
            if min(base, low, high) <= 0 or max(base, low, high) >= HIGHEST_RATE:
                continue
            terms.append(
                s_t * log(high / base)
                + s_c * log(low / base)
                + f_t * log((1 - high) / (1 - base))
                + f_c * log((1 - low) / (1 - base))
            )
    return _mean_of_exponentials(terms)


def guardrail_log_e(events_control: int, events_treatment: int, treatment_share: float = 0.5) -> float:
    """Evidence that a rare bad event (an opt-out, a complaint) is more frequent under the treatment."""
    return _mean_of_exponentials(
        [
            events_treatment * log(share / treatment_share)
            + events_control * log((1 - share) / (1 - treatment_share))
            for lift in GUARDRAIL_LIFTS
            for share in [treatment_share * (1 + lift) / (1 + treatment_share * lift)]
        ]
    )


def sample_ratio_log_e(assigned_control: int, assigned_treatment: int, treatment_share: float = 0.5) -> float:
    """Evidence that units were not assigned by the designed share: a fault of the test, not of an arm.

    A beta mixture around the share, worth `SRM_WEIGHT` units.
    """
    a, b = SRM_WEIGHT * treatment_share, SRM_WEIGHT * (1 - treatment_share)
    return (
        _log_beta(a + assigned_treatment, b + assigned_control)
        - _log_beta(a, b)
        - assigned_treatment * log(treatment_share)
        - assigned_control * log(1 - treatment_share)
    )


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _mean_of_exponentials(logs: Sequence[float]) -> float:
    if not logs:
        return 0.0
    top = max(logs)
    return top + log(sum(exp(each - top) for each in logs)) - log(len(logs))


DETECTOR_ALERT = 20_000.0
DETECTOR_DROP = 0.65


def detector_step(level: float, successes: int, failures: int, historical_rate: float) -> tuple[float, bool]:
    """Advance the e-detector of a deployed change by a step of outcomes: the new level, and an alert or not.

    The level is multiplied by the likelihood ratio of "fell to `DETECTOR_DROP` of what it was" after 1 was
    added, and starts at 0 again after an alert. Outcomes that are heard of together are one step, so their
    order is nothing. Mean steps between false alerts: at least `DETECTOR_ALERT`, however many outcomes each
    has (Shin, Ramdas and Rinaldo on e-detectors). It compares with history, so a bad list looks like a bad
    change: it alerts, and takes nothing back.
    """
    miss = log((1 - DETECTOR_DROP * historical_rate) / (1 - historical_rate))
    height = successes * log(DETECTOR_DROP) + failures * miss + log1p(level)
    return (0.0, True) if height >= log(DETECTOR_ALERT) else (exp(height), False)
