"""Alarms and what explains them: known answers, the false-alarm budget, and parts that add up."""

from __future__ import annotations

from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stats import Arm, alarm_level, chance_of_fewer, chance_of_more, decompose, rate_interval

ARMS = st.integers(0, 300).flatmap(lambda n: st.builds(Arm, st.just(n), st.integers(0, n)))


def test_interval__of_three_in_three() -> None:
    """The founders' 3 of 3: anything from 44 % on."""
    assert rate_interval(Arm(3, 3)) == pytest.approx((0.4385, 1.0), abs=1e-3)
    assert rate_interval(Arm(0, 0)) == (0.0, 1.0)


def test_a_long_baseline__gives_the_binomial_test() -> None:
    exact = sum(comb(50, k) * 0.25**k * 0.75 ** (50 - k) for k in range(7))
    assert chance_of_fewer(Arm(50, 6), Arm(400_000, 100_000)) == pytest.approx(exact, rel=1e-3)


def test_a_short_baseline__is_less_sure() -> None:
    assert chance_of_fewer(Arm(50, 4), Arm(40, 10)) > 5 * chance_of_fewer(Arm(50, 4), Arm(4000, 1000))


@given(ARMS, ARMS)
def test_tails__together_hold_everything_and_the_middle_twice(seen: Arm, baseline: Arm) -> None:
    fewer, more = chance_of_fewer(seen, baseline), chance_of_more(seen, baseline)
    assert 0 <= fewer <= 1
    assert 0 <= more <= 1
    assert fewer + more >= 1 - 1e-9


def test_alarms__keep_their_budget_where_nothing_changes() -> None:
    """Three rates a day, 28 days of baseline, 40 quarters: no more than one false alarm in each."""
    roll, level, alarms = Random(7), alarm_level(3), 0  # noqa: S311 - chance, not secrets
    for _ in range(3):
        for _ in range(40 * 91):
            n = roll.randrange(20, 120)
            before = Arm(28 * 70, sum(roll.random() < 0.2 for _ in range(4)) * 98)
            truth = before.successes / before.n
            seen = Arm(n, sum(roll.random() < truth for _ in range(n)))
            alarms += chance_of_fewer(seen, before) < level
    assert alarms <= 40


@given(
    st.dictionaries(st.sampled_from("abcd"), ARMS.filter(lambda arm: arm.n > 0), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), ARMS.filter(lambda arm: arm.n > 0), min_size=1),
)
def test_parts__add_up_to_the_difference(before: dict[str, Arm], after: dict[str, Arm]) -> None:
    def overall(arms: dict[str, Arm]) -> float:
        return sum(each.successes for each in arms.values()) / sum(each.n for each in arms.values())

    parts = decompose(before, after)
    assert parts.mix + parts.rate == pytest.approx(overall(after) - overall(before))


def test_other_people__are_a_change_of_mix() -> None:
    before = {"referral": Arm(500, 200), "list": Arm(500, 50)}
    other_people = decompose(before, {"referral": Arm(100, 40), "list": Arm(900, 90)})
    assert other_people.of_mix
    assert other_people.rate == pytest.approx(0)
    same_people = decompose(before, {"referral": Arm(500, 100), "list": Arm(500, 25)})
    assert not same_people.of_mix
    assert same_people.mix == pytest.approx(0)
