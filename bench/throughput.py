"""How many sends a second: ticks beside raw SQL and procrastinate's worker, and claims from a long queue.

    uv run python -m bench.throughput [--rounds 5] [--sends 1000] [--rows 1000000] [--few-rows 100000]

The contenders take turns on one durable server (fsync on), each on one connection, procrastinate on ten. A
send is an intent and a receipt, each committed by itself; the provider takes 0 ms. Every round asserts that
nothing went out twice and nothing was left. procrastinate is installed for the run into an environment of its
own. Quote only medians from an idle machine. Targets: whole tick at least 0.5 x raw SQL and 2 x
procrastinate; a million due rows handed out by thousands at least 20,000 rows/s and within 20 % of a
hundred thousand; 99 % of claims within 10 ms. Exits 1 where one is missed, unless --smoke.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.long_queue import Claims, claims_at
from bench.queue_rivals import procrastinate, raw_sql
from bench.ticking import Ticker
from functions.campaigns.sending import BATCH
from shared.state.embedded import EmbeddedServer
from shared.state.migrate import migrate

OF_RAW, OF_PROCRASTINATE = 0.5, 2.0
ROWS_PER_S, OF_FEW, P99_MS = 20_000, 0.8, 10.0


@contextmanager
def database(server: EmbeddedServer) -> Iterator[str]:
    """A migrated database, dropped afterwards."""
    with server.scratch("bench") as dsn:
        migrate(dsn)
        yield dsn


def rounds(dsn: str, count: int, sends: int) -> dict[str, list[float]]:
    """Sends per second of each contender, round by round, after one round to warm up."""
    ticker = Ticker(dsn)

    def tick() -> float:
        ticker.plan(sends)
        return ticker.tick(sends)

    contenders: dict[str, Callable[[], float]] = {
        "whole tick": tick,
        "raw SQL, same two commits": lambda: raw_sql(dsn, sends, BATCH),
        "procrastinate, whole worker (10)": lambda: procrastinate(dsn, sends),
    }
    found = [{name: run() for name, run in contenders.items()} for _ in range(count + 1)][1:]
    ticker.close()
    return {name: [each[name] for each in found] for name in contenders}


def judged(name: str, value: float, target: float, *, at_most: bool = False) -> bool:
    """Print one ratio or figure beside its target; whether it is met."""
    met = value <= target if at_most else value >= target
    print(
        f"  {name}: {value:,.2f} (target {'<=' if at_most else '>='} {target:,g}) {'' if met else 'MISSED'}"
    )
    return met


def compare(found: dict[str, list[float]]) -> list[bool]:
    """Print the table of the rounds and judge the tick."""
    print("sends per second           min   median      max")
    for name, figures in found.items():
        print(f"  {name:34} {min(figures):8,.0f} {statistics.median(figures):8,.0f} {max(figures):8,.0f}")
    tick, raw, other = (statistics.median(figures) for figures in found.values())
    return [
        judged("whole tick / raw SQL", tick / raw, OF_RAW),
        judged("whole tick / procrastinate", tick / other, OF_PROCRASTINATE),
    ]


def compare_claims(few: Claims, many: Claims) -> list[bool]:
    """Print what claiming costs at both lengths and judge it."""
    for each in (few, many):
        print(
            f"{each.rows:,} due rows: handed out by thousands {each.handed_per_s:,.0f} rows/s; claimed by"
            f" thousands, with all that the gate wants to know, {each.rows_per_s:,.0f} rows/s; a claim of"
            f" {BATCH}: median {each.median_ms:.1f} ms, p99 {each.p99_ms:.1f} ms"
        )
    return [
        judged("handed out by thousands, rows/s", many.handed_per_s, ROWS_PER_S),
        judged("many rows / few rows", many.handed_per_s / few.handed_per_s, OF_FEW),
        judged("many rows / few rows, whole claim", many.rows_per_s / few.rows_per_s, OF_FEW),
        judged(f"p99 of a claim of {BATCH}, ms", many.p99_ms, P99_MS, at_most=True),
    ]


def main() -> None:
    """Print the figures; exit 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sends", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--few-rows", type=int, default=100_000)
    parser.add_argument("--smoke", action="store_true", help="judge nothing: does it run?")
    options = parser.parse_args()
    home = Path(tempfile.gettempdir()) / f"growthloop-throughput-{uuid.uuid4().hex[:8]}"
    with EmbeddedServer.attach(home) as server:
        with database(server) as dsn:
            verdicts = compare(rounds(dsn, options.rounds, options.sends))
        with database(server) as few, database(server) as many:
            verdicts += compare_claims(claims_at(few, options.few_rows), claims_at(many, options.rows))
    sys.exit(not (options.smoke or all(verdicts)))


if __name__ == "__main__":
    main()
