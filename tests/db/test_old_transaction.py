"""A transaction that somebody keeps open: it is seen, and claims stay right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from functions.medic.probes import Scene
from functions.medic.probes.old_transaction import look
from functions.medic.rounds import behold
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


def test_open_transaction__is_found_from_its_limit_on(ledger: Ledger) -> None:
    loop = loop_over(ledger)
    with kept_open(ledger.dsn):
        scene = behold(loop, "watch")
        assert look(scene) == []
        assert [finding.target for finding in look(_impatient(scene))] == ["database"]
    assert look(_impatient(behold(loop, "watch"))) == []


def _impatient(scene: Scene) -> Scene:
    """The scene two minutes later, as far as open transactions go."""
    age = scene.signs.oldest_transaction_s
    older = age + 120 if age is not None else None
    return replace(scene, signs=scene.signs.model_copy(update={"oldest_transaction_s": older}))


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
