"""What watching costs: processor time and database calls of a day, and the bill they make at Modal.

    uv run python -m bench.watching [--world tiny] [--latency-ms 50]

One simulated day with every slot; each run of the tick, the watch and the medic is measured by itself. A
container is new for every run, so the import of what a stage needs is added to each, measured in a fresh
interpreter. The bill takes Modal's list prices of 2026: whichever is higher, the least request or the use,
for as long as the container lives. How long a database call takes there is given by `--latency-ms`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bench.tick_idle import Counting
from functions import stages
from shared.directives import release_of
from shared.state import State
from simulator.days import Days, crons, days_in, local
from simulator.demo import ZONE, credentials, demo_settings, scratch_database
from simulator.leads.arrivals import arrivals
from simulator.simulate import directives, open_business, populated, senders
from simulator.worlds import load

ROOT = Path(__file__).resolve().parent.parent
WATCHING = ("outreach_tick", "watch", "system_medic")
CORE_USD, GIB_USD = 0.0000131, 0.00000222  # a second
LEAST_CORES, GIB = 0.125, 0.25
DAYS_A_MONTH = 30.4
IMPORTS = """
import time
started = time.process_time()
from functions import entry, stages
from shared import loop
from shared.state import connect, supabase
stages.get({name!r}).resolve()
print(time.process_time() - started)
"""


@dataclass
class Cost:
    """What the runs of one stage took in a day: seconds of processor time, calls to the database."""

    runs: int = 0
    cpu_s: float = 0.0
    calls: int = 0

    def usd_a_month(self, start_s: float, latency_s: float) -> float:
        """The bill of these runs, each in a container of its own that first imports for `start_s`."""
        cpu_s = self.cpu_s + self.runs * start_s
        alive_s = cpu_s + self.calls * latency_s
        return (max(cpu_s, LEAST_CORES * alive_s) * CORE_USD + GIB * alive_s * GIB_USD) * DAYS_A_MONTH


def measured_day(world_name: str) -> dict[str, Cost]:
    """One day of a world, every slot lived; the costs by stage."""
    file = load(world_name)[1]
    coming = arrivals(file, 1, 1)
    world, files = populated(file, coming, 1), directives(file)
    costs: defaultdict[str, Cost] = defaultdict(Cost)

    def timetable(days: Days, until: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
        counting = Counting(days.loop.state.transport)
        days.loop.state = State(counting, days.loop.settings.installation_id)
        for at, stage in crons(days, until):
            yield at, partial(_measure, days, stage, counting, costs)

    with (
        scratch_database("bench") as dsn,
        days_in(
            world,
            dsn,
            world.began,
            lambda urls: demo_settings(urls, 1, senders=senders(file), release=release_of(files)),
            credentials=credentials(),
        ) as days,
    ):
        open_business(days, file, files, coming)
        days.run(local(file.first_day + timedelta(days=1), 7, 0, ZONE), timetable)
    return costs


def _measure(days: Days, stage: str, counting: Counting, costs: dict[str, Cost]) -> None:
    cost, before, began = costs[stage], counting.calls, time.process_time()
    days.fire(stage)
    cost.cpu_s += time.process_time() - began
    cost.calls += counting.calls - before
    cost.runs += 1


def start_s(stage: str) -> float:
    """Seconds of processor time that a fresh interpreter spends on importing what a stage needs."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = IMPORTS.format(name=stage)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    return float(done.stdout)


def main() -> None:
    """Print one line for each stage that watches."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--world", default="tiny")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    options = parser.parse_args()
    costs = measured_day(options.world)
    for name in (stage.name for stage in stages.built() if stage.name in WATCHING):
        cost, first = costs[name], start_s(name)
        usd = cost.usd_a_month(first, options.latency_ms / 1000)
        print(
            f"{name:14} {cost.runs:4} runs   {cost.cpu_s:6.2f} s in them   {first:5.2f} s to start each"
            f"   {cost.calls / cost.runs:5.1f} calls each   {cost.calls:6,} a day   ${usd:5.2f} a month"
        )


if __name__ == "__main__":
    main()
