"""How good a ranking is, and how sure that is: AUC, capture, calibration, intervals over blocks of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.stats.logistic import Array, fit_logistic

NO_PENALTY: Final = 1e-6


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds of its confidence interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Leads of like prediction: how many, the mean they were given, and the share that came true."""

    n: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Calibration:
    """Observed log odds = `intercept` + `slope` × predicted ones: 0 and 1 where they mean what they say.

    A slope below 1 says that predictions are too extreme, an intercept below 0 that they are too high.
    """

    intercept: float
    slope: float
    bins: tuple[Bin, ...]


def auc(outcomes: Array, scores: Array) -> float:
    """Chance that a lead with the outcome ranks before one without; ties count half. Needs both."""
    ones = outcomes.sum()
    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    return float((ranks[outcomes == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(outcomes) - ones)))


def capture(outcomes: Array, scores: Array, share: float = 0.2) -> float:
    """Share of all outcomes among the best `share` of the leads; ties at the edge count by what fits in."""
    room = round(share * len(outcomes))
    edge = np.sort(scores)[::-1][room - 1]
    above, tied = scores > edge, scores == edge
    inside = outcomes[above].sum() + outcomes[tied].sum() * (room - above.sum()) / tied.sum()
    return float(inside / outcomes.sum())


def calibration(outcomes: Array, chances: Array, bins: int = 10) -> Calibration:
    """How far predicted chances (0 to 1) mean what they say."""
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    odds = np.log(clipped / (1 - clipped))
    design = np.column_stack([np.ones(len(odds)), odds])
    found = fit_logistic(design, outcomes, np.ones(len(odds)), NO_PENALTY * np.eye(2), 0.0)
    parts = np.array_split(np.argsort(chances, kind="stable"), min(bins, len(chances)))
    table = tuple(Bin(len(p), float(chances[p].mean()), float(outcomes[p].mean())) for p in parts)
    return Calibration(float(found[0]), float(found[1]), table)


def mean_over_blocks(values: Sequence[float], weights: Sequence[float], confidence: float) -> Interval:
    """The weighted mean of one figure per block, and its interval by the spread between the blocks.

    Student's t with as many blocks as the weights are worth (Kish: (sum w)² / sum w²). Blocks in time order
    are taken as independent. Fewer than two blocks' worth say nothing: the interval is unbounded.
    """
    from scipy.special import stdtrit  # half a second to import, and only a judgement asks

    x: Any = np.asarray(values, float)
    w: Any = np.asarray(weights, float) / np.sum(weights)
    mean, worth = float(w @ x), float(1 / (w @ w))
    if worth < 2:
        return Interval(mean, -np.inf, np.inf)
    variance = float((w**2) @ (x - mean) ** 2) * worth / (worth - 1)
    reach = float(stdtrit(worth - 1, (1 + confidence) / 2)) * variance**0.5
    return Interval(mean, mean - reach, mean + reach)
