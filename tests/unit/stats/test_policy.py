"""What holds for every count: nothing to say is said as such, order is irrelevant, and it is quick."""

from __future__ import annotations

import time
from dataclasses import replace
from math import inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.stats import (
    Arm,
    ExperimentCounts,
    ExperimentPlan,
    LiveArm,
    Prior,
    compare_rates,
    decide,
    detector_step,
    leads_needed,
    outcome_log_e,
    sample_ratio_log_e,
    shortest_run,
    smallest_lift,
    value_of_information,
)

PLAN = ExperimentPlan(0.2, 2800)


def counts(n_c: int, s_c: int, n_t: int, s_t: int, **more: object) -> ExperimentCounts:
    control, treatment = Arm(n_c, s_c), Arm(n_t, s_t)
    live = [LiveArm(arm.n, arm.successes, arm.failures) for arm in (control, treatment)]
    return replace(ExperimentCounts(control, treatment, live[0], live[1]), **more)  # type: ignore[arg-type]


arms = st.integers(0, 3000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(arms, arms, st.floats(0, 1), st.floats(0, 100))
def test_any_counts__give_a_finite_verdict(
    control: tuple[int, int], treatment: tuple[int, int], base: float, days: float
) -> None:
    found = decide(ExperimentPlan(base, 2800), counts(*control, *treatment), days)
    numbers = [v for v in vars(found).values() if isinstance(v, float)]
    assert all(abs(v) < inf for v in numbers)
    if min(control[0], treatment[0]) < 50:
        assert found.action in ("CONTINUE", "INVALID_SRM")


@pytest.mark.parametrize(
    ("control", "treatment"),
    [(Arm(0, 0), Arm(0, 0)), (Arm(100, 0), Arm(100, 0)), (Arm(50, 50), Arm(50, 50)), (Arm(10, 3), Arm(0, 0))],
)
def test_counts_that_say_nothing__are_called_uninformative(control: Arm, treatment: Arm) -> None:
    found = compare_rates(control, treatment, n_max=2800, base_rate=0.1)
    assert found.z == 0.0
    assert found.p_value == 0.5
    assert (found.lift_low, found.lift_high) == (None, None)


@pytest.mark.parametrize("wrong", [lambda: Arm(1, 2), lambda: Arm(-1, 0), lambda: LiveArm(5, 4, 2)])
def test_counts_that_cannot_be__are_refused(wrong: object) -> None:
    with pytest.raises(ValueError):
        wrong()  # type: ignore[operator]


def test_an_alpha_without_its_constant__is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.05"):
        compare_rates(Arm(10, 1), Arm(10, 2), n_max=100, alpha=0.07)


def test_e_value__averages_to_one_over_the_coin_of_assignment() -> None:
    """Why it is exact: one more outcome, in whichever arm, leaves the expected evidence as it was."""
    for share in (0.5, 0.8):
        kwargs = {"base_rate": 0.2, "lifts": (-0.3,), "treatment_share": share}
        now = outcome_log_e((0, 0), (0, 0), **kwargs)  # type: ignore[arg-type]
        in_c = outcome_log_e((1, 0), (0, 0), **kwargs)  # type: ignore[arg-type]
        in_t = outcome_log_e((0, 0), (1, 0), **kwargs)  # type: ignore[arg-type]
        expected = (1 - share) * 2.718281828459045**in_c + share * 2.718281828459045**in_t
        assert expected == pytest.approx(2.718281828459045**now)


def test_split__49_to_51_by_chance_is_none_and_55_to_45_is() -> None:
    assert sample_ratio_log_e(686, 714) < 0
    assert sample_ratio_log_e(1260, 1540) > log(100)


def test_guardrail__stops_a_change_that_annoys_people() -> None:
    found = decide(PLAN, counts(300, 60, 300, 66, guardrails={"opted_out": (3, 30)}), 5)
    assert (found.action, found.guardrail, found.alert) == ("ROLLBACK", "opted_out", True)


def test_win__with_sources_that_differ_goes_to_the_owner() -> None:
    mixed = {"a": (Arm(700, 140), Arm(700, 290)), "b": (Arm(700, 140), Arm(700, 90))}
    assert decide(PLAN, counts(1400, 280, 1400, 380), 20).action == "DEPLOY"
    found = decide(PLAN, counts(1400, 280, 1400, 380, sources=mixed), 20)
    assert (found.action, found.reason) == ("REVIEW", "win, but the sources differ")


def test_end_of_the_run__with_a_hint_is_promising_not_futile() -> None:
    found = decide(PLAN, counts(400, 80, 400, 96), 30)
    assert (found.action, found.reason) == ("REVIEW", "promising but unproven")


def test_loss_by_a_third_without_proof__raises_the_alarm_of_a_rollback() -> None:
    found = decide(ExperimentPlan(0.03, 2800), counts(311, 8, 289, 4), 6)
    assert (found.action, found.alert) == ("KILL", True)


def test_plan__the_least_run_that_suffices_else_none() -> None:
    assert shortest_run(0.1, 0.5, 700, 3) == 28
    assert shortest_run(0.2, 0.2, 450, 0) == 56
    assert shortest_run(0.03, 0.1, 700, 14) is None
    assert leads_needed(0.0, 0.2) == leads_needed(0.2, 0.0) == inf
    assert smallest_lift(0.2, 2800) == pytest.approx(0.21, abs=0.005)
    assert smallest_lift(0.0, 2800) is None


def test_value_of_information__more_from_frequent_metrics_and_bold_ideas() -> None:
    def value(base: float, sd: float, weekly: float = 700) -> float:
        return value_of_information(base, weekly, Prior(0.0, sd), days=28)

    assert value(0.2, 0.2) > value(0.03, 0.2) > 0
    assert value(0.2, 0.3) > value(0.2, 0.1)
    assert value(0.2, 0.2, 0) == value(0.0, 0.2) == 0.0


def test_detector__is_quiet_at_the_usual_rate_and_alerts_when_it_falls() -> None:
    level = 0.0
    for _ in range(200):
        level, alert = detector_step(level, 2, 8, 0.2)
        assert not alert
    steps = 0
    while not alert:
        level, alert = detector_step(level, 0, 10, 0.2)
        steps += 1
    assert 5 <= steps <= 15
    assert level == 0.0


def test_detector__a_huge_step_is_an_alert_and_no_overflow() -> None:
    assert detector_step(0.0, 0, 10**7, 0.2) == (0.0, True)


def test_decision__takes_less_than_a_millisecond() -> None:
    state = counts(700, 140, 700, 168, sources={"a": (Arm(700, 140), Arm(700, 168))})
    took = []
    for _ in range(20):
        began = time.process_time()
        for _ in range(20):
            decide(PLAN, state, 14)
        took.append((time.process_time() - began) / 20)
    assert min(took) < 0.001
