"""Alarms: what is out of the ordinary, what is only luck, and what a change is made of."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from functions.learning.alarms import (
    SPANS,
    WATCHED,
    Daily,
    Reading,
    Watched,
    compared,
    in_words,
    of_new_words,
    readings,
    silent,
)
from shared.directives.outreach import Measures
from shared.stats import Arm, alarm_level

LAST = date(2026, 11, 24)
POLICY = Measures(baseline_days=28, false_alarms_a_quarter=1.0)
LEVEL = alarm_level(len(WATCHED) * len(SPANS))
CALLS = WATCHED[0]


def days(rates: list[float], n: int, seed: int = 0) -> Daily:
    """So many touches on each day up to the last, at these rates."""
    roll = Random(seed)  # noqa: S311 - chance, not secrets
    return {
        LAST - timedelta(days=len(rates) - 1 - place): Arm(n, sum(roll.random() < rate for _ in range(n)))
        for place, rate in enumerate(rates)
    }


def raised(watched: Watched, daily: Daily) -> bool:
    return min(each.chance for each in readings(watched, daily, LAST, POLICY)) < LEVEL


def test_a_deep_fall__is_an_alarm_the_next_night() -> None:
    assert raised(CALLS, days([0.2] * 40 + [0.05], 120))


def test_a_mild_fall__is_an_alarm_within_the_week() -> None:
    assert not raised(CALLS, days([0.2] * 40 + [0.14], 120))
    assert raised(CALLS, days([0.2] * 40 + [0.14] * 7, 120))


def test_a_rise__is_no_alarm_where_a_fall_would_be() -> None:
    assert not raised(CALLS, days([0.2] * 40 + [0.4], 120))


def test_more_people_who_want_no_more__are_an_alarm() -> None:
    asked_to_stop = next(each for each in WATCHED if each.part == "opted_out")
    assert raised(asked_to_stop, days([0.01] * 40 + [0.08], 200))
    assert not raised(asked_to_stop, days([0.01] * 40 + [0.0], 200))


def test_a_day_of_ten_calls__raises_no_alarm_by_luck() -> None:
    assert not raised(CALLS, days([0.25] * 40 + [0.0], 10))


def test_nothing_known_before__raises_no_alarm() -> None:
    assert not raised(CALLS, days([0.0], 50))
    assert not raised(CALLS, {})


@pytest.mark.parametrize("n", [10, 50, 150])
def test_a_quarter_where_nothing_changes__keeps_the_budget(n: int) -> None:
    """One rate of nine: a ninth of an alarm a quarter, so hardly one in four of them."""
    daily = days([0.2] * (35 + 4 * 91), n, seed=n)
    alarms = sum(
        min(each.chance for each in readings(CALLS, daily, LAST - timedelta(days=back), POLICY)) < LEVEL
        for back in range(4 * 91)
    )
    assert alarms <= 2


def test_silence__is_one_on_a_day_that_was_never_silent() -> None:
    weekdays = {day: arm for day, arm in days([0.2] * 60, 20).items() if day.weekday() < 5}
    assert not silent(weekdays, LAST)
    tuesday = {day: arm for day, arm in weekdays.items() if day != LAST}
    assert silent(tuesday, LAST)
    assert not silent(tuesday, LAST - timedelta(days=2))  # a Sunday
    assert not silent({}, LAST)


def test_thanksgiving__is_no_silence() -> None:
    thursday = date(2026, 11, 26)
    assert not silent({thursday - timedelta(weeks=week): Arm(9, 1) for week in range(1, 9)}, thursday)


def test_new_words__explain_a_fall_only_where_the_old_ones_fare_as_ever() -> None:
    fell = Reading(CALLS, LAST, LAST, Arm(100, 6), Arm(2800, 560), 1e-6)
    before = {"old": Arm(2800, 560)}
    assert of_new_words(fell, before, {"old": Arm(20, 4), "new": Arm(80, 2)})
    assert not of_new_words(fell, before, {"old": Arm(40, 0), "new": Arm(60, 6)})
    assert not of_new_words(fell, before, {"old": Arm(100, 6)})


def test_words__name_figure_and_cause() -> None:
    fell = Reading(CALLS, LAST, LAST, Arm(120, 6), Arm(2800, 560), 1e-6)
    assert in_words(fell, "mix") == (
        "Call, answered: 5.0% on Tuesday (6 of 120), usually 20.0%: other people were contacted, "
        "each sort reacts as before"
    )


def test_a_day__stands_beside_its_baseline_last_week_and_last_month() -> None:
    found = compared(days([0.2] * 70, 100), LAST, POLICY)
    assert [found[name]["n"] for name in ("day", "baseline", "last_week", "last_month")] == [
        100,
        2800,
        700,
        2800,
    ]
    low, high = found["baseline"]["interval"]
    assert low < 0.2 < high < 0.22
