"""Traffic of simulated tests with known truth: who is in which arm, who succeeds, and when it is heard of.

The same seed gives the same traffic to whoever decides over it, so that rules are compared on the same leads.
Needs numpy alone, since the rivals run in an environment of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

DAYS, CHECKS_A_DAY, LEADS_A_CHECK = 28, 20, 5
CHECKS = DAYS * CHECKS_A_DAY
LEADS = CHECKS * LEADS_A_CHECK
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cell:
    """One kind of world. `lift` is the truth; `late` the share of successes heard of up to 7 days later.

    `late_treatment` differs where the change alters the speed of replies; `share` is how many really land in
    the treatment (designed: one half); `capacity` is how many of a day's 100 leads can be contacted at all,
    the treatment's hour being the earlier one; `shared` gives each arm its part of it. A cap (`n_max`) out of
    reach keeps a test running for all 28 days, so that what ends it is its split.
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
    shared: bool = True
    n_max: int = LEADS


CELLS = {
    cell.name: cell
    for cell in (
        Cell("null", 2000, 0.2),
        Cell("null_faster_replies", 2000, 0.1, window_days=7, late=0.9, late_treatment=0.3),
        Cell("base20_up20", 1000, 0.2, 0.2),
        Cell("base10_up50", 1000, 0.1, 0.5),
        Cell("base20_down50", 1000, 0.2, -0.5),
        Cell("split_55_45", 1000, 0.01, share=0.55, n_max=10**6),
        Cell("split_50_50", 1000, 0.01, n_max=10**6),
        Cell("hour_null_capped", 1000, 0.2, window_days=3, capacity=60),
        Cell("hour_null_capped_unshared", 100, 0.2, window_days=3, capacity=60, shared=False),
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


def traffic(cell: Cell, sims: int, seed: int) -> Traffic:
    """The traffic of `sims` tests of a cell."""
    rng = np.random.default_rng([seed, sum(map(ord, cell.name))])
    treated = rng.random((sims, LEADS)) < cell.share
    rate = np.where(treated, cell.base * (1 + cell.lift), cell.base)
    success = rng.random((sims, LEADS)) < rate
    arrival = np.broadcast_to(np.arange(LEADS) // LEADS_A_CHECK, treated.shape)
    late_share = np.where(
        treated, cell.late if cell.late_treatment is None else cell.late_treatment, cell.late
    )
    late = rng.random((sims, LEADS)) < late_share
    wait = np.where(late, rng.random((sims, LEADS)) * cell.window_days * CHECKS_A_DAY, 0).astype(np.int32)
    heard = arrival + wait
    if cell.capacity is not None:
        contacted = np.stack([_contact_day(row, cell) for row in treated])
        in_time = contacted - np.arange(LEADS) // (LEADS_A_CHECK * CHECKS_A_DAY) <= cell.window_days
        success &= in_time
        heard = np.maximum(heard, contacted * CHECKS_A_DAY + CHECKS_A_DAY - 1)
    return Traffic(treated, success, np.asarray(heard, dtype=np.int32))


def _contact_day(treated: Array, cell: Cell) -> Array:
    """The day on which each lead is contacted, oldest first, when a day has room for `capacity` of them."""
    a_day = LEADS_A_CHECK * CHECKS_A_DAY
    contacted = np.full(LEADS, 10_000, dtype=np.int32)
    queues: dict[bool, list[int]] = {True: [], False: []}
    capacity = cell.capacity or 0
    for day in range(DAYS):
        for lead in range(day * a_day, (day + 1) * a_day):
            queues[bool(treated[lead])].append(lead)
        left = capacity
        for arm in (True, False):  # the treatment's hour comes first
            room = capacity // 2 if cell.shared else left
            sent, queues[arm] = queues[arm][:room], queues[arm][room:]
            contacted[sent] = day
            left -= len(sent)
    return contacted
