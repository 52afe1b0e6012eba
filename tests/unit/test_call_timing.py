"""The hours at which people pick up: found where they differ, not believed where they do not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from shared.call_timing import CallTiming, HourCount, learn_timing

ZONES = {"America/New_York": 0.25, "America/Denver": 0.15}
HOURS = range(8, 18)
BELIEVE_AT = 100.0


def life(seed: int, lifts: Mapping[int, float], *, days: int, a_day: int = 50) -> list[CallTiming]:
    """What is known each week of a life in which people pick up by zone and hour."""
    dice = random.Random(seed)  # noqa: S311
    calls: Counter[tuple[str, int]] = Counter()
    answered: Counter[tuple[str, int]] = Counter()
    known = []
    for day in range(1, days + 1):
        for _ in range(a_day):
            zone, hour = dice.choice(list(ZONES)), dice.choice(HOURS)
            calls[zone, hour] += 1
            answered[zone, hour] += dice.random() < ZONES[zone] * lifts.get(hour, 1.0)
        if day % 5 == 0:
            counts = [HourCount(z, h, n, answered[z, h]) for (z, h), n in calls.items()]
            known.append(learn_timing(counts, believe_at=BELIEVE_AT))
    return known


def test_hours_that_are_better__are_found_and_their_lift_is_about_right() -> None:
    found = [life(seed, {10: 1.6, 11: 1.6}, days=60)[-1] for seed in range(5)]
    assert sum(each.believed for each in found) >= 4
    for each in found:
        if each.believed:
            assert max(each.common, key=lambda hour: each.common[hour]) in (10, 11)
            assert 1.2 < each.lift("America/Denver", 10) < 2.0
            assert each.lift("America/Denver", 15) < 1.05


def test_hours_that_do_not_matter__are_not_believed_however_often_one_looks() -> None:
    assert not any(each.believed for seed in range(15) for each in life(seed, {}, days=60))


def test_zones_that_answer_more__are_not_taken_for_better_hours() -> None:
    """The east is called early and answers more: within each zone no hour is better."""
    counts = [HourCount("east", hour, 400, 160) for hour in (8, 9, 10)]
    counts += [HourCount("west", hour, 400, 40) for hour in (15, 16, 17)]
    assert not learn_timing(counts, believe_at=BELIEVE_AT).believed


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [HourCount("east", 9, 0, 0)],
        [HourCount("east", 9, 500, 0), HourCount("east", 10, 500, 0)],
        [HourCount("east", 9, 500, 500), HourCount("east", 10, 500, 500)],
        [HourCount("east", 9, 5000, 900)],
    ],
)
def test_calls_that_cannot_tell__leave_every_hour_as_good_as_the_others(counts: list[HourCount]) -> None:
    found = learn_timing(counts, believe_at=BELIEVE_AT)
    assert not found.believed
    assert found.lift("east", 9) == 1.0


def test_a_zones_own_hour__counts_when_it_outweighs_the_others() -> None:
    counts = [HourCount("east", hour, 2000, 600 if hour == 16 else 400) for hour in HOURS]
    counts += [HourCount("west", hour, 2000, 600 if hour == 9 else 400) for hour in HOURS]
    counts += [HourCount("south", hour, 20, 4) for hour in HOURS]
    found = learn_timing(counts, believe_at=BELIEVE_AT)
    assert found.believed
    assert found.lift("east", 16) > 1.3 > found.lift("east", 9)
    assert found.lift("west", 9) > 1.3 > found.lift("west", 16)
    assert abs(found.lift("south", 9) - found.common[9]) < 0.05
