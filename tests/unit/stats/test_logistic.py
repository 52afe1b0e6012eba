"""The penalised fit: it finds the minimum, also where a plain Newton step would not."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from shared.stats.logistic import fit_logistic


def problem(seed: int, rate: float) -> tuple[Any, Any, Any, Any, float]:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 6, 400)
    design = np.equal.outer(codes, np.arange(6)).astype(float)
    outcomes = (random.random(400) < rate * (1 + (codes == 2))).astype(float)
    weights = 0.5 ** (np.arange(400)[::-1] / 100)
    return design, outcomes, weights, np.eye(6) * 0.01, float(np.log(rate / (1 - rate)))


def gradient(found: Any, given: tuple[Any, Any, Any, Any, float]) -> Any:
    design, outcomes, weights, penalty, offset = given
    chance = 1 / (1 + np.exp(-(design @ found + offset)))
    return design.T @ (weights * (chance - outcomes)) + penalty @ found


def test_the_fit__is_where_a_general_optimiser_ends() -> None:
    given = problem(1, 0.2)
    design, outcomes, weights, penalty, offset = given

    def loss(at: Any) -> float:
        eta = design @ at + offset
        return float(weights @ (np.logaddexp(0, eta) - outcomes * eta) + at @ penalty @ at / 2)

    optimise: Any = minimize
    other = optimise(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-7}).x
    assert np.allclose(fit_logistic(*given), other, atol=2e-3)


def test_outcomes_so_rare_that_a_full_step_overshoots__still_end_at_the_minimum() -> None:
    for seed in range(5):
        given = problem(seed, 0.004)
        found = fit_logistic(*given)
        assert np.abs(found).max() < 50
        assert np.abs(gradient(found, given)).max() < 1e-2


def test_a_level_in_which_nothing_ever_happens__gets_a_finite_weight() -> None:
    design, outcomes, weights, penalty, offset = problem(3, 0.3)
    outcomes[design[:, 4] == 1] = 0
    found = fit_logistic(design, outcomes, weights, penalty, offset)
    assert np.isfinite(found).all()
    assert found[4] == min(found)
