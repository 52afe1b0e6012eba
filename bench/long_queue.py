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
    """What claiming from so many due rows cost."""

    rows: int
    rows_per_s: float
    median_ms: float
    p99_ms: float


def claims_at(dsn: str, rows: int) -> Claims:
    """Fill the queue, claim in thousands and in the tick's own batches; no row is ever handed out twice."""
    with closing(PostgresTransport(dsn)) as transport:
        ledger = Ledger.over(dsn, transport)
        fill(dsn, rows)
        held: list[Claim] = []
        small, big = (
            min(most, rows // size // 3) for most, size in ((SMALL_CLAIMS, BATCH), (BIG_CLAIMS, BIG))
        )
        small_s = [timed(ledger, BATCH, held) for _ in range(max(small, 2))]
        big_s = [timed(ledger, BIG, held) for _ in range(max(big, 1))]
        assert len({claim.id for claim in held}) == len(held) == ledger.value(LEASED)
    ordered = sorted(small_s)
    return Claims(
        rows,
        BIG / statistics.median(big_s),
        statistics.median(small_s) * 1000,
        ordered[int(len(ordered) * 0.99)] * 1000,
    )


LEASED = "select count(*) from deliveries where state = 'leased'"


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
