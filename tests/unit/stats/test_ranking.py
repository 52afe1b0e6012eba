"""AUC, capture, calibration and intervals over blocks, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shared.stats.ranking import auc, calibration, capture, mean_over_blocks


def test_auc__is_the_share_of_pairs_in_order_and_ties_count_half() -> None:
    outcomes = np.array([1.0, 0, 1, 0])
    assert auc(outcomes, np.array([4.0, 3, 2, 1])) == 0.75
    assert auc(outcomes, np.array([1.0, 1, 1, 1])) == 0.5


def test_capture__gives_ties_at_the_edge_what_fits() -> None:
    outcomes = np.array([1.0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    assert capture(outcomes, np.arange(10.0)[::-1]) == 0.5
    # All tied: a fifth of the leads hold a fifth of the outcomes.
    assert capture(outcomes, np.ones(10)) == pytest.approx(0.2)


def test_chances_that_mean_what_they_say__have_slope_1_and_intercept_0() -> None:
    random = np.random.default_rng(5)
    chances = random.uniform(0.02, 0.5, 20_000)
    outcomes = (random.random(20_000) < chances).astype(float)
    found = calibration(outcomes, chances)
    assert found.slope == pytest.approx(1, abs=0.08)
    assert found.intercept == pytest.approx(0, abs=0.12)
    assert all(abs(part.predicted - part.observed) < 0.04 for part in found.bins)


def test_chances_twice_too_extreme__have_half_the_slope() -> None:
    random = np.random.default_rng(6)
    odds = random.normal(-1, 1, 20_000)
    outcomes = (random.random(20_000) < 1 / (1 + np.exp(-odds))).astype(float)
    assert calibration(outcomes, 1 / (1 + np.exp(-2 * odds))).slope == pytest.approx(0.5, abs=0.04)


def test_an_interval_over_equal_blocks__is_students() -> None:
    found = mean_over_blocks([1.0, 2, 3, 4], [5, 5, 5, 5], 0.95)
    # mean 2.5, s / sqrt(4) = 0.6455, t(3) = 3.1824
    assert found.estimate == 2.5
    assert found.high - 2.5 == pytest.approx(3.1824 * 0.6455, rel=1e-3)
    assert found.low == pytest.approx(5 - found.high)


def test_one_block_that_outweighs_all_others__says_nothing() -> None:
    found = mean_over_blocks([0.7, 0.5], [1000, 1], 0.95)
    assert math.isinf(found.high)
    assert math.isinf(found.low)
