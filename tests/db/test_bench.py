"""The benchmarks' contenders do what they are timed for; how fast is no matter here."""

from __future__ import annotations

from bench.long_queue import claims_at
from bench.queue_rivals import raw_sql
from bench.ticking import Ticker


def test_tick_and_raw_sql__send_each_once(database: str) -> None:
    ticker = Ticker(database)
    for sends in (3, 45):  # more than a batch
        ticker.plan(sends)
        assert ticker.tick(sends) > 0
    ticker.close()
    assert raw_sql(database, 45, 20) > 0


def test_claims__from_a_queue_of_some_thousands(database: str) -> None:
    found = claims_at(database, 3000)
    assert found.rows == 3000
    assert min(found.rows_per_s, found.handed_per_s, found.median_ms) > 0
