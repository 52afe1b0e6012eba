"""The record of what was planted and injected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulator.truth import Injected, Planted, Truth

AT = datetime(2026, 10, 8, 12, tzinfo=UTC)
OPENER = Planted("opener-b", "opener", "short", {}, "decision_maker", 0.4)
DOWN = Injected("provider_down", AT, AT + timedelta(hours=2), "vapi")


def test_null__changes_neither_the_metric_nor_opt_outs() -> None:
    assert replace(OPENER, lift=0.0).null
    assert not replace(OPENER, lift=0.0, opt_out_lift=0.5).null
    assert not OPENER.null


def test_planting__one_id_twice_is_refused() -> None:
    truth = Truth("trap", 1)
    truth.plant([OPENER])
    with pytest.raises(ValueError, match="same id"):
        truth.plant([OPENER])
    assert truth.planted == (OPENER,)


def test_injected__none_is_lost_and_the_order_is_the_world_s() -> None:
    truth = Truth("stormy", 1)
    faults = [replace(DOWN, at=AT + timedelta(minutes=n), target=f"line {n % 7}") for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(truth.inject, reversed(faults)))
    assert truth.injected == tuple(faults)
