"""How long a simulated month takes as a business grows, and where the time goes.

    uv run python bench/simulate_scale.py [--world ordinary] [--days 28] [--times 1,3,10] [--seed 1]

Each size is so many times the world's leads, numbers, mailboxes and budgets. Wall time is of one machine in
one run; processor time, of this process and of its database's, says more where others use the machine too.
Sizes can be run one by one (`--times 3`), since each starts anew.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

from shared.directives import Book
from shared.providers import wire
from shared.state.postgres import PostgresTransport
from simulator import days, simulate
from simulator.simulate import Job, run_job
from simulator.worlds import load

BUDGETS = ("call", "email", "sms", "lookup")
SHOWN = 16


@dataclass
class Part:
    """One part of the work: how often, how long by the wall, how long on this process's own account."""

    times: int = 0
    wall_s: float = 0.0
    own_s: float = 0.0


class DatabaseTime:
    """Processor time of a run's own database connections, read from the kernel before they close."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, figures: Callable[..., Any]) -> Callable[..., Any]:
        """The same figures, and the time read at the end of the run."""

        def read(run: days.Days, *more: Any) -> Any:
            query = "select pid from pg_stat_activity where datname = current_database()"
            self.seconds = sum(_processor_s(pid) for (pid,) in run.database.execute(query).fetchall())
            return figures(run, *more)

        return read


def _processor_s(pid: int) -> float:
    """User and system time of a process; 0 where the kernel has no such file."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stopwatches:
    """Times of named parts. Parts lie within one another: a stage's time holds that of its database calls."""

    def __init__(self) -> None:
        self.parts: defaultdict[str, Part] = defaultdict(Part)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Add what passes in the block to a part."""
        wall, own = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            part = self.parts[name]
            part.times += 1
            part.wall_s += time.perf_counter() - wall
            part.own_s += time.thread_time() - own

    def around(self, call: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """The same call, timed under the name its arguments give."""

        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.running(name(*args, **kwargs)):
                return call(*args, **kwargs)

        return timed


def scaled(world: str, factor: int, folder: Path) -> Path:
    """The file of a world so many times as large."""
    _, base = load(world)
    book = Book.from_files(simulate.directives(base))
    budget = {name: getattr(book.outreach.daily_usd, name) * factor for name in BUDGETS}
    sized = {
        "leads": {"per_week": base.leads.per_week * factor},
        "senders": {"numbers": base.senders.numbers * factor, "mailboxes": base.senders.mailboxes * factor},
        "senders.daily_usd": budget,
    }
    lines = [f'like = "{world}"']
    for table, values in sized.items():
        lines += [f"[{table}]", *(f"{name} = {value}" for name, value in values.items())]
    path = folder / f"{world}-times-{factor}.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@contextmanager
def watched(clocks: Stopwatches) -> Iterator[None]:
    """Time every stage, database call, request to a provider and webhook while the block runs."""
    timed: tuple[tuple[Any, str, Callable[..., str]], ...] = (
        (days, "run_stage", lambda _, name, **__: f"stage {name}"),
        (PostgresTransport, "call", lambda _, function, **__: f"database {function}"),
        (wire, "exchange", lambda *_, provider, **__: f"request to {provider}"),
        (days.Poster, "_send", lambda *_: "webhook or link"),
        (simulate, "take_in", lambda *_: "import of a morning"),
    )
    with ExitStack() as stack:
        for place, name, called in timed:
            stack.enter_context(mock.patch.object(place, name, clocks.around(getattr(place, name), called)))
        yield


def measure(world: str, factor: int, n_days: int, seed: int) -> float:
    """Run one size, print its line and its profile; returns seconds of processor time per lead."""
    clocks, database = Stopwatches(), DatabaseTime()
    with tempfile.TemporaryDirectory() as folder:
        path = scaled(world, factor, Path(folder))
        wall, own = time.perf_counter(), time.process_time()
        with watched(clocks), mock.patch.object(simulate, "figures", database.around(simulate.figures)):
            figures = run_job(Job(str(path), n_days, seed))
        wall, own = time.perf_counter() - wall, time.process_time() - own
    sent, leads = sum(figures["sent"].values()), int(figures["leads"])
    print(f"\n{factor}x: {leads} leads, {sent} sent in {n_days} days; load {os.getloadavg()[0]:.1f}")
    print(
        f"{wall:.1f} s by the wall, {own:.1f} s of this process, {database.seconds:.1f} s of its database's"
    )
    print(f"{leads / wall:.1f} leads/s, {wall / max(sent, 1) * 1000:.1f} ms a touch by the wall")
    print(f"{'part':40} {'times':>8} {'wall s':>8} {'share':>6} {'ms each':>8} {'own s':>7}")
    for name, part in sorted(clocks.parts.items(), key=lambda item: -item[1].wall_s)[:SHOWN]:
        each, share = part.wall_s / part.times * 1000, part.wall_s / wall
        print(f"{name:40} {part.times:8} {part.wall_s:8.1f} {share:6.0%} {each:8.2f} {part.own_s:7.1f}")
    return (own + database.seconds) / leads


def main() -> None:
    """Measure each size, then say how far growth is from linear."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--world", default="ordinary")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--times", default="1,3,10", help="sizes, comma-separated")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sizes = [int(each) for each in asked.times.split(",")]
    per_lead = {size: measure(asked.world, size, asked.days, asked.seed) for size in sizes}
    for size, seconds in per_lead.items():
        grown = seconds / per_lead[sizes[0]]
        print(f"{size}x: {seconds * 1000:.1f} ms of processor time a lead, {grown:.2f} times {sizes[0]}x's")


if __name__ == "__main__":
    main()
