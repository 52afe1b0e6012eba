"""What a day's figures cost, with a short and with a long history behind them.

    uv run python -m bench.roll_up [--touches 1000000] [--few 600000] [--a-day 10000] [--rounds 7]

History is written as rows of the ledger and of what is counted from it, the same number a day, so that only
its length differs. Timed, in turns on either: rolling up the newest days, reading one day by segment, and
reading 28 days by segment, of touches and of companies. Targets: every call under 2 s, and rolling up and
reading a day with the long history no more than 1.1 x the time with the short one (medians). Exits 1 where
one is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from string import Template

from functions.learning.daily_metrics import WINDOW_DAYS
from shared import evidence
from shared.evidence import Evidence
from shared.state import State
from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.migrate import migrate
from shared.state.postgres import PostgresTransport
from tests.support.database import execute
from tests.support.ledger import INSTALLATION

LAST = date(2026, 11, 23)
GROWTH, LONGEST_S = 1.1, 2.0
FLAT = frozenset({"roll up a day", "read a day"})
HISTORY = Path(__file__).with_name("roll_up.sql")


def filled(dsn: str, touches: int, a_day: int) -> None:
    """So many touches up to and with the last day."""
    script = Template(HISTORY.read_text(encoding="utf-8"))
    execute(dsn, script.substitute(LAST=LAST.isoformat(), TOUCHES=touches, A_DAY=a_day))
    execute(dsn, "vacuum analyze")


@contextmanager
def history(server: EmbeddedServer, name: str, touches: int, a_day: int) -> Iterator[State]:
    """A state library over a database with that history."""
    with server.scratch(name) as dsn:
        migrate(dsn)
        filled(dsn, touches, a_day)
        state = State(PostgresTransport(dsn), INSTALLATION)
        state.measures.roll_up_days(LAST - timedelta(1), WINDOW_DAYS)
        yield state
        state.close()


def read(state: State, days: int, counts: evidence.Counts) -> None:
    """Three questions by segment over the last days."""
    since = LAST - timedelta(days - 1)
    for by in (("industry", "size"), ("weekday", "hour"), ("region",)):
        evidence.run(state, Evidence("answered", "sent", since, LAST, by, (("channel", "call"),), counts))


def roll_up(state: State) -> None:
    """The newest day once more, as on the night after it."""
    state.measures.roll_up_days(LAST, WINDOW_DAYS)


WORK: dict[str, Callable[[State], None]] = {
    "roll up a day": roll_up,
    "read a day": lambda state: read(state, 1, "touches"),
    "read 28 days": lambda state: read(state, 28, "touches"),
    "read 28 days of companies": lambda state: read(state, 28, "companies"),
}


def timed(work: Callable[[State], None], state: State) -> float:
    """Seconds by the clock; both histories take turns, so that the machine's load falls on either."""
    began = time.perf_counter()
    work(state)
    return time.perf_counter() - began


def judged(name: str, few: list[float], many: list[float]) -> bool:
    """Print one line; whether its targets are met."""
    short, long = statistics.median(few), statistics.median(many)
    growth = long / short
    met = long <= LONGEST_S and (growth <= GROWTH or name not in FLAT)
    print(f"  {name:28} {short * 1e3:9,.1f} {long * 1e3:9,.1f} {growth:7.2f}x {'' if met else 'MISSED'}")
    return met


def main() -> int:
    """Fill, time, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--touches", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=600_000)
    parser.add_argument("--a-day", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with (
        EmbeddedServer.attach(scratch_data_dir(f"roll-up-{uuid.uuid4().hex[:8]}"), fast=True) as server,
        history(server, "few", options.few, options.a_day) as few,
        history(server, "many", options.touches, options.a_day) as many,
    ):
        print(f"ms (medians of {options.rounds})      {options.few:>12,} {options.touches:>12,} touches")
        found = []
        for name, work in WORK.items():
            pairs = [(timed(work, few), timed(work, many)) for _ in range(options.rounds + 1)][1:]
            found.append(judged(name, [a for a, _ in pairs], [b for _, b in pairs]))
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
