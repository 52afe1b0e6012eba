"""A storm of webhooks through the real web app: half of them copies, shuffled, one in a hundred forged.

    uv run python -m bench.webhook_storm [--events 10000] [--receivers 8]

The state afterwards must be the one that the same events leave in order, one by one, and the one that the
oracle of `tests/support/storm.py` says; forged ones change nothing. Then the events per second and how long
one takes. Target: 95 % within 50 ms. Exits 1 when something differs or the target is missed, unless --smoke.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
from collections import Counter
from contextlib import closing

from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.postgres import PostgresTransport
from tests.support.database import cloned, ensure_template
from tests.support.ledger import Ledger
from tests.support.outcome import OUTCOME
from tests.support.storm import Answers, bring, differences, gather, submitted

P95_MS = 50.0
POSTS_PER_TOUCH = 3  # of different ones, about


def stormed(dsn: str, events: int, receivers: int, *, ordered: bool) -> tuple[Answers, list[str], object]:
    """The answers, what the oracle says against the state, and the state."""
    with closing(PostgresTransport(dsn)) as transport:
        ledger = Ledger.over(dsn, transport)
        storm = gather(submitted(ledger, events // 2 // POSTS_PER_TOUCH), events, seed=10)
        answers = bring(dsn, storm.in_order if ordered else storm.posts, 1 if ordered else receivers)
        return answers, differences(ledger, storm.expected), ledger.value(OUTCOME)


def main() -> None:
    """Print what differs and the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--receivers", type=int, default=8)
    parser.add_argument("--smoke", action="store_true", help="judge no figure: does it run?")
    options = parser.parse_args()
    logging.getLogger("growthloop").setLevel(logging.CRITICAL)
    with EmbeddedServer.attach(scratch_data_dir("bench"), fast=True) as server:
        template = ensure_template(server)
        with cloned(server, template) as dsn, cloned(server, template) as twin:
            answers, wrong, state = stormed(dsn, options.events, options.receivers, ordered=False)
            _, wrong_in_order, in_order = stormed(twin, options.events, options.receivers, ordered=True)
    p95 = statistics.quantiles(answers.took_ms, n=20)[-1]
    same = state == in_order
    counted = Counter(answers.statuses)
    believed = counted[("forged", 200)]
    refused = sum(n for (kind, status), n in counted.items() if kind == "hook" and status != 200)
    print(*wrong[:5], *wrong_in_order[:5], sep="\n", end="\n" * bool(wrong or wrong_in_order))
    print(
        f"{len(answers.statuses):,} webhooks, {options.receivers} receivers: state as in order: {same};"
        f" against the oracle {len(wrong)} differences; forged and believed {believed}, genuine and refused"
        f" {refused}\n{len(answers.statuses) / answers.seconds:,.0f} events/s; one takes"
        f" {statistics.median(answers.took_ms):.1f} ms, p95 {p95:.1f} ms (target <= {P95_MS:g})"
    )
    right = same and not (wrong or wrong_in_order or believed or refused)
    sys.exit(not right or (p95 > P95_MS and not options.smoke))


if __name__ == "__main__":
    main()
