"""Penalised logistic regression by Newton's method with step halving."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS: Final = 60
TOLERANCE: Final = 1e-8
LARGEST: Final = 700.0
"""Log odds beyond which a chance is 0 or 1 in double precision."""


def chances(odds: Array) -> Array:
    """Log odds as chances, 0 to 1."""
    found: Array = 1 / (1 + np.exp(-np.clip(odds, -LARGEST, LARGEST)))
    return found


def fit_logistic(design: Array, outcomes: Array, weights: Array, penalty: Array, offset: float) -> Array:
    """The coefficients b that minimise `sum w (log(1 + e^eta) - y eta) + b' P b / 2`, eta = offset + X b.

    `design` is rows × columns, `penalty` P a positive definite matrix, which makes the minimum one and finite
    even where an outcome never occurs. A full Newton step can overshoot where outcomes are rare, so it is
    halved until it helps (Boyd and Vandenberghe, Convex Optimization, 9.5).
    """

    def loss(at: Array) -> float:
        eta = design @ at + offset
        return float(weights @ (np.logaddexp(0, eta) - outcomes * eta) + at @ penalty @ at / 2)

    found = np.zeros(len(penalty))
    for _ in range(STEPS):
        chance = chances(design @ found + offset)
        gradient = design.T @ (weights * (chance - outcomes)) + penalty @ found
        curvature = design.T @ (design * (weights * chance * (1 - chance))[:, None]) + penalty
        step = np.linalg.solve(curvature, gradient)
        here, gain, size = loss(found), float(gradient @ step), 1.0
        if gain < TOLERANCE * (1 + abs(here)):
            break
        while size > TOLERANCE and loss(found - size * step) > here - size * gain / 4:
            size /= 2
        found = found - size * step
    return found
