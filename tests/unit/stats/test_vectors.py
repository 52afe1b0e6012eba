"""Known answers: other programs' figures, an independent computation, and published tables."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.stats import (
    Arm,
    ExperimentCounts,
    ExperimentPlan,
    LiveArm,
    boundary,
    compare_rates,
    decide,
    guardrail_log_e,
    leads_needed,
    predictive_power,
    sample_ratio_log_e,
    sources_disagree,
)
from shared.stats.rates import BOUNDARY_CONSTANTS

CLOSED_FORM = 1e-9
OTHER_PROGRAMS = 1e-7


@cache
def vectors(name: str) -> Any:
    return json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))[name]


def cases(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", vectors(name), ids=lambda c: str(c.get("name") or c.get("input")))


def arms(four: list[int]) -> tuple[Arm, Arm]:
    return Arm(four[0], four[1]), Arm(four[2], four[3])


@cases("fixed_sample")
def test_fixed_sample__as_other_programs_have_it(case: dict[str, Any]) -> None:
    found = compare_rates(*arms(case["input"]))
    assert found.z == pytest.approx(case["z_pooled"], rel=OTHER_PROGRAMS)
    assert found.p_value == pytest.approx(case["p_one_sided_greater"], rel=OTHER_PROGRAMS)
    assert found.lift == (None if case["lift"] is None else pytest.approx(case["lift"], rel=CLOSED_FORM))


@cases("evidence")
def test_evidence_and_boundary__as_computed_independently(case: dict[str, Any]) -> None:
    found = compare_rates(
        *arms(case["input"]), base_rate=case["base_rate"], n_max=case["n_max"], treatment_share=case["pi"]
    )
    assert found.log_e_up == pytest.approx(case["log_e_up"], abs=CLOSED_FORM)
    assert found.log_e_down == pytest.approx(case["log_e_down"], abs=CLOSED_FORM)
    assert found.z == pytest.approx(case["z"], rel=CLOSED_FORM)
    assert found.boundary == pytest.approx(case["boundary_alpha05"], rel=CLOSED_FORM)
    power = predictive_power(found.z, case["t"])
    assert power == pytest.approx(case["predictive_power"], rel=CLOSED_FORM, abs=1e-12)
    interval = case["always_valid_ci_95"] or (None, None)
    for value, expected in zip((found.difference_low, found.difference_high), interval, strict=True):
        assert value == (None if expected is None else pytest.approx(expected, rel=CLOSED_FORM))


@pytest.mark.parametrize("case", vectors("sample_ratio"))
def test_sample_ratio(case: dict[str, Any]) -> None:
    found = sample_ratio_log_e(case["a_c"], case["a_t"], case["pi"])
    assert found == pytest.approx(case["log_e"], abs=CLOSED_FORM)


@pytest.mark.parametrize("case", vectors("guardrail"))
def test_guardrail(case: dict[str, Any]) -> None:
    found = guardrail_log_e(case["e_c"], case["e_t"], case["pi"])
    assert found == pytest.approx(case["log_e"], abs=CLOSED_FORM)


@pytest.mark.parametrize("case", vectors("leads_needed"))
def test_leads_needed(case: dict[str, Any]) -> None:
    assert leads_needed(case["base"], case["lift"]) == pytest.approx(case["leads"], rel=CLOSED_FORM)


@pytest.mark.parametrize("case", vectors("heterogeneity"))
def test_sources(case: dict[str, Any]) -> None:
    assert sources_disagree(map(arms, case["sources"].values())) is case["heterogeneous"]


@cases("states")
def test_policy__one_state(case: dict[str, Any]) -> None:
    live = case["live_a_s_f"]
    control, treatment = arms(case["mature"])
    counts = ExperimentCounts(
        control,
        treatment,
        LiveArm(*live[:3]),
        LiveArm(*live[3:]),
        {name: (events[0], events[1]) for name, events in case["guardrails"].items()},
        {name: arms(four) for name, four in case["sources"].items()},
    )
    found = decide(ExperimentPlan(case["base_rate"], case["n_max"]), counts, case["days"])
    expected = dict(case["expected"])
    assert (found.action, found.reason) == (expected.pop("action"), expected.pop("reason"))
    for name, value in expected.items():
        answer = getattr(found, name)
        close = CLOSED_FORM if name.startswith("log_e") else 1e-12
        assert answer == (None if value is None else pytest.approx(value, rel=CLOSED_FORM, abs=close)), name


@pytest.mark.parametrize("case", vectors("trajectories"))
def test_policy__day_by_day_ends_on_its_day(case: dict[str, Any]) -> None:
    plan, expected = ExperimentPlan(case["true_base"], 2800), case["first_terminal"]
    for day, four in enumerate(case["daily_cumulative"], start=1):
        control, treatment = arms(four)
        live = [LiveArm(arm.n, arm.successes, arm.failures) for arm in (control, treatment)]
        found = decide(plan, ExperimentCounts(control, treatment, live[0], live[1]), day)
        if found.ends:
            assert (day, found.action, found.reason) == (
                expected["day"],
                expected["action"],
                expected["reason"],
            )
            return
    pytest.fail("it never ended")


POCOCK = list(zip(vectors("pocock")["K"], vectors("pocock")["C"], strict=True))


# The boundary by the recursion of Armitage, McPherson and Rowe: a random walk absorbed above the boundary.


def crossing(heights: list[float], *, two_sided: bool = False) -> float:
    """P(the z of a Brownian motion is above one of these heights), at equally spaced looks."""
    looks = len(heights)
    grid = np.linspace(-5, 5, 601) if looks > 20 else np.linspace(-6, 6, 2401)
    step = grid[1] - grid[0]
    kernel = np.exp(-((grid[:, None] - grid[None, :]) ** 2) * looks / 2) * step * np.sqrt(looks / 2 / np.pi)
    density = np.exp(-(grid**2) * looks / 2) * np.sqrt(looks / 2 / np.pi)
    for look, height in enumerate(heights, start=1):
        if look > 1:
            density = kernel @ density
        line = height * np.sqrt(look / looks)
        # A cell that the boundary cuts is kept in part, or the grid would show in the fourth digit.
        inside = np.clip((line - grid) / step + 0.5, 0, 1)
        if two_sided:
            inside = inside * np.clip((grid + line) / step + 0.5, 0, 1)
        density = density * inside
    return float(1 - density.sum() * step)


@pytest.mark.parametrize(("looks", "constant"), POCOCK)
def test_recursion__gives_pococks_published_table(looks: int, constant: float) -> None:
    assert crossing([constant] * looks, two_sided=True) == pytest.approx(0.05, abs=2e-4)


def test_recursion__gives_the_published_lan_demets_row() -> None:
    assert crossing(vectors("lan_demets")["z"], two_sided=True) == pytest.approx(0.05, abs=2e-4)


def test_boundary__is_crossed_by_chance_in_less_than_alpha_of_560_looks() -> None:
    heights = [boundary(look / 560) or 0.0 for look in range(1, 561)]
    assert 0.045 < crossing(heights) < 0.05


def test_boundary__its_constants_are_those_of_11200_looks_rounded_up() -> None:
    exact = {float(alpha): value for alpha, value in vectors("boundary_constants").items()}
    assert exact.keys() == BOUNDARY_CONSTANTS.keys()
    assert all(exact[a] <= BOUNDARY_CONSTANTS[a] < exact[a] + 0.005 for a in exact)
    assert all(x > y for x, y in pairwise(BOUNDARY_CONSTANTS[a] for a in sorted(BOUNDARY_CONSTANTS)))
