"""Traffic of simulated tests with known truth: who is in which arm, who succeeds, and when it is heard of.

The same seed gives the same traffic to whoever decides over it, so that rules are compared on the same leads.
Needs numpy alone, since the rivals run in an environment of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

DAYS, CHECKS_A_DAY, LEADS_A_CHECK = 28, 20, 5
CHECKS = DAYS * CHECKS_A_DAY
LEADS = CHECKS * LEADS_A_CHECK
BLOCK = 250
Array = np.ndarray[Any, Any]


Allocation = Literal["proportional", "halves", "first_come"]


@dataclass(frozen=True)
class Cell:
    """One kind of world. `lift` is the truth; `late` the share of successes heard of up to a window later.

    `late_treatment` differs where the change alters the speed of replies; `share` is how many really land in
    the treatment (designed: one half); `capacity` is how many of a day's 100 leads can be contacted at all,
    the treatment's hour being the earlier one; `allocation` says which part of it each arm gets: as many as
    wait in it, one half, or whatever the earlier arm leaves. A cap (`n_max`) out of reach keeps a test
    running for all 28 days, so that what ends it is its split. `goal` is in words.
    """

    name: str
    sims: int
    base: float
    lift: float = 0.0
    window_days: int = 0
    late: float = 0.0
    late_treatment: float | None = None
    share: float = 0.5
    capacity: int | None = None
    allocation: Allocation = "proportional"
    n_max: int = LEADS
    goal: str = ""


FALSE_WINS = "wins ≤ 6.5 %"
CELLS = {
    cell.name: cell
    for cell in (
        Cell("null", 2000, 0.2, goal=FALSE_WINS),
        Cell("null_faster_replies", 2000, 0.1, window_days=7, late=0.9, late_treatment=0.3, goal=FALSE_WINS),
        Cell("base20_up20", 1000, 0.2, 0.2, goal="wins ≥ 69 %"),
        Cell("base10_up50", 1000, 0.1, 0.5, goal="wins ≥ 93 %"),
        Cell("base20_down50", 1000, 0.2, -0.5, goal="median off ≤ day 2.5"),
        Cell("split_55_45", 1000, 0.01, share=0.55, n_max=10**6, goal="split caught ≥ 95 %"),
        Cell("split_50_50", 1000, 0.01, n_max=10**6, goal="split caught ≤ 1 %"),
        Cell("hour_null_capped", 1000, 0.2, window_days=3, capacity=60, goal=FALSE_WINS),
        Cell("hour_null_capped_80", 1000, 0.2, window_days=3, capacity=80, goal=FALSE_WINS),
        # What happens without the rule that the two cells above show.
        Cell("hour_null_halves", 250, 0.2, window_days=3, capacity=80, allocation="halves"),
        Cell("hour_null_first_come", 250, 0.2, window_days=3, capacity=80, allocation="first_come"),
    )
}


@dataclass(frozen=True)
class Traffic:
    """Arrays of [simulation, lead] by arrival. `heard` is the check at which a success is known."""

    treated: Array
    success: Array
    heard: Array

    def live_counts(self) -> Array:
        """[simulation, check, (n_c, s_c, n_t, s_t)]: what a live table would show at each check."""
        sims = self.treated.shape[0]
        counts = np.zeros((sims, CHECKS, 4), dtype=np.int32)
        check = np.arange(LEADS) // LEADS_A_CHECK
        for arm in (0, 1):
            mine = self.treated == bool(arm)
            for sim in range(sims):
                counts[sim, :, 2 * arm] = np.bincount(check[mine[sim]], minlength=CHECKS)[:CHECKS]
                known = mine[sim] & self.success[sim] & (self.heard[sim] < CHECKS)
                counts[sim, :, 2 * arm + 1] = np.bincount(self.heard[sim][known], minlength=CHECKS)[:CHECKS]
        return counts.cumsum(axis=1)


def blocks(cell: Cell, sims: int, seed: int) -> Iterator[Traffic]:
    """The traffic of `sims` tests, a block at a time; the first are the same however many follow."""
    for block, first in enumerate(range(0, sims, BLOCK)):
        yield traffic(cell, block, seed, min(BLOCK, sims - first))


def traffic(cell: Cell, block: int, seed: int, sims: int = BLOCK) -> Traffic:
    """The first `sims` tests of a block."""
    shape = (BLOCK, LEADS)
    rng = np.random.default_rng([seed, block, sum(map(ord, cell.name))])
    treated = rng.random(shape) < cell.share
    rate = np.where(treated, cell.base * (1 + cell.lift), cell.base)
    success = rng.random(shape) < rate
    arrival = np.broadcast_to(np.arange(LEADS) // LEADS_A_CHECK, shape)
    late_share = np.where(
        treated, cell.late if cell.late_treatment is None else cell.late_treatment, cell.late
    )
    late = rng.random(shape) < late_share
    wait = np.where(late, rng.random(shape) * cell.window_days * CHECKS_A_DAY, 0).astype(np.int32)
    treated, success, heard = treated[:sims], success[:sims], (arrival + wait)[:sims]
    if cell.capacity is not None:
        contacted = np.stack([_contact_day(row, cell, cell.capacity) for row in treated])
        in_time = contacted - np.arange(LEADS) // (LEADS_A_CHECK * CHECKS_A_DAY) <= cell.window_days
        success &= in_time
        heard = np.maximum(heard, contacted * CHECKS_A_DAY + CHECKS_A_DAY - 1)
    return Traffic(treated, success, np.asarray(heard, dtype=np.int32))


def _contact_day(treated: Array, cell: Cell, capacity: int) -> Array:
    """The day on which each lead is contacted, oldest first, when a day has room for `capacity` of them."""
    a_day = LEADS_A_CHECK * CHECKS_A_DAY
    contacted = np.full(LEADS, 10_000, dtype=np.int32)
    queues: dict[bool, list[int]] = {True: [], False: []}
    for day in range(DAYS):
        for lead in range(day * a_day, (day + 1) * a_day):
            queues[bool(treated[lead])].append(lead)
        for arm, room in _rooms(queues, cell.allocation, capacity).items():
            sent, queues[arm] = queues[arm][:room], queues[arm][room:]
            contacted[sent] = day
    return contacted


def _rooms(queues: dict[bool, list[int]], allocation: Allocation, capacity: int) -> dict[bool, int]:
    """How many of each arm a day contacts."""
    early, late = len(queues[True]), len(queues[False])
    part = {
        "proportional": round(capacity * early / (early + late)),
        "halves": capacity // 2,
        "first_come": min(early, capacity),
    }[allocation]
    return {True: part, False: capacity - part}
