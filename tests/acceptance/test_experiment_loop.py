"""A hundred simulated tests through the product's own check loop; `bench/experiments.py` runs thousands."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import psycopg
import pytest

from bench.experiments import Batch, live_loop
from bench.experiments_traffic import CHECKS_A_DAY, Cell, Traffic, traffic
from functions.runner import run_stage

# Half the sample of the full tier, in half the time.
NULL, WINNING = Cell("null", 60, 0.2, n_max=1400), Cell("winning", 40, 0.2, 0.8, n_max=1400)


def both(one: Traffic, other: Traffic) -> Traffic:
    return Traffic(
        np.concatenate([one.treated, other.treated]),
        np.concatenate([one.success, other.success]),
        np.concatenate([one.heard, other.heard]),
    )


@pytest.fixture
def batch(database: str) -> Batch:
    owner = psycopg.connect(database, autocommit=True)
    world = both(traffic(NULL, NULL.sims, 1), traffic(WINNING, WINNING.sims, 1))
    return Batch(live_loop(database, owner), owner, NULL, world)


@pytest.mark.long
def test_a_hundred_tests__few_false_wins_and_nearly_every_true_one(batch: Batch) -> None:
    with closing(batch.owner), closing(batch.loop):
        batch.begin()
        found = batch.run(every=CHECKS_A_DAY)
        again = run_stage(batch.loop, "ab_test_manager", by_hand=True, force=True)
        assert again.counts["decided"] == 0
        assert [batch._standing()[number][1] for number in batch.ids] == [each["verdict"] for each in found]
    assert all(each["verdict"] for each in found)
    assert sum(each["win"] for each in found[:60]) <= 8  # 5 % and three standard errors
    assert sum(each["win"] for each in found[60:]) >= 36
