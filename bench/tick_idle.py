"""What a tick costs when nothing is due: milliseconds and round trips, on both transports.

    uv run python bench/tick_idle.py [--ticks 200]

The figures are of one machine in one run: compare the transports with each other, nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from datetime import UTC, datetime, timedelta

import psycopg

from functions.runner import run_stage
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.migrate import migrate
from shared.state.postgres import PostgresTransport
from shared.state.supabase import SupabaseTransport
from shared.state.transport import Json, Transport
from simulator.days import set_clock, start_clock
from simulator.gateway import Gateway
from simulator.gateway.project import DEFAULTS, ROLES

SECRET, PUBLISHABLE = "sb_secret_example", "sb_publishable_example"
START = datetime(2026, 10, 8, 12, tzinfo=UTC)


class Counting:
    """A transport that counts its calls."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.calls = 0

    def call(self, function: str, /, **arguments: Json) -> Json:
        """Pass one call on."""
        self.calls += 1
        return self._inner.call(function, **arguments)

    def close(self) -> None:
        """Give back the connection."""
        self._inner.close()


def measure(transport: Transport, settings: Settings, clock: psycopg.Connection[object], ticks: int) -> str:
    """Fire so many ticks three minutes apart; the median and 95th percentile of one, and its round trips."""
    counting = Counting(transport)
    loop = Loop(settings, State(counting, settings.installation_id), Providers(settings))
    loop.state.live.turn_on(app=settings.app, actor="bench")
    took = []
    for _ in range(ticks):
        set_clock(clock, loop.clock.now() + timedelta(minutes=3))
        began, before = time.perf_counter(), counting.calls
        report = run_stage(loop, "outreach_tick")
        took.append((time.perf_counter() - began) * 1000)
        assert report.status == "ok", report
        trips = counting.calls - before
    loop.close()
    p95 = statistics.quantiles(took, n=20)[-1]
    median = statistics.median(took)
    return f"median {median:6.2f} ms   p95 {p95:6.2f} ms   {trips} round trips   ({len(took)} ticks)"


def main() -> None:
    """Print one line per transport."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=200)
    ticks = parser.parse_args().ticks
    settings = Settings.from_env({"GROWTHLOOP_INSTALLATION_ID": str(uuid.uuid4())})
    with (
        EmbeddedServer.attach(scratch_data_dir("bench"), fast=True) as server,
        server.scratch("bench") as dsn,
    ):
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute(ROLES.encode())
            owner.execute(DEFAULTS.encode())
        migrate(dsn)
        with (
            start_clock(dsn, START) as clock,
            Gateway(dsn, secret_key=SECRET, publishable_key=PUBLISHABLE) as gateway,
        ):
            print("postgres", measure(PostgresTransport(dsn), settings, clock, ticks))
            print("supabase", measure(SupabaseTransport(gateway.start(), SECRET), settings, clock, ticks))


if __name__ == "__main__":
    main()
