"""Webhooks in any number, order and company, some before our own record: the end is always the same."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from shared.state.embedded import EmbeddedServer
from shared.state.postgres import PostgresTransport
from tests.support.database import cloned
from tests.support.ledger import Ledger
from tests.support.outcome import OUTCOME
from tests.support.storm import bring, differences, gather, submitted

TOUCHES, EVENTS, RECEIVERS = 150, 2000, 8


@pytest.mark.long
def test_storm__ends_as_in_order__and_as_the_oracle_says(
    ledger: Ledger, server: EmbeddedServer, template: str
) -> None:
    storm = gather(submitted(ledger, TOUCHES), EVENTS, seed=6, forged=0.02)
    answers = bring(ledger.dsn, storm.posts, RECEIVERS)
    by_kind = Counter(answers.statuses)
    assert {status for kind, status in by_kind if kind == "hook"} == {200}
    assert {status for kind, status in by_kind if kind == "forged"} == {401}
    assert differences(ledger, storm.expected) == []
    with cloned(server, template) as dsn, closing(PostgresTransport(dsn)) as transport:
        twin = Ledger.over(dsn, transport)
        again = gather(submitted(twin, TOUCHES), EVENTS, seed=6, forged=0.02)
        bring(dsn, again.in_order, 1)
        assert twin.value(OUTCOME) == ledger.value(OUTCOME)
        assert twin.value("select count(*) from events") == ledger.value("select count(*) from events")


def test_control__a_lost_stop_is_a_difference(ledger: Ledger) -> None:
    storm = gather(submitted(ledger, 30), 0, seed=6)
    stops = [each for each in storm.expected if each.suppressed]
    kept = [post for post in storm.in_order if post.kind == "receipt"]
    bring(ledger.dsn, kept, 1)
    assert stops
    assert len(differences(ledger, stops)) == len(stops)
