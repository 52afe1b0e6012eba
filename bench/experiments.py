"""Whether tests can be trusted: thousands of simulated ones through the product's own check loop.

    uv run python -m bench.experiments                         # all cells; at most an hour on two cores
    uv run python -m bench.experiments --cells null --sims 100 # part of it
    uv run python -m bench.experiments --scale                 # one check over 100k and 1M exposures

Each simulated test is a population of its own in one database. Traffic is written by the functions that a
send and a webhook run; the A/B manager is fired through the runner, on the database's clock, 20 times a day
for 28 days. Blocks that stand in `--out` are not run again: a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from bench.experiments_traffic import (
    BLOCK,
    CELLS,
    CHECKS,
    CHECKS_A_DAY,
    LEADS,
    LEADS_A_CHECK,
    Array,
    Cell,
    Traffic,
    traffic,
)
from functions.runner import run_stage
from shared.config import Settings
from shared.directives import content_hash
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.migrate import migrate
from shared.state.postgres import PostgresTransport
from simulator.gateway.project import DEFAULTS, ROLES

START = datetime(2026, 9, 7, 4, tzinfo=UTC)
CHECK = timedelta(days=1) / CHECKS_A_DAY
KEY = "scripts/email_first"
METRIC = "answered"


@dataclass
class Batch:
    """Some tests of one cell in a database of their own."""

    loop: Loop
    owner: psycopg.Connection[Any]
    cell: Cell
    world: Traffic
    ids: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Propose and start every test, each in a population of its own."""
        verbs = self.loop.state.experiments
        text = self.loop.book.version(KEY).text + "\nPS: Thank you.\n"
        for n in range(self.world.treated.shape[0]):
            number = verbs.propose(
                {
                    "name": f"{self.cell.name} {n}",
                    "claim": "simulated",
                    "lever": "call_hour" if self.cell.capacity else "email_body",
                    "directive_key": KEY,
                    "counted_from": "enrolment" if self.cell.capacity else "touch",
                    "metric": METRIC,
                    "channel": None,
                    "population": f"source:{n}",
                    "salt": str(n),
                    "expected_lift": 0.2,
                    "window_days": self.cell.window_days,
                    "proposed_by": "bench",
                    "kind": "script",
                    "text": text,
                    "content_hash": content_hash(text),
                }
            )
            assert verbs.start(number, base_rate=self.cell.base, n_max=self.cell.n_max, max_days=28, value=0)
            self.ids.append(number)

    def run(self, every: int = 1) -> list[dict[str, Any]]:
        """28 days of checks, all of them or each n-th; what became of each test."""
        off: dict[int, float] = {}
        running = np.ones(len(self.ids), dtype=bool)
        for check in range(every - 1, CHECKS + CHECKS_A_DAY * (self.cell.window_days + 1), every):
            now = START + (check + 1) * CHECK
            self.owner.execute("update bench.clock set at = %s", [now])
            self._arrive(range(check - every + 1, min(check + 1, CHECKS)), running, now)
            self._hear(range(check - every + 1, check + 1), now)
            if check % CHECKS_A_DAY == CHECKS_A_DAY - 1:
                # The scratch server does not vacuum by itself, as every other one does.
                self.owner.execute("vacuum (analyze) experiment_units, experiment_counts, experiments")
            report = run_stage(self.loop, "ab_test_manager")
            assert report.status == "ok", report
            standing = self._standing()
            for n, number in enumerate(self.ids):
                state = standing[number][0]
                running[n] = state == "running"
                if state != "running" and number not in off:
                    off[number] = (check + 1) / CHECKS_A_DAY
            if not any(state in ("running", "suspended") for state, _, _ in standing.values()):
                break
        return [self._outcome(number, standing[number], off.get(number)) for number in self.ids]

    def _arrive(self, checks: range, running: Array, now: datetime) -> None:
        rows = [
            {
                "experiment_id": self.ids[n],
                "unit": f"lead:{n}-{lead}",
                "arm": "treatment" if self.world.treated[n, lead] else "control",
                "source": "",
                "at": now.isoformat(),
            }
            for n in np.flatnonzero(running)
            for lead in range(checks.start * LEADS_A_CHECK, checks.stop * LEADS_A_CHECK)
        ]
        if rows:
            self.owner.execute("select expose_units(%s)", [Jsonb(rows)])

    def _hear(self, checks: range, now: datetime) -> None:
        """What is heard at these checks. A lead that came while its test was off never met it."""
        first = max(0, (checks.start - CHECKS_A_DAY * (self.cell.window_days + 1)) * LEADS_A_CHECK)
        last = min(checks.stop * LEADS_A_CHECK, LEADS)
        heard = self.world.heard[:, first:last]
        known = self.world.success[:, first:last] & (heard >= checks.start) & (heard < checks.stop)
        rows = [
            {"unit": f"lead:{n}-{first + lead}", "channel": "call", "event": METRIC, "at": now.isoformat()}
            for n, lead in np.argwhere(known)
        ]
        if rows:
            self.owner.execute("select note_unit_outcomes(%s)", [Jsonb(rows)])

    def _standing(self) -> dict[int, tuple[str, str | None, str | None]]:
        rows = self.owner.execute(
            "select id, state, verdict, reason from experiments where kind = 'test'"
        ).fetchall()
        return {number: (state, verdict, reason) for number, state, verdict, reason in rows}

    def _outcome(
        self, number: int, standing: tuple[str, str | None, str | None], off: float | None
    ) -> dict[str, Any]:
        state, verdict, reason = standing
        (units,) = self.owner.execute(
            "select coalesce(sum(assigned), 0) from experiment_counts where experiment_id = %s", [number]
        ).fetchone() or (0,)
        win = verdict in ("DEPLOY", "REVIEW") and (reason or "").startswith("win")
        return {
            "state": state,
            "verdict": verdict,
            "reason": reason,
            "win": win,
            "off": off,
            "leads": int(units),
        }


def live_loop(dsn: str, owner: psycopg.Connection[Any]) -> Loop:
    """A live loop over a migrated database whose clock is a row, so that moving it is no change of schema."""
    owner.execute("create schema bench create table clock (at timestamptz)")
    owner.execute("insert into bench.clock values (%s)", [START])
    owner.execute(
        "create or replace function public.loop_now() returns timestamptz"
        " language sql stable as $$ select at from bench.clock $$"
    )
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(uuid.uuid4()), "GROWTHLOOP_RELEASE": "bench"}
    )
    loop = Loop(settings, State(PostgresTransport(dsn), settings.installation_id), Providers(settings))
    loop.state.live.turn_on(app=settings.app, actor="bench")
    return loop


@contextmanager
def database(server: EmbeddedServer) -> Iterator[tuple[Loop, psycopg.Connection[Any]]]:
    """A migrated database with a clock of its own, and a live loop over it."""
    with server.scratch("bench") as dsn, psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(ROLES.encode())
        owner.execute(DEFAULTS.encode())
        migrate(dsn)
        loop = live_loop(dsn, owner)
        yield loop, owner
        loop.close()


def summary(cell: Cell, rows: list[dict[str, Any]]) -> str:
    """One line on a cell."""
    n = len(rows)
    share = {
        name: sum(r["verdict"] == name for r in rows) / n for name in ("KILL", "ROLLBACK", "INVALID_SRM")
    }
    off = [r["off"] for r in rows if r["off"] is not None and not r["win"]]
    return (
        f"{cell.name:28} win {sum(r['win'] for r in rows) / n:6.1%}   kill {share['KILL']:6.1%}"
        f"   rollback {share['ROLLBACK']:6.1%}   split {share['INVALID_SRM']:6.1%}"
        f"   median off, day {statistics.median(off) if off else float('nan'):4.1f}"
        f"   mean leads {statistics.mean(r['leads'] for r in rows):5.0f}   ({n})"
    )


@dataclass(frozen=True)
class Job:
    """One block of a cell, in a database of its own."""

    cell: str
    seed: int
    block: int
    sims: int

    def run(self) -> list[dict[str, Any]]:
        """What became of each of its tests."""
        cell = CELLS[self.cell]
        world = traffic(cell, self.block, self.seed, self.sims)
        with (
            EmbeddedServer.attach(scratch_data_dir("bench"), fast=True) as server,
            database(server) as (loop, owner),
        ):
            tests = Batch(loop, owner, cell, world)
            tests.begin()
            return tests.run()


def jobs(cell: Cell, seed: int, sims: int) -> list[Job]:
    """The blocks that make up so many simulations."""
    return [
        Job(cell.name, seed, block, min(BLOCK, sims - first))
        for block, first in enumerate(range(0, sims, BLOCK))
    ]


def known(out: Path) -> dict[tuple[str, int, int], list[dict[str, Any]]]:
    """Blocks that stand in the file, by cell, seed and number."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return {(b["cell"], b["seed"], b["block"]): b["tests"] for b in found}


def measure(args: argparse.Namespace) -> None:
    """Run what is not in the file, on each core one block at a time, and print a line per cell."""
    done = known(args.out)
    cells = [CELLS[name] for name in args.cells]
    wanted = {cell.name: jobs(cell, args.seed, min(cell.sims, args.sims or cell.sims)) for cell in cells}
    missing = [
        job
        for each in wanted.values()
        for job in each
        if len(done.get((job.cell, job.seed, job.block), ())) < job.sims
    ]
    with (
        EmbeddedServer.attach(scratch_data_dir("bench"), fast=True),
        ProcessPoolExecutor(args.processes, mp_context=get_context("spawn")) as pool,
    ):
        began = time.perf_counter()
        running = {pool.submit(job.run): job for job in missing}
        for future in as_completed(running):
            job, tests = running[future], future.result()
            done[job.cell, job.seed, job.block] = tests
            line = {"cell": job.cell, "seed": job.seed, "block": job.block, "tests": tests}
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(f"  {job.cell} {job.block}: after {time.perf_counter() - began:.0f} s", flush=True)
    for cell in cells:
        rows = [row for job in wanted[cell.name] for row in done[cell.name, args.seed, job.block][: job.sims]]
        print(summary(cell, rows), flush=True)


SCALE = """
insert into companies (key, name, created_at)
select 'c' || g, 'c' || g, loop_now() from generate_series(1, %(n)s) g;
insert into leads (company_id, source, imported_at) select id, 'csv', loop_now() from companies;
with e as (select id from experiments where kind = 'test' and state = 'running')
insert into experiment_units (unit, experiment_id, arm, source, exposed_at, succeeded_at)
select 'company:' || g, e.id, arm_of(e.id::text, 'company:' || g, 0.5), 'csv',
       loop_now() - interval '20 days',
       case when g %% 5 = 0 then loop_now() - interval '20 days' end
from e, generate_series(1, %(n)s) g;
"""


def scale(units: int) -> tuple[float, float]:
    """Median ms of one check, and of one fold alone, of three running tests that met so many units each."""
    with (
        EmbeddedServer.attach(scratch_data_dir("bench"), fast=True) as server,
        database(server) as (loop, owner),
    ):
        verbs = loop.state.experiments
        for key, metric in (
            ("email_first", "replied"),
            ("email_second", "positive"),
            ("call_sarah", "answered"),
        ):
            text = loop.book.version(f"scripts/{key}").text + "\nPS: Thank you.\n"
            number = verbs.propose(
                {
                    "name": metric, "claim": "c", "lever": "email_body", "directive_key": f"scripts/{key}",
                    "counted_from": "touch", "metric": metric, "channel": None, "population": "everyone",
                    "salt": metric, "expected_lift": 0.2, "window_days": 3, "proposed_by": "bench",
                    "kind": "script", "text": text, "content_hash": content_hash(text),
                }
            )  # fmt: skip
            # A cap far out of reach and a rate that fits, so that nothing is decided while it is measured.
            assert verbs.start(number, base_rate=0.2, n_max=10**9, max_days=84, value=0)
        for statement in SCALE.split(";\n"):
            if statement.strip():
                owner.execute(statement, {"n": units})
        owner.execute("vacuum analyze")
        while verbs.fold():
            pass
        owner.execute("vacuum analyze")
        took, folds = [], []
        for check in range(21):
            now = START + (check + 1) * CHECK
            owner.execute("update bench.clock set at = %s", [now])
            owner.execute(
                "insert into experiment_units (unit, experiment_id, arm, source, exposed_at)"
                " select 'lead:' || %s || '-' || g, e.id,"
                " case g %% 2 when 0 then 'control' else 'treatment' end, 'csv', loop_now()"
                " from experiments e, generate_series(1, 10) g where e.state = 'running'",
                [check],
            )
            began = time.perf_counter()
            verbs.fold()
            folds.append((time.perf_counter() - began) * 1000)
            report = run_stage(loop, "ab_test_manager")
            took.append((time.perf_counter() - began) * 1000)
            assert report.counts["running"] == 3, report
    return statistics.median(took), statistics.median(folds)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", nargs="+", choices=list(CELLS), default=list(CELLS))
    parser.add_argument("--sims", type=int, help="simulations of a cell, at most (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="blocks that run at once")
    parser.add_argument("--out", type=Path, default=Path("experiments.jsonl"))
    parser.add_argument("--scale", action="store_true")
    args = parser.parse_args()
    if args.scale:
        for units in (33_333, 333_333):
            check, fold = scale(units)
            print(f"{3 * units:>9,} exposures in 3 tests: one check {check:.1f} ms, its fold {fold:.1f} ms")
        return
    measure(args)


if __name__ == "__main__":
    main()
