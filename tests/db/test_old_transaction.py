"""A transaction that somebody keeps open: it is seen, and claims stay right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from functions.campaigns import outreach_tick
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, Ledger


@contextmanager
def kept_open(dsn: str) -> Iterator[None]:
    """A reader that ran one query and sat."""
    with psycopg.connect(dsn) as somebody:
        somebody.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        somebody.execute("select count(*) from deliveries")
        yield


def loop_over(ledger: Ledger) -> Loop:
    settings = Settings.from_env({"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION)})
    return Loop(settings, ledger.state, Providers(settings))


def test_no_transaction__no_age(ledger: Ledger) -> None:
    found = ledger.state.measures.oldest_transaction()
    assert (found.age_s, found.hidden) == (None, 0)


def test_open_transaction__is_noted_from_its_limit_on(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = loop_over(ledger)
    with kept_open(ledger.dsn):
        assert ledger.state.measures.oldest_transaction().age_s is not None
        assert outreach_tick.old_transaction(loop) == []
        monkeypatch.setattr(outreach_tick, "OLD_TRANSACTION_S", 0)
        (note,) = outreach_tick.old_transaction(loop)
        assert "has been open" in note
    assert outreach_tick.old_transaction(loop) == []


def test_claims_beside_an_old_transaction__hand_out_each_touch_once(ledger: Ledger) -> None:
    for lead in ledger.leads(120):
        ledger.plan(lead)
    with kept_open(ledger.dsn):
        handed = [claim.id for round_ in range(12) for claim in ledger.claims("email", 10)]
    assert len(handed) == len(set(handed)) == 120
    assert ledger.claims("email", 10) == []


def test_our_own_sessions__end_what_they_leave_open(database: str) -> None:
    wanted = {"idle_in_transaction_session_timeout": "10s", "transaction_timeout": "20s"}
    transport = PostgresTransport(database)
    transport.call("loop_now_v1")
    connection = transport._connection
    assert connection is not None
    for name, value in wanted.items():
        assert connection.execute("select current_setting(%s)", [name]).fetchone() == (value,)
    transport.close()
