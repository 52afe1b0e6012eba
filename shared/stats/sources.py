"""Do the sources of the leads agree about a lift?"""

from __future__ import annotations

from collections.abc import Iterable
from math import log, sqrt

from shared.stats.arms import Arm

FEWEST_SUCCESSES = 20
LARGE_SHARE = 0.20
Z_ONE_SIDED_95 = 1.645
P_DIFFERENT = 0.01


def sources_disagree(sources: Iterable[tuple[Arm, Arm]]) -> bool:
    """Whether lifts differ between sources by more than chance, or a large source clearly loses.

    Cochran's Q over log ratios of sources with at least 20 successes; continuity as in Walter (1975).
    """
    pairs = list(sources)
    total = sum(control.n + treatment.n for control, treatment in pairs)
    rows = [
        (*_log_ratio(control, treatment), control.n + treatment.n)
        for control, treatment in pairs
        if control.successes + treatment.successes >= FEWEST_SUCCESSES
    ]
    if any(n >= LARGE_SHARE * total and b + Z_ONE_SIDED_95 * sqrt(v) < 0 for b, v, n in rows):
        return True
    if len(rows) < 2:
        return False
    from scipy.special import chdtrc  # half a second to import, and only a win asks

    weight = sum(1 / v for _, v, _ in rows)
    mean = sum(b / v for b, v, _ in rows) / weight
    q = sum((b - mean) ** 2 / v for b, v, _ in rows)
    return bool(chdtrc(len(rows) - 1, q) < P_DIFFERENT)


def _log_ratio(control: Arm, treatment: Arm) -> tuple[float, float]:
    s_c, s_t = control.successes + 0.5, treatment.successes + 0.5
    n_c, n_t = control.n + 1, treatment.n + 1
    return log((s_t / n_t) / (s_c / n_c)), 1 / s_t - 1 / n_t + 1 / s_c - 1 / n_c
