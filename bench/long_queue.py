"""Claims from a long queue: how fast, and whether its length matters."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from functions.campaigns.sending import BATCH, LEASE_S
from shared.state.outreach import Claim
from shared.state.postgres import PostgresTransport
from tests.support.ledger import CONVERSATION_DAYS, Ledger

BIG, BIG_CLAIMS, SMALL_CLAIMS = 1000, 10, 300
FILL = Path(__file__).with_name("long_queue.sql")


@dataclass(frozen=True)
class Claims:
    """What claiming from so many due rows cost.

    `rows_per_s` is the whole verb with all that the gate wants to know of each person, `handed_per_s` the
    queue's own part: finding, locking, leasing and the trail.
    """

    rows: int
    rows_per_s: float
    handed_per_s: float
    median_ms: float
    p99_ms: float


def claims_at(dsn: str, rows: int) -> Claims:
    """Fill the queue, claim in thousands and in the tick's own batches; no row is ever handed out twice."""
    with closing(PostgresTransport(dsn)) as transport:
        ledger = Ledger.over(dsn, transport)
        fill(dsn, rows)
        held: list[Claim] = []
        small, big = (
            min(most, rows // size // 4) for most, size in ((SMALL_CLAIMS, BATCH), (BIG_CLAIMS, BIG))
        )
        small_s = [timed(ledger, BATCH, held) for _ in range(max(small, 2))]
        big_s = [timed(ledger, BIG, held) for _ in range(max(big, 1))]
        assert len({claim.id for claim in held}) == len(held) == ledger.value(LEASED)
        handed_s = handed_out(ledger, len(big_s))
    ordered = sorted(small_s)
    return Claims(
        rows,
        BIG / statistics.median(big_s),
        BIG / statistics.median(handed_s),
        statistics.median(small_s) * 1000,
        ordered[int(len(ordered) * 0.99)] * 1000,
    )


LEASED = "select count(*) from deliveries where state = 'leased'"
HAND_OUT = """
with due as materialized (
    select lock_due('email', loop_now(), loop_now() + interval '1 hour', %s) as ids
)
update deliveries
set state = 'leased', lease_until = loop_now() + interval '2 minutes', fence = nextval('fences')
where id = any((select ids from due)::uuid[])
"""


def handed_out(ledger: Ledger, times: int) -> list[float]:
    """Seconds of each handing out of a thousand, committed, without the questions asked about each person."""
    took = []
    with psycopg.connect(ledger.dsn, autocommit=True) as connection:
        for _ in range(times):
            began = time.perf_counter()
            assert connection.execute(_text(HAND_OUT), [BIG]).rowcount == BIG
            took.append(time.perf_counter() - began)
    return took


def fill(dsn: str, rows: int) -> None:
    """So many leads with an email due to each."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # neither trail nor foreign keys: faster
        connection.execute(_text(FILL.read_text(encoding="utf-8").replace("$ROWS", str(rows))))
        connection.execute("vacuum analyze")


def timed(ledger: Ledger, most: int, held: list[Claim]) -> float:
    """Seconds of one claim, which is kept."""
    began = time.perf_counter()
    claims = ledger.state.outreach.claim_due(
        "email", max_rows=most, lease_s=LEASE_S, conversation_days=CONVERSATION_DAYS
    )
    took = time.perf_counter() - began
    assert len(claims) == most
    held += claims
    return took


def _text(query: str) -> Any:
    return query
