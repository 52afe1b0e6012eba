"""The learned model of a lead: what it takes in, what it learns, and that it never sees the future."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from shared.lead_model.columns import OTHER, UNKNOWN, Lead, Value, learn_column
from shared.lead_model.judging import better_by, learned, walk_forward
from shared.lead_model.model import LeadModel
from shared.lead_model.training import NotEnoughHistory, Training, train

NAMES = ("trade", "size")


def history(
    n: int, *, seed: int = 1, lift: float = 1.2, tide: float = 0.0
) -> tuple[list[dict[str, Value]], list[bool]]:
    """Plumbers say yes more often by `lift` (log odds). With a `tide`, good times bring more roofers, too."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Value]] = []
    outcomes = []
    for i in range(n):
        good = (i // 200) % 2
        trades = ["plumber", "roofer", "dentist"]
        share = [0.3, 0.6, 0.1] if good and tide else [0.3, 0.1, 0.6]
        trade = trades[random.choice(3, p=share)] if tide else trades[random.integers(3)]
        rows.append({"trade": trade, "size": int(random.integers(1, 60))})
        odds = -1.5 + lift * (trade == "plumber") + tide * good
        outcomes.append(bool(random.random() < 1 / (1 + np.exp(-odds))))
    return rows, outcomes


@pytest.mark.parametrize(
    ("value", "level"),
    [("Plumber ", "plumber"), ("florist", OTHER), ("", UNKNOWN), (None, UNKNOWN), (3, OTHER)],
)
def test_a_word__has_a_level_whatever_it_is(value: Value, level: str) -> None:
    column = learn_column("trade", ["plumber"] * 30 + ["roofer"] * 30 + ["florist"] * 2)
    assert column.level(value) == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        *[(999, "999"), ("999.0", "999"), (-5, "up to 3"), (1e9, "over 5"), (4, "over 3 up to 5")],
        *[("soon", UNKNOWN), (None, UNKNOWN), ("nan", UNKNOWN), (float("inf"), UNKNOWN)],
    ],
)
def test_a_number__is_binned_but_one_that_many_share_stands_for_itself(value: Value, level: str) -> None:
    column = learn_column("days", [999] * 5000 + [1, 2, 3, 4, 5, 6] * 50)
    assert column.level(value) == level


def test_what_is_planted__is_found_and_told_in_words() -> None:
    rows, outcomes = history(3000)
    model = train(rows, outcomes, NAMES)
    best = model.reasons({"trade": "plumber", "size": 5})[0]
    assert (best.column, best.level) == ("trade", "plumber")
    assert 1.5 < best.odds < 3.5
    assert model.probability({"trade": "plumber"}) > 1.8 * model.probability({"trade": "roofer"})


def test_good_times__are_not_credited_to_those_who_were_contacted_then() -> None:
    rows, outcomes = history(6000, lift=0.0, tide=1.5)
    ours = train(rows, outcomes, NAMES, Training(cohort=200, drift=3)).weights["trade"]
    pooled = train(rows, outcomes, NAMES, Training(cohort=10_000)).weights["trade"]
    assert pooled["roofer"] - pooled["dentist"] > 0.4
    assert abs(ours["roofer"] - ours["dentist"]) < 0.2


def test_recent_leads__weigh_more_than_old_ones() -> None:
    old, old_outcomes = history(3000, lift=1.5)
    new, new_outcomes = history(1500, lift=-1.0, seed=2)
    model = train(old + new, old_outcomes + new_outcomes, NAMES, Training(half_life=400))
    assert model.weights["trade"]["plumber"] < 0


def test_the_same_history__gives_the_same_model_and_it_survives_being_stored() -> None:
    rows, outcomes = history(1000)
    model = train(rows, outcomes, NAMES)
    again = LeadModel.from_json(train(rows, outcomes, NAMES).as_json())
    assert again.version == model.version
    assert again.log_odds(rows[0]) == model.log_odds(rows[0])


@pytest.mark.parametrize("outcomes", [[], [True] * 500, [False] * 500, [True] * 19 + [False] * 481])
def test_a_history_that_cannot_teach__is_called_not_enough(outcomes: list[bool]) -> None:
    rows: list[Lead] = [{"trade": "plumber"} for _ in outcomes]
    with pytest.raises(NotEnoughHistory):
        train(rows, outcomes, NAMES)


def test_columns_that_tell_nobody_apart__leave_a_model_that_says_so() -> None:
    rows: list[Lead] = [{"trade": "plumber", "size": None} for _ in range(400)]
    model = train(rows, [i % 4 == 0 for i in range(400)], NAMES)
    assert model.columns == ()
    assert model.reasons(rows[0]) == ()
    assert model.probability(rows[0]) == pytest.approx(0.25, abs=0.03)


def test_walking_forward__shows_a_ranker_nothing_of_what_is_to_come() -> None:
    rows, outcomes = history(900)
    seen = []

    def rank(before: Sequence[Lead], known: Sequence[bool], new: Sequence[Lead]) -> list[float]:
        seen.append((len(before), len(known), len(new)))
        assert list(before) == rows[: len(before)]
        return [0.0] * len(new)

    judged = walk_forward(rows, outcomes, rank, block=200, first=300, chances=False)
    assert seen == [(300, 300, 200), (500, 500, 200), (700, 700, 200)]
    assert judged.auc.estimate == 0.5
    assert judged.capture.estimate == pytest.approx(0.2)


def test_a_model_that_learned_something__beats_a_coin_on_later_leads_and_noise_does_not() -> None:
    def coin(_: Sequence[Lead], __: Sequence[bool], new: Sequence[Lead]) -> list[float]:
        return [0.0] * len(new)

    def compared(lift: float) -> tuple[float, float]:
        rows, outcomes = history(3000, lift=lift)
        ours, plain = (
            walk_forward(rows, outcomes, rank, block=300, first=600) for rank in (learned(NAMES), coin)
        )
        found = better_by(ours, plain, 0.99)
        return found.low, found.high

    assert compared(1.2)[0] > 0
    assert compared(0.0)[0] <= 0


def test_too_few_blocks__are_not_enough() -> None:
    rows, outcomes = history(500)
    with pytest.raises(NotEnoughHistory, match="2 blocks of 150"):
        walk_forward(rows, outcomes, learned(NAMES), block=150, first=200)
