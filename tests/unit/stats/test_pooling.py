"""Segments against each other: known answers, and what must hold of any counts."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stats import (
    Arm,
    BetaPrior,
    Contrast,
    Stratum,
    benjamini_hochberg,
    beta_prior,
    chance_below,
    contrast,
    dispersion,
    pooled_rate,
    pooled_ratios,
)

ARMS = st.integers(0, 400).flatmap(lambda n: st.builds(Arm, st.just(n), st.integers(0, n)))
STRATA = st.lists(st.builds(Stratum, ARMS, ARMS), max_size=8)


def test_one_stratum__is_the_plain_rate_ratio_and_the_two_proportion_z() -> None:
    found = contrast([Stratum(Arm(100, 30), Arm(200, 40))])
    assert found is not None
    assert exp(found.log_ratio) == pytest.approx(1.5)
    assert found.variance == pytest.approx(1 / 30 - 1 / 100 + 1 / 40 - 1 / 200)
    assert found.z == pytest.approx(1.927, abs=0.001)


def test_a_good_week_with_more_of_one_segment__is_no_difference_between_segments() -> None:
    """Simpson's paradox: overall 38 % against 22 %, and the same in either week."""
    strata = [Stratum(Arm(900, 360), Arm(100, 40)), Stratum(Arm(100, 20), Arm(900, 180))]
    found = contrast(strata)
    assert found is not None
    assert found.log_ratio == pytest.approx(0)
    assert found.z == pytest.approx(0)


@given(STRATA)
def test_the_mirror_image__has_the_opposite_ratio(strata: list[Stratum]) -> None:
    there, back = contrast(strata), contrast([Stratum(each.rest, each.segment) for each in strata])
    if there is not None and back is not None and there.k and back.k:
        assert there.log_ratio == pytest.approx(-back.log_ratio)
        assert there.variance == pytest.approx(back.variance)
        assert there.z == pytest.approx(-back.z)


def test_too_little__says_nothing() -> None:
    assert contrast([]) is None
    assert contrast([Stratum(Arm(10, 9), Arm(0, 0))]) is None
    assert contrast([Stratum(Arm(20, 4), Arm(20, 2))]) is None


def test_segments_that_differ_by_luck__are_pulled_to_no_difference() -> None:
    luck = [Contrast(100, 20, 0.1 * side, 0.04, side / 2) for side in (-1, 1, -1, 1)]
    assert {each.ratio for each in pooled_ratios(luck)} == {1.0}


def test_one_that_stands_out__is_pulled_less_far_the_more_is_known_of_it() -> None:
    sure = Contrast(4000, 800, log(2), 0.002, 15)
    vague = Contrast(40, 16, log(2), 0.2, 1.5)
    others = [Contrast(400, 80, 0.0, 0.02, 0) for _ in range(4)]
    first, second, *_ = pooled_ratios([sure, vague, *others])
    assert 1.9 < first.ratio < 2
    assert 1 < second.ratio < 1.7
    assert first.low > 1.5
    assert second.low < 1


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_false_discovery_control__keeps_the_smallest(p_values: list[float], rate: float) -> None:
    found = benjamini_hochberg(p_values, rate)
    kept = [p for p, find in zip(p_values, found, strict=True) if find]
    left = [p for p, find in zip(p_values, found, strict=True) if not find]
    assert all(p <= rate for p in kept)
    assert not kept or not left or max(kept) <= min(left)
    assert all(p > rate / len(p_values) for p in left)


def test_false_discovery_control__of_the_paper() -> None:
    """Benjamini and Hochberg (1995), section 3.2: the first four of fifteen at 5 %."""
    p = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719)
    assert benjamini_hochberg([*p, 0.6528, 0.7590, 1.0], 0.05) == [True] * 4 + [False] * 11


def test_dispersion__is_one_for_coins_and_more_for_clusters() -> None:
    coins = [(Arm(1, k), 0.5) for k in (0, 1)] * 50
    clusters = [(Arm(10, k), 0.5) for k in (0, 10)] * 50
    assert dispersion(coins, 1) == pytest.approx(1, abs=0.05)
    assert dispersion(clusters, 1) == pytest.approx(10, rel=0.05)


@given(st.lists(ARMS, min_size=2, max_size=8))
def test_a_pooled_rate__lies_between_its_own_and_the_others(arms: list[Arm]) -> None:
    prior = beta_prior(arms)
    if prior is None:
        assert sum(each.successes for each in arms) in (0, sum(each.n for each in arms))
        return
    for each in arms:
        found = pooled_rate(each, prior)
        assert found.low <= found.ratio <= found.high or found.ratio < 0.02 or found.ratio > 0.98
        if each.n:
            low, high = sorted((each.rate, prior.rate))
            assert low - 1e-9 <= found.ratio <= high + 1e-9


def test_chance_below__of_a_flat_prior() -> None:
    assert chance_below(Arm(0, 0), BetaPrior(1, 1), 0.2) == pytest.approx(0.2)
