"""What the judge reads of the loop's own tests: who was in which arm, and whether it was taken for better."""

from __future__ import annotations

import psycopg
import pytest

from shared.loop import Loop
from shared.providers.registry import Providers
from shared.stats.policy import PROMISING
from simulator.claims import read_claims
from simulator.demo import demo_settings
from simulator.wire import Urls
from tests.support.experiments import KEY, Lab
from tests.support.ledger import Ledger


@pytest.mark.parametrize(
    ("verdict", "reason", "won"), [("DEPLOY", "win", True), ("REVIEW", PROMISING, False)]
)
def test_tests__are_read_with_the_contacts_of_each_arm(
    ledger: Ledger, verdict: str, reason: str, won: bool
) -> None:
    lab = Lab.running(ledger)
    touches = {}
    for arm in ("control", "treatment"):
        claim = ledger.claimed(ledger.lead())
        ledger.state.outreach.begin_send(
            claim,
            payload={"text": "x"},
            provider="resend",
            terms=ledger.terms(claim),
            provenance={"script_hash": "s", "rules_hash": "r", "arms": {str(lab.experiment_id): arm}},
        )
        touches[arm] = frozenset({str(claim.id)})
    ledger.run("update touches set script_key = %s", KEY)
    row = {"id": lab.experiment_id, "action": verdict, "reason": reason, "figures": {}}
    ledger.state.experiments.decide([row])
    settings = demo_settings(Urls("", "", ""), 1)
    loop = Loop(settings=settings, state=ledger.state, providers=Providers(settings))
    with psycopg.connect(ledger.dsn) as connection:
        (found,) = read_claims(loop, connection, ledger.now).experiments
    assert found.arms == (touches["control"], touches["treatment"])
    assert (found.id, found.metric, found.verdict, found.won) == ("shorter", "replied", verdict, won)
    assert found.ended_at is not None
